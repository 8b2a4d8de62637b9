"""Everything about one person at once: export, erase, and merge with another.

The ledger is never touched: it names people by pseudonym, and `ledger_subject` says whose pseudonym it is.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from db import audit
from db.attendance import leave, ledger, shifts
from db.crypto import TemplateCipher
from db.errors import InvalidRecord
from db.faces import candidates, templates
from db.observations import views
from db.people import consents, people
from db.proof import entries
from db.records import ErasureReceipt, PersonExport
from db.schema import (
    AuditRow,
    Base,
    CandidateRow,
    ConsentRow,
    EventRow,
    ExpectedMissRow,
    LeaveRow,
    LookAlikeRow,
    MeanTemplateRow,
    MoodRow,
    PersonRow,
    PortraitRow,
    RollCallMarkRow,
    ShiftRow,
    SightingRow,
    SubjectRow,
    TemplateRow,
    WrongPairRow,
)

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


def merge(session: Session, cipher: TemplateCipher, source: UUID, into: UUID, *, at: datetime, actor: str) -> None:
    """Makes two people one: everything of `source` becomes `into`'s, and `source` is gone.

    The mean template of `into` is then stale: compute it from `templates.load_members` and set it in the same
    transaction. Images that both have are kept once; candidates of `source` that wait for a review are not kept, nor is
    its PIN. The consents of `into` count, but what `source` refuses stays refused.

    Raises:
        InvalidRecord: one of the two does not exist, or both are one person.
    """
    _require_two(session, source, into)
    _move_templates(session, cipher, source, into)
    _join(session, source, into, at=at, actor=actor)


def merge_without_faces(session: Session, source: UUID, into: UUID, *, at: datetime, actor: str) -> None:
    """Makes two people one where no key is known: `source` has no face here that would have to be sealed anew.

    Raises:
        InvalidRecord: one of the two does not exist, both are one person, or `source` has faces.
    """
    _require_two(session, source, into)
    if has_faces(session, source):
        raise InvalidRecord(f"The person {source} has faces here; merge them with 'muster people merge'.")
    _join(session, source, into, at=at, actor=actor)


def erased_pseudonyms(session: Session) -> set[UUID]:
    """The pseudonyms of everybody who was erased here."""
    details = session.scalars(select(AuditRow.detail).where(AuditRow.action == "erase"))
    return {UUID(one) for detail in details for one in detail.get("pseudonyms", ())}


def known_by(session: Session, pseudonyms: Collection[UUID]) -> set[UUID]:
    """The people here who have one of these pseudonyms."""
    found = session.execute(select(SubjectRow.id, SubjectRow.person_id))
    return {person for pseudonym, person in found if pseudonym in pseudonyms}


def has_faces(session: Session, person: UUID) -> bool:
    """Whether templates or a portrait of the person are kept."""
    return any(_count(session, table, person) for table in (TemplateRow, PortraitRow))


def sealed_faces(session: Session, person: UUID) -> list[bytes]:
    """Everything encrypted that is kept of a person's face: templates, their images, and the portrait."""
    columns = (
        *(TemplateRow.embedding, TemplateRow.second, TemplateRow.chip),
        *(CandidateRow.embedding, CandidateRow.second, CandidateRow.chip),
        *(MeanTemplateRow.embedding, MeanTemplateRow.second, PortraitRow.jpeg),
    )
    return [
        value
        for column in columns
        for value in session.scalars(select(column).where(column.class_.person_id == person))
        if value is not None
    ] + views.sealed_of_person(session, person)


def _require_two(session: Session, source: UUID, into: UUID) -> None:
    if source == into:
        raise InvalidRecord("A person cannot be merged with themselves; give two different people.")
    for person in (source, into):
        people.get_person(session, person)


def _join(session: Session, source: UUID, into: UUID, *, at: datetime, actor: str) -> None:
    """Gives everything but faces of `source` to `into`, and deletes `source`."""
    name = people.get_person(session, source).name
    for (_, kind), given in consents.decisions(session, [source]).items():
        if not given:
            consents.set_consent(session, into, "face" if kind == "face" else "mood", False, at=at, actor=actor)
    for moved, kind in ((SubjectRow, "subject"), (AuditRow, "audit")):
        entries.touch(session, kind, session.scalars(select(moved.id).where(moved.person_id == source)).all())
    entries.end(session, source)
    both = select(RollCallMarkRow.roll_call_id).where(RollCallMarkRow.person_id == into)
    session.execute(
        delete(RollCallMarkRow).where(RollCallMarkRow.person_id == source, RollCallMarkRow.roll_call_id.in_(both))
    )
    for table in (SubjectRow, SightingRow, MoodRow, ShiftRow, LeaveRow, AuditRow, WrongPairRow, RollCallMarkRow):
        session.execute(update(table).where(table.person_id == source).values(person_id=into))
    session.execute(update(SightingRow).where(SightingRow.best_id == source).values(best_id=into))
    session.execute(update(SightingRow).where(SightingRow.runner_up_id == source).values(runner_up_id=into))
    session.execute(update(WrongPairRow).where(WrongPairRow.other_id == source).values(other_id=into))
    session.execute(delete(PersonRow).where(PersonRow.id == source))
    session.expire_all()
    audit.note(session, "merge", at=at, actor=actor, person=into, detail={"source": name})
    session.flush()


