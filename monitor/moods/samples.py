"""Mood samples as columns, for the mood rules to count with. Pure functions.

The database adds samples up by minute: the hours and days of every time zone consist of whole minutes.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from db.records.moods import STRANGER, MoodSums
from monitor.domain import EMOTIONS

COLUMNS: Final = ("at", "clock", "sighting", "person", "group", "token", "sums")
"""The arrays of `Samples`; rows are the last axis."""
HOUR: Final = 60
"""In minutes."""
DAY: Final = 24 * HOUR
"""In minutes."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """One row for the samples of one sighting, person, group and token in one minute; n rows sorted by time.

    Sightings, people, groups and tokens are numbers in order of first appearance; -1 stands for None.
    """

    zone: ZoneInfo
    """Of the site."""
    at: NDArray[np.datetime64]
    """The instant of each row's first sample: datetime64[us] (n,), UTC."""
    clock: NDArray[np.int64]
    """The site's local time in minutes since 1970: int64 (n,)."""
    sighting: NDArray[np.int64]
    """int64 (n,). A sighting has one number a local day. Without a sighting, each sample has a number of its own; a
    token has one number an hour."""
    person: NDArray[np.int64]
    group: NDArray[np.int64]
    token: NDArray[np.int64]
    sums: NDArray[np.float64]
    """The sums of their samples' probabilities: float64 (7, n), in the order of EMOTIONS. A sample that could not be
    judged has only zeros."""
    sightings: Mapping[Hashable, int]
    """The number of each sighting and day."""
    numbers: Mapping[Hashable, int]
    """The number of each person, group and token."""

    def __len__(self) -> int:
        return len(self.at)

    def names(self, numbers: NDArray[np.int64]) -> list[Any]:
        """The people or groups with these numbers; None for -1."""
        names = [*self.numbers, None]
        return [names[number] for number in numbers.tolist()]

    def where(self, rows: NDArray[np.bool_]) -> "Samples":
        """Some of the rows: bool (n,)."""
        return replace(self, **{name: getattr(self, name)[..., rows] for name in COLUMNS})

    def between(self, start: datetime | None = None, end: datetime | None = None) -> "Samples":
        """The rows with start <= at < end, which are whole minutes."""
        first = 0 if start is None else np.searchsorted(self.at, _utc(start))
        last = len(self) if end is None else np.searchsorted(self.at, _utc(end))
        rows = np.arange(len(self))
        return self.where((rows >= first) & (rows < last))

    def of(self, people: Iterable[UUID]) -> "Samples":
        """The rows of these people."""
        return self.where(np.isin(self.person, [self.numbers[person] for person in people if person in self.numbers]))


def numbered(sums: MoodSums, zone: ZoneInfo, earlier: Samples | None = None) -> Samples:
    """The columns of samples that the database added up, sorted by time.

    Args:
        earlier: samples whose numbers are continued.
    """
    order = np.argsort(sums.at, kind="stable")
    rows, at = order.tolist(), sums.at[order]
    seen, numbers = ({}, {}) if earlier is None else (dict(earlier.sightings), dict(earlier.numbers))

    def column(names: Sequence[Hashable], numbers: dict[Hashable, int] = numbers) -> NDArray[np.int64]:
        found = (names[row] for row in rows)
        return np.array([numbers.setdefault(name, len(numbers)) if name else -1 for name in found], np.int64)

    clock = _clock(at, zone)
    days = np.empty_like(clock)
    days[order] = clock // DAY
    # The samples of a token all have the start of their hour as their time.
    sightings = [
        (sighting or (token or person, instant), day)
        for sighting, token, person, instant, day in zip(
            sums.sightings, sums.tokens, sums.people, sums.at.tolist(), days.tolist(), strict=True
        )
    ]
    return Samples(
        zone=zone,
        at=at,
        clock=clock,
        sighting=column(sightings, seen),
        person=column(sums.people),
        group=column(sums.groups),
        # Who is unknown may have many tokens, so they are not among the people of a cell.
        token=column([None if token and token[0] == STRANGER else token for token in sums.tokens]),
        sums=sums.probabilities.T[:, order],
        sightings=seen,
        numbers=numbers,
    )


def none(zone: ZoneInfo, numbers: Mapping[Hashable, int]) -> Samples:
    """No samples; people, groups and tokens have these numbers already."""
    empty = MoodSums(np.array([], "datetime64[us]"), [], [], [], [], np.empty((0, len(EMOTIONS))))
    return replace(numbered(empty, zone), numbers=numbers)


def concatenated(earlier: Samples, later: Samples) -> Samples:
    """The rows of both. The later ones must have been `numbered` with the earlier ones."""
    both: dict[str, Any] = {
        name: np.concatenate([getattr(earlier, name), getattr(later, name)], axis=-1) for name in COLUMNS
    }
    return replace(later, **both)


def _clock(at: NDArray[np.datetime64], zone: ZoneInfo) -> NDArray[np.int64]:
    minutes, row = np.unique(at.astype("datetime64[m]"), return_inverse=True)
    local = [minute.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) for minute in minutes.tolist()]
    return np.array(local, "datetime64[m]").astype(np.int64)[row]


def _utc(instant: datetime) -> np.datetime64:
    return np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "us")
