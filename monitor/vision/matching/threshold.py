"""The threshold: the least similarity that names, from the target FPIR and the size of the gallery.

A curve gives the false match rate (FMR) by similarity, for dlib's network, for SFace, and for both joined. Rates are of
pairs of different people in LFW (deep-funnelled), single images averaged with the mirrored one: 19.4 million pairs for
dlib's network, 7.1 million for the others. Below a rate of 1e-5 (dlib's: 1e-6), where doubtful labels decide, a curve
goes on as a line in log10.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.domain import SIMILARITY_UNITS, Encoders

Lengths = NDArray[np.float64] | np.float64
Floats = NDArray[np.float32] | np.float32

_MANY = 100
"""Gallery size from which the ratio of FMRs stays; between one person and this many it falls with the logarithm."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What is known of the similarities of different people, for one kind of embedding."""

    similarity: tuple[float, ...]
    log10_fmr: tuple[float, ...]
    impostor_mean: float
    """Mean similarity of two images of different people."""
    ratio_of_one: float
    """Real FMR over the curve's FMR in a gallery of one person: people before one camera are more alike than LFW's."""
    ratio_of_many: float
    """Real FMR over the curve's FMR in a gallery of `_MANY` people, where score normalisation removes that likeness."""
    unit: float
    """See `SIMILARITY_UNITS`."""

    def fmr_at(self, similarity: float) -> float:
        """False match rate of one comparison at this threshold, 0 to 1."""
        return float(10 ** np.interp(similarity, self.similarity, self.log10_fmr))

    def similarity_at(self, fmr: float) -> float:
        """The threshold at which one comparison has this false match rate; inverts `fmr_at`."""
        return float(np.interp(-math.log10(fmr), [-x for x in self.log10_fmr], self.similarity))

    def threshold_for(self, target_fpir: float, gallery_size: int, *, ratio: float | None = None) -> float:
        """The threshold for single images at which a stranger is named with probability `target_fpir`.

        A stranger is compared with everyone enrolled: FPIR = 1 - (1 - FMR)^N.

        Args:
            ratio: real FMR over the curve's; None for that of galleries of this size.
        """
        fmr = -math.expm1(math.log1p(-target_fpir) / max(gallery_size, 1))
        return self.similarity_at(fmr / (ratio or self._ratio(gallery_size)))

    def expected_fpir(self, threshold: float, gallery_size: int) -> float:
        """The share of strangers that is named at this threshold for single images, 0 to 1; inverts `threshold_for`."""
        fmr = min(self.fmr_at(threshold) * self._ratio(gallery_size), 1.0)
        return 1.0 - (1.0 - fmr) ** gallery_size

    def usual_similarity(self, ranks: range, size: int) -> float:
        """Mean similarity of a single image's matches of these ranks (1: the best) among `size` other people."""
        return sum(self.similarity_at((rank - 0.4) / size) for rank in ranks) / len(ranks)

    def for_means(self, single: float, template_length: Lengths, probe_length: float) -> Lengths:
        """The similarity for means of several embeddings that is worth a similarity of single images.

        A mean of unit vectors is shorter than 1, the more so the more its members differ. Scaled back to length 1 it
        lies nearer to everyone else's, strangers included, so that the single-image threshold would name up to 16
        times as many (dlib's network). The spread of impostor similarities around their mean shrinks with the length as
        well. At the thresholds of large galleries this second effect can be the larger one: a mean of images that
        differ more then needs up to 0.002 less similarity than a mean of images that differ less, but never less than a
        single image.

        Args:
            single: from `threshold_for` or `usual_similarity`.
            template_length: lengths of means of people's unit embeddings, 0 to 1; any shape.
            probe_length: length of the mean of the track's unit embeddings, 0 to 1.

        Returns:
            Of the shape of `template_length`.
        """
        spread = np.sqrt(self._spread(template_length) * self._spread(np.float64(probe_length)))
        unscaled = self.impostor_mean + (single - self.impostor_mean) * spread
        return np.asarray(unscaled / (template_length * probe_length), np.float64)

    def _spread(self, length: Lengths) -> Lengths:
        return np.clip((length * length - self.impostor_mean) / (1 - self.impostor_mean), 0.5, 1.0)

    def _ratio(self, gallery_size: int) -> float:
        """Real FMR over the curve's FMR, in a gallery of this size."""
        share = min(math.log(max(gallery_size, 1)) / math.log(_MANY), 1.0)
        return float(self.ratio_of_one ** (1 - share) * self.ratio_of_many**share)


DLIB: Final = Curve(
    (0.80, 0.84, 0.88, 0.90, 0.91, 0.92, 0.93, 0.94, 0.95, 0.955, 0.96, 0.965, 0.98),
    (-0.060, -0.292, -0.937, -1.558, -1.981, -2.490, -3.091, -3.776, -4.624, -5.100, -5.664, -6.385, -8.547),
    impostor_mean=0.855,
    ratio_of_one=4.0,
    ratio_of_many=0.6,
    unit=SIMILARITY_UNITS["dlib"],
)
"""The ratio to LFW's FMR was 1.3 to 1.9 on portraits of one profession, and 2.6 to 3.7 on ORL."""

SFACE: Final = Curve(
    (0.00, 0.06, 0.10, 0.14, 0.18, 0.22, 0.26, 0.30, 0.34, 0.38, 0.42, 0.46, 0.48, 0.68),
    (-0.065, -0.184, -0.322, -0.518, -0.781, -1.115, -1.526, -2.012, -2.579, -3.218, -3.933, -4.677, -5.027, -8.5),
    impostor_mean=0.095,
    ratio_of_one=8.0,
    ratio_of_many=1.5,
    unit=SIMILARITY_UNITS["sface"],
)

JOINED: Final = Curve(
    (0.30, 0.46, 0.50, 0.52, 0.54, 0.56, 0.58, 0.60, 0.62, 0.64, 0.66, 0.68, 0.70, 0.82),
    (-0.001, -0.266, -0.596, -0.828, -1.107, -1.434, -1.808, -2.229, -2.704, -3.228, -3.807, -4.431, -5.068, -8.7),
    impostor_mean=0.470,
    ratio_of_one=8.0,
    ratio_of_many=1.5,
    unit=SIMILARITY_UNITS["both"],
)
"""The ratio to LFW's FMR was 2.2 to 3.1 on the portraits and 7 to 10 on ORL, at similarities of 0.66 to 0.70."""


def equivalent(similarities: Floats, of: Curve, on: Curve) -> Floats:
    """Similarities on another curve's scale: those that as many strangers reach; 1 stays 1.

    Args:
        similarities: float32, of any shape, on the scale of the curve `of`.

    Returns:
        float32, of the same shape.
    """
    theirs = [on.similarity_at(10**log10_fmr) for log10_fmr in of.log10_fmr]
    found = np.interp(similarities, (-1.0, *of.similarity, 1.0), (-1.0, *theirs, 1.0))
    return np.asarray(found, np.float32)


CURVES: Final[dict[Encoders, Curve]] = {"dlib": DLIB, "sface": SFACE, "both": JOINED}
