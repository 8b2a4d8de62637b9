"""Merging two records of one person, and moving an image to the person it shows. Each function blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Unpack
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.faces.pictures import pictures
from db.people import people
from db.privacy import merges
from db.records.faces import Template
from db.records.people import Person
from enroll.faces.similarity_limits import similarity
from enroll.people.store import Identity, find_person, renew
from monitor.desk.actor import Actor
from monitor.domain import Embedding, RgbImage
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.jpeg import decode_jpeg

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


@dataclass(frozen=True, slots=True, eq=False)
class MergeSide:
    """One of two people who may be one."""

    person: Person
    images: int
    passages: int
    """Entries in the ledger."""
    portrait: RgbImage | None


@dataclass(frozen=True, slots=True, eq=False)
class MergePreview:
    """What a merge would make one."""

    source: MergeSide
    into: MergeSide
    similarity: float | None
    """Cosine of their faces; None where one of them has none."""
    unlike: FacesDifferError | None
    """The error that `merge` would raise because the faces differ, if any."""

    @property
    def two_numbers(self) -> bool:
        """Whether both have a number, so that one must be chosen."""
        return bool(self.source.person.number and self.into.person.number)


def preview(engine: Engine, cipher: TemplateCipher, source: UUID, into: UUID) -> MergePreview:
    """What `merge` would do. Raises: DatabaseError; UsageError where the two are one person already."""
    if source == into:
        raise UsageError("A person cannot be merged with themselves; give two different people.")
    with reading(engine) as session:
        sides = tuple(_side(session, cipher, one) for one in (source, into))
        faces = [templates.embeddings(session, cipher, one.person.id, ENCODER_NAME) for one in sides]
        found = similarity(*faces)
        unlike = refusal(sides[0].person.name, faces[0], sides[1].person.name, faces[1])
        return MergePreview(sides[0], sides[1], None if found is None else found[0], unlike)


def _side(session: Session, cipher: TemplateCipher, person: UUID) -> MergeSide:
    jpeg = pictures(session, cipher, [person]).get(person)
    return MergeSide(
        people.get_person(session, person),
        len(templates.list_templates(session, person)),
        len(ledger.of_person(session, person)),
        None if jpeg is None else decode_jpeg(jpeg),
    )


def merge(
    engine: Engine,
    cipher: TemplateCipher,
    source: UUID,
    into: UUID,
    *,
    number: str | None = None,
    force: bool = False,
    **by: Unpack[Actor],
) -> Person:
    """Make two people one: everything of `source` becomes `into`'s, and `source` is gone; `undo_last` takes it back.

    Args:
        number: where both have one, which of them stays, with its PIN; that of `into` if not given.
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
        merges.merge(session, cipher, source, into, number=number, **by)
        renew(session, cipher, [stays], at=by["at"])
        return stays


def split(
    engine: Engine, cipher: TemplateCipher, person: UUID, image: UUID | int, to: str, **by: Unpack[Actor]
) -> Person:
    """Move one enrolled image to another person, who is made if there is none of that name.

    Args:
        image: its id, or its number: the person's oldest image is 1.

    Returns:
        Who has the image now.

    Raises:
        UsageError: the person has no such image, or would get it back.
        InvalidRecord: the name is not acceptable, or several people have it.
    """
    with writing(engine) as session:
        owner = people.get_person(session, person)
        kept = enumerate(templates.list_templates(session, person), 1)
        moved = next((one for number, one in kept if image in (number, one.id)), None)
        if moved is None:
            raise UsageError(f"{owner.name} has no image {image}; see 'muster people show'.")
        other = find_person(session, Identity(to)) or people.add_person(session, to, **by)
        if other.id == person:
            raise UsageError(f"The image belongs to {owner.name} already; give another person.")
        _move(session, cipher, moved, other, **by)
        for changed in (owner, other):
            give_portrait(session, cipher, changed.id, at=by["at"])
        renew(session, cipher, [owner, other], at=by["at"])
        return other


def _compare(session: Session, cipher: TemplateCipher, one: Person, other: Person) -> FacesDifferError | None:
    faces, others = (templates.embeddings(session, cipher, who.id, ENCODER_NAME) for who in (one, other))
    return refusal(one.name, faces, other.name, others)


def _move(session: Session, cipher: TemplateCipher, image: Template, to: Person, **by: Unpack[Actor]) -> None:
    members = templates.load_members(session, cipher, image.person, image.encoder)
    embedding = next(member.embedding for member in members if member.template.id == image.id)
    chip = templates.load_chip(session, cipher, image.id)
    if chip is not None and chip == templates.load_portrait(session, cipher, image.person):
        templates.delete_portrait(session, image.person)
    templates.delete_template(session, image.id, moved=True, **by)
    templates.add_template(
        session, cipher, to.id, content_hash=image.content_hash, encoder=image.encoder, embedding=embedding,
        quality=image.quality, source=_SPLIT_OFF, at=by["at"], chip_jpeg=chip,
    )  # fmt: skip


def give_portrait(session: Session, cipher: TemplateCipher, person: UUID, *, at: datetime) -> None:
    """Make an enrolled image the portrait of a person who has none, in an open session."""
    if templates.load_portrait(session, cipher, person) is None:
        for jpeg in pictures(session, cipher, [person]).values():
            templates.set_portrait(session, cipher, person, jpeg, at=at)
