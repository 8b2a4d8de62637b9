"""Mood samples, added up by minute, in the arrays that the mood rules count with.

Hours and days of every time zone consist of minutes, so nothing is lost, and few rows are left of many samples.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Name = TypeVar("Name", bound=Hashable)
COLUMNS: Final = ("at", "clock", "stay", "person", "group", "token", "samples")
"""Arrays of moods with one value a row."""


class Sums(Protocol):
    """Mood samples of the same sighting, person, token, group and minute added up: n rows, column by column."""

    @property
    def at(self) -> NDArray[np.datetime64]:
        """Of each row's first sample: datetime64[us] (n,), UTC."""

    @property
    def people(self) -> Sequence[UUID | None]: ...
    @property
    def sightings(self) -> Sequence[Hashable]:
        """What tells one sighting from another; None: the row's samples have none, and are of the same instant."""

    @property
    def groups(self) -> Sequence[str | None]: ...
    @property
    def tokens(self) -> Sequence[str | None]: ...
    @property
    def samples(self) -> NDArray[np.int64]:
        """How many there are in each row: int64 (n,)."""

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Their sums: float64 (n, 7), in the order of EMOTIONS."""


@dataclass(frozen=True, slots=True, eq=False)
class Moods:
    """The same as numbers: n rows by time. Names have numbers from 0 in the order in which they came first."""

    zone: ZoneInfo
    """Of the site; hours and days are its own."""
    at: NDArray[np.datetime64]
    """Of each row's first sample: datetime64[us] (n,), UTC."""
    clock: NDArray[np.int64]
    """What the site's clock showed: minutes since 1970 began, int64 (n,)."""
    stay: NDArray[np.int64]
    """Number of the sighting, or of what stands for one: int64 (n,)."""
    person: NDArray[np.int64]
    """Number of the person: int64 (n,); -1 for nobody, also with groups and tokens."""
    group: NDArray[np.int64]
    token: NDArray[np.int64]
    samples: NDArray[np.int64]
    """How many there are in each row: int64 (n,)."""
    sums: NDArray[np.float64]
    """Of their probabilities: float64 (7, n)."""
    stays: Mapping[Hashable, int]
    people: Mapping[UUID, int]
    groups: Mapping[str, int]
    tokens: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.at)

    def where(self, rows: NDArray[np.bool_]) -> "Moods":
        """Some of the rows: bool (n,)."""
        some = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, **some, sums=self.sums[:, rows])

    def between(self, start: datetime | None = None, end: datetime | None = None) -> "Moods":
        """The rows with start <= at < end, which are whole minutes."""
        rows = np.ones(len(self), bool)
        if start is not None:
            rows &= self.at >= _utc(start)
        if end is not None:
            rows &= self.at < _utc(end)
        return self.where(rows)

    def of(self, people: Iterable[UUID]) -> "Moods":
        """The rows of these people."""
        return self.where(np.isin(self.person, [self.people[person] for person in people if person in self.people]))


def arrange(sums: Sums, zone: ZoneInfo, known: Moods | None = None) -> Moods:
    """The rows by time.

    Args:
        known: moods whose numbers hold here too.
    """
    order = np.argsort(sums.at, kind="stable")
    rows, at = order.tolist(), sums.at[order]
    people, groups = ([column[row] for row in rows] for column in (sums.people, sums.groups))
    tokens = [sums.tokens[row] or None for row in rows]
    # A token's samples are an hour's; one without any sighting stands for itself.
    stays = [
        sums.sightings[row] or (token or person, instant)
        for row, token, person, instant in zip(rows, tokens, people, at.tolist(), strict=True)
    ]
    stay, all_stays = _numbered(stays, None if known is None else known.stays)
    person, all_people = _numbered(people, None if known is None else known.people)
    group, all_groups = _numbered(groups, None if known is None else known.groups)
    token, all_tokens = _numbered(tokens, None if known is None else known.tokens)
    return Moods(
        zone=zone,
        at=at,
        clock=_clock(at, zone),
        stay=stay,
        person=person,
        group=group,
        token=token,
        samples=sums.samples[order],
        sums=sums.probabilities.T[:, order],
        stays=all_stays,
        people=all_people,
        groups=all_groups,
        tokens=all_tokens,
    )


def joined(some: Moods, later: Moods) -> Moods:
    """Both together; the later ones were arranged with the numbers of the others."""
    both: dict[str, Any] = {name: np.concatenate([getattr(some, name), getattr(later, name)]) for name in COLUMNS}
    return replace(later, **both, sums=np.concatenate([some.sums, later.sums], axis=1))


def _numbered(
    names: Iterable[Name | None], known: Mapping[Name, int] | None
) -> tuple[NDArray[np.int64], dict[Name, int]]:
    """The number of each name, int64 (n,), and of all."""
    numbers = dict(known or {})
    found = [-1 if name is None else numbers.setdefault(name, len(numbers)) for name in names]
    return np.array(found, np.int64), numbers


def _clock(at: NDArray[np.datetime64], zone: ZoneInfo) -> NDArray[np.int64]:
    minutes, row = np.unique(at.astype("datetime64[m]"), return_inverse=True)
    shown = [minute.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) for minute in minutes.tolist()]
    return np.array(shown, "datetime64[m]").astype(np.int64)[row]


def _utc(instant: datetime) -> np.datetime64:
    return np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "us")
