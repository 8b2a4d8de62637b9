"""Days that somebody is to look at, with what may have happened. Every function blocks: call it in workers only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Engine

from db import audit
from db.attendance import kiosks
from db.engine import reading
from db.observations import sightings
from db.records.people import Person
from db.records.privacy import AuditEntry
from monitor.attendance.days import Period
from monitor.attendance.repair import USUAL_DAYS, Repair, Sight, repairs
from monitor.config import Settings
from monitor.desk.days.attendance import attendance

SET_ASIDE: Final = "set aside"
LOOK_AGAIN: Final = "look again"
"""What the audit log calls it when the desk sets a day aside, and when it takes that back."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A day that the desk looked at and leaves as it is."""

    repair: Repair
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class RepairList:
    """The days of a period that somebody is to look at, and those that were set aside; the oldest first."""

    open: tuple[Repair, ...]
    aside: tuple[Aside, ...]


def repair_list(
    engine: Engine,
    settings: Settings,
    period: Period,
    now: datetime,
    *,
    group: str | None = None,
    person: Person | None = None,
) -> RepairList:
    """The days of a period that somebody is to look at. Raises: DatabaseError.

    Args:
        group: only people who are in this group now.
        person: only this one.
    """
    earlier = Period(period.first - timedelta(days=USUAL_DAYS + USUAL_DAYS // 2), period.last)
    days = attendance(engine, settings, earlier, now, group=group, person=person)
    asked = [one for one in days if one.summary.day >= period.first]
    concerned = {one.person.id for one in asked if one.summary.reasons}
    before = [one for one in days if one.summary.day < period.first and one.person.id in concerned]
    seen = _sights(engine, settings, period, [*concerned])
    found = repairs(asked, seen, settings.zone, now, before)
    with reading(engine) as session:
        notes = audit.of_actions(session, (SET_ASIDE, LOOK_AGAIN), period.bounds(settings.zone)[0])
    said = {(one.person, one.detail.get("repair")): one for one in notes}  # the last one counts
    aside = {one.key: note for one in found if (note := _set_aside(one, said)) is not None}
    return RepairList(
        tuple(one for one in found if one.key not in aside),
        tuple(
            Aside(one, str(aside[one.key].detail.get("reason", "")), aside[one.key].actor)
            for one in found
            if one.key in aside
        ),
    )


def _set_aside(one: Repair, said: dict[tuple[UUID | None, object], AuditEntry]) -> AuditEntry | None:
    note = said.get((one.person.id, one.key))
    return note if note is not None and note.action == SET_ASIDE else None


def _sights(engine: Engine, settings: Settings, period: Period, people: Sequence[UUID]) -> dict[UUID, list[Sight]]:
    """When these people were seen, by person and by time; who is seen for a while counts with the end of it."""
    start, end = period.bounds_of_passages(settings.zone)
    found: dict[UUID, list[Sight]] = defaultdict(list)
    with reading(engine) as session:
        names = {kiosk.id: kiosk.name for kiosk in kiosks.all_kiosks(session)}
        for person, last_at, kiosk in sightings.ends(session, start, end, people):
            found[person].append(Sight(last_at, names.get(kiosk, "")))
    return {person: sorted(some, key=lambda sight: sight.at) for person, some in found.items()}
