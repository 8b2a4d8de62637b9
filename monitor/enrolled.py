"""The people in the database, ready to be identified."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading
from db.people import load_gallery
from db.records import GalleryPerson
from monitor.config import Settings
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.gallery import Gallery, GalleryEntry

_LOOK_ALIKE_MARGIN = 0.005
"""Extra margin for a person who has a look-alike in the gallery."""
_WRONG_MARGIN = 0.005
"""Extra margin for each "not me" of somebody who was taken for this person..."""
_MOST_WRONG = 4
"""...counted up to this many."""


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """Everyone who can be named."""

    gallery: Gallery
    no_mood: frozenset[UUID]
    """People who refused that their mood is estimated."""


def load_people(engine: Engine, cipher: TemplateCipher, settings: Settings) -> Enrolled:
    """Everyone active, with a template of this encoder.

    Raises:
        DatabaseError: the database cannot be read, or its templates belong to another key.
    """
    with reading(engine) as session:
        people = load_gallery(session, cipher, ENCODER_NAME)
    entries = [GalleryEntry(person.person, person.name, person.embedding, margin=_margin(person)) for person in people]
    gallery = Gallery(entries, target_fpir=settings.target_fpir, margin=settings.match_margin)
    return Enrolled(gallery, frozenset(person.person for person in people if not person.mood_allowed))


def _margin(person: GalleryPerson) -> float:
    return _LOOK_ALIKE_MARGIN * bool(person.look_alikes) + _WRONG_MARGIN * min(person.wrongly_named, _MOST_WRONG)
