"""Templates of an older encoder are computed anew."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher, owner
from db.engine import reading, writing
from db.faces import templates
from db.people import look_alikes, people
from db.people.gallery import load_gallery
from db.schema.faces import MeanTemplateRow, TemplateRow
from enroll.faces.acceptance import accept_images
from enroll.faces.examine import Examiner
from enroll.people import reencode
from enroll.people.gallery_index import GalleryIndex, load_index
from enroll.people.images import enrol_from_images
from enroll.people.reencode import KeptFaces, re_encode
from enroll.people.store import Enrolment, Identity, add_members
from monitor.domain import Embedding, RgbImage
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.images import read_image
from monitor.vision.jpeg import encode_jpeg
from monitor.vision.matching.joined import first_of
from tests.enroll.conftest import MadeUp, Who, mean_of
from tests.monitor.stage import cosine


@pytest.fixture
def fresh(engine: Engine, cipher: TemplateCipher, details: Enrolment, orl: Path, examiner: Examiner) -> Embedding:
    """Anna's template, made of two pictures."""
    pictures = {"Anna": [read_image(orl / f"s1/{number}.pgm") for number in (1, 2)]}
    enrol_from_images(engine, cipher, pictures, at=details.at, actor="tester", examiner=examiner)
    return mean_of(engine, cipher, "Anna").embedding


@pytest.fixture
def made_up_anna(engine: Engine, cipher: TemplateCipher, details: Enrolment, made_up: MadeUp) -> Embedding:
    """Anna's template, made of one embedding without a picture."""
    with writing(engine) as session:
        members = accept_images([made_up.examination("anna.jpg", "Anna")]).accepted
        add_members(session, cipher, Identity("Anna"), None, members, details)
    return mean_of(engine, cipher, "Anna").embedding


@pytest.fixture
def who(details: Enrolment) -> Who:
    return {"at": details.at, "actor": "desk"}


def test_templates_of_an_older_encoder_are_computed_anew_from_the_kept_faces(
    engine: Engine, cipher: TemplateCipher, who: Who, fresh: Embedding
) -> None:
    with writing(engine) as session:
        session.query(TemplateRow).update({"encoder": "older-v0"})
        anna = people.find_by_name(session, "Anna")[0]
        templates.delete_mean_template(session, anna.id, ENCODER_NAME)
    with reading(engine) as session:
        assert load_gallery(session, cipher, ENCODER_NAME) == []
    (done,) = re_encode(engine, cipher, KeptFaces().embed, **who)
    assert (done.images, done.without_face) == (2, 0)
    again = mean_of(engine, cipher, "Anna").embedding
    assert len(again) == 256
    assert cosine(again, fresh) > 0.9
    assert cosine(first_of(again), first_of(fresh)) > 0.99


def test_templates_of_one_encoder_get_the_second_ones_part_and_keep_the_first(
    engine: Engine, cipher: TemplateCipher, who: Who, fresh: Embedding
) -> None:
    with writing(engine) as session:
        session.query(TemplateRow).update({"second": None})
        session.query(MeanTemplateRow).update({"second": None})
    old = mean_of(engine, cipher, "Anna").embedding
    assert len(old) == 128
    assert old == pytest.approx(first_of(fresh), abs=1e-6)
    (done,) = re_encode(engine, cipher, KeptFaces().embed, **who)
    assert (done.images, done.without_face) == (2, 0)
    again = mean_of(engine, cipher, "Anna").embedding
    assert first_of(again) == pytest.approx(old, abs=1e-6)
    assert cosine(again, fresh) > 0.9
    assert list(re_encode(engine, cipher, KeptFaces().embed, **who)) == []


def test_a_kept_picture_without_a_face_keeps_its_template_of_one_encoder(
    engine: Engine, cipher: TemplateCipher, who: Who, made_up_anna: Embedding
) -> None:
    with writing(engine) as session:
        for row in session.query(TemplateRow):
            grey = encode_jpeg(np.full((150, 150, 3), 90, np.uint8))
            row.chip = cipher.seal(grey, owner(TemplateRow.chip, row.person_id, row.id))
    (done,) = re_encode(engine, cipher, KeptFaces().embed, **who)
    assert (done.images, done.without_face) == (0, 1)
    assert mean_of(engine, cipher, "Anna").embedding == pytest.approx(made_up_anna)


@pytest.mark.usefixtures("made_up_anna")
def test_an_image_without_its_face_asks_for_a_new_one(engine: Engine, cipher: TemplateCipher, who: Who) -> None:
    with writing(engine) as session:
        session.query(TemplateRow).update({"encoder": "older-v0", "chip": None})
    (done,) = re_encode(engine, cipher, lambda chip: pytest.fail("nothing can be encoded"), **who)
    assert (done.images, done.without_face) == (0, 1)


def test_all_are_re_encoded_with_one_index_and_look_alikes_are_marked(
    engine: Engine,
    cipher: TemplateCipher,
    made_up: MadeUp,
    details: Enrolment,
    who: Who,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faces = {60: made_up.embedding("Twin"), 120: made_up.embedding("Twin"), 180: made_up.embedding("Bob")}
    with writing(engine) as session:
        for shade in faces:
            member = accept_images([made_up.examination(f"{shade}.jpg", str(shade))]).accepted
            add_members(session, cipher, Identity(f"Person {shade}"), None, member, details)
        for row, shade in zip(session.query(TemplateRow).order_by(TemplateRow.id), faces, strict=True):
            grey = encode_jpeg(np.full((150, 150, 3), shade, np.uint8))
            row.chip, row.encoder = cipher.seal(grey, owner(TemplateRow.chip, row.person_id, row.id)), "older-v0"
        session.query(MeanTemplateRow).update({"encoder": "older-v0"})
    loads: list[GalleryIndex] = []

    def load(session: Session, cipher: TemplateCipher) -> GalleryIndex:
        loads.append(load_index(session, cipher))
        return loads[-1]

    monkeypatch.setattr(reencode, "load_index", load)

    def embed(chip: RgbImage) -> Embedding:
        return min(faces.items(), key=lambda face: abs(face[0] - int(chip[0, 0, 0])))[1]

    done = list(re_encode(engine, cipher, embed, **who))
    assert (len(done), len(loads)) == (3, 1)
    with reading(engine) as session:
        alike = {people.get_person(session, one).name for one in look_alikes.by_person(session)}
    assert alike == {"Person 60", "Person 120"}
