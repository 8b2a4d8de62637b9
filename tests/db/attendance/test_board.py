"""The people of a day board whose own calendar decides."""

from datetime import UTC, datetime

from sqlalchemy import Engine

from db.attendance import board
from db.engine import reading, writing
from db.people import people
from db.records.attendance import Expectation
from db.records.pages import Want

AT = datetime(2026, 7, 1, tzinfo=UTC)


def test_those_who_came_are_not_missing_and_those_with_their_own_calendar_are_not_counted(engine: Engine) -> None:
    names = ("Ada", "Ben", "Cem", "Dora")
    with writing(engine) as session:
        ids = [people.add_person(session, name, at=AT, actor="test").id for name in names]
    # 40,000 who are not here: more than a statement of SQLite may have parameters.
    own = {ids[1]: "absent"} | {type(ids[1])(int=number): "absent" for number in range(40_000)}
    expectation = Expectation(datetime(2026, 7, 2, tzinfo=UTC), {}, "not expected", own)
    which = board.BoardFilter(expectation, [ids[0]])
    with reading(engine) as session:
        missing = board.missing_page(session, which, Want(10))
        absent = board.missing_page(session, which, Want(10), status="absent")
        counts = board.count_listed(session, expectation)
    assert [one.name for one in missing.items] == ["Ben", "Cem", "Dora"]
    assert [one.name for one in absent.items] == ["Ben"]
    assert counts == {"not expected": 3}
