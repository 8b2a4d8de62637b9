"""Enrols one person from examined pictures: one transaction stores the good ones and compares them with everyone."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import numpy as np
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.faces.templates import load_members
from db.names import clean
from db.records import Person
from enroll.faces.acceptance import Acceptance, accept_images
from enroll.faces.examine import Examination
from enroll.faces.similarity_limits import mean_template
from enroll.people.gallery_index import GalleryIndex, Known
from enroll.people.report import PersonReport, refused, report_of
from enroll.people.store import Enrolment, Identity, add_members, find_person, mark_alike
from monitor.domain import EMBEDDING_SIZE, Embedding
from monitor.vision.encoder import ENCODER_NAME


def enrol_person(
    engine: Engine,
    cipher: TemplateCipher,
    index: GalleryIndex,
    identity: Identity,
    examinations: Sequence[Examination],
    details: Enrolment,
    *,
    dry_run: bool = False,
) -> PersonReport:
    """Enrol one person, or add pictures to someone enrolled. Nobody is made without at least one good picture.

    Args:
        index: everyone enrolled; the person is added to it.
        examinations: all pictures of the person.
        dry_run: say what would happen, and write nothing.

    Raises:
        DatabaseError: the key is another one, or the database cannot be read or written.
    """
    # One transaction from the look to the write: two imports at once would make everybody twice.
    with reading(engine) if dry_run else writing(engine) as session:
        try:
            clean(identity.name)
            existing = find_person(session, identity)
            enrolled = load_members(session, cipher, existing.id, ENCODER_NAME) if existing else []
        except InvalidRecord as error:
            return refused(identity.name, examinations, str(error))
        hashes = {member.template.content_hash for member in enrolled}
        acceptance = accept_images(
            [replace(one, known=True) if one.content_hash in hashes else one for one in examinations],
            [member.embedding for member in enrolled],
        )
        if dry_run:
            embeddings = [member.embedding for member in enrolled]
            return _foresee(index, identity, existing, embeddings, examinations, acceptance)
        if not acceptance.accepted and existing is None:
            return report_of(identity.name, len(examinations), acceptance, [])
        known = add_members(session, cipher, identity, existing, acceptance.accepted, details)
        alike = mark_alike(session, index, known, at=details.at) if known and acceptance.accepted else []
    if known is not None:
        index.put(known)
    return report_of(identity.name, len(examinations), acceptance, alike)


def _foresee(
    index: GalleryIndex,
    identity: Identity,
    existing: Person | None,
    enrolled: Sequence[Embedding],
    examinations: Sequence[Examination],
    acceptance: Acceptance,
) -> PersonReport:
    if not acceptance.accepted:
        return report_of(identity.name, len(examinations), acceptance, [])
    together = np.concatenate([np.array(enrolled, np.float32).reshape(-1, EMBEDDING_SIZE), acceptance.embeddings()])
    known = Known(existing.id if existing else uuid4(), identity.name, mean_template(together), len(together))
    alike = index.alike(known.template, known.members, but=known.person)
    index.put(known)
    return report_of(identity.name, len(examinations), acceptance, alike)
