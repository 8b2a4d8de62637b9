"""Enrols one person from examined pictures: one transaction stores the good ones and compares them with everyone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, get_args
from uuid import uuid4

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.faces.templates import load_members, owners_of_images
from db.names import clean, clean_number
from db.people import consents
from db.proof import images
from db.records.people import ConsentKind
from enroll.faces.acceptance import accept_images
from enroll.faces.examine import Examination
from enroll.people.gallery_index import GalleryIndex, Known
from enroll.people.report import PersonReport, refused, report_of
from enroll.people.store import Enrolment, Identity, add_members, find_person, mark_alike
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.matching.joined import mean_of

_ANOTHERS: Final = (
    "This very picture is enrolled for {name} already; leave it out, or correct whose picture it is with "
    "'muster people rename', 'merge' or 'split'."
)
_REFUSED: Final = (
    'The person refused "{kind}" before, and an enrolment takes no refusal back; if they agree now, write it down with '
    "'muster people consent NAME {kind} yes'."
)


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
            if existing is None:
                clean_number(identity.number)
            enrolled = load_members(session, cipher, existing.id, ENCODER_NAME) if existing else []
        except InvalidRecord as error:
            return refused(identity.name, examinations, str(error))
        examinations = _keyed(session, cipher, examinations, dry_run=dry_run)
        hashes = {member.template.content_hash for member in enrolled}
        embeddings = [member.embedding for member in enrolled]
        given = sorted({one.content_hash for one in examinations if one.content_hash} - hashes)
        others = owners_of_images(session, given, but=existing.id if existing else None)
        pictures = [_known(one, hashes, others) for one in examinations]
        acceptance = accept_images(pictures, embeddings)
        if not acceptance.accepted and (dry_run or existing is None):
            return report_of(identity.name, len(examinations), acceptance, [])
        if dry_run:
            together = [*embeddings, *acceptance.embeddings()]
            who = existing.id if existing else uuid4()
            known: Known | None = Known(who, identity.name, mean_of(together), len(together))
            alike = index.alike(mean_of(together), len(together), but=who)
        else:
            known = add_members(session, cipher, identity, existing, acceptance.accepted, details)
            if existing is not None and acceptance.accepted:  # by which kiosks' galleries and other doors learn of it
                by: Any = {"at": details.at, "actor": details.actor, "detail": {"images": len(acceptance.accepted)}}
                audit.note(session, "add template", person=existing.id, **by)
            alike = mark_alike(session, index, known, at=details.at) if known and acceptance.accepted else []
        decided = consents.decisions(session, [known.person]) if known is not None else {}
    report = report_of(identity.name, len(examinations), acceptance, alike)
    if known is not None:
        index.put(known)
        answers = {kind: decided.get((known.person, kind)) for kind in get_args(ConsentKind)}
        not_asked = tuple(kind for kind, answer in answers.items() if answer is None and kind not in details.consent)
        refusals = tuple(_REFUSED.format(kind=kind) for kind in details.consent if answers[kind] is False)
        report = replace(report, not_asked=not_asked, warnings=(*report.warnings, *refusals))
    return report


def _keyed(
    session: Session, cipher: TemplateCipher, examinations: Sequence[Examination], *, dry_run: bool
) -> list[Examination]:
    """The examinations, with each picture's hash as the templates have it."""
    secret = images.secret(session, cipher) if dry_run else images.known_secret(session, cipher)
    if secret is None:
        return [*examinations]
    return [
        replace(one, content_hash=images.keyed(secret, one.content_hash)) if one.content_hash else one
        for one in examinations
    ]


def _known(one: Examination, hashes: Collection[str], others: Mapping[str, str]) -> Examination:
    """The examination, with whether this very picture is the person's already, or somebody else's."""
    if one.content_hash in others:
        return replace(one, error=_ANOTHERS.format(name=others[one.content_hash]))
    return replace(one, known=True) if one.content_hash in hashes else one
