"""Visitors: what passes the gate of enrolment becomes a template, and look-alikes are marked."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from sqlalchemy import Engine

from db.attendance import kiosks
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.ids import new_id
from db.observations import moods, sightings
from db.people import consents, look_alikes, people
from db.records.moods import MoodSample
from db.records.observations import SightingRecord, Visitor
from db.records.people import ConsentKind, Person
from enroll.faces.examine import Examiner
from enroll.people.images import enrol_from_images
from enroll.people.store import Enrolment
from monitor.config import QualityLimits
from monitor.desk.people import visitor_naming, visitors
from monitor.desk.people.merging import FacesDifferError
from monitor.desk.people.visitors import VisitorGroup
from monitor.errors import UsageError
from monitor.vision.images import read_image
from monitor.vision.jpeg import decode_jpeg, encode_jpeg
from tests.enroll.conftest import Who

LIMITS = QualityLimits()


@pytest.fixture
def visit(
    engine: Engine, cipher: TemplateCipher, details: Enrolment, examiner: Examiner, orl: Path
) -> Callable[..., VisitorGroup]:
    """Somebody of the AT&T/ORL set is seen at the door, with that picture; gives all visitors there are."""

    def visit(subject: int, *images: int, blur: float = 0.0) -> VisitorGroup:
        with writing(engine) as session:
            kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=details.at).id
            for image in images:
                (face,) = examiner.examine(read_image(orl / f"s{subject}/{image}.pgm"))
                chip = decode_jpeg(face.chip_jpeg)
                assert chip is not None
                if blur:
                    chip = np.asarray(cv2.GaussianBlur(chip, (0, 0), blur), np.uint8)
                at = details.at + timedelta(minutes=image)
                seen = SightingRecord(new_id(), kiosk, image, at, at, 40, None, None, None, None, None, 0.9)
                fused = 0.98 * face.embedding  # the mean of a track's views is shorter than 1
                sightings.add(session, cipher, seen, embedding=fused, portrait=encode_jpeg(chip))
        (group,) = visitors.visitors_view(engine, cipher, 1, ZoneInfo("UTC")).groups
        return group

    return visit


@pytest.fixture
def anna(engine: Engine, cipher: TemplateCipher, details: Enrolment, examiner: Examiner, orl: Path) -> Person:
    """The first person of the set, enrolled with three pictures."""
    pictures = {"Anna": [read_image(orl / f"s1/{image}.pgm") for image in (1, 2, 3)]}
    enrol_from_images(engine, cipher, pictures, at=details.at, actor="tester", examiner=examiner)
    with reading(engine) as session:
        return people.find_by_name(session, "Anna")[0]


def test_a_visitor_who_looks_like_somebody_is_marked_when_named(
    engine: Engine, cipher: TemplateCipher, anna: Person, visit: Callable[..., VisitorGroup], who: Who
) -> None:
    done = visitor_naming.name(engine, cipher, visit(1, 4), "Anna's twin", LIMITS, **who)
    assert [one.name for one in done.alike] == ["Anna"]
    with reading(engine) as session:
        assert look_alikes.by_person(session) == {anna.id: [done.person.id], done.person.id: [anna.id]}
        (image,) = templates.list_templates(session, done.person.id)
        assert templates.load_portrait(session, cipher, done.person.id) is not None
        assert sightings.count_visitors(session) == 0
    assert (image.source, image.quality["frames"]) == ("visitor", 40)
    assert image.quality["sharpness"] > LIMITS.sharpness


@pytest.mark.parametrize(("mood", "kept"), [(None, 0), (False, 0), (True, 1)])
def test_a_named_visitor_is_asked_and_their_moods_stay_only_with_their_consent(
    engine: Engine, cipher: TemplateCipher, visit: Callable[..., VisitorGroup], who: Who, mood: bool | None, kept: int
) -> None:
    group = visit(1, 4)
    with writing(engine) as session:
        seen = group.visits[0].sighting
        happy = MoodSample(seen.first_at, None, seen.id, None, None, "happy", (0, 0, 0, 1.0, 0, 0, 0))
        moods.add(session, seen.kiosk, happy)
    given: dict[ConsentKind, bool] = {"face": True} if mood is None else {"face": True, "mood": mood}
    done = visitor_naming.name(engine, cipher, group, "Anna", LIMITS, given, **who)
    with reading(engine) as session:
        assert [consents.current(session, done.person.id, kind) for kind in ("face", "mood")] == [True, mood]
        assert moods.count(session) == kept


def test_a_shot_that_fails_the_gate_is_not_used_and_it_is_said_why(
    engine: Engine, cipher: TemplateCipher, visit: Callable[..., VisitorGroup], who: Who
) -> None:
    visit(1, 4)
    done = visitor_naming.name(engine, cipher, visit(1, 5, blur=4), "Anna", LIMITS, **who)
    assert (done.taken, len(done.rejected)) == (1, 1)
    assert "The face is blurred" in done.rejected[0].reason
    with reading(engine) as session:
        assert len(templates.list_templates(session, done.person.id)) == 1
        assert sightings.count_visitors(session) == 0, "the other visit was of this person all the same"


def test_who_was_seen_last_is_first_also_if_they_came_before_somebody_else(who: Who) -> None:
    def seen(came: int, left: int) -> Visitor:
        first, last = (who["at"] + timedelta(minutes=minutes) for minutes in (came, left))
        sighting = SightingRecord(new_id(), new_id(), 1, first, last, 40, None, None, None, None, None, 0.9)
        return Visitor(sighting, None, None)

    newest_first = [seen(3, 4), seen(2, 9), seen(1, 1)]
    found = visitors.group_by_similarity(newest_first, ZoneInfo("UTC"))
    assert [one.last_at - who["at"] for one in found] == [timedelta(minutes=left) for left in (9, 4, 1)]


def test_a_visitor_without_a_good_shot_is_not_enrolled_and_stays(
    engine: Engine, cipher: TemplateCipher, visit: Callable[..., VisitorGroup], who: Who
) -> None:
    with pytest.raises(UsageError, match=r"The face is blurred .* Enrol the person before the camera") as caught:
        visitor_naming.name(engine, cipher, visit(1, 4, blur=4), "Anna", LIMITS, **who)
    assert caught.value.code == "no-good-shot"
    with reading(engine) as session:
        assert people.count_people(session) == 0
        assert sightings.count_visitors(session) == 1


def test_a_visitor_who_looks_like_another_is_made_somebody_enrolled_by_force_only(
    engine: Engine, cipher: TemplateCipher, anna: Person, visit: Callable[..., VisitorGroup], who: Who
) -> None:
    group = visit(7, 4)
    refusal = visitor_naming.compare(engine, cipher, group, anna.id)
    with pytest.raises(FacesDifferError, match="The visitor and Anna do not look like one person") as caught:
        visitor_naming.is_person(engine, cipher, group, anna.id, LIMITS, **who)
    assert str(caught.value) == str(refusal)
    assert visitor_naming.is_person(engine, cipher, group, anna.id, LIMITS, **who, force=True).taken == 1


def test_a_visitor_is_somebody_enrolled_even_when_no_shot_is_good(
    engine: Engine, cipher: TemplateCipher, anna: Person, visit: Callable[..., VisitorGroup], who: Who
) -> None:
    done = visitor_naming.is_person(engine, cipher, visit(1, 4, blur=4), anna.id, LIMITS, **who)
    assert (done.person, done.taken, len(done.rejected)) == (anna, 0, 1)
    with reading(engine) as session:
        assert len(templates.list_templates(session, anna.id)) == 3
        assert sightings.count_visitors(session) == 0
