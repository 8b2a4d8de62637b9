"""Merging two records of one person, and moving an image to the person it shows. Each function blocks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Unpack
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.people import people
from db.privacy import merges
from db.records import Person, Template
from enroll.faces.similarity_limits import similarity
from enroll.people.store import Identity, find_person, renew
from monitor.desk.actor import Actor
from monitor.domain import Embedding
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME

_SPLIT_OFF: Final = "split off"
"""The source of a moved image, whose path may hold the name of the person it was taken from, who may be erased."""


class FacesDifferError(UsageError):
    """Two people who are to be merged do not look like one person."""

    code = "merge-unlike"


def refusal(
    name: str, faces: Sequence[Embedding], other_name: str, other_faces: Sequence[Embedding]
) -> FacesDifferError | None:
    """Why not to merge two people; None where they look like one person, or one of them has no face to compare.

    Args:
        faces: unit embeddings, float32 (128,) or (256,) each.
    """
    found = similarity(faces, other_faces)
    if found is None or found[0] >= found[1].fits:
        return None
    cosine, _ = found
    return FacesDifferError(f"{name} and {other_name} do not look like one person (similarity {cosine:.3f}).")


def compare(engine: Engine, cipher: TemplateCipher, source: UUID, into: UUID) -> FacesDifferError | None:
    """The error that `merge` would raise because the faces differ, if any. Raises: DatabaseError."""
    with reading(engine) as session:
        return _compare(session, cipher, people.get_person(session, source), people.get_person(session, into))


def merge(
    engine: Engine, cipher: TemplateCipher, source: UUID, into: UUID, *, force: bool = False, **by: Unpack[Actor]
) -> Person:
    """Make two people one: everything of `source` becomes `into`'s, and `source` is gone.

    Args:
        force: also when the faces do not look like one person's.

    Returns:
        Who stays.

    Raises:
        FacesDifferError: the faces do not look like one person's.
        UsageError: the two are one person already.
        DatabaseError: one of them does not exist any more, or the key is another one.
    """
    if source == into:
        raise UsageError("A person cannot be merged with themselves; give two different people.")
    with writing(engine) as session:
        gone, stays = people.get_person(session, source), people.get_person(session, into)
        if not force and (different := _compare(session, cipher, gone, stays)):
            raise different
        merges.merge(session, cipher, source, into, **by)
        renew(session, cipher, [stays], at=by["at"])
        return stays


def split(engine: Engine, cipher: TemplateCipher, person: UUID, image: UUID, to: str, **by: Unpack[Actor]) -> Person:
    """Move one enrolled image to another person, who is made if there is none of that name.

    Returns:
        Who has the image now.

    Raises:
        UsageError: the person has no such image, or would get it back.
        InvalidRecord: the name is not acceptable, or several people have it.
    """
    with writing(engine) as session:
        owner = people.get_person(session, person)
        kept = {one.id: one for one in templates.list_templates(session, person)}
        if image not in kept:
            raise UsageError(f"{owner.name} has no image with the id {image}; see 'muster people show'.")
        other = find_person(session, Identity(to)) or people.add_person(session, to, **by)
        if other.id == person:
            raise UsageError(f"The image belongs to {owner.name} already; give another person.")
        _move(session, cipher, kept[image], other, **by)
        for changed in (owner, other):
            give_portrait(session, cipher, changed.id, at=by["at"])
        renew(session, cipher, [owner, other], at=by["at"])
        return other


def _compare(session: Session, cipher: TemplateCipher, one: Person, other: Person) -> FacesDifferError | None:
    faces, others = (
        [member.embedding for member in templates.load_members(session, cipher, who.id, ENCODER_NAME)]
        for who in (one, other)
    )
    return refusal(one.name, faces, other.name, others)


def _move(session: Session, cipher: TemplateCipher, image: Template, to: Person, **by: Unpack[Actor]) -> None:
    members = templates.load_members(session, cipher, image.person, image.encoder)
    embedding = next(member.embedding for member in members if member.template.id == image.id)
    chip = templates.load_chip(session, cipher, image.id)
    if chip is not None and chip == templates.load_portrait(session, cipher, image.person):
        templates.delete_portrait(session, image.person)
    templates.delete_template(session, image.id, **by)
    templates.add_template(
        session, cipher, to.id, content_hash=image.content_hash, encoder=image.encoder, embedding=embedding,
        quality=image.quality, source=_SPLIT_OFF, at=by["at"], chip_jpeg=chip,
    )  # fmt: skip


def give_portrait(session: Session, cipher: TemplateCipher, person: UUID, *, at: datetime) -> None:
    """Make an enrolled image the portrait of a person who has none, in an open session."""
    if templates.load_portrait(session, cipher, person) is not None:
        return
    for template in templates.list_templates(session, person):
        chip = templates.load_chip(session, cipher, template.id)
        if chip is not None:
            templates.set_portrait(session, cipher, person, chip, at=at)
            return
