"""Mood rules: what many samples say about an hour, a day, a group or a person. Pure functions.

Somebody who stands at the door for long gives many samples; so samples are first averaged per sighting (in
aggregate mode per token), and each sighting counts once in a cell. Where samples carry no person, cells with
fewer than five people are hidden (k-anonymity, Sweeney 2002).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS, MoodScores
from monitor.mood_sums import Moods, Name

SMALLEST_GROUP: Final = 5
"""People that a cell of aggregate mode needs to be shown."""

BASELINE_DAYS: Final = 28
BASELINE_SIGHTINGS: Final = 5
"""Sightings that a person's baseline needs to mean anything."""

By: TypeAlias = Literal["hour", "day", "person", "group", "weekday_hour"]

Probabilities: TypeAlias = tuple[float, ...]
"""Seven, in the order of EMOTIONS; they sum to 1."""

Key: TypeAlias = datetime | date | UUID | str | tuple[int, int] | None
"""Of a cell: the hour's start (site time), the day, the person, the group, or (weekday, hour); None: nobody's."""

HOUR, DAY = 60, 24 * 60
"""In minutes."""
FIRST_DAY: Final = date(1970, 1, 1)
"""When a clock's minutes begin."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The mood of one hour, day, person or group."""

    key: Key
    sightings: int
    people: int
    """At least so many different people; 0 where nobody was known."""
    probabilities: Probabilities | None
    """The mean over the sightings; None when hidden."""
    shares: tuple[float, ...] | None
    """The share of sightings per label: seven emotions, then unsure; None when hidden."""

    @property
    def hidden(self) -> bool:
        """Too few people to be shown without telling who they are."""
        return self.probabilities is None


@dataclass(frozen=True, slots=True)
class Mean:
    """A person's mean mood over their sightings."""

    probabilities: Probabilities
    sightings: int


@dataclass(frozen=True, slots=True)
class Change:
    """A person's mood now against their own baseline."""

    baseline: Probabilities
    current: Probabilities
    sightings: int
    """Behind the baseline."""

    @property
    def difference(self) -> tuple[float, ...]:
        """Current minus baseline, per emotion."""
        return tuple(now - before for now, before in zip(self.current, self.baseline, strict=True))

    @property
    def strongest(self) -> tuple[str, float]:
        """The emotion that changed most, and by how much."""
        most = max(range(len(EMOTIONS)), key=lambda index: abs(self.difference[index]))
        return EMOTIONS[most], self.difference[most]


@dataclass(frozen=True, slots=True, eq=False)
class _Stays:
    """The mean moods of sightings, or of tokens by the hour, cell by cell: m rows in k cells."""

    starts: NDArray[np.int64]
    """The first row of each cell: int64 (k,)."""
    first: NDArray[np.int64]
    """The earliest of the moods' rows that each row is made of: int64 (m,)."""
    means: NDArray[np.float64]
    """float64 (7, m)."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each cell: int64 (k,)."""
        return np.diff(self.starts, append=len(self.first))

    def means_of_cells(self) -> NDArray[np.float64]:
        """float64 (k, 7)."""
        return (np.add.reduceat(self.means, self.starts, axis=1) / self.counts).T


def label(probabilities: Probabilities, confidence_needed: float) -> str:
    """The likeliest emotion, or "unsure"."""
    return MoodScores(probabilities, confidence_needed).label


def distribution(moods: Moods, by: By, confidence_needed: float, *, hide_small: bool = False) -> list[Cell]:
    """The mood per hour, day, person, group, or weekday and hour, in the order of the keys.

    Args:
        confidence_needed: below this a sighting's mood counts as unsure.
        hide_small: hide cells of few people also where the samples carry persons (from before aggregate mode).
    """
    if not len(moods):
        return []
    number, keys = _KEYS[by]
    stays = _stays(moods, number(moods))
    firsts = np.minimum.reduceat(stays.first, stays.starts)
    cells = _cells(moods, stays, keys(moods, firsts), confidence_needed, hide_small)
    return sorted(cells, key=lambda cell: (cell.key is None, str(cell.key) if by == "person" else cell.key))


def total(moods: Moods, confidence_needed: float, *, hide_small: bool = False) -> Cell:
    """The mood of all these samples together; the arguments are those of `distribution`."""
    if not len(moods):
        return Cell(None, 0, 0, None, None)
    (cell,) = _cells(moods, _stays(moods, np.zeros_like(moods.stay)), [None], confidence_needed, hide_small)
    return cell


def means(moods: Moods) -> dict[UUID, Mean]:
    """The mean mood of each person who is known."""
    known = moods.where(moods.person >= 0)
    if not len(known):
        return {}
    stays = _stays(known, known.person)
    people = _names(known.people, known.person[stays.first[stays.starts]])
    rows = zip(people, stays.means_of_cells().tolist(), stays.counts.tolist(), strict=True)
    return {person: Mean(tuple(mean), count) for person, mean, count in rows if person is not None}


def changes(baseline: Mapping[UUID, Mean], current: Mapping[UUID, Mean]) -> dict[UUID, Change]:
    """How people's moods differ from what is usual for them; of whom too few sightings were before, nothing is said.

    Args:
        baseline: their means over the `BASELINE_DAYS` before.
    """
    return {
        person: Change(before.probabilities, current[person].probabilities, before.sightings)
        for person, before in baseline.items()
        if person in current and before.sightings >= BASELINE_SIGHTINGS
    }


