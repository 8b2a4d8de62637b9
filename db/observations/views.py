"""The best views of named sightings: kept, sealed, for some days, so that a name can be checked later."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, defer

from db.crypto import TemplateCipher, bind_key, owner
from db.ids import new_id
from db.records.faces import Embedding
from db.records.observations import KeptView
from db.schema.observations import KeptViewRow, SightingRow


def add(
    session: Session,
    cipher: TemplateCipher,
    sighting: UUID,
    views: Sequence[tuple[datetime, Embedding, bytes]],
) -> None:
    """Keeps views of a sighting that has none yet.

    Args:
        views: of each the time (UTC), the embedding, float32 (128,) or (256,), and the aligned face as JPEG.

    Raises:
        WrongKey: the database's templates belong to another key.
    """
    if session.scalar(select(KeptViewRow.id).where(KeptViewRow.sighting_id == sighting).limit(1)) is not None:
        return
    for at, embedding, jpeg in views:
        bind_key(session, cipher, at)
        made = new_id()
        sealed, second = cipher.seal_embedding(embedding, owner(KeptViewRow.embedding, sighting, made))
        chip = cipher.seal(jpeg, owner(KeptViewRow.chip, sighting, made))
        session.add(KeptViewRow(id=made, sighting_id=sighting, at=at, embedding=sealed, second=second, chip=chip))
    session.flush()


def pictures(session: Session, cipher: TemplateCipher, sighting: UUID) -> list[KeptView]:
    """The views of a sighting with their pictures, oldest first. Raises: WrongKey, DatabaseDamaged."""
    query = select(KeptViewRow).where(KeptViewRow.sighting_id == sighting).order_by(KeptViewRow.at, KeptViewRow.id)
    chips = ((row, cipher.open(row.chip, owner(KeptViewRow.chip, sighting, row.id))) for row in session.scalars(query))
    return [KeptView(row.sighting_id, row.at, _face(cipher, row), chip) for row, chip in chips]


def faces(
    session: Session, cipher: TemplateCipher, start: datetime, end: datetime
) -> dict[tuple[UUID, UUID], list[Embedding]]:
    """Embeddings of the views with start <= at < end, by person and sighting. Raises: WrongKey, DatabaseDamaged."""
    query = (
        select(SightingRow.person_id, KeptViewRow)
        .join(SightingRow, SightingRow.id == KeptViewRow.sighting_id)
        .where(KeptViewRow.at >= start, KeptViewRow.at < end)
        .order_by(KeptViewRow.at, KeptViewRow.id)
        .options(defer(KeptViewRow.chip))
    )
    found: dict[tuple[UUID, UUID], list[Embedding]] = {}
    for person, row in session.execute(query):
        if person is not None:
            found.setdefault((person, row.sighting_id), []).append(_face(cipher, row))
    return found


def discard_of_sighting(session: Session, sighting: UUID) -> None:
    """Deletes the views of a sighting whose name was wrong."""
    session.execute(delete(KeptViewRow).where(KeptViewRow.sighting_id == sighting))


def discard_of_person(session: Session, person: UUID) -> None:
    """Deletes the views of somebody who does not want their face to be kept."""
    theirs = select(SightingRow.id).where(SightingRow.person_id == person)
    session.execute(delete(KeptViewRow).where(KeptViewRow.sighting_id.in_(theirs)))


def of_person(session: Session, cipher: TemplateCipher, person: UUID) -> list[KeptView]:
    """All views of a person, oldest first. Raises: WrongKey, DatabaseDamaged."""
    query = select(SightingRow.id).where(SightingRow.person_id == person).order_by(SightingRow.first_at)
    return [view for sighting in session.scalars(query) for view in pictures(session, cipher, sighting)]


def sealed_of_person(session: Session, person: UUID) -> list[bytes]:
    """Everything encrypted that is kept of a person's views."""
    query = select(KeptViewRow).join(SightingRow, SightingRow.id == KeptViewRow.sighting_id)
    rows = session.scalars(query.where(SightingRow.person_id == person))
    return [value for row in rows for value in (row.embedding, row.second, row.chip) if value is not None]


def _face(cipher: TemplateCipher, row: KeptViewRow) -> Embedding:
    return cipher.open_embedding(row.embedding, row.second, owner(KeptViewRow.embedding, row.sighting_id, row.id))
