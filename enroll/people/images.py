"""Enrols people from pictures in memory."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading
from db.records.people import ConsentKind
from enroll.faces.examine import Examination, Examiner
from enroll.people.enrol import enrol_person
from enroll.people.gallery_index import load_index
from enroll.people.report import PersonReport
from enroll.people.store import Enrolment, Identity
from monitor.domain import RgbImage


def enrol_from_images(
    engine: Engine,
    cipher: TemplateCipher,
    people: Mapping[str, Sequence[RgbImage]],
    *,
    at: datetime,
    actor: str,
    consent: tuple[ConsentKind, ...] = (),
    examiner: Examiner | None = None,
) -> list[PersonReport]:
    """Enrol people from pictures, each uint8 (h, w, 3) RGB, through the same gate as an import.

    A person of whom no picture is good enough is not made; the report says why.

    Args:
        people: pictures by name.
        at: now, in UTC.
        actor: who enrols, for the audit log.
        consent: what all of them have agreed to.
        examiner: None for a new one, which looks at each face once.

    Raises:
        MusterError: a model is missing, or the database cannot be written.
    """
    examiner = examiner or Examiner(steady=False, turns=False)
    with reading(engine) as session:
        index = load_index(session, cipher)
    details = Enrolment(at, actor, consent)
    return [
        enrol_person(engine, cipher, index, Identity(name), examine_pictures(examiner, pictures), details)
        for name, pictures in people.items()
    ]


def examine_pictures(examiner: Examiner, pictures: Sequence[RgbImage]) -> list[Examination]:
    """What is found on one person's pictures, each uint8 (h, w, 3) RGB."""
    return [
        Examination(f"picture {number}", hashlib.sha256(picture.tobytes()).hexdigest(), examiner.examine(picture))
        for number, picture in enumerate(pictures, start=1)
    ]