def export_person(session: Session, cipher: TemplateCipher, person: UUID) -> PersonExport:
    """Everything that is kept about a person, as GDPR Art. 15 and 20 ask for.

    Raises:
        InvalidRecord: there is no such person.
        WrongKey: the templates were encrypted with another key.
    """
    who = people.get_person(session, person)
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
        "person": _plain(session, PersonRow, PersonRow.id == person)[0],
        "consents": _plain(session, ConsentRow, ConsentRow.person_id == person),
        "templates": _templates(session, cipher, who.id),
        "mean_templates": _means(session, cipher, who.id),
        "waiting_captures": _plain(session, CandidateRow, CandidateRow.person_id == person),
        "sightings": _plain(session, SightingRow, SightingRow.person_id == person),
        "attendance": [_record(event) for event in ledger.of_person(session, person)],
        "expected_misses": _plain(session, ExpectedMissRow, ExpectedMissRow.person_id == person),
        "moods": _plain(session, MoodRow, MoodRow.person_id == person),
        "shifts": [_record(shift) for shift in shifts.of_scope(session, person, None)],
        "leave": [_record(one) for one in leave.of_person(session, person)],
        "roll_calls": _plain(session, RollCallMarkRow, RollCallMarkRow.person_id == person),
        "wrong_pairs": _plain(session, WrongPairRow, WrongPairRow.person_id == person),
        "audit": _plain(session, AuditRow, AuditRow.person_id == person),
    }
    return PersonExport(data, images)


def _move_templates(session: Session, cipher: TemplateCipher, source: UUID, into: UUID) -> None:
    there = set(session.scalars(select(TemplateRow.content_hash).where(TemplateRow.person_id == into)))
    for row in session.scalars(select(TemplateRow).where(TemplateRow.person_id == source)).all():
        if row.content_hash in there:
            session.delete(row)
            continue
        face = cipher.open_embedding(row.embedding, row.second, templates.member_owner(source, row.id))
        row.embedding, row.second = cipher.seal_embedding(face, templates.member_owner(into, row.id))
        if row.chip is not None:
            chip = cipher.open(row.chip, templates.chip_owner(source, row.id))
            row.chip = cipher.seal(chip, templates.chip_owner(into, row.id))
        row.person_id = into
    session.execute(delete(MeanTemplateRow).where(MeanTemplateRow.person_id == source))
    session.execute(delete(LookAlikeRow).where(or_(LookAlikeRow.person_id == source, LookAlikeRow.other_id == source)))
    portrait = templates.load_portrait(session, cipher, source)
    if portrait is not None and session.get(PortraitRow, into) is None:
        session.add(PortraitRow(person_id=into, jpeg=cipher.seal(portrait, templates.portrait_owner(into))))
    session.flush()


def _count(session: Session, table: Any, person: UUID) -> int:
    return session.scalar(select(func.count()).select_from(table).where(table.person_id == person)) or 0


def _plain(session: Session, table: type[Base], condition: Any) -> list[dict[str, Any]]:
    """Rows as JSON takes them, without the sealed columns, what opens the door, and names once more, folded."""
    columns = [column for column in table.__table__.columns if column.name not in _NEVER_SHOWN]
    found = session.execute(select(*columns).where(condition)).mappings()
    return [{name: _value(value) for name, value in row.items()} for row in found]


def _templates(session: Session, cipher: TemplateCipher, person: UUID) -> list[dict[str, Any]]:
    plain = _plain(session, TemplateRow, TemplateRow.person_id == person)
    columns = select(TemplateRow.id, TemplateRow.embedding, TemplateRow.second)
    found = session.execute(columns.where(TemplateRow.person_id == person))
    sealed = {id: (first, second) for id, first, second in found}
    for entry in plain:
        template = UUID(entry["id"])
        face = cipher.open_embedding(*sealed[template], templates.member_owner(person, template))
        entry["embedding"] = [float(number) for number in face]
    return plain


def _means(session: Session, cipher: TemplateCipher, person: UUID) -> list[dict[str, Any]]:
    rows = session.scalars(select(MeanTemplateRow).where(MeanTemplateRow.person_id == person))
    return [
        {
            "encoder": row.encoder,
            "members": row.members,
            "updated_at": row.updated_at.isoformat(),
            "embedding": cipher.open_embedding(
                row.embedding, row.second, templates.mean_owner(person, row.encoder)
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
