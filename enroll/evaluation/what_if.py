"""Threshold preview: past sightings whose answer would change under another target FPIR."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from db.observations import sightings
from db.people import people
from monitor.vision.matching.threshold import CURVES, DLIB, Curve


@dataclass(frozen=True, slots=True)
class Change:
    """A sighting whose answer would change."""

    at: datetime
    person: str
    named: bool
    """True: the person would be named. False: the person would be unknown."""
    similarity: float
    threshold: float
    """The similarity that a name would need."""

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "person": self.person,
            "would_be": "named" if self.named else "unknown",
            "similarity": round(self.similarity, 4),
            "threshold": round(self.threshold, 4),
        }


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The past under another target."""

    sightings: int
    """Sightings looked at: those that were compared with anybody."""
    changes: tuple[Change, ...]
    """Newest first."""


def what_if(
    session: Session,
    start: datetime,
    end: datetime,
    *,
    before: float,
    after: float,
    margin: float,
    size: int,
    extra_margins: Mapping[UUID, float],
) -> WhatIf:
    """Compare past sightings with the threshold of another target FPIR.

    A sighting keeps the threshold of its time, which depended on the encoders, on how its images differed and on how
    crowded the gallery was around it; the two targets' distance for single images is added to it.

    Args:
        before, after: target FPIR in force and in question.
        margin: how much more similar than the runner-up the best match must be.
        size: how many people are enrolled.
        extra_margins: what is added to the margin for those for whom anything is.
    """
    curves: dict[str | None, Curve] = {None: DLIB} | {str(name): curve for name, curve in CURVES.items()}
    shifts = {
        name: curve.threshold_for(after, size) - curve.threshold_for(before, size) for name, curve in curves.items()
    }
    names: dict[UUID, str] = {}
    changes, compared = [], 0
    for one in sightings.between(session, start, end):
        if one.similarity is None or one.best is None:
            continue
        compared += 1
        threshold = one.threshold + shifts[one.encoders]
        lead = 1.0 if one.runner_up_similarity is None else one.similarity - one.runner_up_similarity
        needed = curves[one.encoders].unit * (margin + extra_margins.get(one.best, 0.0))
        named = one.similarity >= threshold and lead >= needed
        if named != (one.person is not None):
            if one.best not in names:
                names[one.best] = people.get_person(session, one.best).name
            changes.append(Change(one.first_at, names[one.best], named, one.similarity, threshold))
    return WhatIf(compared, tuple(changes))
