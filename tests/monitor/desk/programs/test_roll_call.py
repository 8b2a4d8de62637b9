"""The roll call: who was inside, ticked off, ended; also after people are merged or erased."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from db.engine import reading, writing
from db.errors import InvalidRecord
from db.privacy import erasure, merges
from db.programs import roll_calls
from monitor.desk.programs import roll_call
from monitor.desk.programs.around import programs_around
from monitor.domain import EventKind, KioskEvent
from monitor.errors import UsageError
from tests.monitor.world import NOW, World

INSIDE = ["Ada Lovelace", "Barbara Liskov", "Donald Knuth", "Edsger Dijkstra", "Grace Hopper"]
BY: dict[str, Any] = {"at": NOW, "actor": "warden"}


def view(world: World) -> roll_call.RollCallView:
    return roll_call.roll_call_view(world.engine, world.settings, NOW)


def test_whoever_is_inside_is_on_the_list_and_is_ticked_off(world: World) -> None:
    before = view(world)
    assert (before.roll_call, sorted(one.name for one in before.people)) == (None, INSIDE)
    started = roll_call.start(world.engine, world.settings, **BY)
    assert ([one.name for one in started.people], started.missing) == (INSIDE, 5)
    roll_call.tick(world.engine, world.ids["Ada Lovelace"], found=True, **BY)
    after = view(world)
    assert ([one.name for one in after.people][-1], after.missing) == ("Ada Lovelace", 4)
    assert after.people[-1].found_by == "warden"
    roll_call.tick(world.engine, world.ids["Ada Lovelace"], found=False, **BY)
    assert view(world).missing == 5
    assert roll_call.end(world.engine, **BY) == 5
    assert view(world).roll_call is None


def test_a_second_start_goes_on_with_the_one_that_is_on(world: World) -> None:
    roll_call.start(world.engine, world.settings, **BY)
    roll_call.tick(world.engine, world.ids["Ada Lovelace"], found=True, **BY)
    assert roll_call.start(world.engine, world.settings, at=NOW + timedelta(minutes=5), actor="other").missing == 4


def test_nobody_is_ticked_who_was_not_inside_or_while_none_goes_on(world: World) -> None:
    with pytest.raises(UsageError, match="No roll call goes on"):
        roll_call.tick(world.engine, world.ids["Ada Lovelace"], found=True, **BY)
    roll_call.start(world.engine, world.settings, **BY)
    with pytest.raises(InvalidRecord, match="not inside when the roll call began"):
        roll_call.tick(world.engine, world.ids["Alan Turing"], found=True, **BY)


def test_merged_people_are_one_on_the_list_and_erased_ones_are_gone(world: World) -> None:
    roll_call.start(world.engine, world.settings, **BY)
    ids = world.ids
    with writing(world.engine) as session:
        merges.merge(session, world.cipher, ids["Ada Lovelace"], ids["Barbara Liskov"], at=NOW, actor="test")
        merges.merge(session, world.cipher, ids["Donald Knuth"], ids["Alan Turing"], at=NOW, actor="test")
        erasure.erase(session, ids["Grace Hopper"], at=NOW, actor="test")
    assert [one.name for one in view(world).people] == ["Alan Turing", "Barbara Liskov", "Edsger Dijkstra"]


def test_what_is_kept_about_a_person_has_their_roll_calls(world: World) -> None:
    roll_call.start(world.engine, world.settings, **BY)
    with reading(world.engine) as session:
        export = erasure.export_person(session, world.cipher, world.ids["Ada Lovelace"])
    assert [one["found_at"] for one in export.data["roll_calls"]] == [None]


def test_a_roll_call_is_kept_as_long_as_sightings(world: World) -> None:
    roll_call.start(world.engine, world.settings, **BY)
    roll_call.end(world.engine, **BY)
    later = NOW + timedelta(days=world.settings.keep_sightings_days + 1)
    roll_call.start(world.engine, world.settings, at=later, actor="warden")
    with reading(world.engine) as session:
        export = erasure.export_person(session, world.cipher, world.ids["Ada Lovelace"])
        newest = roll_calls.newest(session)
    assert export.data["roll_calls"] == []
    assert newest is not None
    assert newest.started_at == later


def test_a_camera_at_the_assembly_point_ticks_off_whom_it_sees_alive(world: World) -> None:
    roll_call.start(world.engine, world.settings, **BY)
    chosen = world.settings.model_copy(update={"assembly_point": True, "kiosk": "yard"})
    ada, barbara = (world.ids[name] for name in INSIDE[:2])
    with programs_around(world.engine, chosen, lambda: NOW) as hear:
        hear(KioskEvent(EventKind.NOT_LIVE, NOW, barbara, INSIDE[1], track=1))
        hear(KioskEvent(EventKind.SIGHTING, NOW, world.ids["Alan Turing"], "Alan Turing", track=2))
        hear(KioskEvent(EventKind.UNKNOWN, NOW, track=3))
        hear(KioskEvent(EventKind.SIGHTING, NOW, ada, INSIDE[0], track=4))
        while view(world).missing == 5:
            threading.Event().wait(0.01)
    (found,) = [one for one in view(world).people if one.found_at]
    assert (found.name, found.found_by) == ("Ada Lovelace", "yard")


def test_whoever_is_seen_while_no_roll_call_goes_on_is_no_news(world: World) -> None:
    assert not roll_call.seen(world.engine, world.ids["Ada Lovelace"], **BY)
