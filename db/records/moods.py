"""Frozen records of moods: samples, and their sums and roll-ups. Times are aware and in UTC."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

STRANGER: Final = "?"
"""How the token of a face that nobody knows begins: one person may have many of them, so they count as nobody."""


@dataclass(frozen=True, slots=True)
class MoodSample:
    at: datetime
    person: UUID | None
    sighting: UUID | None
    group: str | None
    token: str | None
    """Aggregate mode only: tells people of one day apart without naming them; see `STRANGER`."""
    label: str
    """The likeliest emotion, or "unsure"."""
    probabilities: tuple[float, ...]
    """Seven, in the order angry, disgust, fear, happy, sad, surprise, neutral; zeros where the face was not clear
    enough to be judged."""


@dataclass(frozen=True, slots=True, eq=False)
class MoodSums:
    """Mood samples added up by sighting, person, token, group and minute: n rows, column by column."""

    at: NDArray[np.datetime64]
    """Of each row's first sample: datetime64[us] (n,), UTC."""
    people: Sequence[UUID | None]
    sightings: Sequence[Hashable]
    """A key for each sighting; None where the row's samples have no sighting and are of one instant."""
    groups: Sequence[str | None]
    tokens: Sequence[str | None]
    probabilities: NDArray[np.float64]
    """Sums of the samples' probabilities: float64 (n, 7), in the order of `MoodSample.probabilities`."""


@dataclass(frozen=True, slots=True)
class RolledDay:
    """A day whose moods are rolled up."""

    day: int
    """Local days since 1970."""
    starts: datetime
    ends: datetime
    zone: str
    confidence: float
    """The probability below which a mood was unsure."""
    stamp: UUID | None = None
    """Another one each time that the day is rolled up; None before it is kept."""


@dataclass(frozen=True, slots=True)
class RolledCells:
    """Roll-ups of moods: k rows, column by column. What is not asked for is empty."""

    keys: Sequence[tuple[Any, ...]]
    """What each row is about, as the query that gives it says."""
    sightings: NDArray[np.int64]
    """int64 (k,)."""
    judged: NDArray[np.int64]
    """Sightings in the sums: int64 (k,)."""
    mean_sums: NDArray[np.float64]
    """The sums of the sightings' mean probabilities: float64 (7, k)."""
    labels: NDArray[np.int64]
    """Sightings of each label, unsure at last: int64 (8, k)."""


@dataclass(frozen=True, slots=True)
class RolledVisits:
    """Who was seen on which day: n rows, column by column, each int64 (n,)."""

    names: Sequence[Hashable]
    """People, tokens and groups; the columns have their places in this list, -1 for None."""
    day: NDArray[np.int64]
    """Local days since 1970."""
    person: NDArray[np.int64]
    token: NDArray[np.int64]
    group: NDArray[np.int64]
    hours: NDArray[np.int64]
    """The local hours with a sample: bit 0 is midnight to one."""
