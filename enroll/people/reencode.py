"""Computes templates anew from the faces that were kept, after an encoder has changed or the second one came."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.people import people
from db.records.faces import Template
from db.records.people import Person
from enroll.people.gallery_index import GalleryIndex, load_index
from enroll.people.store import mark_alike, refresh_template
from monitor.domain import Embedding, RgbImage
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.jpeg import decode_jpeg
from monitor.vision.matching.joined import first_of, join, second_of
from monitor.vision.matching.still_encoder import StillEncoder

Embed = Callable[[RgbImage], Embedding | None]
"""One chip, uint8 (150, 150, 3), to its unit embedding, float32 (256,); None where the face cannot be found again."""


class KeptFaces:
    """Both encoders, and the detector that finds eyes, nose and mouth on a kept face again for the second one."""

    def __init__(self) -> None:
        """Raises: ModelError."""
        self._detector = FaceDetector()
        self._encoder = StillEncoder()

    def embed(self, chip: RgbImage) -> Embedding | None:
        """The embedding of a kept face, uint8 (150, 150, 3); None where it cannot be found on its picture."""
        faces = self._detector.detect(chip)
        if not faces:
            return None
        largest = max(faces, key=lambda face: face.box.area)
        return np.asarray(self._encoder.embed(chip, [largest], chip[None])[0], np.float32)


@dataclass(frozen=True, slots=True)
class Reencoded:
    """What was done for one person."""

    person: str
    images: int
    """Templates computed anew."""
    without_face: int
    """Images whose face was not kept, or cannot be found on what was kept; these need to be enrolled again."""


def re_encode(engine: Engine, cipher: TemplateCipher, embed: Embed, *, at: datetime, actor: str) -> Iterator[Reencoded]:
    """Bring everyone's templates to the present two encoders; one transaction a person, so it can be interrupted.

    Yields:
        Those who had templates of another encoder, or without the second one's part.

    Raises:
        DatabaseError: the key is another one, or the database cannot be written.
    """
    with reading(engine) as session:
        everyone, index = people.members(session), load_index(session, cipher)
    for person in everyone:
        with writing(engine) as session:
            done = _re_encode_person(session, cipher, embed, index, person, at=at, actor=actor)
        if done is not None:
            yield done


def _re_encode_person(
    session: Session,
    cipher: TemplateCipher,
    embed: Embed,
    index: GalleryIndex,
    person: Person,
    *,
    at: datetime,
    actor: str,
) -> Reencoded | None:
    whole = templates.with_second(session, person.id)
    listed = templates.list_templates(session, person.id)
    old = [one for one in listed if one.encoder != ENCODER_NAME or one.id not in whole]
    if not old:
        return None
    renewed = sum(_re_encode_image(session, cipher, embed, one, at=at, actor=actor) for one in old)
    if renewed == len(old):
        for encoder in {one.encoder for one in old} - {ENCODER_NAME}:
            templates.delete_mean_template(session, person.id, encoder)
    known = refresh_template(session, cipher, person, at=at)
    if known is not None:
        index.put(known)
        mark_alike(session, index, known, at=at)
    return Reencoded(person.name, renewed, len(old) - renewed)


def _re_encode_image(
    session: Session, cipher: TemplateCipher, embed: Embed, old: Template, *, at: datetime, actor: str
) -> bool:
    chip = templates.load_chip(session, cipher, old.id)
    rgb = decode_jpeg(chip) if chip else None
    embedding = None if rgb is None else embed(rgb)
    if embedding is None:
        return False
    second = second_of(embedding)
    if old.encoder == ENCODER_NAME and second is not None:  # dlib's part was made from the whole picture: keep it
        members = templates.load_members(session, cipher, old.person, ENCODER_NAME)
        embedding = join(first_of(next(one.embedding for one in members if one.template.id == old.id)), second)
    templates.delete_template(session, old.id, at=at, actor=actor)
    templates.add_template(
        session,
        cipher,
        old.person,
        content_hash=old.content_hash,
        encoder=ENCODER_NAME,
        embedding=embedding,
        quality=old.quality,
        source=old.source,
        at=old.created_at,
        chip_jpeg=chip,
        sighting=old.sighting,
    )
    return True
