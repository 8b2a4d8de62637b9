"""Visitors: unknown faces are named, merged or discarded."""

from datetime import timedelta

import cv2
import numpy as np
import pytest
from textual.widgets import Input

from db.attendance import kiosks, ledger
from db.crypto import owner
from db.engine import reading, writing
from db.ids import new_id
from db.observations import sightings
from db.people import people
from db.people.gallery import load_gallery
from db.records.observations import SightingRecord
from db.schema.observations import SightingRow
from monitor.desk.people import visitors
from monitor.tui.screens.people.picker import PersonPicker
from monitor.tui.widgets.table import Table
from monitor.vision.chips import face_chip
from monitor.vision.detector import FaceDetector
from tests.monitor.stage import Photo
from tests.monitor.tui.desk_keys import asked, at_desk, fill, go, problem, told
from tests.monitor.world import NOW, World, text_of


@pytest.fixture
def real_faces(world: World, orl_photo: Photo, blazeface: FaceDetector) -> None:
    """Pictures of somebody's face in place of the drawn ones."""
    with writing(world.engine) as session:
        for image, row in enumerate(session.query(SightingRow).filter(SightingRow.portrait.is_not(None)), start=1):
            photo = orl_photo(1, image)
            chip = face_chip(photo, blazeface.detect(photo)[0])
            jpeg = cv2.imencode(".jpg", chip)[1].tobytes()
            row.portrait = world.cipher.seal(jpeg, owner(SightingRow.portrait, row.id))


@pytest.mark.usefixtures("real_faces")
async def test_one_visitor_of_three_days_is_one_row_and_can_be_named(world: World) -> None:
    async with at_desk(world, "f5") as pilot:
        assert [row.cells[1:3] for row in pilot.app.screen.query_one("#visitors", Table).rows] == [("3", "3")]
        await go(pilot, "a")
        await fill(pilot, name="Mary Shelley")
        assert "No unknown faces are kept." in text_of(world)
    with reading(world.engine) as session:
        (mary,) = people.find_by_name(session, "Mary Shelley")
        assert sightings.count_visitors(session) == 0
        assert len(load_gallery(session, world.cipher, "dlib-resnet-v1")) >= 1
        assert sightings.between(session, NOW.replace(hour=0), NOW, person=mary.id)


@pytest.mark.usefixtures("real_faces")
async def test_who_gets_a_name_is_given_the_arrival_of_the_day(world: World) -> None:
    async with at_desk(world, "f5", "a", notifications=True) as pilot:
        await fill(pilot, name="Mary Shelley")
        await go(pilot)
        assert "was seen today at 09:38. Write down that they came in then?" in asked(pilot).replace("\n", " ")
        await fill(pilot)
        await go(pilot)
    with reading(world.engine) as session:
        (mary,) = people.find_by_name(session, "Mary Shelley")
        (event,) = ledger.between(session, NOW.replace(hour=0), NOW, people=[mary.id])
        assert (event.kind, event.method, event.at) == ("check_in", "manual", NOW - timedelta(minutes=20))


async def test_a_visitor_without_a_clear_face_is_not_enrolled(world: World) -> None:
    async with at_desk(world, "f5", "a", notifications=True) as pilot:
        await fill(pilot, name="Mary Shelley")
        assert "No shot of this visitor is good enough" in await problem(pilot)
    with reading(world.engine) as session:
        assert people.find_by_name(session, "Mary Shelley") == []
        assert sightings.count_visitors(session) == 3


@pytest.mark.usefixtures("real_faces")
async def test_a_visitor_can_turn_out_to_be_somebody_enrolled(world: World) -> None:
    async with at_desk(world, "f5", "u", *"nobody", "enter", notifications=True) as pilot:
        assert isinstance(pilot.app.screen, PersonPicker)
        assert "Nobody matches." in text_of(world)
        pilot.app.screen.query_one(Input).value = ""
        await go(pilot, *"hopper", "enter")
        shown = asked(pilot)
        assert "The visitor and Grace Hopper do not look like one person (similarity " in shown
        await go(pilot, "enter")
        with reading(world.engine) as session:
            assert sightings.count_visitors(session) == 3, "the safe answer is the first"
        await go(pilot, "u", *"hopper", "enter")
        await go(pilot, "left", "enter")
        assert "Merged with Grace Hopper (Engines)." in told(pilot)
    with reading(world.engine) as session:
        assert sightings.count_visitors(session) == 0
        assert len(sightings.between(session, NOW - timedelta(days=3), NOW, person=world.ids["Grace Hopper"])) > 2


async def test_older_visitors_follow_at_the_end_of_the_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "BATCH", 2)
    random = np.random.default_rng(9)
    with writing(world.engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        for index in range(5):
            face = random.normal(size=128).astype(np.float32)
            at = NOW - timedelta(days=5 + index)
            record = SightingRecord(new_id(), kiosk, index, at, at, 9, None, None, None, None, None, 0.9)
            sightings.add(session, world.cipher, record, embedding=face / np.linalg.norm(face))
    async with at_desk(world, "f5") as pilot:
        assert "8 visits; older ones follow" in text_of(world)
        for _ in range(6):
            await go(pilot, "end")
        assert "6 unknown visitors, 8 visits" in text_of(world)
        assert "older ones follow" not in text_of(world)


async def test_a_visitor_can_be_discarded(world: World) -> None:
    async with at_desk(world, "f5", "x") as pilot:
        await fill(pilot)
    with reading(world.engine) as session:
        assert sightings.count_visitors(session) == 0


async def test_days_are_those_of_the_site(world: World) -> None:
    with writing(world.engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        face = np.eye(128, dtype=np.float32)[0]
        for hour in (22, 23):  # 23:30 and half past midnight in Berlin
            at = (NOW - timedelta(days=1)).replace(hour=hour, minute=30)
            record = SightingRecord(new_id(), kiosk, hour, at, at, 9, None, None, None, None, None, 0.9)
            sightings.add(session, world.cipher, record, embedding=face)
    async with at_desk(world, "f5") as pilot:
        assert ("2", "2") in [row.cells[1:3] for row in pilot.app.screen.query_one("#visitors", Table).rows]
