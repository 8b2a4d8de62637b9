"""Sightings counted by mood: one group-by over the columns of `Samples`. Pure functions.

Tallies of different sightings can be added without their samples.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.moods.samples import DAY, HOUR, Samples

By: TypeAlias = Literal["all", "hour", "day", "person", "group", "weekday_hour"]
LABELS: Final = len(EMOTIONS) + 1
"""The emotions, then unsure."""
EPOCH: Final = date(1970, 1, 1)
"""The day on which the minutes of `Samples.clock` begin."""
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
    """Sightings in k cells. A sighting counts once a day in each of its cells, with the mean over its samples there.

    Samples that could not be judged do not count for the mean; a sighting with only such samples is unsure.
    """

    numbers: NDArray[np.int64]
    """The number of each cell, ascending: int64 (k,)."""
    first: NDArray[np.datetime64]
    """The instant of each cell's first sample: datetime64[us] (k,), UTC."""
    sightings: NDArray[np.int64]
    """int64 (k,)."""
    mean_sums: NDArray[np.float64]
    """The sums of the sightings' mean probabilities: float64 (7, k)."""
    judged: NDArray[np.int64]
    """Sightings in these sums: int64 (k,)."""
    labels: NDArray[np.int64]
    """Sightings of each label: int64 (8, k)."""
    tokens: NDArray[np.int64]
    """The most tokens of one day, 0 where no sample has one: int64 (k,). Tokens change daily."""
    pairs: NDArray[np.int64]
    """Each known person of each cell once, as cell * STRIDE + person, ascending: int64 (p,)."""

    def people(self) -> NDArray[np.int64]:
        """Different known people in each cell: int64 (k,)."""
        return np.bincount(np.searchsorted(self.numbers, self.pairs // STRIDE), minlength=len(self.numbers))

    def only(self, numbers: NDArray[np.int64]) -> "Tally":
        """The cells with these numbers."""
        some = np.isin(self.numbers, numbers)
        columns: dict[str, Any] = {name: getattr(self, name)[..., some] for name in ("numbers", *_ADDED)}
        return Tally(**columns, pairs=self.pairs[np.isin(self.pairs // STRIDE, numbers)])

    def __add__(self, other: "Tally") -> "Tally":
        """Both together. No day of a sighting may be in both, nor a day with tokens."""
        numbers = np.concatenate([self.numbers, other.numbers])
        order = np.argsort(numbers, kind="stable")
        cells = runs(numbers[order])
        columns: dict[str, Any] = {
            name: add.reduceat(np.concatenate([getattr(self, name), getattr(other, name)], -1)[..., order], cells, -1)
            for name, add in _ADDED.items()
        }
        pairs = distinct(np.concatenate([self.pairs, other.pairs]))
        return Tally(numbers=numbers[order][cells], **columns, pairs=pairs)


_ADDED: Final = {
    "first": np.minimum,
    "sightings": np.add,
    "mean_sums": np.add,
    "judged": np.add,
    "labels": np.add,
    "tokens": np.maximum,
}
"""How the values of two tallies are joined in a cell of both, by column."""


def tally(samples: Samples, by: By, confidence_needed: float) -> Tally:
    """Counts the sightings of each cell.

    Args:
        confidence_needed: below this probability a sighting's mood counts as unsure.
    """
    cell = CELL_NUMBERS[by](samples)
    # Sorted by cell, and in it by sighting: each run is the rows of one sighting in one cell.
    pair = (cell - cell.min(initial=0)) * len(samples.sightings) + samples.sighting
    order = np.argsort(pair)
    starts = runs(pair[order])
    sums = np.add.reduceat(samples.sums[:, order], starts, axis=1)
    judged = sums.sum(axis=0) > 0
    means = np.divide(sums, sums.sum(axis=0), out=np.zeros_like(sums), where=judged)
    row = np.minimum.reduceat(order, starts)  # the first row of each sighting in each cell
    # Now each run is the sightings of one cell.
    cells = runs(cell[row])
    unsure = ~judged | (means.max(axis=0) < confidence_needed)
    likeliest = np.where(unsure, LABELS - 1, means.argmax(axis=0))
    return Tally(
        numbers=cell[row][cells],
        first=samples.at[np.minimum.reduceat(row, cells)],
        sightings=np.diff(cells, append=len(row)),
        mean_sums=np.add.reduceat(means, cells, axis=1),
        judged=np.add.reduceat(judged.astype(np.int64), cells),
        labels=np.add.reduceat(np.eye(LABELS, dtype=np.int64)[:, likeliest], cells, axis=1),
        tokens=_most_tokens(samples, row, cells),
        pairs=distinct(cell * STRIDE + samples.person, samples.person >= 0),
    )


def _most_tokens(samples: Samples, row: NDArray[np.int64], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """The most different tokens of one day in each cell: int64 (k,)."""
    most = np.zeros_like(cells)
    index = np.repeat(np.arange(len(cells)), np.diff(cells, append=len(row)))
    day = samples.clock[row] // DAY
    days = day.max(initial=0) + 1
    cell_day = distinct((index * days + day) * STRIDE + samples.token[row], samples.token[row] >= 0) // STRIDE
    starts = runs(cell_day)
    np.maximum.at(most, cell_day[starts] // days, np.diff(starts, append=len(cell_day)))
    return most


def distinct(values: NDArray[np.int64], which: NDArray[np.bool_] | slice = slice(None)) -> NDArray[np.int64]:
    """Some of the values, each once, ascending. np.unique takes ten times as long."""
    values = np.sort(values[which], kind="stable")
    return values[runs(values)]


def runs(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The index at which each run of equal values begins."""
    return np.flatnonzero(np.diff(values, prepend=values[:1] - 1))
