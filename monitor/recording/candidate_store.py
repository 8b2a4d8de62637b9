"""Keeps a template candidate for a review, or drops it, inside the recorder's transaction."""

from uuid import UUID

from sqlalchemy.orm import Session

from db.attendance import corrections
from db.crypto import TemplateCipher
from db.faces import candidates, templates
from db.faces.candidates import NewCandidate
from db.observations import sightings
from db.people import people
from monitor.recording.candidates import MOST_WAITING, NEW, TemplateCandidate, nearest
from monitor.vision.jpeg import encode_jpeg


def take(session: Session, cipher: TemplateCipher, candidate: TemplateCandidate) -> bool:
    """Keeps a candidate for a review if its person agreed and it shows something new.

    Returns:
        Whether it was kept.

    Raises:
        DatabaseError: the candidate cannot be written, or the templates belong to another key.
    """
    if not _wanted(session, candidate):
        return False
    enrolled = templates.embeddings(session, cipher, candidate.person, candidate.encoder)
    waiting = candidates.faces(session, cipher, candidate.person, candidate.encoder)
    like = nearest(candidate.embedding, enrolled)
    if not enrolled or nearest(candidate.embedding, [*enrolled, *waiting]) > NEW:
        return False
    if not _make_room(session, candidate.person, like):
        return False
    candidates.add(
        session,
        cipher,
        NewCandidate(
            person=candidate.person,
            sighting=candidate.sighting,
            at=candidate.at,
            encoder=candidate.encoder,
            embedding=candidate.embedding,
            chip_jpeg=encode_jpeg(candidate.chip),
            quality=candidate.quality,
            similarity=candidate.similarity,
            lead=candidate.lead,
            nearest=like,
        ),
    )
    return True


def _wanted(session: Session, candidate: TemplateCandidate) -> bool:
    """Whether the person is active and agreed, and nobody said "not me" about the sighting."""
    seen = sightings.get(session, candidate.sighting)
    if seen is None or seen.person != candidate.person or candidates.has_sighting(session, candidate.sighting):
        return False
    if corrections.is_voided(session, candidate.sighting):
        return False
    one = people.with_consents(session, [candidate.person]).get(candidate.person)
    return one is not None and one.face is True and one.person.active


def _make_room(session: Session, person: UUID, like: float) -> bool:
    """Makes room for one more: drops the one that adds least, unless the new one adds even less (False)."""
    waiting = candidates.waiting(session, person)
    if len(waiting) < MOST_WAITING:
        return True
    least = max(waiting, key=lambda one: one.nearest)
    if least.nearest <= like:
        return False
    candidates.discard(session, least.id)
    return True
