"""Face templates: the members (one per enrolled image), the mean that the gallery uses, and portraits.

Embeddings and pictures are sealed with the installation's key and bound to their person and row.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, defer

from db import audit
from db.batches import among
from db.crypto import EMBEDDING_SIZE, TemplateCipher, bind_key, owner
from db.errors import InvalidRecord
from db.ids import new_id
from db.proof import images
from db.records.faces import Embedding, Template, TemplateMember
from db.schema.faces import MeanTemplateRow, PortraitRow, TemplateRow
from db.schema.people import PersonRow


def add_template(
    session: Session,
    cipher: TemplateCipher,
    person: UUID,
    *,
    content_hash: str,
    encoder: str,
    embedding: Embedding,
    quality: Mapping[str, Any],
    source: str,
    at: datetime,
    chip_jpeg: bytes | None = None,
    sighting: UUID | None = None,
) -> Template:
    """Adds one enrolled image. An image that the person has already is not added again: its template is returned.

    Args:
        content_hash: SHA-256 of the image file, hexadecimal, or what another template has for it; kept as a keyed hash.
        embedding: float32 (128,) or (256,), finite.
        quality: numbers and texts for JSON.
        source: the image's file name, of which only a code is kept, or what took it.
        chip_jpeg: the aligned face, so that another encoder can be used later.
        sighting: at which the image was captured; None for an image that somebody enrolled.

    Raises:
        InvalidRecord: there is no such person.
        WrongKey: the database's templates belong to another key.
    """
    bind_key(session, cipher, at)
    if session.get(PersonRow, person) is None:
        raise InvalidRecord(f"There is no person with the id {person}.")
    secret = images.known_secret(session, cipher)
    content_hash = images.keyed(secret, content_hash)
    same = select(TemplateRow).where(TemplateRow.person_id == person, TemplateRow.content_hash == content_hash)
    there = session.scalar(same)
    if there is not None:
        return record(there)
    template = new_id()
    sealed, second = cipher.seal_embedding(embedding, owner(TemplateRow.embedding, person, template))
    row = TemplateRow(
        id=template,
        person_id=person,
        content_hash=content_hash,
        encoder=encoder,
        embedding=sealed,
        second=second,
        chip=cipher.seal(chip_jpeg, owner(TemplateRow.chip, person, template)) if chip_jpeg else None,
        quality=dict(quality),
        source=images.label(secret, source),
        created_at=at,
        sighting_id=sighting,
    )
    session.add(row)
    session.flush()
    return record(row)


def set_mean_template(
    session: Session,
    cipher: TemplateCipher,
    person: UUID,
    *,
    encoder: str,
    embedding: Embedding,
    members: int,
    at: datetime,
) -> None:
    """Sets what the gallery compares with.

    Args:
        embedding: float32 (128,) or (256,), the mean over the members as Muster computes it.
        members: how many images it was computed from.

    Raises:
        WrongKey: the database's templates belong to another key.
    """
    bind_key(session, cipher, at)
    sealed, second = cipher.seal_embedding(embedding, owner(MeanTemplateRow.embedding, person, encoder))
    session.merge(
        MeanTemplateRow(
            person_id=person,
            encoder=encoder,
            embedding=sealed,
            second=second,
            members=members,
            updated_at=at,
        )
    )
    session.flush()


def refresh_mean(
    session: Session, cipher: TemplateCipher, person: UUID, encoder: str, *, at: datetime
) -> tuple[Embedding, int] | None:
    """Computes the mean from the person's members of this encoder and sets it; without members it is deleted.

    Returns:
        The mean of the unit embeddings, float32 (128,) or (256,), not scaled back to length 1, and how many there are.
        The second half is the mean over the members that have one.

    Raises:
        WrongKey: the database's templates belong to another key.
        DatabaseDamaged: a member was changed outside Muster.
    """
    members = embeddings(session, cipher, person, encoder)
    if not members:
        delete_mean_template(session, person, encoder)
        return None
    mean = _mean(members)
    set_mean_template(session, cipher, person, encoder=encoder, embedding=mean, members=len(members), at=at)
    return mean, len(members)


def refresh_means(session: Session, cipher: TemplateCipher, person: UUID, *, at: datetime) -> None:
    """Computes the person's means of all encoders anew. Raises: as `refresh_mean`."""
    members = select(TemplateRow.encoder).where(TemplateRow.person_id == person)
    means = select(MeanTemplateRow.encoder).where(MeanTemplateRow.person_id == person)
    for encoder in {*session.scalars(members), *session.scalars(means)}:
        refresh_mean(session, cipher, person, encoder, at=at)


def delete_mean_template(session: Session, person: UUID, encoder: str) -> None:
    """Takes the person out of the gallery; for when the last member is gone."""
    session.execute(
        delete(MeanTemplateRow).where(MeanTemplateRow.person_id == person, MeanTemplateRow.encoder == encoder)
    )


def delete_template(session: Session, template: UUID, *, at: datetime, actor: str, moved: bool = False) -> Template:
    """Deletes one enrolled image. The mean is then stale: set or delete it in the same transaction.

    Args:
        moved: whether somebody else gets the image, for the audit log.

    Raises:
        InvalidRecord: there is no such template.
    """
    row = session.get(TemplateRow, template)
    if row is None:
        raise InvalidRecord(f"There is no template with the id {template}.")
    gone = record(row)
    session.delete(row)
    detail = {"source": gone.source} | ({"moved": True} if moved else {})
    audit.note(session, "delete template", at=at, actor=actor, person=gone.person, detail=detail)
    session.flush()
    return gone


