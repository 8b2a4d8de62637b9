"""What people at the desk and at the door change: always new rows of the ledger, never edits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit
from db.attendance import ledger
from db.crypto import TemplateCipher
from db.errors import InvalidRecord
from db.faces import candidates
from db.observations import moods, sightings, views
from db.people import look_alikes
from db.records.attendance import AttendanceEvent, NewEvent, Presence
from db.schema.attendance import EventRow
from db.schema.observations import SightingRow


def not_me(
    session: Session, cipher: TemplateCipher, event: UUID, *, id: UUID, at: datetime, kiosk: UUID, actor: str
) -> AttendanceEvent:
    """Voids an event that was made for the wrong person, and remembers the mistake.

    The sighting and its moods lose the name as well, and templates that grew from it are rolled back, also when the
    desk voided the event before. The second time nothing happens.

    Args:
        id: of the void, so that writing it again changes nothing.

    Raises:
        InvalidRecord: there is no such event, or its person was erased.
    """
    wrong = _event(session, event)
    voided = void(session, event, id=id, at=at, kiosk=kiosk, actor=actor, reason="not me")
    if wrong.person is None or wrong.method != "face" or look_alikes.is_wrong(session, event):
        # Somebody who typed another's number was not taken for them by their face.
        return voided
    sighting = session.get(SightingRow, wrong.sighting) if wrong.sighting else None
    look_alikes.add_wrong_pair(
        session,
        wrong.person,
        event=event,
        sighting=sighting.id if sighting else None,
        similarity=sighting.similarity if sighting else None,
        at=at,
        actor=actor,
    )
    if wrong.sighting is not None:
        candidates.roll_back_sighting(session, cipher, wrong.sighting, at=at, actor=actor)
    if sighting is not None:
        moods.unname(session, sighting.id)
        sightings.unname(session, sighting.id)
        views.discard_of_sighting(session, sighting.id)
    return voided


def void_of(session: Session, event: UUID) -> UUID | None:
    """The void that cancels an event; None where there is none that counts, since a void can be void itself."""
    voids = session.scalars(select(EventRow.id).where(EventRow.target_id == event, EventRow.kind == "void")).all()
    return next((one for one in voids if void_of(session, one) is None), None)


def is_voided(session: Session, sighting: UUID) -> bool:
    """Whether an event that this sighting made is void."""
    made = session.scalars(select(EventRow.id).where(EventRow.sighting_id == sighting)).all()
    return any(void_of(session, one) is not None for one in made)


def void(
    session: Session, event: UUID, *, id: UUID, at: datetime, kiosk: UUID, actor: str, reason: str
) -> AttendanceEvent:
    """Cancels an event. Returns the void; the earlier one where the event is cancelled already.

    The waiting candidate of its sighting is deleted, because whose face it shows is in doubt.

    Raises:
        InvalidRecord: there is no such event, or its person was erased.
    """
    wrong = _event(session, event)
    before = void_of(session, event)
    if before is not None:
        return _event(session, before)
    if wrong.sighting is not None:
        candidates.discard_of_sighting(session, wrong.sighting)
    made = NewEvent(
        id, "void", _person(wrong), at, wrong.time_zone, kiosk, "manual", actor, recorded_at=at, target=wrong.id
    )
    return _append(session, made, "void", reason)


def correct(
    session: Session,
    event: UUID,
    *,
    id: UUID,
    kind: Presence,
    happened_at: datetime,
    at: datetime,
    kiosk: UUID,
    actor: str,
    reason: str,
) -> AttendanceEvent:
    """Replaces an event by what really happened.

    Raises:
        InvalidRecord: there is no such event, its person was erased, or no reason is given.
    """
    wrong = _event(session, event)
    if not reason.strip():
        raise InvalidRecord("A correction needs a reason; say in a few words why.")
    made = NewEvent(
        id, "correction", _person(wrong), happened_at, wrong.time_zone, kiosk, "manual", actor,
        recorded_at=at, target=wrong.id, corrected_kind=kind,
    )  # fmt: skip
    return _append(session, made, "correct", reason)


def add_by_hand(
    session: Session,
    person: UUID,
    *,
    id: UUID,
    kind: Presence,
    happened_at: datetime,
    time_zone: str,
    at: datetime,
    kiosk: UUID,
    actor: str,
    reason: str,
) -> AttendanceEvent:
    """Adds an event that no camera saw: a forgotten check-out, or one of before Muster.

    Raises:
        InvalidRecord: there is no such person.
    """
    made = NewEvent(id, kind, person, happened_at, time_zone, kiosk, "manual", actor, recorded_at=at)
    return _append(session, made, f"add {kind}", reason)


def _append(session: Session, made: NewEvent, action: str, reason: str) -> AttendanceEvent:
    written = ledger.append(session, made)
    audit.note(
        session,
        action,
        at=made.recorded_at,
        actor=made.actor,
        person=made.person,
        event=made.id,
        detail={"reason": reason},
    )
    return written


def _event(session: Session, event: UUID) -> AttendanceEvent:
    found = ledger.get(session, event)
    if found is None:
        raise InvalidRecord(f"There is no attendance event with the id {event}.")
    return found


def _person(event: AttendanceEvent) -> UUID:
    if event.person is None:
        raise InvalidRecord("The person of this event was erased, so it cannot be changed any more.")
    return event.person
