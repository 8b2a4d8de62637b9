"""What the desk does with a day that somebody is to look at. Every function blocks: call it in workers only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Unpack
from uuid import UUID

from sqlalchemy import Engine

from db import audit
from db.attendance import kiosks, leave
from db.engine import reading, writing
from db.ids import new_id
from db.observations import sightings
from monitor.attendance.days import Period, counting
from monitor.attendance.passages import Passage
from monitor.attendance.repair import Proposal, Repair, Sight
from monitor.attendance.summary import DaySummary
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.desk.calendar.leave import new_leave
from monitor.desk.days.corrections import write_entry, write_void
from monitor.desk.days.repair_list import LOOK_AGAIN, SET_ASIDE
from monitor.recording.calendars import load_calendars
from monitor.recording.passages import load_passages

_NOWHERE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a day would be after a repair, and where the person was seen on it without an entry."""

    summary: DaySummary | None
    """None: the repair enters leave, or there is none."""
    sights: tuple[Sight, ...]
    """By time."""


def repair(
    engine: Engine, settings: Settings, chosen: Sequence[tuple[Repair, Proposal, str]], **by: Unpack[Actor]
) -> int:
    """Write what is proposed, each with its reason: an entry by hand, a void, or leave.

    Returns:
        how many days were repaired.

    Raises:
        DatabaseError, InvalidRecord: one of them cannot be written; then none is.
    """
    with writing(engine) as session:
        for one, proposal, reason in chosen:
            if proposal.void is not None:
                write_void(session, settings, proposal.void, reason, **by)
            elif proposal.leave is not None:
                leave.add(session, new_leave(one.person.id, one.day, one.day, proposal.leave, note=reason), **by)
            elif proposal.kind is not None and proposal.at is not None:
                write_entry(session, settings, one.person.id, proposal.kind, proposal.at, reason, **by)
    return len(chosen)


def set_aside(engine: Engine, chosen: Sequence[Repair], reason: str, **by: Unpack[Actor]) -> int:
    """Leave days as they are: they are no longer in the list, and the audit log says who decided so and why."""
    return _note(engine, chosen, SET_ASIDE, reason, by)


def look_again(engine: Engine, chosen: Sequence[Repair], reason: str, **by: Unpack[Actor]) -> int:
    """Put days that were set aside back into the list."""
    return _note(engine, chosen, LOOK_AGAIN, reason, by)


def _note(engine: Engine, chosen: Sequence[Repair], action: str, reason: str, by: Actor) -> int:
    with writing(engine) as session:
        for one in chosen:
            said = {"day": one.day.isoformat(), "what": one.reason.value, "repair": one.key, "reason": reason}
            audit.note(session, action, person=one.person.id, detail=said, **by)
    return len(chosen)


def foreseen(engine: Engine, settings: Settings, one: Repair, proposal: Proposal | None, now: datetime) -> Foreseen:
    """What a proposal would make of the day, by the same rules. Raises: DatabaseError."""
    day = Period(one.day, one.day)
    bounds, person = day.bounds_of_passages(settings.zone), one.person
    with reading(engine) as session:
        calendars = load_calendars(session, settings, one.day, one.day, person)
        passages = [*load_passages(session, calendars, *bounds, of=[person.id]).get(person.id, ())]
        names = {kiosk.id: kiosk.name for kiosk in kiosks.all_kiosks(session)}
        seen = sightings.between(session, *day.bounds(settings.zone), person=person.id)
    sights = sorted((Sight(each.last_at, names.get(each.kiosk, "")) for each in seen), key=attrgetter("at"))
    if proposal is None or proposal.leave is not None:
        return Foreseen(None, tuple(sights))
    if proposal.kind is not None and proposal.at is not None:
        passages.append(Passage(new_id(), person.id, proposal.kind, proposal.at, _NOWHERE, "manual"))
        passages.sort(key=attrgetter("at"))
    kept = [each for each in passages if each.event != proposal.void]
    (summary,) = counting(calendars, now).days(person, kept, [one.day])
    return Foreseen(summary, tuple(sights))
