"""Days that somebody is to look at, with what may have happened. Every function blocks: call it in workers only."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from db.attendance import kiosks
from db.engine import reading
from db.observations import sightings
from db.records import Person
from monitor.attendance.days import Period
from monitor.attendance.repair import USUAL_DAYS, Repair, Sight, repairs
from monitor.config import Settings
from monitor.desk.days.attendance import attendance


def repair_list(
    engine: Engine,
    settings: Settings,
    period: Period,
    now: datetime,
    *,
    group: str | None = None,
    person: Person | None = None,
) -> list[Repair]:
    """The days of a period that somebody is to look at, the oldest first. Raises: DatabaseError.

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
    return repairs(asked, seen, settings.zone, now, before)


def _sights(engine: Engine, settings: Settings, period: Period, people: Sequence[UUID]) -> dict[UUID, list[Sight]]:
    """When these people were seen, by person and by time; who is seen for a while counts with the end of it."""
    start, end = period.bounds_of_passages(settings.zone)
    found: dict[UUID, list[Sight]] = defaultdict(list)
    with reading(engine) as session:
        names = {kiosk.id: kiosk.name for kiosk in kiosks.all_kiosks(session)}
        for person in people:
            for one in sightings.between(session, start, end, person=person):
                found[person].append(Sight(one.last_at, names.get(one.kiosk, "")))
    return {person: sorted(some, key=lambda sight: sight.at) for person, some in found.items()}
