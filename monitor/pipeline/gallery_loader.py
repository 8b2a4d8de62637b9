"""Loads the gallery: everyone in the database who can be identified."""

from collections.abc import Sequence

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading
from db.people.people import load_gallery
from db.records import GalleryPerson
from monitor.config import Settings
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.matching.gallery import Enrolled, Gallery, GalleryEntry, extra_margin


def load_people(engine: Engine, cipher: TemplateCipher, settings: Settings) -> Enrolled:
    """Everyone active, with a template of this encoder.

    Raises:
        DatabaseError: the database cannot be read, or its templates belong to another key.
    """
    with reading(engine) as session:
        people = load_gallery(session, cipher, ENCODER_NAME)
    gallery = gallery_of(people, settings)
    assumed = settings.consent == "assumed"
    agreed = {one.person for one in people if one.mood_consent or (one.mood_consent is None and assumed)}
    return Enrolled(gallery, frozenset(one.person for one in people if one.person not in agreed))


def gallery_of(people: Sequence[GalleryPerson], settings: Settings) -> Gallery:
    """The gallery of these people by the settings in force."""
    entries = [
        GalleryEntry(one.person, one.name, one.embedding, extra_margin(len(one.look_alikes), one.wrongly_named))
        for one in people
    ]
    return Gallery(entries, target_fpir=settings.target_fpir, margin=settings.match_margin, encoders=settings.encoder)
