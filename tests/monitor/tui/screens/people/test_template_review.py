"""The review of captures from the door: seen, taken, discarded and rolled back with keys."""

from datetime import timedelta

import cv2
import numpy as np
from textual.pilot import Pilot

from db.attendance import kiosks
from db.engine import reading, writing
from db.faces import candidates, templates
from db.faces.candidates import NewCandidate
from db.ids import new_id
from db.observations import sightings
from db.people import people
from db.records.observations import SightingRecord
from monitor.tui.screens.people.people import PeopleScreen
from monitor.tui.screens.people.template_review import TemplateReview
from monitor.tui.widgets.table import Table
from monitor.tui.widgets.thumbnail import Thumbnail
from tests.monitor.tui.desk_keys import at_desk, fill, go
from tests.monitor.world import ENCODER, NOW, World, text_of


def captures(world: World, count: int, name: str = "Ada Lovelace") -> None:
    """What the door would have put into quarantine."""
    person = world.ids[name]
    random = np.random.default_rng(7)
    jpeg = cv2.imencode(".jpg", np.full((150, 150, 3), (90, 140, 200), np.uint8))[1].tobytes()
    with writing(world.engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        own = templates.load_members(session, world.cipher, person, ENCODER)[0].embedding
        for index in range(count):
            face = own / np.linalg.norm(own) + random.normal(scale=0.01, size=128)
            at = NOW - timedelta(days=index, minutes=5)
            seen = SightingRecord(new_id(), kiosk, 50 + index, at, at, 20, person, person, 0.97, None, None, 0.9)
            sightings.add(session, world.cipher, seen)
            candidates.add(
                session, world.cipher,
                NewCandidate(
                    person, seen.id, at, ENCODER, (face / np.linalg.norm(face)).astype(np.float32),
                    jpeg + bytes([index]), {"sharpness": 0.9}, 0.981, 0.041, 0.93,
                ),
            )  # fmt: skip


def states(pilot: Pilot[None]) -> list[str]:
    return [row.cells[0] for row in pilot.app.screen.query_one("#views", Table).rows]


async def test_captures_are_taken_discarded_and_rolled_back(world: World) -> None:
    captures(world, 3)
    async with at_desk(world, "f4", notifications=True) as pilot:
        assert "To review: 3 captures (press r)" in text_of(world)
        await go(pilot, "r")
        assert states(pilot) == ["waits"] * 3
        shown = text_of(world)
        assert "Mon 9 Mar 2026 09:53" in shown
        assert "door" in shown
        assert "0.041 above the threshold" in shown
        assert pilot.app.screen.query_one(Thumbnail).display
        await go(pilot, "f")
        assert states(pilot) == ["waits", "waits", "taken"]
        assert "Ada Lovelace is recognised by 4 images from now on." in text_of(world)
        await go(pilot, "x", "enter")
        assert states(pilot) == ["waits", "waits", "taken"], "the safe answer is the first"
        await go(pilot, "x")
        await fill(pilot)
        assert states(pilot) == ["waits", "taken"]
        await go(pilot, "end", "f", "x")
        await fill(pilot)
        assert states(pilot) == ["waits"]
        await go(pilot, "escape")
        assert "To review: 1 capture (press r)" in text_of(world)
    with reading(world.engine) as session:
        ada = world.ids["Ada Lovelace"]
        assert candidates.accepted(session, ada) == []
        assert len(templates.list_templates(session, ada)) == 3


async def test_there_is_no_review_where_nothing_was_seen(world: World) -> None:
    async with at_desk(world, "f4", "r") as pilot:
        assert isinstance(pilot.app.screen, PeopleScreen)
        assert "Review" not in text_of(world)


async def test_a_capture_that_somebody_else_reviewed_meanwhile_is_said(world: World) -> None:
    captures(world, 1)
    async with at_desk(world, "f4", "r", notifications=True) as pilot:
        with writing(world.engine) as session:
            (one,) = candidates.waiting(session)
            candidates.reject(session, one.id, at=NOW, actor="elsewhere")
        await go(pilot, "f")
        assert "No captures to review." in text_of(world)
        assert isinstance(pilot.app.screen, TemplateReview)
        assert states(pilot) == []
        await go(pilot, "escape")
    with reading(world.engine) as session:
        assert people.count_people(session) == 10
