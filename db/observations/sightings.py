"""Sightings: who was in view and when, and the kept faces of unknown visitors."""

from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from db import audit
from db.batches import among
from db.crypto import TemplateCipher, bind_key, owner
from db.errors import InvalidRecord
from db.records.faces import Embedding
from db.records.observations import SightingRecord, Visitor
from db.schema.observations import SightingRow

FACES_KEPT: Final = timedelta(days=1)
"""For so long a visitor's face that was discarded or named can be given back."""
_COLUMNS: Final = (
    "id", "kiosk_id", "track", "first_at", "last_at", "frames", "person_id", "best_id", "similarity", "runner_up_id",
    "runner_up_similarity", "threshold", "second_similarity", "encoders",
)  # fmt: skip
"""In the order of a `SightingRecord`."""
_VALUES: Final = attrgetter(*_COLUMNS)
_FIELDS: Final = attrgetter(*(field.name for field in fields(SightingRecord)))
_FACE: Final = ("embedding", "second", "portrait")
_INSERT: Final = insert(cast(Table, SightingRow.__table__))
_LAST_SEEN: Final = select(func.max(SightingRow.last_at)).where(
    SightingRow.person_id == bindparam("person", type_=SightingRow.id.type),  # else unknown until `person` is imported
    SightingRow.first_at >= bindparam("since"),
    SightingRow.first_at <= bindparam("before"),
)


def add(
    session: Session,
    cipher: TemplateCipher,
    sighting: SightingRecord,
    *,
    embedding: "Embedding | None" = None,
    portrait: bytes | None = None,
) -> None:
    """Adds a sighting that is not there yet.

    Args:
        embedding: float32 (128,) or (256,), of an unknown face.
        portrait: JPEG, of an unknown face.
    """
    if embedding is not None or portrait is not None:
        bind_key(session, cipher, sighting.first_at)
    face: dict[str, bytes | None] = dict.fromkeys(_FACE)
    if embedding is not None:
        face["embedding"], face["second"] = cipher.seal_embedding(embedding, owner(SightingRow.embedding, sighting.id))
    if portrait is not None:
        face["portrait"] = cipher.seal(portrait, owner(SightingRow.portrait, sighting.id))
    session.flush()
    session.execute(_INSERT, dict(zip(_COLUMNS, _FIELDS(sighting), strict=True)) | face)


def get(session: Session, sighting: UUID) -> SightingRecord | None:
    row = session.get(SightingRow, sighting)
    return record(row) if row else None


