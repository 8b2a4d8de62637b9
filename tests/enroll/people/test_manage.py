"""Rename, merge, split, export, erase, re-encode: what is left in the database afterwards."""

import errno
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import Engine

from db import audit
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.people import consents, look_alikes, people
from db.records import GalleryPerson, Person
from db.schema import TemplateRow
from enroll.faces.examine import Examiner
from enroll.faces.judge import judge
from enroll.people import manage as use
from enroll.people.export_and_erase import erase, export_name, export_zip
from enroll.people.gallery_index import load_roster
from enroll.people.images import enrol_from_images
from enroll.people.reencode import re_encode
from enroll.people.store import Details, Identity, add_members, mark_alike
from monitor.errors import MusterError, UsageError
from monitor.vision.encoder import ENCODER_NAME, FaceEncoder
from monitor.vision.images import read_image
from tests.enroll.conftest import MadeUp, Who


@pytest.fixture
def enrol(engine: Engine, cipher: TemplateCipher, details: Details, made_up: MadeUp) -> Callable[..., Person]:
    """Enrols somebody with that many made-up images, as the person of the given face."""

    def enrol(name: str, images: int = 3, face: str | None = None, **more: Any) -> Person:
        pictures = [made_up.examination(f"{name}-{number}.jpg", face or name) for number in range(images)]
        with writing(engine) as session:
            roster = load_roster(session, cipher)
            known = add_members(session, cipher, Identity(name, **more), None, judge(pictures).members, details)
            assert known is not None
            mark_alike(session, roster, known, at=details.at)
            return people.get_person(session, known.person)

    return enrol


@pytest.fixture
def who(details: Details) -> Who:
    return {"at": details.at, "actor": "desk"}


def mean_of(engine: Engine, cipher: TemplateCipher, name: str) -> GalleryPerson:
    with reading(engine) as session:
        return next(one for one in people.load_gallery(session, cipher, ENCODER_NAME) if one.name == name)


def test_people_are_found_by_name_number_and_id(engine: Engine, enrol: Callable[..., Person]) -> None:
    anna = enrol("Anna", number="17")
    assert {use.require_reading(engine, text).id for text in ("Anna", "17", str(anna.id))} == {anna.id}


@pytest.mark.parametrize("text", ["Nobody", " ", "01900000-0000-7000-8000-000000000000"])
def test_whom_nobody_can_mean_is_one_sentence(engine: Engine, enrol: Callable[..., Person], text: str) -> None:
    enrol("Anna")
    with pytest.raises(UsageError):
        use.require_reading(engine, text)


def test_a_name_that_two_people_have_asks_for_a_number(engine: Engine, enrol: Callable[..., Person]) -> None:
    enrol("Anna", number="1")
    enrol("Anna", face="Other", number="2")
    with pytest.raises(UsageError, match="2 people"):
        use.require_reading(engine, "Anna")


