"""Writes a phase of a sighting or a PIN, with its attendance and mood, inside the recorder's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from db import audit
from db.attendance import ledger
from db.crypto import TemplateCipher
from db.errors import InvalidRecord
from db.observations import crowd, moods, sightings, views
from db.people import people
from db.records.attendance import AttendanceEvent, NewEvent
from db.records.moods import MoodSample
from db.records.observations import SightingRecord
from db.records.people import Person, PersonConsents
from monitor.attendance.door import Arrival
from monitor.attendance.passages import Passage
from monitor.config import Settings
from monitor.config_outbound import hours_of, is_within
from monitor.domain import EventKind, KioskEvent, Phase, Sighting
from monitor.recording.arrivals import Arrivals, Decision
from monitor.vision.jpeg import encode_jpeg

NOT_LIVE: Final = "The head did not turn as asked, so a photograph cannot be ruled out; use the PIN or see the desk."
PIN_TOO: Final = "At this hour the PIN has to follow the face."
FACE_TOO: Final = "At this hour the camera has to know the face first; look into it, then give the PIN again."
_BOTH: Final = timedelta(minutes=2)
"""Time after a face was in view in which its PIN counts."""
_IN_VIEW: Final = timedelta(hours=1)
"""A sighting whose face a PIN follows began at most so long ago."""


@dataclass(frozen=True, slots=True)
class WriteContext:
    """Context of every write: kiosk id, settings and cipher."""

    kiosk: UUID
    settings: Settings
    cipher: TemplateCipher
    arrivals: Arrivals = field(default_factory=Arrivals)


def write(
    session: Session,
    context: WriteContext,
    sighting: Sighting,
    event: UUID,
    now: datetime,
    *,
    again: bool = False,
    clock_off: timedelta = timedelta(),
) -> list[KioskEvent]:
    """Writes one phase of a sighting; writing it again changes nothing.

    Args:
        event: the id for the attendance event or the mood sample, if one is made.
        now: the time now, in UTC.
        again: it may be written already; an anonymous mood, which has no id of its own, is then left out.
        clock_off: how far the clock jumped; entries are marked where that is not 0.

    Returns:
        The events to publish once the transaction is committed.
    """
    if sighting.phase in (Phase.OPENED, Phase.IDENTIFIED, Phase.LIVE):
        return _arrive(session, context, sighting, event, now, clock_off)
    if sighting.phase is Phase.NOT_LIVE:
        return _turn_away(session, context, sighting, now)
    known = context.arrivals.sighting(session, sighting.id)
    if known is not None:
        sightings.extend(session, sighting.id, last_at=sighting.last_at, frames=sighting.frames)
        context.arrivals.noted(sighting.id, known.person)
        person = context.arrivals.named(session, [known.person])[known.person] if known.person else None
        if sighting.live and not (again and context.settings.mood == "aggregate"):
            _write_mood(session, context, sighting, person, event)
    return []


def named(sighting: Sighting) -> list[UUID]:
    """Whom a sighting is most alike: at most two people."""
    return [one.person for one in (sighting.match.best, sighting.match.runner_up) if one is not None]


def _arrive(
    session: Session, context: WriteContext, sighting: Sighting, event: UUID, now: datetime, clock_off: timedelta
) -> list[KioskEvent]:
    there = context.arrivals.named(session, named(sighting))
    # Until a named face is known to be alive, the sighting is nobody's: no check-in, no mood, no "seen last".
    person = _named(there, sighting) if sighting.live else None
    # Events carry a name, so they carry the mood only where moods are kept per person.
    tells_mood = context.settings.mood == "individual" and _agrees(context, person)
    told = sighting if tells_mood else replace(sighting, mood=None)
    record = _record(there, context, sighting, person)
    before = context.arrivals.sighting(session, sighting.id)
    if before is None:
        face = person is None and sighting.match.person is None
        sightings.add(
            session,
            context.cipher,
            record,
            embedding=sighting.embedding if face else None,
            portrait=encode_jpeg(sighting.portrait, 90) if face and sighting.portrait is not None else None,
        )
        if sighting.live:
            _write_mood(session, context, sighting, person, event)
    elif before.person is None and person is not None:
        sightings.identify(session, record)
        if not _agrees(context, person):
            moods.discard(session, sighting.id)
        _write_mood(session, context, sighting, person, event)
    context.arrivals.noted(sighting.id, person.person.id if person else None)
    _keep_views(session, context, sighting, person)
    if not sighting.live:
        return []
    if person is None:
        return [_event(EventKind.UNKNOWN, told)] if sighting.phase is Phase.OPENED else []
    who = person.person
    if _asks_for_both(context, sighting.first_at):
        kind = _decided(session, context, who, sighting.first_at, sighting, clock_off).kind
        asked = _event(EventKind.SIGHTING, told, who, text=PIN_TOO if kind else None)
        return [replace(asked, asks="pin" if kind else None)]
    written, last = _pass(
        session, context, who, sighting.first_at, event=event, now=now, sighting=sighting, clock_off=clock_off
    )
    seen = _event(EventKind.SIGHTING, told, who, text=None if written else _already(last, context))
    return [seen, _event(EventKind(written.kind), told, who, written)] if written else [seen]


def _keep_views(session: Session, context: WriteContext, sighting: Sighting, person: PersonConsents | None) -> None:
    """Keeps the views that a name was given on, of people who agreed that their face is kept, once a sighting."""
    days, assumed = context.settings.keep_views_days, context.settings.consent == "assumed"
    if not (person and days and sighting.views and (person.face or (person.face is None and assumed))):
        return
    kept = [(view.at, view.embedding, encode_jpeg(view.chip, 90)) for view in sighting.views]
    views.add(session, context.cipher, sighting.id, kept)


def _turn_away(session: Session, context: WriteContext, sighting: Sighting, now: datetime) -> list[KioskEvent]:
    """Note in the audit log, with the evidence, that a named face did not turn out to be alive."""
    best = sighting.match.best
    named = people.with_consents(session, [best.person]).get(best.person) if best is not None else None
    person = named.person if named is not None else None
    detail = {"sighting": str(sighting.id), **(sighting.evidence or {})}
    actor, whose = context.settings.kiosk, person.id if person else None
    audit.note(session, "not live", at=now, actor=actor, person=whose, detail=detail)
    told = replace(sighting, mood=None)
    return [replace(_event(EventKind.NOT_LIVE, told, person, text=NOT_LIVE), at=sighting.last_at)]


def write_pin(
    session: Session,
    context: WriteContext,
    person_id: UUID,
    event: UUID,
    at: datetime,
    *,
    clock_off: timedelta = timedelta(),
) -> list[KioskEvent]:
    """Writes that somebody gave their PIN; writing it again changes nothing.

    Args:
        event: the id for the attendance event, if one is made.
        at: when the PIN was accepted.
        clock_off: how far the clock jumped; the entry is marked where that is not 0.

    Returns:
        The check-in or check-out, or a sighting whose text says why there is none.

    Raises:
        InvalidRecord: the person was erased or deactivated since.
    """
    there = context.arrivals.named(session, [person_id])
    person = there[person_id].person if person_id in there else people.get_person(session, person_id)
    if not person.active:
        raise InvalidRecord("The person who gave this PIN is not active; activate them to let them check in.")
    if _asks_for_both(context, at):
        seen = sightings.last_seen(session, person.id, at - _IN_VIEW, at, other_than=None)
        if seen is None or at - seen > _BOTH:
            return [KioskEvent(EventKind.SIGHTING, at, person.id, person.name, text=FACE_TOO, asks="face")]
    written, last = _pass(session, context, person, at, event=event, now=at, sighting=None, clock_off=clock_off)
    kind = EventKind(written.kind) if written else EventKind.SIGHTING
    told = KioskEvent(kind, at, person.id, person.name, attendance=written.id if written else None)
    return [told if written else replace(told, text=_already(last, context))]


def _pass(
    session: Session,
    context: WriteContext,
    person: Person,
    at: datetime,
    *,
    event: UUID,
    now: datetime,
    sighting: Sighting | None,
    clock_off: timedelta,
) -> tuple[AttendanceEvent | None, Passage | None]:
    """Decides what an arrival means and writes it; without a sighting it is by PIN.

    Returns:
        The event, if any, and the passage before it.
    """
    written = context.arrivals.event(session, event)
    if written is not None:
        return written, None
    found = _decided(session, context, person, at, sighting, clock_off)
    if found.kind is not None:
        new = NewEvent(
            id=event,
            kind=found.kind,
            person=person.id,
            at=at,
            time_zone=context.settings.time_zone,
            kiosk=context.kiosk,
            method="face" if sighting else "pin",
            actor=context.settings.kiosk,
            recorded_at=now,
            sighting=sighting.id if sighting else None,
            clock_suspect=bool(clock_off),
        )
        written = ledger.append_new(session, new)
    context.arrivals.written(sighting, person.id, written)
    return written, next((one for one in reversed(found.before) if one.at <= at), None)


def _decided(
    session: Session,
    context: WriteContext,
    person: Person,
    at: datetime,
    sighting: Sighting | None,
    clock_off: timedelta,
) -> Decision:
    """What an arrival means, and the passages around it."""
    # A person who stays in view has not arrived again; a person who types a PIN means it, and is in view while typing.
    seen = context.arrivals.last_seen(session, person.id, sighting.id, at) if sighting else None
    if (
        sighting and clock_off
    ):  # who was in view before the jump stands in view still, by whichever clock it was written
        before = context.arrivals.last_seen(session, person.id, sighting.id, at - clock_off)
        seen = max((one for one in (seen, before and before + clock_off) if one), default=None)
    arrival = Arrival(at, context.kiosk, context.settings.role, seen, clock_suspect=bool(clock_off))
    return context.arrivals.decide(session, context.settings, person, arrival, clock_off)


def _asks_for_both(context: WriteContext, at: datetime) -> bool:
    """Whether face and PIN are both needed at this time."""
    hours = hours_of(context.settings.face_and_pin)
    return hours is not None and is_within(hours, at.astimezone(context.settings.zone).time())


def _named(there: Mapping[UUID, PersonConsents], sighting: Sighting) -> PersonConsents | None:
    """The named person, unless they were erased, deactivated or withdrew consent since the gallery was loaded."""
    named = sighting.match.person
    found = there.get(named.person) if named is not None else None
    return found if found is not None and found.person.active and found.face is not False else None


def _record(
    there: Mapping[UUID, PersonConsents], context: WriteContext, sighting: Sighting, person: PersonConsents | None
) -> SightingRecord:
    """The sighting's row, without people who were erased meanwhile."""
    best, runner_up = sighting.match.best, sighting.match.runner_up
    return SightingRecord(
        id=sighting.id,
        kiosk=context.kiosk,
        track=sighting.track,
        first_at=sighting.first_at,
        last_at=sighting.last_at,
        frames=sighting.frames,
        person=person.person.id if person else None,
        best=best.person if best and best.person in there else None,
        similarity=best.similarity if best else None,
        runner_up=runner_up.person if runner_up and runner_up.person in there else None,
        runner_up_similarity=runner_up.similarity if runner_up else None,
        threshold=sighting.match.threshold,
        second_similarity=best.second_similarity if best else None,
        encoders=sighting.match.encoders,
    )


