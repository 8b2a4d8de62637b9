"""Opens the door for who checks in, unless a rule says no; each opening and each refusal is in the audit log."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Unpack
from uuid import UUID

from sqlalchemy import Engine

from db import audit
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.ids import new_id
from db.people import people
from db.records.people import Person
from monitor.calendar_text import WEEKDAYS
from monitor.config import Settings
from monitor.config_outbound import hours_of, is_within
from monitor.desk.actor import Actor
from monitor.domain import EventKind, KioskEvent
from monitor.errors import UsageError
from monitor.outbound.opener import open_door

FRESH: Final = timedelta(minutes=1)
"""A check-in of somebody who was in view longer ago opens nothing: it was written late, and whoever came is gone."""
_KINDS: Final = {
    "check_in": {EventKind.CHECK_IN}, "check_out": {EventKind.CHECK_OUT},
    "both": {EventKind.CHECK_IN, EventKind.CHECK_OUT},
}  # fmt: skip


def on_event(
    engine: Engine, settings: Settings, event: KioskEvent, clock: Callable[[], datetime], *, live: bool
) -> str | None:
    """Opens the door where the event is a check-in that may.

    Unknown faces, faces that may be photographs and people in view who do not check in never open it: none of them is
    a check-in.

    Args:
        live: whether the camera asks faces to show that they are alive; a face opens nothing without.

    Returns:
        None where the door was opened, or the event is none that opens it; else one sentence on why it stays shut.

    Raises:
        DatabaseError: the database cannot be read or written.
    """
    if not settings.opener.opens or event.kind not in _KINDS[settings.opener.on] or event.person is None:
        return None
    now = clock()
    try:
        with reading(engine) as session:
            person = people.get_person(session, event.person)
    except InvalidRecord:
        return None  # erased since
    fault = refusal(settings, event, person, now, live=live)
    refused = fault is not None
    if fault is None:
        told = {"event": event.kind.value, "at": event.at.isoformat(), "door": settings.kiosk, "person": str(person.id)}
        fault = open_door(settings.opener, event.attendance or new_id(), told, now)
    what = "opener refused" if refused else "opener failed" if fault else "opened"
    _note(engine, settings, what, fault, person.id, at=now, actor=settings.kiosk)
    return f"The door stays shut. {fault}" if fault else None


def refusal(settings: Settings, event: KioskEvent, person: Person, now: datetime, *, live: bool) -> str | None:
    """Why this check-in does not open the door; None where it does."""
    opener, local = settings.opener, now.astimezone(settings.zone)
    by_face = event.track is not None
    if by_face and not live:
        return "Faces are not asked to show that they are alive (liveness = off), so only a PIN opens it."
    if not person.active:
        return "The person is not active."
    if opener.groups and person.group not in opener.groups:
        return "The person's group is not one of opener.groups."
    if now - (event.in_view or event.at) > FRESH:
        return "The check-in was written down more than a minute late."
    if opener.days and WEEKDAYS[local.weekday()] not in opener.days.split(","):
        return "Today is not one of opener.days."
    hours = hours_of(opener.hours)
    if hours is not None and not is_within(hours, local.time()):
        return f"It is outside opener.hours ({opener.hours})."
    return None


def open_by_hand(engine: Engine, settings: Settings, **stamp: Unpack[Actor]) -> str | None:
    """Opens the door now, whatever the hours; None, or one sentence on why it stays shut.

    Raises:
        UsageError: the settings have no opener.
        DatabaseError: the audit log cannot be written; the door then stays shut.
    """
    if not settings.opener.opens:
        raise UsageError("There is no opener; set one with 'muster config set opener.command PROGRAM' or opener.url.")
    _note(engine, settings, "open by hand", None, None, **stamp)
    at = stamp["at"]
    told = {"event": "by_hand", "at": at.isoformat(), "door": settings.kiosk, "person": None}
    fault = open_door(settings.opener, new_id(), told, at)
    _note(engine, settings, "opener failed" if fault else "opened", fault, None, **stamp)
    return fault


def _note(
    engine: Engine, settings: Settings, what: str, reason: str | None, person: UUID | None, **stamp: Unpack[Actor]
) -> None:
    """What came of it goes into the audit log, by which the System screen knows whether the opener works."""
    set_up = (("command", settings.opener.command), ("url", settings.opener.url))
    detail = {"door": settings.kiosk, "by": " and ".join(name for name, value in set_up if value)}
    with writing(engine) as session:
        audit.note(session, what, person=person, detail=detail | ({"reason": reason} if reason else {}), **stamp)
