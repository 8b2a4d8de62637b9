"""Everything about one person at once: export and erase.

The ledger is never touched: it names people by pseudonym, and `ledger_subject` says whose pseudonym it is.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from db import audit
from db.attendance import leave, ledger, shifts
from db.crypto import TemplateCipher, owner
from db.faces import candidates, templates
from db.observations import views
from db.people import people
from db.privacy.sealed_columns import sealed_columns
from db.proof import entries
from db.records.privacy import ErasureReceipt, PersonExport
from db.schema.attendance import EventRow
from db.schema.audit import AuditRow
from db.schema.faces import CandidateRow, ExpectedMissRow, MeanTemplateRow, TemplateRow, WrongPairRow
from db.schema.moods import MoodRow
from db.schema.observations import SightingRow
from db.schema.people import ConsentRow, PersonRow, SubjectRow
from db.schema.programs import RollCallMarkRow

_NEVER_SHOWN: Final = ("embedding", "second", "chip", "portrait", "pin_hash", "search_text", "sort_group")


def erase(session: Session, person: UUID, *, at: datetime, actor: str) -> ErasureReceipt:
    """Deletes a person with templates, portrait, consents, sightings and moods.

    Their events stay in the ledger under a pseudonym that leads nowhere. After the commit call
    `engine.scrub`, which empties the file's free pages and the write-ahead log.

    Raises:
        InvalidRecord: there is no such person.
    """
    ledger.lock(session)  # whoever forwards people to here looks under this lock who was erased
    people.get_person(session, person)
    pseudonyms = tuple(session.scalars(select(SubjectRow.id).where(SubjectRow.person_id == person)))
    receipt = ErasureReceipt(
        pseudonyms=pseudonyms,
        at=at,
        actor=actor,
        templates=_count(session, TemplateRow, person) + _count(session, CandidateRow, person),
        sightings=_count(session, SightingRow, person),
        mood_samples=_count(session, MoodRow, person),
        consents=_count(session, ConsentRow, person),
        events_kept=session.scalar(select(func.count()).where(EventRow.subject.in_(pseudonyms))) or 0,
    )
    events = select(EventRow.id).where(EventRow.subject.in_(pseudonyms))
    theirs = or_(AuditRow.person_id == person, AuditRow.event_id.in_(events))
    entries.touch_audit_of_others(session, person, events)
    entries.end(session, person)
    session.execute(update(AuditRow).where(theirs).values(detail={}))
    session.execute(delete(PersonRow).where(PersonRow.id == person))
    session.expire_all()
    audit.note(
        session, "erase", at=at, actor=actor, detail={"pseudonyms": [str(pseudonym) for pseudonym in pseudonyms]}
    )
    session.flush()
    return receipt


def erased_pseudonyms(session: Session) -> set[UUID]:
    """The pseudonyms of everybody who was erased here."""
    return {UUID(one) for detail in audit.details(session, "erase") for one in detail.get("pseudonyms", ())}


def known_by(session: Session, pseudonyms: Collection[UUID]) -> set[UUID]:
    """The people here who have one of these pseudonyms."""
    found = session.execute(select(SubjectRow.id, SubjectRow.person_id))
    return {person for pseudonym, person in found if pseudonym in pseudonyms}


def sealed_faces(session: Session, person: UUID) -> list[bytes]:
    """Everything encrypted that is kept of a person's face: templates, their images, and the portrait."""
    theirs = [column for column, _ in sealed_columns() if hasattr(column.class_, "person_id")]
    return [
        value
        for column in theirs
        for value in session.scalars(select(column).where(column.class_.person_id == person, column.is_not(None)))
    ] + views.sealed_of_person(session, person)


def export_person(session: Session, cipher: TemplateCipher, person: UUID) -> PersonExport:
    """Everything that is kept about a person, as GDPR Art. 15 and 20 ask for.

    Raises:
        InvalidRecord: there is no such person.
        WrongKey: the templates were encrypted with another key.
    """
    people.get_person(session, person)
    images: dict[str, bytes] = {}
    portrait = templates.load_portrait(session, cipher, person)
    if portrait is not None:
        images["portrait.jpg"] = portrait
    kept = templates.list_templates(session, person)
    for number, template in enumerate(kept, start=1):
        chip = templates.load_chip(session, cipher, template.id)
        if chip is not None:
            images[f"face-{number}.jpg"] = chip
    for number, capture in enumerate(candidates.waiting(session, person), start=1):
        images[f"waiting-{number}.jpg"] = candidates.load_face(session, cipher, capture.id)[1]
    for number, view in enumerate(views.of_person(session, cipher, person), start=1):
        images[f"seen-{number}-{view.at:%Y%m%d-%H%M%S}.jpg"] = view.jpeg
    data: dict[str, Any] = {
        "person": _plain(session, PersonRow.id, person)[0],
        "consents": _plain(session, ConsentRow.person_id, person),
        "templates": _templates(session, cipher, person),
        "mean_templates": _means(session, cipher, person),
        "waiting_captures": _plain(session, CandidateRow.person_id, person),
        "sightings": _plain(session, SightingRow.person_id, person),
        "attendance": [_record(event) for event in ledger.of_person(session, person)],
        "expected_misses": _plain(session, ExpectedMissRow.person_id, person),
        "moods": _plain(session, MoodRow.person_id, person),
        "shifts": [_record(shift) for shift in shifts.of_scope(session, person, None)],
        "leave": [_record(one) for one in leave.of_person(session, person)],
        "roll_calls": _plain(session, RollCallMarkRow.person_id, person),
        "wrong_pairs": _plain(session, WrongPairRow.person_id, person),
        "audit": _plain(session, AuditRow.person_id, person),
    }
    return PersonExport(data, images)


def _count(session: Session, table: Any, person: UUID) -> int:
    return session.scalar(select(func.count()).select_from(table).where(table.person_id == person)) or 0


def _plain(session: Session, whose: InstrumentedAttribute[Any], person: UUID) -> list[dict[str, Any]]:
    """The person's rows as JSON takes them, without sealed columns, what opens the door, and names once more, folded.

    Args:
        whose: the column of the table that says whose a row is.
    """
    columns = [column for column in whose.class_.__table__.columns if column.name not in _NEVER_SHOWN]
    found = session.execute(select(*columns).where(whose == person)).mappings()
    return [{name: _value(value) for name, value in row.items()} for row in found]


def _templates(session: Session, cipher: TemplateCipher, person: UUID) -> list[dict[str, Any]]:
    columns = select(TemplateRow.id, TemplateRow.embedding, TemplateRow.second)
    faces = {
        str(id): cipher.open_embedding(first, second, owner(TemplateRow.embedding, person, id)).tolist()
        for id, first, second in session.execute(columns.where(TemplateRow.person_id == person))
    }
    return [one | {"embedding": faces[one["id"]]} for one in _plain(session, TemplateRow.person_id, person)]


def _means(session: Session, cipher: TemplateCipher, person: UUID) -> list[dict[str, Any]]:
    rows = session.scalars(select(MeanTemplateRow).where(MeanTemplateRow.person_id == person))
    return [
        {
            "encoder": row.encoder,
            "members": row.members,
            "updated_at": row.updated_at.isoformat(),
            "embedding": cipher.open_embedding(
                row.embedding, row.second, owner(MeanTemplateRow.embedding, person, row.encoder)
            ).tolist(),
        }
        for row in rows
    ]


def _record(record: Any) -> dict[str, Any]:
    return {name: _value(getattr(record, name)) for name in record.__slots__}


def _value(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
