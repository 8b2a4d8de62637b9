"""What mood samples add up to, cell by cell; the tallies of different sightings are added without the samples."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.moods.sums import Moods

LABELS: Final = len(EMOTIONS) + 1
"""The emotions, then unsure."""
DAY: Final = 24 * 60
"""In minutes."""
PEOPLE: Final = 2**31
"""More than there are people or tokens; a pair of a cell and one of them is one number."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Sightings in k cells. A sighting counts once in each of its cells, with the mean over its samples there."""

    numbers: NDArray[np.int64]
    """Each cell's number, ascending: int64 (k,)."""
    first: NDArray[np.datetime64]
    """Each cell's first sample: datetime64[us] (k,), UTC."""
    sightings: NDArray[np.int64]
    """int64 (k,)."""
    means: NDArray[np.float64]
    """The sums of the sightings' means: float64 (7, k)."""
    labels: NDArray[np.int64]
    """Sightings of each label: int64 (8, k)."""
    tokens: NDArray[np.int64]
    """The most tokens of one day, 0 where no sample has one: int64 (k,). Tokens change daily."""
    people: NDArray[np.int64]
    """Who is known in which cell, as cell * PEOPLE + person, ascending: int64 (p,)."""

    def __len__(self) -> int:
        return len(self.numbers)

    def known(self) -> NDArray[np.int64]:
        """Different people in each cell: int64 (k,)."""
        return np.bincount(np.searchsorted(self.numbers, self.people // PEOPLE), minlength=len(self))

    def of(self, numbers: NDArray[np.int64]) -> "Tally":
        """Only the cells with these numbers."""
        some = np.isin(self.numbers, numbers)
        return Tally(
            self.numbers[some],
            self.first[some],
            self.sightings[some],
            self.means[:, some],
            self.labels[:, some],
            self.tokens[some],
            self.people[np.isin(self.people // PEOPLE, numbers)],
        )


def tally(moods: Moods, cell: NDArray[np.int64], confidence_needed: float) -> Tally:
    """Adds up.

    Args:
        cell: number of each row's cell: int64 (n,).
        confidence_needed: below this a sighting's mood counts as unsure.
    """
    if not len(moods):
        return _NOTHING
    # By cell, and in it by sighting; so each run is a sighting's rows in one cell.
    pair = (cell - cell.min()) * len(moods.stays) + moods.stay
    order = np.argsort(pair)
    starts = _runs(pair[order])
    sums = np.add.reduceat(np.take(moods.sums, order, axis=1), starts, axis=1)
    means = sums / np.add.reduceat(moods.samples[order], starts)
    first = np.minimum.reduceat(order, starts)
    # The same for cells: each run is a cell's sightings.
    of = cell[first]
    cells = _runs(of)
    numbers = of[cells]
    index = np.repeat(np.arange(len(cells)), np.diff(cells, append=len(of)))
    likeliest = means.argmax(axis=0)
    likeliest[means.max(axis=0) < confidence_needed] = LABELS - 1
    return Tally(
        numbers=numbers,
        first=moods.at[np.minimum.reduceat(first, cells)],
        sightings=np.bincount(index),
        means=np.add.reduceat(means, cells, axis=1),
        labels=np.bincount(likeliest * len(cells) + index, minlength=LABELS * len(cells)).reshape(LABELS, -1),
        tokens=_tokens(moods, first, index, len(cells)),
        people=_distinct(of, moods.person[first]),
    )


def added(some: Tally, more: Tally) -> Tally:
    """Both together. No sighting may be in both, nor a day with tokens."""
    numbers = np.union1d(some.numbers, more.numbers)
    both = [(np.searchsorted(numbers, one.numbers), one) for one in (some, more)]
    first = np.full(len(numbers), np.datetime64("NaT", "us"))
    sightings, tokens = np.zeros((2, len(numbers)), np.int64)
    means, labels = np.zeros((len(EMOTIONS), len(numbers))), np.zeros((LABELS, len(numbers)), np.int64)
    for at, one in both:
        first[at] = np.fmin(first[at], one.first)
        sightings[at] += one.sightings
        means[:, at] += one.means
        labels[:, at] += one.labels
        tokens[at] = np.maximum(tokens[at], one.tokens)
    where = np.searchsorted(some.people, more.people)
    known = np.append(some.people, -1)[where] == more.people
    people = np.insert(some.people, where[~known], more.people[~known])
    return Tally(numbers, first, sightings, means, labels, tokens, people)


def _tokens(moods: Moods, rows: NDArray[np.int64], index: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    most = np.zeros(cells, np.int64)
    day = moods.clock[rows] // DAY
    days = int(day.max()) + 1
    cell_day = _distinct(index * days + day, moods.token[rows]) // PEOPLE
    starts = _runs(cell_day)
    np.maximum.at(most, cell_day[starts] // days, np.diff(starts, append=len(cell_day)))
    return most


def _distinct(of: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different pairs as one number, ascending: int64; without the number -1."""
    known = number >= 0
    pairs = np.sort(of[known] * PEOPLE + number[known])  # np.unique takes ten times as long
    return pairs[_runs(pairs)]


def _runs(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each run of the same value begins."""
    return np.flatnonzero(np.diff(values, prepend=values[:1] - 1))


_NONE = np.empty(0, np.int64)
_NOTHING: Final = Tally(
    _NONE,
    np.empty(0, "datetime64[us]"),
    _NONE,
    np.empty((len(EMOTIONS), 0)),
    np.empty((LABELS, 0), np.int64),
    _NONE,
    _NONE,
)
