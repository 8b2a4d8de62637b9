"""Computes templates anew from the faces that were kept, after the encoder has changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.people import people
from db.records import Person, Template
from enroll.people.store import renew
from monitor.domain import Embedding, RgbImage
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.jpeg import decode_jpeg

Embed = Callable[[RgbImage], Embedding]
"""One chip, uint8 (150, 150, 3), to its unit embedding, float32 (128,)."""


@dataclass(frozen=True, slots=True)
class Reencoded:
    """What was done for one person."""

    person: str
    images: int
    """Templates computed anew."""
    without_face: int
    """Images of an older encoder whose face was not kept; these need to be enrolled again."""


def re_encode(engine: Engine, cipher: TemplateCipher, embed: Embed, *, at: datetime, actor: str) -> Iterator[Reencoded]:
    """Bring everyone's templates to the present encoder; one transaction a person, so it can be interrupted.

    Yields:
        Those who had templates of another encoder.

    Raises:
        DatabaseError: the key is another one, or the database cannot be written.
    """
    with reading(engine) as session:
        everyone = people.members(session)
    for person in everyone:
        with writing(engine) as session:
            done = _re_encode_person(session, cipher, embed, person, at=at, actor=actor)
        if done is not None:
            yield done


def _re_encode_person(
    session: Session, cipher: TemplateCipher, embed: Embed, person: Person, *, at: datetime, actor: str
) -> Reencoded | None:
    old = [one for one in templates.list_templates(session, person.id) if one.encoder != ENCODER_NAME]
    if not old:
        return None
    renewed = sum(_re_encode_image(session, cipher, embed, one, at=at, actor=actor) for one in old)
    if renewed == len(old):
        for encoder in {one.encoder for one in old}:
            templates.delete_mean_template(session, person.id, encoder)
    renew(session, cipher, [person], at=at)
    return Reencoded(person.name, renewed, len(old) - renewed)


def _re_encode_image(
    session: Session, cipher: TemplateCipher, embed: Embed, old: Template, *, at: datetime, actor: str
) -> bool:
    chip = templates.load_chip(session, cipher, old.id)
    rgb = decode_jpeg(chip) if chip else None
    if rgb is None:
        return False
    templates.delete_template(session, old.id, at=at, actor=actor)
    templates.add_template(
        session,
        cipher,
        old.person,
        content_hash=old.content_hash,
        encoder=ENCODER_NAME,
        embedding=embed(rgb),
        quality=old.quality,
        source=old.source,
        at=old.created_at,
        chip_jpeg=chip,
        sighting=old.sighting,
    )
    return True
