"""Slow growth: live captures in quarantine, and templates that grew out of them.

A capture is in a table of its own, so it changes nothing until somebody accepts it. Then it becomes a template that
remembers its sighting, and can be rolled back.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, defer

from db import audit
from db.crypto import TemplateCipher, bind_key
from db.errors import InvalidRecord
from db.faces import templates
from db.ids import new_id
from db.records import Template, WaitingCapture
from db.schema import GrowthRow, PersonRow, TemplateRow


@dataclass(frozen=True, slots=True, eq=False)
class NewCapture:
    """A view of a named face, taken at the door, that may make its person's template better."""

    person: UUID
    sighting: UUID
    at: datetime
    encoder: str
    embedding: NDArray[np.float32]
    """float32 (128,), unit length."""
    chip_jpeg: bytes
    """The aligned face."""
    quality: Mapping[str, Any]
    similarity: float
    """Of the whole track to the template, at that moment."""
    lead: float
    """How far that was above the threshold."""
    nearest: float
    """Similarity to the most similar of the person's images: the lower, the more it adds."""


def quarantine(session: Session, cipher: TemplateCipher, capture: NewCapture) -> WaitingCapture:
    """Keeps a capture for a review.

    Raises:
        InvalidRecord: there is no such person, or the sighting gave a capture already.
        WrongKey: the database's templates belong to another key.
    """
    bind_key(session, cipher, capture.at)
    if session.get(PersonRow, capture.person) is None:
        raise InvalidRecord(f"There is no person with the id {capture.person}.")
    if has_sighting(session, capture.sighting):
        raise InvalidRecord(f"The sighting {capture.sighting} gave a capture already.")
    made = new_id()
    row = GrowthRow(
        id=made,
        person_id=capture.person,
        sighting_id=capture.sighting,
        captured_at=capture.at,
        encoder=capture.encoder,
        embedding=cipher.seal_embedding(capture.embedding, face_owner(capture.person, made)),
        chip=cipher.seal(capture.chip_jpeg, chip_owner(capture.person, made)),
        quality=dict(capture.quality),
        similarity=capture.similarity,
        lead=capture.lead,
        nearest=capture.nearest,
    )
    session.add(row)
    audit.note(session, "quarantine capture", at=capture.at, actor="growth", person=capture.person)
    session.flush()
    return get(session, made)


def has_sighting(session: Session, sighting: UUID) -> bool:
    """Whether a capture of this sighting waits or was accepted."""
    for table in (GrowthRow, TemplateRow):
        if session.scalar(select(table.id).where(table.sighting_id == sighting).limit(1)) is not None:
            return True
    return False


def get(session: Session, capture: UUID) -> WaitingCapture:
    """The waiting capture with this id. Raises: InvalidRecord."""
    found = session.execute(_with_name().where(GrowthRow.id == capture)).first()
    if found is None:
        raise InvalidRecord(f"No capture with the id {capture} waits for a review.")
    return _record(*found)


def waiting(session: Session, person: UUID | None = None) -> list[WaitingCapture]:
    """Captures in quarantine, oldest first; of one person or of all."""
    query = _with_name().order_by(GrowthRow.id)
    if person is not None:
        query = query.where(GrowthRow.person_id == person)
    return [_record(row, name) for row, name in session.execute(query)]


def faces(session: Session, cipher: TemplateCipher, person: UUID, encoder: str) -> list[NDArray[np.float32]]:
    """Embeddings of a person's waiting captures, float32 (128,) each. Raises: WrongKey, DatabaseDamaged."""
    query = select(GrowthRow).where(GrowthRow.person_id == person, GrowthRow.encoder == encoder).order_by(GrowthRow.id)
    rows = session.scalars(query.options(defer(GrowthRow.chip)))
    return [cipher.open_embedding(row.embedding, face_owner(person, row.id)) for row in rows]


def load_face(session: Session, cipher: TemplateCipher, capture: UUID) -> tuple[NDArray[np.float32], bytes]:
    """A waiting capture's embedding, float32 (128,), and aligned face as JPEG.

    Raises:
        InvalidRecord: no such capture waits.
        WrongKey, DatabaseDamaged: it cannot be opened.
    """
    row = _row(session, capture)
    embedding = cipher.open_embedding(row.embedding, face_owner(row.person_id, row.id))
    return embedding, cipher.open(row.chip, chip_owner(row.person_id, row.id))


