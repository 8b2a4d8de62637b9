"""The rows of the ledger as a report has them: how, by whom and why, also of what no longer counts."""

from operator import attrgetter

from sqlalchemy import Engine

from db import audit
from db.attendance import kiosks, ledger
from db.engine import reading
from db.people import people
from db.records.people import Person
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.recording.calendars import load_calendars
from monitor.recording.passages import load_passages
from monitor.reports.lines import EventOf


def events(
    engine: Engine, settings: Settings, period: Period, *, group: str | None = None, person: Person | None = None
) -> list[EventOf]:
    """The ledger's rows of a period, by time; those of erased people are left out. Raises: DatabaseError.

    Args:
        group: only of people who are in this group now.
        person: only of this one.
    """
    of = [person.id] if person else None
    with reading(engine) as session:
        found = ledger.between(session, *period.bounds(settings.zone), people=of)
        who = people.by_id(session, list({event.person for event in found if event.person}))
        calendars = load_calendars(session, settings, period.first, period.last, person)
        bounds = period.bounds_of_passages(settings.zone)
        counted = load_passages(session, calendars, *bounds, of=of, group=group)
        doors = {kiosk.id: kiosk.name for kiosk in kiosks.all_kiosks(session)}
        reasons = audit.reasons(session, [one.id for one in found if one.target or one.method == "manual"])
    counting = {passage.event for passages in counted.values() for passage in passages}
    return [
        EventOf(event, who[event.person], doors.get(event.kiosk, ""), reasons.get(event.id, ""), event.id in counting)
        for event in sorted(found, key=attrgetter("at", "seq"))
        if event.person in who and (group is None or who[event.person].group == group)
    ]
