"""What a repair writes, and what the day would be."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from db.attendance import kiosks, ledger, shifts
from db.calendar import Shift
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.ids import new_id
from db.observations import sightings
from db.people import people
from db.records.attendance import NewEvent, Presence
from db.records.observations import SightingRecord
from monitor.attendance.days import Period
from monitor.attendance.summary import Reason
from monitor.desk.days.corrections import person_entries
from monitor.desk.days.repair_list import RepairList, repair_list
from monitor.desk.repairs.repairing import foreseen, look_again, repair, set_aside
from tests.monitor.world import World

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
BY: dict[str, Any] = {"at": NOW, "actor": "Ingrid"}


def at(clock: str) -> datetime:
    return datetime.combine(MONDAY, time.fromisoformat(clock), tzinfo=BERLIN).astimezone(UTC)


@pytest.fixture
def world(empty_world: World) -> World:
    """Ann came at 08:50, was seen at 17:28 without an entry, and never left."""
    start = at("08:00") - timedelta(days=3)
    with writing(empty_world.engine) as session:
        door = kiosks.register(session, "South", site="HQ", role="in", time_zone="Europe/Berlin", at=start).id
        ann = people.add_person(session, "Ann", at=start, actor="t").id
        everybody = Shift(new_id(), frozenset({0}), time(9), time(17, 30), break_minutes=30)
        shifts.add(session, everybody, at=start, actor="t")
        come(empty_world, session, ann, door, "check_in", "08:50")
        sightings.add(session, empty_world.cipher, SightingRecord(
            new_id(), door, 1, at("17:27"), at("17:28"), 9, ann, ann, 0.9, None, None, 0.5,
        ))  # fmt: skip
    return empty_world


def come(world: World, session: Any, person: UUID, door: UUID, kind: Presence, clock: str) -> None:
    when = at(clock)
    ledger.append(session, NewEvent(new_id(), kind, person, when, "Europe/Berlin", door, "face", "South", when))


def listed(world: World) -> RepairList:
    return repair_list(world.engine, world.settings, Period(MONDAY, MONDAY + timedelta(days=4)), NOW)


def test_what_is_proposed_first_is_what_would_be_and_then_is(world: World) -> None:
    (one,) = listed(world).open
    assert [each.text for each in one.proposals] == ["left 17:28, seen at South", "left 17:30, the shift's end"]
    seen = foreseen(world.engine, world.settings, one, one.proposals[0], NOW)
    assert seen.summary is not None
    assert (seen.summary.present, seen.summary.incomplete) == (timedelta(hours=8, minutes=8), False)
    assert [sight.at for sight in seen.sights] == [at("17:28")]
    assert repair(world.engine, world.settings, [(one, one.proposals[0], one.proposals[0].reason)], **BY) == 1
    assert listed(world).open == ()
    lines = person_entries(world.engine, world.settings, one.person, MONDAY, NOW).lines
    assert [(line.event.kind, line.event.method, line.event.actor, line.reason) for line in lines] == [
        ("check_in", "face", "South", None),
        ("check_out", "manual", "Ingrid", "forgot to leave; seen at South then"),
    ]


def test_two_arrivals_become_one_by_a_void(world: World) -> None:
    with writing(world.engine) as session:
        (door,) = (kiosk.id for kiosk in kiosks.all_kiosks(session))
        (ann,) = (one.id for one in people.members(session))
        come(world, session, ann, door, "check_in", "09:20")
        come(world, session, ann, door, "check_out", "17:30")
    (one,) = listed(world).open
    assert one.reason is Reason.TWO_INS
    seen = foreseen(world.engine, world.settings, one, one.proposals[0], NOW)
    assert seen.summary is not None
    assert not seen.summary.incomplete
    repair(world.engine, world.settings, [(one, one.proposals[0], one.proposals[0].reason)], **BY)
    assert listed(world).open == ()


def test_of_several_repairs_all_are_written_or_none(world: World) -> None:
    (one,) = listed(world).open
    good = one.proposals[0]
    gone = replace(good, kind=None, at=None, void=new_id())
    with pytest.raises(InvalidRecord):
        repair(world.engine, world.settings, [(one, good, "left then"), (one, gone, "twice")], **BY)
    assert [each.key for each in listed(world).open] == [one.key]


def test_what_is_set_aside_is_kept_with_its_reason_until_it_is_put_back(world: World) -> None:
    (one,) = listed(world).open
    set_aside(world.engine, [one], "asked her", **BY)
    found = listed(world)
    assert found.open == ()
    assert [(each.repair.key, each.reason, each.actor) for each in found.aside] == [(one.key, "asked her", "Ingrid")]
    look_again(world.engine, [one], "after all", **BY)
    assert [each.key for each in listed(world).open] == [one.key]
    with reading(world.engine) as session:
        assert len(ledger.between(session, at("00:00"), NOW)) == 1, "the ledger is as it was"


def test_a_repair_at_the_desk_does_not_make_a_kiosk_look_alive(world: World) -> None:
    (one,) = listed(world).open
    at_south = world.settings.model_copy(update={"kiosk": "South", "role": "in"})
    repair(world.engine, at_south, [(one, one.proposals[0], one.proposals[0].reason)], **BY)
    with reading(world.engine) as session:
        (south,) = kiosks.all_kiosks(session)
    assert south.seen_at == at("08:00") - timedelta(days=3)
