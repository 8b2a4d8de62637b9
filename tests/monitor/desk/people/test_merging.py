"""Merging and splitting: what is left in the database afterwards."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading
from db.faces import templates
from db.people import look_alikes
from db.people.gallery import load_gallery
from db.records.people import Person
from monitor.config import Settings
from monitor.desk.people.merging import FacesDifferError, merge, preview, split
from monitor.desk.people.people import person_record
from monitor.desk.people.undo import offered, refusal, undo_last
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME
from tests.enroll.conftest import Who, mean_of


def test_merging_joins_the_images_in_one_template(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    twice, anna = enrol("Anna at work", face="Anna"), enrol("Anna", images=2)
    merge(engine, cipher, twice.id, anna.id, **who)
    merged = mean_of(engine, cipher, "Anna")
    assert merged.members == 5
    with reading(engine) as session:
        rows = [one.embedding for one in templates.load_members(session, cipher, anna.id, ENCODER_NAME)]
        assert look_alikes.by_person(session) == {}
    assert np.allclose(merged.embedding, np.mean(rows, axis=0), atol=1e-6)


def test_different_faces_are_merged_by_force_only(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna, ben = enrol("Anna"), enrol("Ben")
    with pytest.raises(FacesDifferError, match="Ben and Anna do not look like one person") as caught:
        merge(engine, cipher, ben.id, anna.id, **who)
    assert caught.value.code == "merge-unlike"
    seen = preview(engine, cipher, ben.id, anna.id)
    assert str(seen.unlike) == str(caught.value)
    assert (seen.source.images, seen.into.images, seen.into.passages, seen.two_numbers) == (3, 3, 0, False)
    merge(engine, cipher, ben.id, anna.id, **who, force=True)
    assert mean_of(engine, cipher, "Anna").members == 6


def test_an_image_that_is_split_off_leaves_both_templates_right(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna", images=3)
    images = person_record(engine, cipher, anna.id).images
    later = Who(at=who["at"] + timedelta(minutes=1), actor=who["actor"])
    other = split(engine, cipher, anna.id, images[0].template.id, "Zoe", **later)
    passed, _ = offered(engine)
    assert refusal(passed, None).startswith(
        "What was done last, the move of an image of Anna, and 1 act before it cannot be taken back. Move the image "
        "back with 'muster people split', or make one person of both with 'muster people merge'."
    )
    with pytest.raises(UsageError, match=r"taken back: the move of an image of Anna\. Move the image back with"):
        undo_last(engine, cipher, Settings(), passed[0].id, **later)
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
    image = person_record(engine, cipher, anna.id).images[0].template
    other = split(engine, cipher, anna.id, image.id, "Zoe", **who)
    with reading(engine) as session:
        (moved,) = templates.list_templates(session, other.id)
    assert image.source
    assert image.source not in moved.source


def test_the_last_image_split_off_takes_the_person_out_of_the_gallery(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna", images=1)
    (image,) = person_record(engine, cipher, anna.id).images
    split(engine, cipher, anna.id, image.template.id, "Zoe", **who)
    with reading(engine) as session:
        assert [one.name for one in load_gallery(session, cipher, ENCODER_NAME)] == ["Zoe"]
        assert templates.load_portrait(session, cipher, anna.id) is None


def test_an_image_of_somebody_else_cannot_be_split_off(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    with pytest.raises(UsageError, match="no image"):
        split(engine, cipher, enrol("Anna").id, uuid4(), "Zoe", **who)


def test_look_alikes_are_marked_for_both(engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person]) -> None:
    anna, twin = enrol("Anna"), enrol("Twin", face="Anna")
    with reading(engine) as session:
        assert look_alikes.by_person(session) == {anna.id: [twin.id], twin.id: [anna.id]}
