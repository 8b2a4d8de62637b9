"""Templates of an older encoder are computed anew."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.people import people
from db.schema import TemplateRow
from enroll.faces.acceptance import accept_images
from enroll.faces.examine import Examiner
from enroll.people.images import enrol_from_images
from enroll.people.reencode import re_encode
from enroll.people.store import Enrolment, Identity, add_members
from monitor.vision.encoder import ENCODER_NAME, FaceEncoder
from monitor.vision.images import read_image
from tests.enroll.conftest import MadeUp, Who, mean_of


@pytest.fixture
def who(details: Enrolment) -> Who:
    return {"at": details.at, "actor": "desk"}


def test_templates_of_an_older_encoder_are_computed_anew_from_the_kept_faces(
    engine: Engine, cipher: TemplateCipher, details: Enrolment, who: Who, orl: Path, examiner: Examiner
) -> None:
    pictures = {"Anna": [read_image(orl / f"s1/{number}.pgm") for number in (1, 2)]}
    enrol_from_images(engine, cipher, pictures, at=details.at, actor="tester", examiner=examiner)
    fresh = mean_of(engine, cipher, "Anna").embedding
    with writing(engine) as session:
        session.query(TemplateRow).update({"encoder": "older-v0"})
        anna = people.find_by_name(session, "Anna")[0]
        templates.delete_mean_template(session, anna.id, ENCODER_NAME)
    with reading(engine) as session:
        assert people.load_gallery(session, cipher, ENCODER_NAME) == []
    encoder = FaceEncoder()
    (done,) = re_encode(engine, cipher, lambda chip: encoder.embed(chip[None])[0], **who)
    assert (done.images, done.without_face) == (2, 0)
    again = mean_of(engine, cipher, "Anna").embedding
    assert float(again @ fresh) / float(fresh @ fresh) == pytest.approx(1, abs=0.01)


def test_an_image_without_its_face_asks_for_a_new_one(
    engine: Engine, cipher: TemplateCipher, made_up: MadeUp, details: Enrolment, who: Who
) -> None:
    with writing(engine) as session:
        members = accept_images([made_up.examination("anna.jpg", "Anna")]).accepted
        add_members(session, cipher, Identity("Anna"), None, members, details)
    with writing(engine) as session:
        session.query(TemplateRow).update({"encoder": "older-v0", "chip": None})
    (done,) = re_encode(engine, cipher, lambda chip: pytest.fail("nothing can be encoded"), **who)
    assert (done.images, done.without_face) == (0, 1)
