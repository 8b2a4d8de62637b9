"""Template adaptation: candidates from the door that wait for a review, and the templates that were made of them.

A candidate is in a table of its own, so it changes nothing until somebody accepts it. Then it becomes a template that
keeps its sighting's id, and can be rolled back.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, defer

from db import audit
from db.crypto import TemplateCipher, bind_key, owner
from db.errors import InvalidRecord
from db.faces import templates
from db.ids import new_id
from db.records.faces import Embedding, Template, WaitingCandidate
from db.schema.faces import CandidateRow, TemplateRow
from db.schema.people import PersonRow


@dataclass(frozen=True, slots=True, eq=False)
class NewCandidate:
    """A view of a named face, taken at the door, that may make its person's template better."""

    person: UUID
    sighting: UUID
    at: datetime
    encoder: str
    embedding: Embedding
    """float32 (128,) or (256,), unit length."""
    chip_jpeg: bytes
    """The aligned face."""
    quality: Mapping[str, Any]
    similarity: float
    """Of the whole track to the template, at that moment."""
    lead: float
    """`similarity` minus the threshold."""
    nearest: float
    """Similarity to the most similar of the person's images: the lower, the more the candidate adds."""


def add(session: Session, cipher: TemplateCipher, candidate: NewCandidate) -> WaitingCandidate:
    """Keeps a candidate for a review.

    Raises:
        InvalidRecord: there is no such person, or the sighting gave a candidate already.
        WrongKey: the database's templates belong to another key.
    """
    bind_key(session, cipher, candidate.at)
    if session.get(PersonRow, candidate.person) is None:
        raise InvalidRecord(f"There is no person with the id {candidate.person}.")
    if has_sighting(session, candidate.sighting):
        raise InvalidRecord(f"The sighting {candidate.sighting} has a capture already.")
    made = new_id()
    sealed, second = cipher.seal_embedding(candidate.embedding, owner(CandidateRow.embedding, candidate.person, made))
    row = CandidateRow(
        id=made,
        person_id=candidate.person,
        sighting_id=candidate.sighting,
        captured_at=candidate.at,
        encoder=candidate.encoder,
        embedding=sealed,
        second=second,
        chip=cipher.seal(candidate.chip_jpeg, owner(CandidateRow.chip, candidate.person, made)),
        quality=dict(candidate.quality),
        similarity=candidate.similarity,
        lead=candidate.lead,
        nearest=candidate.nearest,
    )
    session.add(row)
    audit.note(session, "quarantine capture", at=candidate.at, actor="growth", person=candidate.person)
    session.flush()
    return get(session, made)


def has_sighting(session: Session, sighting: UUID) -> bool:
    """Whether the candidate of this sighting waits or was accepted."""
    for table in (CandidateRow, TemplateRow):
        if session.scalar(select(table.id).where(table.sighting_id == sighting).limit(1)) is not None:
            return True
    return False


def get(session: Session, candidate: UUID) -> WaitingCandidate:
    """The waiting candidate with this id. Raises: InvalidRecord."""
    found = session.execute(_with_name().where(CandidateRow.id == candidate)).first()
    if found is None:
        raise InvalidRecord(f"No capture with the id {candidate} waits for a review.")
    return _record(*found)


def waiting(session: Session, person: UUID | None = None) -> list[WaitingCandidate]:
    """Candidates that wait for a review, oldest first; of one person or of all."""
    query = _with_name().order_by(CandidateRow.id)
    if person is not None:
        query = query.where(CandidateRow.person_id == person)
    return [_record(row, name) for row, name in session.execute(query)]


def faces(session: Session, cipher: TemplateCipher, person: UUID, encoder: str) -> list[Embedding]:
    """Embeddings of a person's waiting candidates, float32 (128,) or (256,) each. Raises: WrongKey, DatabaseDamaged."""
    query = (
        select(CandidateRow)
        .where(CandidateRow.person_id == person, CandidateRow.encoder == encoder)
        .order_by(CandidateRow.id)
    )
    return [_face(cipher, row) for row in session.scalars(query.options(defer(CandidateRow.chip)))]


def load_face(session: Session, cipher: TemplateCipher, candidate: UUID) -> tuple[Embedding, bytes]:
    """A waiting candidate's embedding, float32 (128,) or (256,), and aligned face as JPEG.

    Raises:
        InvalidRecord: no such candidate waits.
        WrongKey, DatabaseDamaged: it cannot be opened.
    """
    row = _row(session, candidate)
    return _face(cipher, row), cipher.open(row.chip, owner(CandidateRow.chip, row.person_id, row.id))


