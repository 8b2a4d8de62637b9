"""Shifts are checked, kept, ended and removed, and the audit log tells each change."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db.attendance import shifts
from db.calendar import Shift
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.ids import new_id
from db.people import people
from tests.db.rows import newest_entries

OFFICE = Shift(new_id(), frozenset(range(5)), time(9), time(17, 30))
NIGHT = Shift(
    new_id(),
    frozenset({0, 6}),
    time(22),
    time(6),
    group="Night",
    grace_minutes=10,
    break_minutes=30,
    break_paid=True,
    valid_from=date(2026, 3, 2),
    valid_to=date(2026, 12, 31),
    every_weeks=2,
)


def test_a_shift_comes_back_as_it_was_entered(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        ada = people.add_person(session, "Ada", at=at, actor="test", group="Night")
        own = replace(OFFICE, id=new_id(), person=ada.id)
        for shift in (OFFICE, NIGHT, own):
            assert shifts.add(session, shift, at=at, actor="test") == shift
        assert shifts.add(session, replace(NIGHT, id=new_id(), group=" Day\n"), at=at, actor="test").group == "Day"
    with reading(engine) as session:
        assert set(shifts.all_shifts(session)) > {OFFICE, NIGHT, own}
        assert set(shifts.shifts_for(session, ada.id, "Night")) == {OFFICE, NIGHT, own}
        assert shifts.shifts_for(session, new_id(), None) == [OFFICE]
        assert shifts.of_scope(session, ada.id, None) == [own]
        assert shifts.of_scope(session, None, "Night") == [NIGHT]
        assert shifts.of_scope(session, None, None) == [OFFICE]


def test_shifts_are_found_by_the_days_on_which_they_are_valid(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        for shift in (OFFICE, NIGHT):
            shifts.add(session, shift, at=at, actor="test")
    first, last = NIGHT.valid_from, NIGHT.valid_to
    assert first is not None
    assert last is not None
    day = timedelta(days=1)
    with reading(engine) as session:
        for asked, found in (((first, first), 2), ((last, last), 2), ((None, first - day), 1), ((last + day, None), 1)):
            assert len(shifts.all_shifts(session, *asked)) == found, asked


def test_an_end_keeps_the_past_and_says_what_was_before(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        shifts.add(session, OFFICE, at=at, actor="test")
        shifts.add(session, NIGHT, at=at, actor="test")
        ended = shifts.end(session, OFFICE.id, date(2026, 3, 31), at=at, actor="boss")
        assert ended == replace(OFFICE, valid_to=date(2026, 3, 31))
        assert shifts.end(session, NIGHT.id, date(2026, 3, 1), at=at, actor="boss") is None
        assert shifts.all_shifts(session) == [ended]
        removed, end, *_ = newest_entries(session)
    assert (end.action, end.actor) == ("end shift", "boss")
    assert "valid_to" not in end.detail["before"]
    assert end.detail["after"] == end.detail["before"] | {"valid_to": "2026-03-31"}
    assert removed.action == "remove shift"
    assert removed.detail["before"] == {
        "shift": str(NIGHT.id), "days": [0, 6], "from": "22:00", "to": "06:00", "grace": 10, "break": 30, "paid": True,
        "group": "Night", "valid_from": "2026-03-02", "valid_to": "2026-12-31", "every_weeks": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"weekdays": frozenset()}, "weekdays"),
        ({"weekdays": frozenset({0, 7})}, "weekdays"),
        ({"group": " "}, "A group is empty"),
        ({"group": "Lab", "person": "Ada"}, "one person, for one group or for everybody"),
        ({"start": time(9, 0, 30)}, "whole minute"),
        ({"grace_minutes": -1}, "grace is -1"),
        ({"grace_minutes": 510}, "give 0 to 509"),
        ({"break_minutes": 510}, "give 0 to 509"),
        ({"every_weeks": 0}, "every 0 weeks"),
        ({"every_weeks": 2}, "needs a first day"),
        ({"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 31)}, "swap them"),
    ],
)
def test_a_shift_that_makes_no_sense_is_not_kept(
    sqlite: Engine, at: datetime, wrong: dict[str, Any], sentence: str
) -> None:
    with writing(sqlite) as session:
        ada = people.add_person(session, "Ada", at=at, actor="test").id
    given = replace(OFFICE, **wrong | ({"person": ada} if "person" in wrong else {}))
    with pytest.raises(InvalidRecord, match=sentence), writing(sqlite) as session:
        shifts.add(session, given, at=at, actor="test")
    with reading(sqlite) as session:
        assert shifts.all_shifts(session) == []


def test_nobody_gets_the_shift_of_somebody_who_does_not_exist(sqlite: Engine, at: datetime) -> None:
    with pytest.raises(InvalidRecord, match="person"), writing(sqlite) as session:
        shifts.add(session, replace(OFFICE, person=new_id()), at=at, actor="test")
    with pytest.raises(InvalidRecord, match="muster shifts list"), writing(sqlite) as session:
        shifts.remove(session, new_id(), at=at, actor="test")
