"""What each phase of a sighting writes, inside one transaction that the recorder owns."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from db.attendance import kiosks, ledger, schedules
from db.crypto import TemplateCipher
from db.errors import InvalidRecord
from db.observations import moods, sightings
from db.people import consents, people
from db.records import AttendanceEvent, Method, MoodSample, NewEvent, Person, SightingRecord
from monitor.attendance.rules import Passage, decide, passages
from monitor.attendance.shifts import day_of, person_day
from monitor.config import Settings
from monitor.domain import EventKind, KioskEvent, Phase, Sighting
from monitor.vision.jpeg import encode_jpeg

_DAYS_BACK: Final = timedelta(days=2)
"""How far a decision looks back; a day of a person has at most 36 hours."""


@dataclass(frozen=True, slots=True)
class Door:
    """The kiosk that writes, as its transactions need it."""

    kiosk: UUID
    settings: Settings
    cipher: TemplateCipher
    tokens: "CrowdTokens"


@dataclass(slots=True)
class CrowdTokens:
    """Tells the people of one day apart in aggregate mode without telling who they are.

    The secret of a day lives in memory only and is forgotten with the day, so nobody can compute a token again.
    """

    day: date | None = None
    secret: bytes = field(default=b"", repr=False)

    def token(self, who: UUID, day: date) -> str:
        """16 hexadecimal digits, the same for the same person on the same day."""
        if day != self.day:
            self.day, self.secret = day, secrets.token_bytes(32)
        return hmac.digest(self.secret, who.bytes, hashlib.sha256)[:8].hex()


@dataclass(frozen=True, slots=True)
class _Arrival:
    """What is known of an attendance event before it is decided whether there is one."""

    id: UUID
    method: Method
    sighting: UUID | None
    recorded_at: datetime


def write(session: Session, door: Door, sighting: Sighting, event: UUID, now: datetime) -> list[KioskEvent]:
    """Writes one phase of a sighting; writing it again changes nothing.

    Args:
        event: the id for the attendance event, if one comes of it.
        now: the clock's time.

    Returns:
        What to tell the kiosk once it is committed.
    """
    kiosks.seen(session, door.kiosk, now)
    if sighting.phase in (Phase.OPENED, Phase.IDENTIFIED):
        return _arrive(session, door, sighting, event, now)
    known = sightings.get(session, sighting.id)
    if known is not None:
        sightings.extend(session, sighting.id, last_at=sighting.last_at, frames=sighting.frames)
        person = people.get_person(session, known.person) if known.person else None
        _write_mood(session, door, sighting, person)
    return []


def _arrive(session: Session, door: Door, sighting: Sighting, event: UUID, now: datetime) -> list[KioskEvent]:
    person = _person(session, sighting)
    told = sighting if _may_tell_mood(session, door, person) else replace(sighting, mood=None)
    record = _record(session, door, sighting, person)
    before = sightings.get(session, sighting.id)
    if before is None:
        face = person is None and sighting.match.person is None
        sightings.add(
            session,
            door.cipher,
            record,
            embedding=sighting.embedding if face else None,
            portrait=encode_jpeg(sighting.portrait, 90) if face and sighting.portrait is not None else None,
        )
        _write_mood(session, door, sighting, person)
    elif before.person is None and person is not None:
        sightings.identify(session, record)
        _write_mood(session, door, sighting, person)
    if person is None:
        return [_event(EventKind.UNKNOWN, told)] if sighting.phase is Phase.OPENED else []
    return _check(session, door, told, person, event, now)


def write_pin(session: Session, door: Door, person_id: UUID, event: UUID, at: datetime) -> list[KioskEvent]:
    """Writes that somebody gave their PIN; writing it again changes nothing.

    Args:
        event: the id for the attendance event, if one comes of it.
        at: when the PIN was accepted.

    Returns:
        The event that was made, or a sighting that says why none was.

    Raises:
        InvalidRecord: the person was erased or deactivated since.
    """
    kiosks.seen(session, door.kiosk, at)
    person = people.get_person(session, person_id)
    if not person.active:
        raise InvalidRecord("Somebody who gave their PIN is not active any more; activate them to let them in.")
    written, last = _pass(session, door, person, at, _Arrival(event, "pin", None, at))
    kind = EventKind(written.kind) if written else EventKind.SIGHTING
    told = KioskEvent(kind, at, person.id, person.name, attendance=written.id if written else None)
    return [told if written else replace(told, text=_already(last, door))]


def _check(
    session: Session, door: Door, sighting: Sighting, person: Person, event: UUID, now: datetime
) -> list[KioskEvent]:
    """The attendance decision, and what to tell about it."""
    written, last = _pass(session, door, person, sighting.first_at, _Arrival(event, "face", sighting.id, now))
    seen = _event(EventKind.SIGHTING, sighting, person, text=None if written else _already(last, door))
    return [seen, _event(EventKind(written.kind), sighting, person, written)] if written else [seen]


def _pass(
    session: Session, door: Door, person: Person, at: datetime, new: _Arrival
) -> tuple[AttendanceEvent | None, Passage | None]:
    """Decides what an arrival means and writes it: the event, if any, and the passage before it."""
    written = ledger.get(session, new.id)
    if written is not None:
        return written, None
    today = _today(session, door, person, at)
    # Who stays in view has not arrived anew; who types a PIN means it, and is in view while typing.
    by_face = new.method == "face"
    kind = decide(
        at,
        door.settings.role,
        today=today,
        last_seen=sightings.last_seen(session, person.id, at, other_than=new.sighting) if by_face else None,
        cool_down=timedelta(minutes=door.settings.cool_down_minutes),
    )
    if kind is not None:
        event = NewEvent(
            id=new.id,
            kind=kind,
            person=person.id,
            at=at,
            time_zone=door.settings.time_zone,
            kiosk=door.kiosk,
            method=new.method,
            actor=door.settings.kiosk,
            recorded_at=new.recorded_at,
            sighting=new.sighting,
        )
        written = ledger.append(session, event)
    return written, today[-1] if today else None


def _today(session: Session, door: Door, person: Person, at: datetime) -> list[Passage]:
    zone = door.settings.zone
    shifts = schedules.all_schedules(session)
    day = day_of(shifts, person.id, person.group, at, zone)
    start, end = person_day(shifts, person.id, person.group, day, zone)
    soon = at + timedelta(minutes=door.settings.cool_down_minutes)
    counted = passages(ledger.of_person(session, person.id, since=at - _DAYS_BACK))
    return [passage for passage in counted if start <= passage.at < end and passage.at <= soon]


def _person(session: Session, sighting: Sighting) -> Person | None:
    """Who was named, unless they were erased, deactivated or took back their consent since the gallery was loaded."""
    named = sighting.match.person
    if named is None or not people.existing(session, [named.person]):
        return None
    person = people.get_person(session, named.person)
    refused = consents.current(session, person.id, "face") is False
    return person if person.active and not refused else None


def _record(session: Session, door: Door, sighting: Sighting, person: Person | None) -> SightingRecord:
    best, runner_up = sighting.match.best, sighting.match.runner_up
    there = people.existing(session, [one.person for one in (best, runner_up) if one is not None])
    return SightingRecord(
        id=sighting.id,
        kiosk=door.kiosk,
        track=sighting.track,
        first_at=sighting.first_at,
        last_at=sighting.last_at,
        frames=sighting.frames,
        person=person.id if person else None,
        best=best.person if best and best.person in there else None,
        similarity=best.similarity if best else None,
        runner_up=runner_up.person if runner_up and runner_up.person in there else None,
        runner_up_similarity=runner_up.similarity if runner_up else None,
        threshold=sighting.match.threshold,
    )


def _write_mood(session: Session, door: Door, sighting: Sighting, person: Person | None) -> None:
    """Writes the sighting's mood down as the settings and the person allow."""
    if sighting.mood is None or door.settings.mood == "off" or _refuses_mood(session, person):
        return
    group = person.group if person else None
    if door.settings.mood == "individual":
        who, seen, at, token = (person.id if person else None), sighting.id, sighting.last_at, None
    else:
        # Neither an exact time nor the sighting may lead back to the person.
        local = sighting.last_at.astimezone(door.settings.zone)
        who, seen, at = None, None, local.replace(minute=0, second=0, microsecond=0)
        token = door.tokens.token(person.id if person else sighting.id, local.date())
    sample = MoodSample(at, who, seen, group, token, sighting.mood.label, sighting.mood.probabilities)
    moods.add(session, door.kiosk, sample)


def _may_tell_mood(session: Session, door: Door, person: Person | None) -> bool:
    """Events carry a name, so they carry a mood only where moods are kept per person."""
    return door.settings.mood == "individual" and not _refuses_mood(session, person)


def _refuses_mood(session: Session, person: Person | None) -> bool:
    return person is not None and consents.current(session, person.id, "mood") is False


def _event(
    kind: EventKind,
    sighting: Sighting,
    person: Person | None = None,
    written: AttendanceEvent | None = None,
    text: str | None = None,
) -> KioskEvent:
    best = sighting.match.best
    return KioskEvent(
        kind=kind,
        at=sighting.first_at,
        person=person.id if person else None,
        name=person.name if person else None,
        track=sighting.track,
        similarity=best.similarity if best else None,
        mood=sighting.mood,
        sighting=sighting.id,
        attendance=written.id if written else None,
        text=text,
    )


def _already(last: Passage | None, door: Door) -> str | None:
    if last is None:
        return None
    clock = last.at.astimezone(door.settings.zone).strftime("%H:%M")
    return f"Already checked {'in' if last.kind == 'check_in' else 'out'} at {clock}."
