"""What the recorder does with a capture, inside its transaction: keep it for a review, or let it go."""

from uuid import UUID

from sqlalchemy.orm import Session

from db.attendance import ledger
from db.crypto import TemplateCipher
from db.faces import candidates, templates
from db.faces.candidates import NewCapture
from db.observations import sightings
from db.people import consents, people
from monitor.recording.candidates import MOST_WAITING, NEW, Capture, nearest
from monitor.vision.jpeg import encode_jpeg


def take(session: Session, cipher: TemplateCipher, capture: Capture) -> bool:
    """Keeps a capture for a review if its person wants that and it shows something new.

    Returns:
        Whether it was kept.

    Raises:
        DatabaseError: it cannot be written, or the templates belong to another key.
    """
    if not _wanted(session, capture):
        return False
    members = templates.load_members(session, cipher, capture.person, capture.encoder)
    enrolled = [member.embedding for member in members]
    waiting = candidates.faces(session, cipher, capture.person, capture.encoder)
    like = nearest(capture.embedding, enrolled)
    if not members or nearest(capture.embedding, [*enrolled, *waiting]) > NEW:
        return False
    if not _make_room(session, capture.person, like):
        return False
    candidates.quarantine(
        session,
        cipher,
        NewCapture(
            person=capture.person,
            sighting=capture.sighting,
            at=capture.at,
            encoder=capture.encoder,
            embedding=capture.embedding,
            chip_jpeg=encode_jpeg(capture.chip),
            quality=capture.quality,
            similarity=capture.similarity,
            lead=capture.lead,
            nearest=like,
        ),
    )
    return True


def _wanted(session: Session, capture: Capture) -> bool:
    """Whether the person is there and has agreed, and nobody doubted meanwhile that it is them."""
    seen = sightings.get(session, capture.sighting)
    if seen is None or seen.person != capture.person or candidates.has_sighting(session, capture.sighting):
        return False
    if ledger.is_voided(session, capture.sighting):
        return False
    agreed = consents.current(session, capture.person, "face") is True
    return agreed and people.get_person(session, capture.person).active


def _make_room(session: Session, person: UUID, like: float) -> bool:
    """Room for one more; the one that adds least goes, unless the new one adds even less."""
    waiting = candidates.waiting(session, person)
    if len(waiting) < MOST_WAITING:
        return True
    least = max(waiting, key=lambda one: one.nearest)
    if least.nearest <= like:
        return False
    candidates.discard(session, least.id)
    return True
