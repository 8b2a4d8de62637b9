"""Public holidays: one a day, whole or half."""

from datetime import date, datetime

import pytest
from sqlalchemy import Engine

from db.attendance import holidays
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.ids import new_id
from tests.db.rows import newest_entries

EASTER, EVE = date(2026, 4, 5), date(2026, 12, 24)


def test_holidays_are_kept_by_day_and_found_between_two_days(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        eve = holidays.add(session, EVE, "Christmas\nEve", half="afternoon", at=at, actor="test")
        new = holidays.add_new(session, [(EVE, "Other"), (EASTER, "Easter"), (EASTER, "Easter")], at=at, actor="test")
    assert [(one.day, one.name, one.half) for one in new] == [(EASTER, "Easter", None)]
    assert (eve.name, eve.half) == ("Christmas Eve", "afternoon")
    with reading(engine) as session:
        assert holidays.all_holidays(session) == [*new, eve]
        assert holidays.holidays_between(session, EVE, EVE) == [eve]
        assert holidays.holidays_between(session, date(2026, 1, 1), EASTER) == new


def test_a_day_is_a_holiday_once(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        holidays.add(session, EVE, "Christmas Eve", at=at, actor="test")
    with pytest.raises(InvalidRecord, match="2026-12-24 is a holiday already"), writing(engine) as session:
        holidays.add(session, EVE, "Eve", at=at, actor="test")


def test_a_removed_holiday_is_told_by_the_audit_log(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        eve = holidays.add(session, EVE, "Christmas Eve", half="morning", at=at, actor="test")
        assert holidays.remove(session, eve.id, at=at, actor="boss") == eve
        assert holidays.all_holidays(session) == []
        removed, added = newest_entries(session)
    assert (removed.action, removed.actor, removed.detail["before"]) == (
        "remove holiday",
        "boss",
        added.detail["after"],
    )
    assert added.detail["after"] == {
        "holiday": str(eve.id), "day": "2026-12-24", "name": "Christmas Eve", "half": "morning"
    }  # fmt: skip
    with pytest.raises(InvalidRecord, match="muster holidays list"), writing(engine) as session:
        holidays.remove(session, new_id(), at=at, actor="test")
