"""Enrols one person from examined pictures: judged, stored in one transaction, and compared with everyone else."""

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
from enroll.faces.examine import Examination
from enroll.faces.judge import Judgement, judge
from enroll.faces.similarity_limits import mean_template
from enroll.people.gallery_index import Known, Roster
from enroll.people.report import PersonReport, refused, report_of
from enroll.people.store import Details, Identity, add_members, find_person, mark_alike
from monitor.domain import EMBEDDING_SIZE, Embedding
from monitor.vision.encoder import ENCODER_NAME


def enrol_person(
    engine: Engine,
    cipher: TemplateCipher,
    roster: Roster,
    identity: Identity,
    examinations: Sequence[Examination],
    details: Details,
    *,
    dry_run: bool = False,
) -> PersonReport:
    """Enrol one person, or add pictures to someone enrolled. Nobody is made without at least one good picture.

    Args:
        roster: everyone enrolled; the person is added to it.
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
        judgement = judge(
            [replace(one, known=True) if one.content_hash in hashes else one for one in examinations],
            [member.embedding for member in enrolled],
        )
        if dry_run:
            embeddings = [member.embedding for member in enrolled]
            return _foresee(roster, identity, existing, embeddings, examinations, judgement)
        if not judgement.members and existing is None:
            return report_of(identity.name, len(examinations), judgement, [])
        known = add_members(session, cipher, identity, existing, judgement.members, details)
        alike = mark_alike(session, roster, known, at=details.at) if known and judgement.members else []
    if known is not None:
        roster.put(known)
    return report_of(identity.name, len(examinations), judgement, alike)


def _foresee(
    roster: Roster,
    identity: Identity,
    existing: Person | None,
    enrolled: Sequence[Embedding],
    examinations: Sequence[Examination],
    judgement: Judgement,
) -> PersonReport:
    if not judgement.members:
        return report_of(identity.name, len(examinations), judgement, [])
    together = np.concatenate([np.array(enrolled, np.float32).reshape(-1, EMBEDDING_SIZE), judgement.embeddings()])
    known = Known(existing.id if existing else uuid4(), identity.name, mean_template(together), len(together))
    alike = roster.alike(known.template, known.members, but=known.person)
    roster.put(known)
    return report_of(identity.name, len(examinations), judgement, alike)
