"""Why: by key y from Door, Today, day sheet and Visitors; the threshold moves, a wrong entry is made void."""

import json
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select, update

from db.attendance import kiosks, ledger
from db.engine import reading, writing
from db.ids import new_id
from db.observations import sightings, views
from db.people import look_alikes
from db.records.attendance import NewEvent
from db.records.observations import SightingRecord
from db.schema.observations import SightingRow
from monitor.desk.pin_entry import write_admin_pin
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.why import WhyScreen
from monitor.tui.widgets.thumbnail import Thumbnail
from monitor.vision.jpeg import encode_jpeg
from tests.db.rows import newest_events
from tests.monitor.tui.desk_keys import at_desk, fill, go, names, told
from tests.monitor.world import NOW, World, came, settle, text_of

JPEG = encode_jpeg(np.full((150, 150, 3), 180, np.uint8))


@pytest.fixture
def entry(world: World) -> UUID:
    """An entry of Radia Perlman's, with two pictures, today."""
    with writing(world.engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        radia, ada = world.ids["Radia Perlman"], world.ids["Ada Lovelace"]
        seen = SightingRecord(
            new_id(), kiosk, 1, NOW, NOW, 41, radia, radia, 0.69, ada, 0.55, 0.66, 0.5, "both"
        )  # fmt: skip
        sightings.add(session, world.cipher, seen)
        views.add(session, world.cipher, seen.id, [(NOW, np.full(128, 128**-0.5, np.float32), JPEG)] * 2)
        event = NewEvent(
            new_id(), "check_in", radia, NOW, "Europe/Berlin", kiosk, "face", "door", NOW, sighting=seen.id
        )
        ledger.append(session, event)
    return event.id


async def test_y_tells_why_and_the_threshold_moves(world: World, entry: UUID) -> None:
    async with at_desk(world) as pilot:
        await go(pilot, *["down"] * names(pilot, "#roster").index("Radia Perlman"), "y")
        assert isinstance(pilot.app.screen, WhyScreen)
        shown = text_of(world)
        assert "Why? Radia Perlman came in, Mon 9 Mar 2026 09:58, door" in shown
        assert "Named, because both encoders agree" in " ".join(shown.split())
        assert "0.690    0.50" in shown
        assert "1 % of strangers may be named, as set now: threshold 0.660, named Radia Perlman." in shown
        assert "← → Threshold" in shown
        assert [one.display for one in pilot.app.screen.query(Thumbnail)] == [True, True, False]
        await go(pilot, "left", "left")
        assert "0.1 % of strangers may be named: threshold" in text_of(world)
        assert "named nobody" in text_of(world)
        await go(pilot, "left")
        assert "0.1 % of strangers" in text_of(world), "there is no stricter one"
        await go(pilot, "escape")
        assert not isinstance(pilot.app.screen, WhyScreen)


async def test_somebody_else_is_voided_remembered_and_exported(world: World, entry: UUID, tmp_path: Path) -> None:
    async with at_desk(world) as pilot:
        await go(pilot, *["down"] * names(pilot, "#roster").index("Radia Perlman"), "enter", "y")
        assert isinstance(pilot.app.screen, WhyScreen)
        await go(pilot, "e")
        await fill(pilot, file=str(tmp_path / "why.json"))
        assert json.loads((tmp_path / "why.json").read_text())["event"] == str(entry)
        await go(pilot, "n")
        await fill(pilot)
        assert "The entry is void, and the mistake is remembered." in told(pilot)
        assert isinstance(pilot.app.screen, DaySheet)
        assert "(came in)" in text_of(world)
    with reading(world.engine) as session:
        assert (newest_events(session)[0].kind, newest_events(session)[0].target) == ("void", entry)
        assert look_alikes.wrongly_named(session) == {world.ids["Radia Perlman"]: 1}


async def test_who_has_no_entry_is_told_so(world: World) -> None:
    async with at_desk(world) as pilot:
        await go(pilot, *["down"] * names(pilot, "#roster").index("Tim Berners-Lee"), "y")
        assert "Tim Berners-Lee has no entry on that day, so there is nothing to explain." in told(pilot)
        assert not isinstance(pilot.app.screen, WhyScreen)


async def test_a_visitor_tells_who_was_most_alike(world: World) -> None:
    with writing(world.engine) as session:
        unknown = session.scalars(select(SightingRow.id).where(SightingRow.person_id.is_(None))).all()
        ada = world.ids["Ada Lovelace"]
        session.execute(
            update(SightingRow).where(SightingRow.id.in_(unknown)).values(best_id=ada, similarity=0.8, threshold=0.94)
        )
    async with at_desk(world, "f5", "y"):
        shown = " ".join(text_of(world).split())
        assert "Somebody unknown was seen" in shown
        assert "Ada Lovelace, the most similar, is 0.140 too low" in shown


async def test_the_door_asks_for_the_pin_before_it_tells(world: World, entry: UUID) -> None:
    hashed = write_admin_pin(
        world.engine, world.cipher, Path(world.settings.db.removeprefix("sqlite:///")).with_name("muster.toml"),
        "246824", shortest=6, at=NOW, actor="test",
    )  # fmt: skip
    async with at_desk(world, camera=True, admin_pin_hash=hashed) as pilot:
        await go(pilot, "y")
        assert "Admin PIN" not in text_of(world), "nothing has happened at the door in this run"
        world.kiosk.on_event(came(world, attendance=entry))
        await go(pilot, "y")
        assert not isinstance(pilot.app.screen, WhyScreen)
        await fill(pilot, pin="246824")
        await settle(pilot)
        assert isinstance(pilot.app.screen, WhyScreen)
        assert "Why? Radia Perlman came in" in text_of(world)
