"""Loads the gallery: everyone in the database who can be identified."""

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading
from db.people.people import load_gallery
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
    entries = [
        GalleryEntry(one.person, one.name, one.embedding, extra_margin(len(one.look_alikes), one.wrongly_named))
        for one in people
    ]
    gallery = Gallery(
        entries, target_fpir=settings.target_fpir, margin=settings.match_margin, encoders=settings.encoder
    )
    assumed = settings.consent == "assumed"
    agreed = {one.person for one in people if one.mood_consent or (one.mood_consent is None and assumed)}
    return Enrolled(gallery, frozenset(one.person for one in people if one.person not in agreed))
