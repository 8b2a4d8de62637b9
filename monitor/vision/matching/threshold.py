"""The threshold: the least similarity that names, from the target FPIR and the size of the gallery.

Impostor curve: false match rate (FMR) by cosine similarity of flip-averaged single-image embeddings, from 19.4
million pairs of different people in LFW (deep-funnelled). Below an FMR of 1e-6 it continues as a line in log10.
"""

import math

import numpy as np
from numpy.typing import NDArray

Lengths = NDArray[np.float64] | np.float64

_SIMILARITY = (0.80, 0.84, 0.88, 0.90, 0.91, 0.92, 0.93, 0.94, 0.95, 0.955, 0.96, 0.965, 0.98)
_LOG10_FMR = (-0.060, -0.292, -0.937, -1.558, -1.981, -2.490, -3.091, -3.776, -4.624, -5.100, -5.664, -6.385, -8.547)

IMPOSTOR_MEAN = 0.855
"""Mean similarity of two images of different people."""

_FMR_RATIO_OF_ONE = 4.0
"""Real FMR over the curve's FMR in a gallery of one person: people before one camera are more alike than LFW's. The
ratio was 1.3 to 1.9 on portraits of one profession, and 2.6 to 3.7 on ORL."""
_FMR_RATIO_OF_MANY = 0.6
"""Real FMR over the curve's FMR in a gallery of `_MANY` people, where score normalisation removes that likeness."""
_MANY = 100
"""Gallery size from which the ratio stays; between one person and this many it falls with the logarithm of the size."""


def fmr_at(similarity: float) -> float:
    """False match rate of one comparison at this threshold, 0 to 1."""
    return float(10 ** np.interp(similarity, _SIMILARITY, _LOG10_FMR))


def threshold_for(target_fpir: float, gallery_size: int) -> float:
    """The threshold for single images at which a stranger is named with probability `target_fpir`.

    A stranger is compared with everyone enrolled: FPIR = 1 - (1 - FMR)^N.
    """
    fmr = -math.expm1(math.log1p(-target_fpir) / max(gallery_size, 1))
    return _similarity_at(fmr / _fmr_ratio(gallery_size))


def expected_fpir(threshold: float, gallery_size: int) -> float:
    """The share of strangers that is named at this threshold for single images, 0 to 1; inverts `threshold_for`."""
    fmr = min(fmr_at(threshold) * _fmr_ratio(gallery_size), 1.0)
    return 1.0 - (1.0 - fmr) ** gallery_size


def _fmr_ratio(gallery_size: int) -> float:
    """Real FMR over the curve's FMR, in a gallery of this size."""
    share = min(math.log(max(gallery_size, 1)) / math.log(_MANY), 1.0)
    return float(_FMR_RATIO_OF_ONE ** (1 - share) * _FMR_RATIO_OF_MANY**share)


def usual_similarity(ranks: range, size: int) -> float:
    """Mean similarity of a single image's matches of these ranks (1: the best) among `size` other people."""
    return sum(_similarity_at((rank - 0.4) / size) for rank in ranks) / len(ranks)


def _similarity_at(fmr: float) -> float:
    return float(np.interp(-math.log10(fmr), [-x for x in _LOG10_FMR], _SIMILARITY))


def for_means(single: float, template_length: Lengths, probe_length: float) -> Lengths:
    """The similarity for means of several embeddings that is worth a similarity of single images.

    A mean of unit vectors is shorter than 1, the more so the more its members differ. Scaled back to length 1 it lies
    nearer to everyone else's, strangers included, so that the single-image threshold would name up to 16 times as
    many. The spread of impostor similarities around their mean shrinks with the length as well. At the thresholds of
    large galleries this second effect can be the larger one: a mean of images that differ more then needs up to 0.002
    less similarity than a mean of images that differ less, but never less than a single image.

    Args:
        single: from `threshold_for` or `usual_similarity`.
        template_length: lengths of means of people's unit embeddings, 0 to 1; any shape.
        probe_length: length of the mean of the track's unit embeddings, 0 to 1.

    Returns:
        Of the shape of `template_length`.
    """
    spread = np.sqrt(_spread(template_length) * _spread(np.float64(probe_length)))
    unscaled = IMPOSTOR_MEAN + (single - IMPOSTOR_MEAN) * spread
    return np.asarray(unscaled / (template_length * probe_length), np.float64)


def _spread(length: Lengths) -> Lengths:
    return np.clip((length * length - IMPOSTOR_MEAN) / (1 - IMPOSTOR_MEAN), 0.5, 1.0)