def most_seen(moods: Moods, most: int) -> tuple[list[UUID], int]:
    """Those who were seen most often, at most so many, and how many people were seen at all."""
    known = moods.where(moods.person >= 0)
    if not len(known):
        return [], 0
    times = np.bincount(_distinct(known.person, known.stay))
    often = np.argsort(-times, kind="stable")[: min(most, np.count_nonzero(times))]
    return [person for person in _names(known.people, often) if person is not None], int(np.count_nonzero(times))


def _stays(moods: Moods, cell: NDArray[np.int64]) -> _Stays:
    """Each sighting once in each cell; the moods are not empty.

    Args:
        cell: number of each row's cell, int64 (n,).
    """
    pair = (cell - cell.min()) * len(moods.stays) + moods.stay
    order = np.argsort(pair)
    starts = _runs(pair[order])
    sums = np.add.reduceat(np.take(moods.sums, order, axis=1), starts, axis=1)
    samples = np.add.reduceat(moods.samples[order], starts)
    first = np.minimum.reduceat(order, starts)
    return _Stays(_runs(cell[first]), first, sums / samples)


def _runs(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each run of the same value begins."""
    return np.flatnonzero(np.diff(values, prepend=values[:1] - 1))


def _cells(moods: Moods, stays: _Stays, keys: Sequence[Key], confidence_needed: float, hide_small: bool) -> list[Cell]:
    counts = stays.counts
    cell = np.repeat(np.arange(len(counts)), counts)
    people = _people(moods, stays, cell)
    anonymous = np.maximum.reduceat(moods.token[stays.first] >= 0, stays.starts) | hide_small
    hidden = anonymous & (people < SMALLEST_GROUP)
    likeliest = stays.means.argmax(axis=0)
    likeliest[stays.means.max(axis=0) < confidence_needed] = len(EMOTIONS)
    labels = len(EMOTIONS) + 1
    shares = np.bincount(cell * labels + likeliest, minlength=len(counts) * labels).reshape(-1, labels)
    columns = (hidden, counts, people, stays.means_of_cells(), shares / counts[:, None])
    return [
        Cell(key, 0, 0, None, None) if unseen else Cell(key, count, known, tuple(mean), tuple(share))
        for key, unseen, count, known, mean, share in zip(keys, *(some.tolist() for some in columns), strict=True)
    ]


def _people(moods: Moods, stays: _Stays, cell: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many different people there are in each cell at least: int64 (k,).

    Tokens change daily, so the day with most of them counts.
    """
    person, token, day = moods.person[stays.first], moods.token[stays.first], moods.clock[stays.first] // DAY
    people = np.bincount(_distinct(cell, person), minlength=len(stays.starts))
    days = int(day.max()) + 1
    cell_day = _distinct(cell * days + day, token)
    runs = _runs(cell_day)
    np.maximum.at(people, cell_day[runs] // days, np.diff(runs, append=len(cell_day)))
    return people


def _distinct(of: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
    """What each different pair belongs to, in order: int64; without the number -1."""
    numbers = int(number.max()) + 1
    known = number >= 0
    pairs = np.sort(of[known] * numbers + number[known])  # np.unique takes ten times as long
    return (pairs // max(1, numbers))[_runs(pairs)]


def _hours(moods: Moods, rows: NDArray[np.int64]) -> list[Key]:
    local = (at.replace(tzinfo=UTC).astimezone(moods.zone) for at in moods.at[rows].tolist())
    return [at.replace(minute=0, second=0, microsecond=0) for at in local]


def _days(moods: Moods, rows: NDArray[np.int64]) -> list[Key]:
    return [FIRST_DAY + timedelta(minutes=minute) for minute in moods.clock[rows].tolist()]


def _weekday_hours(clock: NDArray[np.int64]) -> NDArray[np.int64]:
    """Hours since Monday began: int64 (n,)."""
    return (clock // HOUR + FIRST_DAY.weekday() * 24) % (7 * 24)


def _names(names: Mapping[Name, int], numbers: NDArray[np.int64]) -> list[Name | None]:
    known = [*names, None]  # None has the number -1
    return [known[number] for number in numbers.tolist()]


_KEYS: Final[
    dict[By, tuple[Callable[[Moods], NDArray[np.int64]], Callable[[Moods, NDArray[np.int64]], Sequence[Key]]]]
] = {
    "hour": (lambda moods: moods.clock // HOUR, _hours),
    "day": (lambda moods: moods.clock // DAY, _days),
    "weekday_hour": (
        lambda moods: _weekday_hours(moods.clock),
        lambda moods, rows: [divmod(hour, 24) for hour in _weekday_hours(moods.clock[rows]).tolist()],
    ),
    "person": (lambda moods: moods.person, lambda moods, rows: _names(moods.people, moods.person[rows])),
    "group": (lambda moods: moods.group, lambda moods, rows: _names(moods.groups, moods.group[rows])),
}
"""What the cells of a row are numbered by, and the keys of cells by a row of each."""
