"""Enrolment's faces, made up and real, and people who are enrolled with them."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import writing
from db.people import people
from db.records.people import Person
from enroll.faces.acceptance import accept_images
from enroll.people.gallery_index import load_index
from enroll.people.store import Enrolment, Identity, add_members, mark_alike
from tests.enroll.conftest import MadeUp, Who, cipher, details, engine, examiner, made_up

__all__ = ["cipher", "details", "engine", "examiner", "made_up"]


@pytest.fixture
def enrol(engine: Engine, cipher: TemplateCipher, details: Enrolment, made_up: MadeUp) -> Callable[..., Person]:
    """Enrols somebody with that many made-up images, as the person of the given face."""

    def enrol(name: str, images: int = 3, face: str | None = None, **more: str) -> Person:
        pictures = [made_up.examination(f"{name}-{number}.jpg", face or name) for number in range(images)]
        with writing(engine) as session:
            known = add_members(
                session, cipher, Identity(name, **more), None, accept_images(pictures).accepted, details
            )
            assert known is not None
            mark_alike(session, load_index(session, cipher), known, at=details.at)
            return people.get_person(session, known.person)

    return enrol


@pytest.fixture
def who(details: Enrolment) -> Who:
    """Who does it, and when."""
    return {"at": details.at, "actor": "desk"}