def accept(session: Session, cipher: TemplateCipher, capture: UUID, *, at: datetime, actor: str) -> Template:
    """Makes a waiting capture one of its person's templates. The mean is then stale: refresh it in this transaction.

    Raises:
        InvalidRecord: no such capture waits.
        WrongKey, DatabaseDamaged: it cannot be opened.
    """
    embedding, chip = load_face(session, cipher, capture)
    row = _row(session, capture)
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


def discard(session: Session, capture: UUID) -> None:
    """Deletes a waiting capture in favour of a better one."""
    session.execute(delete(GrowthRow).where(GrowthRow.id == capture))


def reject(session: Session, capture: UUID, *, at: datetime, actor: str) -> None:
    """Deletes a waiting capture. Raises: InvalidRecord."""
    row = _row(session, capture)
    audit.note(session, "reject capture", at=at, actor=actor, person=row.person_id)
    session.delete(row)
    session.flush()


def grown(session: Session, person: UUID | None = None) -> list[Template]:
    """Templates that grew, oldest first; of one person or of all."""
    query = select(TemplateRow).where(TemplateRow.sighting_id.is_not(None)).order_by(TemplateRow.id)
    if person is not None:
        query = query.where(TemplateRow.person_id == person)
    query = query.options(defer(TemplateRow.embedding), defer(TemplateRow.chip))
    return [templates.record(row) for row in session.scalars(query)]


def roll_back(session: Session, template: UUID, *, at: datetime, actor: str) -> Template:
    """Takes a template that grew out again. The mean is then stale: refresh it in this transaction.

    Raises:
        InvalidRecord: there is no such template, or somebody enrolled it.
    """
    row = session.get(TemplateRow, template)
    if row is None or row.sighting_id is None:
        raise InvalidRecord(f"No template with the id {template} grew at the door, so there is nothing to roll back.")
    return templates.delete_template(session, template, at=at, actor=actor)


def discard_of_sighting(session: Session, sighting: UUID) -> None:
    """Deletes what waits from a sighting whose name is doubted."""
    session.execute(delete(GrowthRow).where(GrowthRow.sighting_id == sighting))


def discard_of_person(session: Session, person: UUID) -> None:
    """Deletes what waits of somebody who does not want their face to be kept."""
    session.execute(delete(GrowthRow).where(GrowthRow.person_id == person))


def roll_back_sighting(
    session: Session, cipher: TemplateCipher, sighting: UUID, *, at: datetime, actor: str
) -> Sequence[Template]:
    """Takes out what came of a sighting that showed somebody else, waiting or accepted; means are computed anew."""
    discard_of_sighting(session, sighting)
    wrong = session.scalars(select(TemplateRow.id).where(TemplateRow.sighting_id == sighting)).all()
    gone = [roll_back(session, template, at=at, actor=actor) for template in wrong]
    for template in gone:
        templates.refresh_mean(session, cipher, template.person, template.encoder, at=at)
    return gone


def face_owner(person: UUID, capture: UUID) -> str:
    """What a capture's embedding is bound to."""
    return f"growth_capture.embedding {person} {capture}"


def chip_owner(person: UUID, capture: UUID) -> str:
    """What a capture's picture is bound to."""
    return f"growth_capture.chip {person} {capture}"


def _row(session: Session, capture: UUID) -> GrowthRow:
    row = session.get(GrowthRow, capture)
    if row is None:
        raise InvalidRecord(f"No capture with the id {capture} waits for a review.")
    return row


def _with_name() -> Select[GrowthRow, str]:
    query = select(GrowthRow, PersonRow.name).join(PersonRow, PersonRow.id == GrowthRow.person_id)
    return query.options(defer(GrowthRow.embedding), defer(GrowthRow.chip))


def _record(row: GrowthRow, name: str) -> WaitingCapture:
    return WaitingCapture(
        id=row.id,
        person=row.person_id,
        name=name,
        sighting=row.sighting_id,
        at=row.captured_at,
        encoder=row.encoder,
        quality=row.quality,
        similarity=row.similarity,
        lead=row.lead,
        nearest=row.nearest,
    )
