"""Sightings counted by mood in cells: hours, days, people or groups. Pure functions.

Tallies of different sightings can be added without their samples.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.moods.samples import Samples

By: TypeAlias = Literal["all", "hour", "day", "person", "group", "weekday_hour"]
LABELS: Final = len(EMOTIONS) + 1
"""The emotions, then unsure."""
HOUR: Final = 60
"""In minutes."""
DAY: Final = 24 * HOUR
"""In minutes."""
EPOCH: Final = date(1970, 1, 1)
"""The day on which a clock's minutes begin."""
STRIDE: Final = 2**31
"""More than there are people or tokens, so that cell * STRIDE + person is one number for the pair."""

CELL_NUMBERS: Final[Mapping[By, Callable[[Samples], NDArray[np.int64]]]] = {
    "all": lambda samples: np.zeros_like(samples.clock),
    "hour": lambda samples: samples.clock // HOUR,
    "day": lambda samples: samples.clock // DAY,
    "weekday_hour": lambda samples: (samples.clock // HOUR + EPOCH.weekday() * 24) % (7 * 24),
    "person": lambda samples: samples.person,
    "group": lambda samples: samples.group,
}
"""The number of each row's cell: int64 (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Sightings in k cells. A sighting counts once in each of its cells, with the mean over its samples there."""

    numbers: NDArray[np.int64]
    """The number of each cell, ascending: int64 (k,)."""
    first: NDArray[np.datetime64]
    """The instant of each cell's first sample: datetime64[us] (k,), UTC."""
    sightings: NDArray[np.int64]
    """int64 (k,)."""
    mean_sums: NDArray[np.float64]
    """The sums of the sightings' mean probabilities: float64 (7, k)."""
    labels: NDArray[np.int64]
    """Sightings of each label: int64 (8, k)."""
    tokens: NDArray[np.int64]
    """The most tokens of one day, 0 where no sample has one: int64 (k,). Tokens change daily."""
    people: NDArray[np.int64]
    """Each known person of each cell, as cell * STRIDE + person, ascending: int64 (p,)."""

    def __len__(self) -> int:
        return len(self.numbers)

    def known_people(self) -> NDArray[np.int64]:
        """Different known people in each cell: int64 (k,)."""
        return np.bincount(np.searchsorted(self.numbers, self.people // STRIDE), minlength=len(self))

    def only(self, numbers: NDArray[np.int64]) -> "Tally":
        """The cells with these numbers."""
        some = np.isin(self.numbers, numbers)
        return Tally(
            self.numbers[some],
            self.first[some],
            self.sightings[some],
            self.mean_sums[:, some],
            self.labels[:, some],
            self.tokens[some],
            self.people[np.isin(self.people // STRIDE, numbers)],
        )

    def __add__(self, other: "Tally") -> "Tally":
        """Both together. No sighting may be in both, nor a day with tokens."""
        numbers = np.union1d(self.numbers, other.numbers)
        first = np.full(len(numbers), np.datetime64("NaT", "us"))
        sightings, tokens = np.zeros((2, len(numbers)), np.int64)
        mean_sums, labels = np.zeros((len(EMOTIONS), len(numbers))), np.zeros((LABELS, len(numbers)), np.int64)
        for one in (self, other):
            at = np.searchsorted(numbers, one.numbers)
            first[at] = np.fmin(first[at], one.first)
            sightings[at] += one.sightings
            mean_sums[:, at] += one.mean_sums
            labels[:, at] += one.labels
            tokens[at] = np.maximum(tokens[at], one.tokens)
        # As np.union1d does, but of two sorted arrays of which one is much longer.
        where = np.searchsorted(self.people, other.people)
        new = np.append(self.people, -1)[where] != other.people
        people = np.insert(self.people, where[new], other.people[new])
        return Tally(numbers, first, sightings, mean_sums, labels, tokens, people)


def tally(samples: Samples, by: By, confidence_needed: float) -> Tally:
    """Counts the sightings of each cell.

    Args:
        confidence_needed: below this probability a sighting's mood counts as unsure.
    """
    if not len(samples):
        return _NOTHING
    cell = CELL_NUMBERS[by](samples)
    # Sorted by cell, and in it by sighting: each run is the rows of one sighting in one cell.
    pair = (cell - cell.min()) * len(samples.sightings) + samples.sighting
    order = np.argsort(pair)
    starts = _runs(pair[order])
    sums = np.add.reduceat(np.take(samples.sums, order, axis=1), starts, axis=1)
    means = sums / np.add.reduceat(samples.count[order], starts)
    row = np.minimum.reduceat(order, starts)  # the first row of each sighting in each cell
    # Now each run is the sightings of one cell.
    cells = _runs(cell[row])
    index = np.repeat(np.arange(len(cells)), np.diff(cells, append=len(row)))
    likeliest = means.argmax(axis=0)
    likeliest[means.max(axis=0) < confidence_needed] = LABELS - 1
    return Tally(
        numbers=cell[row][cells],
        first=samples.at[np.minimum.reduceat(row, cells)],
        sightings=np.bincount(index),
        mean_sums=np.add.reduceat(means, cells, axis=1),
        labels=np.bincount(likeliest * len(cells) + index, minlength=LABELS * len(cells)).reshape(LABELS, -1),
        tokens=_most_tokens(samples, row, index, len(cells)),
        people=_distinct_pairs(cell[row], samples.person[row]),
    )


def _most_tokens(samples: Samples, row: NDArray[np.int64], index: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    """The most different tokens of one day in each cell: int64 (k,)."""
    most = np.zeros(cells, np.int64)
    day = samples.clock[row] // DAY
    days = int(day.max()) + 1
    cell_day = _distinct_pairs(index * days + day, samples.token[row]) // STRIDE
    starts = _runs(cell_day)
    np.maximum.at(most, cell_day[starts] // days, np.diff(starts, append=len(cell_day)))
    return most


def _distinct_pairs(cell: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different pairs as cell * STRIDE + number, ascending: int64; without the number -1."""
    known = number >= 0
    pairs = np.sort(cell[known] * STRIDE + number[known])  # np.unique takes ten times as long
    return pairs[_runs(pairs)]


def _runs(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The index at which each run of equal values begins."""
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
