"""Mood samples for tests of the rules, and what the database makes of them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from db.records.moods import MoodSums
from monitor.moods.samples import Samples, numbered

AT = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
"""A quarter past nine in Kathmandu."""

HAPPY = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
SAD = (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
FLAT = (1 / 7,) * 7
UNJUDGED = (0.0,) * 7


@dataclass(frozen=True)
class Sample:
    at: datetime = AT
    person: UUID | None = None
    sighting: UUID | None = None
    group: str | None = None
    token: str | None = None
    probabilities: tuple[float, ...] = HAPPY


def added_up(samples: Iterable[Sample]) -> MoodSums:
    rows: dict[object, list[Sample]] = defaultdict(list)
    for one in samples:
        when = one.at.replace(second=0, microsecond=0) if one.sighting else one.at
        rows[when, one.sighting, one.person, one.group, one.token].append(one)
    firsts = [some[0] for some in rows.values()]
    return MoodSums(
        at=np.array([min(one.at for one in some).replace(tzinfo=None) for some in rows.values()], "datetime64[us]"),
        people=[one.person for one in firsts],
        sightings=[one.sighting for one in firsts],
        groups=[one.group for one in firsts],
        tokens=[one.token for one in firsts],
        probabilities=np.array([[sum(column) for column in zip(*(one.probabilities for one in some), strict=True)]
                                for some in rows.values()]).reshape(-1, 7),
    )  # fmt: skip


def moods(samples: Iterable[Sample], zone: ZoneInfo, earlier: Samples | None = None) -> Samples:
    return numbered(added_up(samples), zone, earlier)
