"""Two people who are one, and images that show somebody else. Every change is one transaction. It blocks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.people import people
from db.privacy import erasure
from db.records import Person, Template
from enroll.faces.similarity_limits import FITS, similarity
from enroll.people.store import Identity, find_person, renew
from monitor.domain import Embedding
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME

_SPLIT_OFF: Final = "split off"
"""Where an image comes from that was somebody else's: its path would tell that name even after the other's erasure."""


class Unlike(UsageError):  # noqa: N818 - reads as a sentence where it is raised
    """Two who are to become one do not look like one person."""

    code = "merge-unlike"

    def __init__(self, one: str, other: str, cosine: float) -> None:
        """
        Args:
            cosine: similarity of the two mean templates.
        """
        super().__init__(f"{one} and {other} do not look like one person (similarity {cosine:.3f}).")


def unlike(one: str, faces: Sequence[Embedding], other: str, others: Sequence[Embedding]) -> Unlike | None:
    """Why two should not become one; None where they look like one person, or one of them has no face to compare.

    Args:
        one: the first one's name.
        faces: the first one's unit embeddings, float32 (128,) each.
        other: the second one's name.
        others: the second one's unit embeddings.
    """
    cosine = similarity(faces, others)
    return None if cosine is None or cosine >= FITS else Unlike(one, other, cosine)


def compare(engine: Engine, cipher: TemplateCipher, source: UUID, into: UUID) -> Unlike | None:
    """What `merge` would raise about the faces of two people. Raises: DatabaseError."""
    with reading(engine) as session:
        return _compare(session, cipher, people.get_person(session, source), people.get_person(session, into))


def merge(
    engine: Engine,
    cipher: TemplateCipher,
    source: UUID,
    into: UUID,
    *,
    at: datetime,
    actor: str,
    force: bool = False,
) -> Person:
    """Make two people one: everything of `source` becomes `into`'s, and `source` is gone.

    Args:
        force: also when the faces do not look like one person's.

    Returns:
        Who stays.

    Raises:
        Unlike: the faces do not look like one person's.
        UsageError: the two are one person already.
        DatabaseError: one of them does not exist any more, or the key is another one.
    """
    if source == into:
        raise UsageError("A person cannot be merged with themselves; give two different people.")
    with writing(engine) as session:
        gone, stays = people.get_person(session, source), people.get_person(session, into)
        if not force and (refusal := _compare(session, cipher, gone, stays)):
            raise refusal
        erasure.merge(session, cipher, source, into, at=at, actor=actor)
        renew(session, cipher, [stays], at=at)
        return stays


def split(
    engine: Engine, cipher: TemplateCipher, person: UUID, image: UUID, to: str, *, at: datetime, actor: str
) -> Person:
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
        other = find_person(session, Identity(to)) or people.add_person(session, to, at=at, actor=actor)
        if other.id == person:
            raise UsageError(f"The image belongs to {owner.name} already; give another person.")
        _move(session, cipher, kept[image], other, at=at, actor=actor)
        for changed in (owner, other):
            _give_portrait(session, cipher, changed.id, at=at)
        renew(session, cipher, [owner, other], at=at)
        return other


def _compare(session: Session, cipher: TemplateCipher, one: Person, other: Person) -> Unlike | None:
    faces, others = (
        [member.embedding for member in templates.load_members(session, cipher, who.id, ENCODER_NAME)]
        for who in (one, other)
    )
    return unlike(one.name, faces, other.name, others)


def _move(session: Session, cipher: TemplateCipher, image: Template, to: Person, *, at: datetime, actor: str) -> None:
    members = templates.load_members(session, cipher, image.person, image.encoder)
    embedding = next(member.embedding for member in members if member.template.id == image.id)
    chip = templates.load_chip(session, cipher, image.id)
    if chip is not None and chip == templates.load_portrait(session, cipher, image.person):
        templates.delete_portrait(session, image.person)
    templates.delete_template(session, image.id, at=at, actor=actor)
    templates.add_template(
        session, cipher, to.id, content_hash=image.content_hash, encoder=image.encoder, embedding=embedding,
        quality=image.quality, source=_SPLIT_OFF, at=at, chip_jpeg=chip,
    )  # fmt: skip


def _give_portrait(session: Session, cipher: TemplateCipher, person: UUID, *, at: datetime) -> None:
    """One of the person's own faces, where there is no portrait."""
    if templates.load_portrait(session, cipher, person) is not None:
        return
    for template in templates.list_templates(session, person):
        chip = templates.load_chip(session, cipher, template.id)
        if chip is not None:
            templates.set_portrait(session, cipher, person, chip, at=at)
            return