def there(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Which of these sightings (a few hundred at most) are there."""
    return set(session.scalars(select(SightingRow.id).where(SightingRow.id.in_(ids))))


def seen_last(
    session: Session, people: Collection[UUID], since: datetime, before: datetime
) -> dict[UUID, tuple[datetime, datetime]]:
    """Of these people (a few hundred at most) who were in view in sightings with since <= first_at <= before: when the
    newest of those began, and until when they were in view."""
    query = (
        select(SightingRow.person_id, func.max(SightingRow.first_at), func.max(SightingRow.last_at))
        .where(SightingRow.person_id.in_(people), SightingRow.first_at >= since, SightingRow.first_at <= before)
        .group_by(SightingRow.person_id)
    )
    return {person: (began, until) for person, began, until in session.execute(query) if person is not None}


def portrait(session: Session, cipher: TemplateCipher, sighting: UUID) -> bytes | None:
    """The kept picture of an unknown face, JPEG; None where there is none. Raises: WrongKey, DatabaseDamaged."""
    sealed = session.scalar(select(SightingRow.portrait).where(SightingRow.id == sighting))
    return None if sealed is None else cipher.open(sealed, owner(SightingRow.portrait, sighting))


def identify(session: Session, sighting: SightingRecord) -> None:
    """Names the person of an unknown sighting and deletes the kept face.

    Raises:
        InvalidRecord: there is no such sighting.
    """
    row = session.get(SightingRow, sighting.id)
    if row is None:
        raise InvalidRecord(f"There is no sighting with the id {sighting.id}.")
    row.person_id, row.best_id, row.similarity = sighting.person, sighting.best, sighting.similarity
    row.runner_up_id, row.runner_up_similarity = sighting.runner_up, sighting.runner_up_similarity
    row.second_similarity, row.encoders = sighting.second_similarity, sighting.encoders
    row.threshold, row.embedding, row.second, row.portrait = sighting.threshold, None, None, None
    session.flush()


def extend(session: Session, sighting: UUID, *, last_at: datetime, frames: int) -> None:
    """Notes that the sighting lasted longer."""
    session.execute(update(SightingRow).where(SightingRow.id == sighting).values(last_at=last_at, frames=frames))


def unname(session: Session, sighting: UUID) -> None:
    """Takes a wrong name off a sighting."""
    session.execute(update(SightingRow).where(SightingRow.id == sighting).values(person_id=None))


def last_seen(
    session: Session, person: UUID, since: datetime, before: datetime, *, other_than: UUID | None
) -> datetime | None:
    """Until when the person was in view, in sightings with since <= first_at <= before; one may be left out."""
    query = _LAST_SEEN if other_than is None else _LAST_SEEN.where(SightingRow.id != other_than)
    return session.scalar(query, {"person": person, "since": since, "before": before})


def between(
    session: Session, start: datetime, end: datetime, *, person: UUID | None = None, limit: int | None = None
) -> list[SightingRecord]:
    """Sightings that began with start <= first_at < end, newest first."""
    query = select(SightingRow).where(SightingRow.first_at >= start, SightingRow.first_at < end)
    if person is not None:
        query = query.where(SightingRow.person_id == person)
    return [record(row) for row in session.scalars(query.order_by(SightingRow.first_at.desc()).limit(limit))]


def ends(
    session: Session, start: datetime, end: datetime, people: Sequence[UUID]
) -> Iterator[tuple[UUID, datetime, UUID]]:
    """Of these people's sightings that began with start <= first_at < end: person, end and kiosk."""
    query = select(SightingRow.person_id, SightingRow.last_at, SightingRow.kiosk_id)
    query = query.where(SightingRow.first_at >= start, SightingRow.first_at < end)
    for person, last_at, kiosk in session.execute(query.where(among(SightingRow.person_id, people))):
        if person is not None:
            yield person, last_at, kiosk


def visitors(
    session: Session, cipher: TemplateCipher, *, after: tuple[datetime, UUID] | None = None, limit: int | None = None
) -> list[Visitor]:
    """Unknown people whose faces are kept, newest first.

    Args:
        after: beginning and id of the last sighting that is known already.

    Raises:
        WrongKey, DatabaseDamaged: the faces cannot be decrypted.
    """
    query = select(SightingRow).where(SightingRow.person_id.is_(None), SightingRow.embedding.is_not(None))
    if after is not None:
        at, id = after
        earlier = or_(SightingRow.first_at < at, SightingRow.id < id)
        query = query.where(SightingRow.first_at <= at, earlier)
    query = query.order_by(SightingRow.first_at.desc(), SightingRow.id.desc()).limit(limit)
    return [visitor(cipher, row) for row in session.scalars(query)]


def name_visitor(session: Session, sighting: UUID, person: UUID, *, at: datetime, actor: str) -> None:
    """Names an unknown visitor and deletes the kept face.

    Raises:
        InvalidRecord: there is no such sighting.
    """
    row = session.get(SightingRow, sighting)
    if row is None:
        raise InvalidRecord(f"There is no sighting with the id {sighting}.")
    detail = {"sighting": str(sighting)}
    entry = audit.note(session, "name visitor", at=at, actor=actor, person=person, detail=detail)
    _take_face(session, row, entry, at, person)
    row.person_id = person
    session.flush()


def discard_visitor(session: Session, sighting: UUID, *, at: datetime, actor: str) -> None:
    """Deletes the kept face of an unknown visitor, which can be given back for a day; the sighting stays."""
    row = session.get(SightingRow, sighting)
    if row is not None:
        detail = {"sighting": str(sighting)}
        entry = audit.note(session, "discard visitor", at=at, actor=actor, detail=detail)
        _take_face(session, row, entry, at, None)
        session.flush()


def _take_face(session: Session, row: SightingRow, entry: UUID, at: datetime, person: UUID | None) -> None:
    """Removes the sealed face from a sighting, and keeps it for a day as what the act of this entry deleted."""
    sealed = {name: getattr(row, name) for name in _FACE}
    content = {name: b64encode(value).decode() for name, value in sealed.items() if value is not None}
    audit.keep(session, entry, content, person=person, until=at + FACES_KEPT)
    for name in _FACE:
        setattr(row, name, None)


def give_back_face(session: Session, sighting: UUID, entry: UUID) -> None:
    """Makes a sighting an unknown visitor's again, with the face that the act of this entry deleted.

    Raises:
        InvalidRecord: the sighting or the face is gone by now.
    """
    row, content = session.get(SightingRow, sighting), audit.kept(session, entry)
    if row is None or not content:
        raise InvalidRecord("The face is deleted for good by now: it is kept for a day.")
    row.person_id = None
    for name in _FACE:
        setattr(row, name, b64decode(content[name]) if name in content else None)
    audit.forget(session, entry)
    session.flush()


def count_visitors(session: Session) -> int:
    """How many unknown faces are kept."""
    query = select(func.count()).where(SightingRow.person_id.is_(None), SightingRow.embedding.is_not(None))
    return session.scalar(query) or 0


def record(row: SightingRow) -> SightingRecord:
    return SightingRecord(*_VALUES(row))


def visitor(cipher: TemplateCipher, row: SightingRow) -> Visitor:
    """Raises: WrongKey, DatabaseDamaged."""
    face, portrait = (owner(column, row.id) for column in (SightingRow.embedding, SightingRow.portrait))
    return Visitor(
        sighting=record(row),
        embedding=None if row.embedding is None else cipher.open_embedding(row.embedding, row.second, face),
        portrait=None if row.portrait is None else cipher.open(row.portrait, portrait),
    )
