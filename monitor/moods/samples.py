"""Mood samples as arrays, with which the mood rules count. Pure functions.

The database adds samples up by minute: hours and days of every time zone consist of minutes, so nothing is lost, and
few rows are left of many samples.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from db.records import MoodSums

Name = TypeVar("Name", bound=Hashable)
COLUMNS: Final = ("at", "clock", "sighting", "person", "group", "token", "count")
"""Arrays of `Samples` with one value a row."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The samples of one sighting, person, group, token and minute make a row; n rows in the order of time.

    Sightings, people, groups and tokens are numbers from 0, in the order in which they came first; -1 is nobody.
    """

    zone: ZoneInfo
    """The site's; hours and days are those of its clock."""
    at: NDArray[np.datetime64]
    """The instant of each row's first sample: datetime64[us] (n,), UTC."""
    clock: NDArray[np.int64]
    """Minutes since 1970 began on the site's clock: int64 (n,)."""
    sighting: NDArray[np.int64]
    """int64 (n,); samples without a sighting stand for one of their own, or for a token's of one hour."""
    person: NDArray[np.int64]
    group: NDArray[np.int64]
    token: NDArray[np.int64]
    count: NDArray[np.int64]
    """Samples in each row: int64 (n,)."""
    sums: NDArray[np.float64]
    """The sums of their probabilities: float64 (7, n), in the order of EMOTIONS."""
    sightings: Mapping[Hashable, int]
    """The number of each sighting; likewise below."""
    people: Mapping[UUID, int]
    groups: Mapping[str, int]
    tokens: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.at)

    def where(self, rows: NDArray[np.bool_]) -> "Samples":
        """Some of the rows: bool (n,)."""
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, **columns, sums=self.sums[:, rows])

    def between(self, start: datetime | None = None, end: datetime | None = None) -> "Samples":
        """The rows with start <= at < end, which are whole minutes."""
        rows = np.ones(len(self), bool)
        if start is not None:
            rows &= self.at >= _utc(start)
        if end is not None:
            rows &= self.at < _utc(end)
        return self.where(rows)

    def of(self, people: Iterable[UUID]) -> "Samples":
        """The rows of these people."""
        return self.where(np.isin(self.person, [self.people[person] for person in people if person in self.people]))


def numbered(sums: MoodSums, zone: ZoneInfo, earlier: Samples | None = None) -> Samples:
    """Samples as the database adds them up, in the order of time.

    Args:
        earlier: samples whose numbers of sightings, people, groups and tokens are used here, too.
    """
    order = np.argsort(sums.at, kind="stable")
    rows, at = order.tolist(), sums.at[order]
    of_people, of_groups = ([column[row] for row in rows] for column in (sums.people, sums.groups))
    of_tokens = [sums.tokens[row] or None for row in rows]
    # A token's samples are an hour's; a sample without a sighting and without a token stands for itself.
    of_sightings = [
        sums.sightings[row] or (token or person, instant)
        for row, token, person, instant in zip(rows, of_tokens, of_people, at.tolist(), strict=True)
    ]
    sighting, sightings = _numbers(of_sightings, None if earlier is None else earlier.sightings)
    person, people = _numbers(of_people, None if earlier is None else earlier.people)
    group, groups = _numbers(of_groups, None if earlier is None else earlier.groups)
    token, tokens = _numbers(of_tokens, None if earlier is None else earlier.tokens)
    return Samples(
        zone=zone,
        at=at,
        clock=_clock(at, zone),
        sighting=sighting,
        person=person,
        group=group,
        token=token,
        count=sums.samples[order],
        sums=sums.probabilities.T[:, order],
        sightings=sightings,
        people=people,
        groups=groups,
        tokens=tokens,
    )


def concatenated(earlier: Samples, later: Samples) -> Samples:
    """The rows of both; the later ones must have been `numbered` with the earlier ones."""
    both: dict[str, Any] = {name: np.concatenate([getattr(earlier, name), getattr(later, name)]) for name in COLUMNS}
    return replace(later, **both, sums=np.concatenate([earlier.sums, later.sums], axis=1))


def _numbers(
    names: Iterable[Name | None], earlier: Mapping[Name, int] | None
) -> tuple[NDArray[np.int64], dict[Name, int]]:
    """The number of each name, int64 (n,), and the numbers of all names."""
    numbers = dict(earlier or {})
    found = [-1 if name is None else numbers.setdefault(name, len(numbers)) for name in names]
    return np.array(found, np.int64), numbers


def _clock(at: NDArray[np.datetime64], zone: ZoneInfo) -> NDArray[np.int64]:
    minutes, row = np.unique(at.astype("datetime64[m]"), return_inverse=True)
    shown = [minute.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) for minute in minutes.tolist()]
    return np.array(shown, "datetime64[m]").astype(np.int64)[row]


def _utc(instant: datetime) -> np.datetime64:
    return np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "us")
