"""The roll call: who is inside, ticked by hand. It needs this database only. Every function blocks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Unpack
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.engine import reading, writing
from db.people import people
from db.programs import roll_calls
from db.programs.roll_calls import Missing as Missing
from db.programs.roll_calls import RollCall
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.desk.days.today import today_of
from monitor.errors import UsageError


@dataclass(frozen=True, slots=True)
class RollCallView:
    """The roll call that goes on, or who would be on the list of a new one."""

    roll_call: RollCall | None
    """None while none goes on."""
    people: tuple[Missing, ...]
    """Who is missing first, each by name."""

    @property
    def missing(self) -> int:
        return sum(one.found_at is None for one in self.people)


def roll_call_view(engine: Engine, settings: Settings, now: datetime) -> RollCallView:
    """The roll call that goes on; without one, who is inside now. Raises: DatabaseError."""
    with reading(engine) as session:
        going = _going(session)
        if going is not None:
            marked = roll_calls.marks(session, going.id)
            return RollCallView(going, tuple(sorted(marked, key=lambda one: one.found_at is not None)))
    return RollCallView(None, inside_now(engine, settings, now))


def inside_now(engine: Engine, settings: Settings, now: datetime) -> tuple[Missing, ...]:
    """Who is inside, by name. Raises: DatabaseError."""
    board = today_of(engine, settings, now).board
    inside = [one for one in board.attendees.values() if one.inside]
    with reading(engine) as session:
        known = people.by_id(session, [one.person for one in inside])
    return tuple(
        Missing(one.id, one.name, one.number, one.group, there.last_in, None, None)
        for there in inside
        if (one := known.get(there.person)) is not None
    )


def start(engine: Engine, settings: Settings, **stamp: Unpack[Actor]) -> RollCallView:
    """Begins a roll call of everybody inside, or goes on with the one that is on. Raises: DatabaseError."""
    at = stamp["at"]
    inside = roll_call_view(engine, settings, at)
    if inside.roll_call is None:
        with writing(engine) as session:
            if _going(session) is None:
                roll_calls.forget(session, at - timedelta(days=settings.keep_sightings_days))
                roll_calls.start(session, {one.person: one.since for one in inside.people}, **stamp)
    return roll_call_view(engine, settings, at)


def tick(engine: Engine, person: UUID, *, found: bool, **stamp: Unpack[Actor]) -> None:
    """Ticks somebody off, or takes the tick back.

    Raises:
        UsageError: no roll call goes on.
        InvalidRecord: the person is not on its list.
    """
    with writing(engine) as session:
        roll_calls.mark(session, _require(session).id, person, found=found, **stamp)


def seen(engine: Engine, person: UUID, **stamp: Unpack[Actor]) -> bool:
    """Ticks somebody off whom a camera at the assembly point saw; False where nobody looks for them.

    Raises:
        DatabaseError: the database cannot be read or written.
    """
    with reading(engine) as session:
        going = _going(session)
        looked_for = going and [one.person for one in roll_calls.marks(session, going.id) if one.found_at is None]
    if going is None or not looked_for or person not in looked_for:
        return False
    with writing(engine) as session:
        roll_calls.mark(session, going.id, person, found=True, **stamp)
    return True


def end(engine: Engine, **stamp: Unpack[Actor]) -> int:
    """Ends the roll call; how many people are missing still. Raises: UsageError, where none goes on."""
    with writing(engine) as session:
        going = _require(session)
        missing = sum(one.found_at is None for one in roll_calls.marks(session, going.id))
        roll_calls.end(session, going.id, **stamp)
    return missing


def _going(session: Session) -> RollCall | None:
    found = roll_calls.newest(session)
    return found if found is not None and found.ended_at is None else None


def _require(session: Session) -> RollCall:
    going = _going(session)
    if going is None:
        raise UsageError("No roll call goes on; start one with 'muster rollcall start'.")
    return going
