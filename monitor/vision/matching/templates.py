"""Everyone's templates in memory, and their comparison with one probe."""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMBEDDING_SIZE, Embedding, Encoders
from monitor.vision.encoder import Embeddings
from monitor.vision.matching.blocks import Block, changed, grouped, joined, mixed, products, rows_of
from monitor.vision.matching.joined import first_of, second_of
from monitor.vision.matching.threshold import CURVES, DLIB, SFACE, equivalent

SHORT_LIST = 256
"""People who are most like a probe for dlib's network; SFace's embeddings are compared with theirs only."""
_BLOCK = 256
"""People of whom the best is found first, which finds the short list among a million in two milliseconds."""
_SHORTEST = 1e-3
"""Least length of a mean that is reckoned with; a mean so short needs a similarity that nobody reaches."""
_NOTHING = 1e-12
"""Least length by which a mean is divided; zeros stay zeros."""
_DENIES = 0.15
"""An encoder speaks against a name that it alone would give to more than this share of strangers. At most one in 800
pairs of one person (LFW) is denied by an encoder."""
_CONTRADICTS = 0.02
"""An encoder contradicts a name if somebody else is more like the probe by this much, in units of its own curve."""

Floats = NDArray[np.float32]
Length = Floats | np.float32
_Lengths = tuple[Floats, Floats, NDArray[np.bool_]]
"""Lengths of dlib's and SFace's means before they were scaled, and who has one of SFace that is compared; (n,) each."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The short list of one probe: people, and how like the probe they are. All arrays are (k,)."""

    rows: NDArray[np.int64]
    """Numbers of the entries."""
    similarities: Floats
    """On the scale of the gallery; -inf for somebody who cannot be compared."""
    firsts: Floats
    """Cosines of dlib's embeddings."""
    seconds: Floats
    """Cosines of SFace's embeddings; NaN where they were not compared."""
    template_lengths: Floats
    """Lengths of the means compared, 0 to 1."""
    probe_length: float
    """Length of the probe's mean, 0 to 1."""
    first_length: float
    """Length of the probe's mean for dlib's network alone, 0 to 1."""

    def contradicted(self, place: int) -> bool:
        """Whether one encoder alone speaks against the person at this place, or clearly for somebody else."""
        if np.isnan(self.seconds[place]):
            return False
        return any(
            similarities[place] < curve.similarity_at(_DENIES)
            or float(np.nanmax(similarities) - similarities[place]) >= _CONTRADICTS * curve.unit
            for curve, similarities in ((DLIB, self.firsts), (SFACE, self.seconds))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """Means of some people's unit embeddings, not scaled back to length 1."""

    first: Embeddings
    """dlib's, float32 (n, 128)."""
    second: Embeddings
    """SFace's, float32 (n, 128)."""
    has_second: NDArray[np.bool_]
    """Who has one of SFace; (n,)."""


def means_of(embeddings: Sequence[Embedding]) -> Means:
    """Means, float32 (256,) or (128,) each, as rows."""
    means = Means(
        np.zeros((len(embeddings), EMBEDDING_SIZE), np.float32),
        np.zeros((len(embeddings), EMBEDDING_SIZE), np.float32),
        np.zeros(len(embeddings), np.bool_),
    )
    for row, embedding in enumerate(embeddings):
        means.first[row] = first_of(embedding)
        second = second_of(embedding)
        if second is not None:
            means.second[row], means.has_second[row] = second, True
    return means


class Templates:
    """Means of everyone's unit embeddings: 790 bytes a person.

    dlib's are kept in float32. SFace's are kept in float16: they are read for the short list only, and a cosine changes
    by less than 0.0002.
    """

    def __init__(self, parts: Iterable[Means], encoders: Encoders) -> None:
        """
        Args:
            parts: everyone's means, some thousand people at a time.
            encoders: whose embeddings are compared; dlib's where nobody has any of SFace.
        """
        self._wanted: Encoders = encoders
        lengths: list[_Lengths] = []

        def blocks() -> Iterator[Block]:
            for means in chain(parts, [means_of([])]):
                block, theirs = _scaled(means, encoders)
                lengths.append(theirs)
                yield block

        kept = list(grouped(blocks()))
        self._keep(kept, *map(np.concatenate, zip(*lengths, strict=True)))

    def _keep(self, blocks: list[Block], first: Floats, second: Floats, has_second: NDArray[np.bool_]) -> None:
        """
        Args:
            first, second: lengths of the means before they were scaled, (n,); of SFace's 0 where there is none.
        """
        self._blocks, self._first_lengths, self._second_lengths = blocks, first, second
        self.has_second = has_second
        self.encoders: Encoders = self._wanted if has_second.any() else "dlib"
        self.lengths = self._lengths(first, second, has_second)
        """Lengths of the means that are compared; float32 (n,)."""

    def changed(self, kept: NDArray[np.int64], parts: Sequence[Means]) -> "Templates":
        """Templates of which some are these; those of thousands of people in a row who stay are not copied.

        Args:
            kept: for each person the number of their template here, rising, or -1 for the next of `parts`; (n,).
            parts: means of the others, in the order of `kept`.
        """
        new, made = Templates(parts, self._wanted), copy(self)
        made._keep(
            changed(self._blocks, kept, joined(new._blocks)),
            mixed(self._first_lengths, kept, new._first_lengths),
            mixed(self._second_lengths, kept, new._second_lengths),
            mixed(self.has_second, kept, new.has_second),
        )
        return made

    @property
    def compared(self) -> NDArray[np.int64]:
        """Numbers of the entries that have all embeddings that are compared."""
        return np.flatnonzero(self.has_second) if self.encoders != "dlib" else np.arange(len(self.has_second))

    def unit_rows(self, rows: NDArray[np.int64]) -> Embeddings:
        """Templates of `compared` entries as they are compared: float32 (n, 128 or 256), each row of length 1."""
        if self.encoders == "dlib":
            return self._first(rows)
        second = self._second(rows)
        if self.encoders == "sface":
            return second
        one, other = _weights(self._first_lengths[rows], self._second_lengths[rows])
        return np.concatenate([one[:, None] * self._first(rows), other[:, None] * second], axis=1)

    def _first(self, rows: NDArray[np.int64]) -> Embeddings:
        return rows_of([block.first for block in self._blocks], rows)

    def _second(self, rows: NDArray[np.int64]) -> Embeddings:
        return rows_of([block.second for block in self._blocks], rows).astype(np.float32)

    def compare(self, probe: Embedding, instead: tuple[int, Embedding | None] | None) -> Found:
        """The short list of those who are most like the probe for dlib's network, with the similarities that count.

        Args:
            probe: float32 (256,) or (128,).
            instead: as in `Gallery.identify`.
        """
        first, first_length = _divided(first_of(probe))
        firsts = products([block.first for block in self._blocks], first)
        row, template = instead or (-1, None)
        if row >= 0:
            firsts[row] = -np.inf if template is None else float(_divided(first_of(template))[0] @ first)
        rows = _largest(firsts, SHORT_LIST)
        # Again row by row: the last digits of a product of many rows depend on a row's neighbours.
        firsts = np.where(rows == row, firsts[rows], np.vecdot(self._first(rows), first))
        first_lengths, second_lengths = self._first_lengths[rows], self._second_lengths[rows]
        seconds = np.full(len(rows), np.nan, np.float32)
        second = second_of(probe) if self.encoders != "dlib" else None
        second_length = 0.0
        if second is not None:
            second, second_length = _divided(second)
            seconds = np.vecdot(self._second(rows), second)
            seconds[~self.has_second[rows]] = np.nan
        if template is not None and row in rows:
            place = int(np.flatnonzero(rows == row)[0])
            first_lengths[place] = _divided(first_of(template))[1]
            own = second_of(template) if self.encoders != "dlib" else None
            unit_own, second_lengths[place] = (None, 0.0) if own is None else _divided(own)
            seconds[place] = np.nan if unit_own is None or second is None else float(unit_own @ second)
        heard = ~np.isnan(seconds)
        probe_length = float(self._lengths(np.float32(first_length), np.float32(second_length), second is not None))
        similarities = self._similarities(
            firsts, seconds, (first_lengths, second_lengths), (first_length, second_length)
        )
        lengths = self._lengths(first_lengths, second_lengths, heard)
        return Found(rows, similarities, firsts, seconds, lengths, probe_length, first_length)

    def _similarities(
        self, firsts: Floats, seconds: Floats, templates: tuple[Floats, Floats], probe: tuple[float, float]
    ) -> Floats:
        """Cosines on the scale of the gallery, (k,); of people without SFace's embedding what as many strangers reach.

        Args:
            firsts, seconds: cosines of the two encoders, (k,).
            templates, probe: lengths of the two encoders' means.
        """
        if self.encoders == "dlib":
            return firsts
        alone = equivalent(firsts, DLIB, CURVES[self.encoders])
        if self.encoders == "sface":
            joined = seconds
        else:
            one, other = _weights(*templates)
            mine, its = _weights(np.float32(probe[0]), np.float32(probe[1]))
            joined = one * mine * firsts + other * its * seconds
        return np.asarray(np.where(np.isnan(seconds), alone, joined), np.float32)

    def _lengths(
        self, first: Floats | np.float32, second: Floats | np.float32, heard: NDArray[np.bool_] | bool
    ) -> Floats:
        """Lengths of means as they are compared: of the joined ones, of SFace's, or of dlib's where that is all."""
        if self.encoders == "dlib":
            return np.asarray(first, np.float32)
        together = second if self.encoders == "sface" else np.sqrt((first * first + second * second) / 2)
        return np.asarray(np.where(heard, together, first), np.float32)


def _scaled(means: Means, encoders: Encoders) -> tuple[Block, _Lengths]:
    """Means scaled to length 1, and their lengths."""
    first, first_lengths = _divided_rows(means.first)
    if encoders == "dlib":
        none = np.zeros(len(first), np.float32), np.zeros(len(first), np.bool_)
        return Block(first, np.empty((len(first), 0), np.float16)), (first_lengths, *none)
    second, second_lengths = _divided_rows(means.second)
    second_lengths[~means.has_second] = 0
    return Block(first, second.astype(np.float16)), (first_lengths, second_lengths, means.has_second)


def _divided(mean: Embedding) -> tuple[Embedding, float]:
    """A mean of unit vectors scaled to length 1, and its length."""
    rows, lengths = _divided_rows(mean[None])
    return rows[0], float(lengths[0])


def _divided_rows(means: Embeddings) -> tuple[Embeddings, Floats]:
    """Means of unit vectors scaled to length 1, and their lengths."""
    lengths = np.sqrt(np.vecdot(means, means))
    units = means / np.maximum(lengths, _NOTHING)[:, None]
    return np.asarray(units, np.float32), np.clip(lengths, _SHORTEST, 1.0)


def _weights(first: Length, second: Length) -> tuple[Floats, Floats]:
    """Lengths of the halves of joined vectors that are scaled to length 1."""
    together = np.sqrt(first * first + second * second)
    return np.asarray(first / together, np.float32), np.asarray(second / together, np.float32)


def _largest(values: Floats, count: int) -> NDArray[np.int64]:
    """Places of the largest values, the largest first; those of -inf are left out.

    The largest `count` lie in the `count` blocks with the largest maxima.
    """
    if len(values) <= count * _BLOCK:
        places = np.arange(len(values))
    else:
        whole = len(values) // _BLOCK * _BLOCK
        maxima = values[:whole].reshape(-1, _BLOCK).max(axis=1)
        blocks = np.argpartition(maxima, -count)[-count:]
        places = np.concatenate([(blocks[:, None] * _BLOCK + np.arange(_BLOCK)).ravel(), np.arange(whole, len(values))])
    some = values[places]
    if len(some) > count:
        kept = np.argpartition(some, -count)[-count:]
        places, some = places[kept], some[kept]
    order = np.lexsort((places, -some))
    return places[order[np.isfinite(some[order])]]