def test_merging_unites_the_images_in_one_template(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    twice, anna = enrol("Anna at work", face="Anna"), enrol("Anna", images=2)
    use.merge(engine, cipher, twice, anna, **who)
    merged = mean_of(engine, cipher, "Anna")
    assert merged.members == 5
    with reading(engine) as session:
        rows = [one.embedding for one in templates.load_members(session, cipher, anna.id, ENCODER_NAME)]
        assert look_alikes.pairs(session) == []
    assert np.allclose(merged.embedding, np.mean(rows, axis=0), atol=1e-6)


def test_different_faces_are_merged_by_force_only(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna, ben = enrol("Anna"), enrol("Ben")
    with pytest.raises(UsageError, match="do not look like one person"):
        use.merge(engine, cipher, ben, anna, **who)
    use.merge(engine, cipher, ben, anna, **who, force=True)
    assert mean_of(engine, cipher, "Anna").members == 6


def test_an_image_that_is_split_off_leaves_both_templates_right(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna", images=3)
    with reading(engine) as session:
        images = use.images_of(session, cipher, anna.id)
    other = use.split(engine, cipher, anna, images[0].template.id, Identity("Zoe"), **who)
    assert mean_of(engine, cipher, "Anna").members == 2
    assert mean_of(engine, cipher, "Zoe").members == 1
    with reading(engine) as session:
        moved = templates.list_templates(session, other.id)[0]
        assert moved.content_hash == images[0].template.content_hash
        assert templates.load_chip(session, cipher, moved.id) == b"a face in JPEG"


def test_an_image_that_was_split_off_does_not_tell_the_name_that_it_came_under(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna", images=3)
    with reading(engine) as session:
        image = use.images_of(session, cipher, anna.id)[0].template
    other = use.split(engine, cipher, anna, image.id, Identity("Zoe"), **who)
    with reading(engine) as session:
        (moved,) = templates.list_templates(session, other.id)
    assert image.source
    assert image.source not in moved.source


def test_the_last_image_split_off_takes_the_person_out_of_the_gallery(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna", images=1)
    with reading(engine) as session:
        (image,) = use.images_of(session, cipher, anna.id)
    use.split(engine, cipher, anna, image.template.id, Identity("Zoe"), **who)
    with reading(engine) as session:
        assert [one.name for one in people.load_gallery(session, cipher, ENCODER_NAME)] == ["Zoe"]
        assert templates.load_portrait(session, cipher, anna.id) is None


def test_an_image_of_somebody_else_cannot_be_split_off(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    with pytest.raises(UsageError, match="no image"):
        use.split(engine, cipher, enrol("Anna"), uuid4(), Identity("Zoe"), **who)


def test_each_image_says_how_well_it_fits_the_others(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person]
) -> None:
    anna = enrol("Anna", images=3)
    with reading(engine) as session:
        fits = [one.fit for one in use.images_of(session, cipher, anna.id)]
    assert all(fit is not None and fit > 0.95 for fit in fits)


def test_look_alikes_are_marked_for_both(engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person]) -> None:
    anna, twin = enrol("Anna"), enrol("Twin", face="Anna")
    with reading(engine) as session:
        (pair,) = look_alikes.pairs(session)
    assert {pair.person, pair.other} == {anna.id, twin.id}


def test_who_refuses_is_not_in_the_gallery_and_the_decision_is_kept(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna")
    use.set_consent(engine, anna, "face", False, **who)
    with reading(engine) as session:
        assert people.load_gallery(session, cipher, ENCODER_NAME) == []
        assert consents.history(session, anna.id)[-1].recorded_by == "desk"


def test_who_is_deactivated_is_kept_but_not_recognised(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna")
    use.set_active(engine, anna, False, **who)
    with reading(engine) as session:
        assert people.load_gallery(session, cipher, ENCODER_NAME) == []
    use.set_active(engine, anna, True, **who)
    assert mean_of(engine, cipher, "Anna").members == 3


def test_the_audit_log_says_who_renamed(engine: Engine, enrol: Callable[..., Person], who: Who) -> None:
    anna = enrol("Anna")
    use.rename(engine, anna, "Anna Schmidt", **who)
    with reading(engine) as session:
        entry = audit.newest(session, limit=1)[0]
    assert (entry.action, entry.actor) == ("rename", "desk")


def test_an_export_holds_the_data_and_the_images_and_only_its_owner_can_read_it(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], details: Details, tmp_path: Path
) -> None:
    file = tmp_path / "anna.zip"
    images = export_zip(engine, cipher, enrol("Anna"), file, at=details.at)
    assert images == 4
    assert file.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(file) as archive:
        data = json.loads(archive.read("person.json"))
        assert archive.read("images/face-1.jpg") == b"a face in JPEG"
    assert data["person"]["name"] == "Anna"
    assert len(data["templates"]) == 3


def test_an_export_never_overwrites_a_file(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], details: Details, tmp_path: Path
) -> None:
    (tmp_path / "anna.zip").write_text("precious")
    with pytest.raises(UsageError, match="already"):
        export_zip(engine, cipher, enrol("Anna"), tmp_path / "anna.zip", at=details.at)
    assert (tmp_path / "anna.zip").read_text() == "precious"


def test_a_name_cannot_lead_an_export_out_of_the_folder(engine: Engine, enrol: Callable[..., Person]) -> None:
    assert "/" not in export_name(enrol("../../etc/passwd"))


def test_after_an_erasure_no_file_holds_a_trace(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who, tmp_path: Path
) -> None:
    anna = enrol("Anna")
    enrol("Ben")
    with reading(engine) as session:
        sealed = session.query(TemplateRow.embedding).filter_by(person_id=anna.id).limit(1).one()[0]
    files = [tmp_path / "muster.sqlite3", tmp_path / "muster.sqlite3-wal"]
    assert any(sealed[:40] in file.read_bytes() for file in files)
    done = erase(engine, anna, **who)
    assert done.receipt.templates == 3
    assert done.traces_left == 0
    assert not any(sealed[:40] in file.read_bytes() or anna.id.hex.encode() in file.read_bytes() for file in files)
    assert mean_of(engine, cipher, "Ben").members == 3


def test_what_another_program_keeps_in_the_log_is_found(
    engine: Engine, enrol: Callable[..., Person], who: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = enrol("Anna")
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 1)
    engine.dispose()  # new connections wait no longer for the other program
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM person").fetchall()
        assert erase(engine, anna, **who).traces_left > 0


def test_templates_of_an_older_encoder_are_computed_anew_from_the_kept_faces(
    engine: Engine, cipher: TemplateCipher, details: Details, who: Who, orl: Path, examiner: Examiner
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
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    enrol("Anna", images=1)
    with writing(engine) as session:
        session.query(TemplateRow).update({"encoder": "older-v0", "chip": None})
    (done,) = re_encode(engine, cipher, lambda chip: np.zeros(128, np.float32), **who)
    assert (done.images, done.without_face) == (0, 1)


def test_a_full_disk_leaves_no_half_export(
    engine: Engine,
    cipher: TemplateCipher,
    enrol: Callable[..., Person],
    details: Details,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(MusterError, match="No space left on device"):
        export_zip(engine, cipher, enrol("Anna"), tmp_path / "anna.zip", at=details.at)
    assert list(tmp_path.glob("anna*")) == []