def accept(session: Session, cipher: TemplateCipher, candidate: UUID, *, at: datetime, actor: str) -> Template:
    """Makes a waiting candidate one of its person's templates. The mean is then stale: refresh it in this transaction.

    Raises:
        InvalidRecord: no such candidate waits.
        WrongKey, DatabaseDamaged: it cannot be opened.
    """
    embedding, chip = load_face(session, cipher, candidate)
    row = _row(session, candidate)
    template = templates.add_template(
        session,
        cipher,
        row.person_id,
        content_hash=hashlib.sha256(chip).hexdigest(),
        encoder=row.encoder,
        embedding=embedding,
        quality=row.quality,
        source=f"door, {row.captured_at:%Y-%m-%d %H:%M} UTC",
        at=at,
        chip_jpeg=chip,
        sighting=row.sighting_id,
    )
    session.delete(row)
    audit.note(
        session, "accept capture", at=at, actor=actor, person=template.person, detail={"source": template.source}
    )
    session.flush()
    return template


def discard(session: Session, candidate: UUID) -> None:
    """Deletes a waiting capture in favour of a better one."""
    session.execute(delete(CandidateRow).where(CandidateRow.id == candidate))


def reject(session: Session, candidate: UUID, *, at: datetime, actor: str) -> None:
    """Deletes a waiting capture. Raises: InvalidRecord."""
    row = _row(session, candidate)
    audit.note(session, "reject capture", at=at, actor=actor, person=row.person_id)
    session.delete(row)
    session.flush()


def accepted(session: Session, person: UUID | None = None) -> list[Template]:
    """Templates that were candidates, oldest first; of one person or of all."""
    query = select(TemplateRow).where(TemplateRow.sighting_id.is_not(None)).order_by(TemplateRow.id)
    if person is not None:
        query = query.where(TemplateRow.person_id == person)
    query = query.options(defer(TemplateRow.embedding), defer(TemplateRow.second), defer(TemplateRow.chip))
    return [templates.record(row) for row in session.scalars(query)]


def roll_back(session: Session, template: UUID, *, at: datetime, actor: str) -> Template:
    """Takes out a template that was a candidate. The mean is then stale: refresh it in this transaction.

    Raises:
        InvalidRecord: there is no such template, or somebody enrolled it.
    """
    row = session.get(TemplateRow, template)
    if row is None or row.sighting_id is None:
        raise InvalidRecord(f"No template with the id {template} came from the door, so nothing can be rolled back.")
    return templates.delete_template(session, template, at=at, actor=actor)


def discard_of_sighting(session: Session, sighting: UUID) -> None:
    """Deletes the candidate of a sighting whose name is doubted."""
    session.execute(delete(CandidateRow).where(CandidateRow.sighting_id == sighting))


def discard_of_person(session: Session, person: UUID) -> None:
    """Deletes the candidates of somebody who does not want their face to be kept."""
    session.execute(delete(CandidateRow).where(CandidateRow.person_id == person))


def roll_back_sighting(session: Session, cipher: TemplateCipher, sighting: UUID, *, at: datetime, actor: str) -> None:
    """Deletes the candidate or the template of a sighting that showed somebody else; the mean is computed anew."""
    discard_of_sighting(session, sighting)
    for wrong in session.scalars(select(TemplateRow.id).where(TemplateRow.sighting_id == sighting)).all():
        gone = roll_back(session, wrong, at=at, actor=actor)
        templates.refresh_mean(session, cipher, gone.person, gone.encoder, at=at)


def _face(cipher: TemplateCipher, row: CandidateRow) -> Embedding:
    return cipher.open_embedding(row.embedding, row.second, owner(CandidateRow.embedding, row.person_id, row.id))


def _row(session: Session, candidate: UUID) -> CandidateRow:
    row = session.get(CandidateRow, candidate)
    if row is None:
        raise InvalidRecord(f"No capture with the id {candidate} waits for a review.")
    return row


def _with_name() -> Select[CandidateRow, str]:
    query = select(CandidateRow, PersonRow.name).join(PersonRow, PersonRow.id == CandidateRow.person_id)
    return query.options(defer(CandidateRow.embedding), defer(CandidateRow.second), defer(CandidateRow.chip))


def _record(row: CandidateRow, name: str) -> WaitingCandidate:
    return WaitingCandidate(
        row.id, row.person_id, name, row.sighting_id, row.captured_at, row.encoder, row.quality,
        row.similarity, row.lead, row.nearest,
    )  # fmt: skip