def owners_of_images(session: Session, content_hashes: Sequence[str], *, but: UUID | None = None) -> dict[str, str]:
    """Who is enrolled with these very images.

    Args:
        content_hashes: as `db.proof.images.keyed` gives them.
        but: somebody who does not count.

    Returns:
        Names by content hash; of several people one.
    """
    owners = select(TemplateRow.content_hash, PersonRow.name).join(PersonRow, PersonRow.id == TemplateRow.person_id)
    here = owners.where(among(TemplateRow.content_hash, content_hashes), TemplateRow.person_id != but)
    return dict(session.execute(here).all())


def list_templates(session: Session, person: UUID) -> list[Template]:
    """The person's enrolled images, oldest first."""
    query = select(TemplateRow).where(TemplateRow.person_id == person).order_by(TemplateRow.id)
    query = query.options(defer(TemplateRow.embedding), defer(TemplateRow.chip))
    return [record(row) for row in session.scalars(query)]


def load_members(session: Session, cipher: TemplateCipher, person: UUID, encoder: str) -> list[TemplateMember]:
    """The images of one encoder with their embeddings, oldest first. Raises: WrongKey, DatabaseDamaged."""
    query = (
        select(TemplateRow)
        .where(TemplateRow.person_id == person, TemplateRow.encoder == encoder)
        .order_by(TemplateRow.id)
        .options(defer(TemplateRow.chip))
    )
    return [
        TemplateMember(
            record(row), cipher.open_embedding(row.embedding, row.second, owner(TemplateRow.embedding, person, row.id))
        )
        for row in session.scalars(query)
    ]


def embeddings(session: Session, cipher: TemplateCipher, person: UUID, encoder: str) -> list[Embedding]:
    """The embeddings of the person's images of one encoder, oldest first. Raises: WrongKey, DatabaseDamaged."""
    return [one.embedding for one in load_members(session, cipher, person, encoder)]


def embeddings_by_person(session: Session, cipher: TemplateCipher, encoder: str) -> dict[UUID, list[Embedding]]:
    """The embeddings of everybody's images of one encoder, oldest first. Raises: WrongKey, DatabaseDamaged."""
    columns = TemplateRow.person_id, TemplateRow.id, TemplateRow.embedding, TemplateRow.second
    query = select(*columns).where(TemplateRow.encoder == encoder).order_by(TemplateRow.id)
    found: dict[UUID, list[Embedding]] = defaultdict(list)
    for person, id, sealed, second in session.execute(query):
        found[person].append(cipher.open_embedding(sealed, second, owner(TemplateRow.embedding, person, id)))
    return found


def with_second(session: Session, person: UUID) -> set[UUID]:
    """The person's enrolled images that have a second encoder's part."""
    query = select(TemplateRow.id).where(TemplateRow.person_id == person, TemplateRow.second.is_not(None))
    return set(session.scalars(query))


def count_means(session: Session, encoder: str) -> tuple[int, int]:
    """How many people have a mean template of this encoder, and how many of these lack a second encoder's part."""
    count = select(func.count()).select_from(MeanTemplateRow).where(MeanTemplateRow.encoder == encoder)
    return session.scalar(count) or 0, session.scalar(count.where(MeanTemplateRow.second.is_(None))) or 0


def load_chip(session: Session, cipher: TemplateCipher, template: UUID) -> bytes | None:
    """The aligned face of an enrolled image as JPEG, where it was kept. Raises: WrongKey, DatabaseDamaged."""
    row = session.get(TemplateRow, template)
    if row is None or row.chip is None:
        return None
    return cipher.open(row.chip, owner(TemplateRow.chip, row.person_id, row.id))


def count_by_person(session: Session, people: Sequence[UUID]) -> dict[UUID, int]:
    """How many enrolled images each of these people has, where there are any."""
    query = select(TemplateRow.person_id, func.count()).where(among(TemplateRow.person_id, people))
    return dict(session.execute(query.group_by(TemplateRow.person_id)).all())


def set_portrait(session: Session, cipher: TemplateCipher, person: UUID, jpeg: bytes, *, at: datetime) -> None:
    """Keeps a thumbnail of the person. Raises: WrongKey."""
    bind_key(session, cipher, at)
    session.merge(PortraitRow(person_id=person, jpeg=cipher.seal(jpeg, owner(PortraitRow.jpeg, person))))
    session.flush()


def delete_portrait(session: Session, person: UUID) -> None:
    """Deletes the person's thumbnail, where there is one."""
    session.execute(delete(PortraitRow).where(PortraitRow.person_id == person))


def load_portrait(session: Session, cipher: TemplateCipher, person: UUID) -> bytes | None:
    """The person's thumbnail as JPEG. Raises: WrongKey, DatabaseDamaged."""
    row = session.get(PortraitRow, person)
    return cipher.open(row.jpeg, owner(PortraitRow.jpeg, person)) if row else None


def record(row: TemplateRow) -> Template:
    return Template(
        row.id, row.person_id, row.content_hash, row.encoder, row.quality, row.source, row.created_at, row.sighting_id
    )


def _mean(embeddings: Sequence[Embedding]) -> Embedding:
    """The mean, each half over the embeddings that have it."""
    import numpy as np

    joined = [one for one in embeddings if len(one) > EMBEDDING_SIZE]
    if not joined or len(joined) == len(embeddings):
        return np.asarray(np.mean(embeddings, axis=0), np.float32)
    half = np.float32(np.sqrt(0.5))
    firsts = [half * one if len(one) == EMBEDDING_SIZE else one[:EMBEDDING_SIZE] for one in embeddings]
    seconds = [one[EMBEDDING_SIZE:] for one in joined]
    return np.concatenate([np.mean(firsts, axis=0), np.mean(seconds, axis=0)]).astype(np.float32)