def _write_mood(
    session: Session, context: WriteContext, sighting: Sighting, person: PersonConsents | None, id: UUID
) -> None:
    """Writes the sighting's mood down as the settings and the person allow, once for each id."""
    if sighting.mood is None or context.settings.mood == "off" or not _agrees(context, person):
        return
    known = person.person.id if person else None
    group = person.person.group if person else None
    if context.settings.mood == "individual":
        who, seen, at, token = known, sighting.id, sighting.last_at, None
    else:
        # Neither an exact time nor the sighting may lead back to the person.
        local = sighting.last_at.astimezone(context.settings.zone)
        who, seen, at = None, None, local.replace(minute=0, second=0, microsecond=0)
        one = known or sighting.id
        token = crowd.token(session, context.cipher, one, local.date(), known=known is not None)
    sample = MoodSample(at, who, seen, group, token, sighting.mood.label, sighting.mood.probabilities)
    moods.add(session, context.kiosk, sample, id)


def _agrees(context: WriteContext, person: PersonConsents | None) -> bool:
    """Whether the mood may be kept: of somebody unknown, without a person; of the others, as they agreed."""
    if person is None or person.mood is not None:
        return person is None or bool(person.mood)
    return context.settings.consent == "assumed"


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
        second_similarity=best.second_similarity if best else None,
        threshold=sighting.match.threshold,
        runner_up=sighting.match.runner_up,
        mood=sighting.mood,
        sighting=sighting.id,
        attendance=written.id if written else None,
        text=text,
        in_view=sighting.last_at,
    )


def _already(last: Passage | None, context: WriteContext) -> str | None:
    if last is None:
        return None
    clock = last.at.astimezone(context.settings.zone).strftime("%H:%M")
    return f"Already checked {'in' if last.kind == 'check_in' else 'out'} at {clock}."
