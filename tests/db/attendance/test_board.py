"""The people of a day board whose own calendar decides."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from sqlalchemy import Engine

from db.attendance import board, shifts
from db.calendar import Shift
from db.engine import reading, writing
from db.ids import new_id
from db.people import people
from db.records.attendance import Expectation, OwnShifts
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


def test_shifts_of_their_own_say_who_is_due_and_who_is_overdue(engine: Engine) -> None:
    day, thursday, friday = date(2026, 7, 2), frozenset([3]), frozenset([4])

    def shift(hour: int, weekdays: frozenset[int] = thursday, grace: int = 5, last: date | None = None) -> Shift:
        return Shift(new_id(), weekdays, time(hour), time(hour + 4), grace_minutes=grace, valid_to=last)

    own: dict[str, list[Shift]] = {
        "Overdue": [shift(8)],
        "Due by grace": [shift(8, grace=40)],
        "Twice": [shift(8), shift(14)],
        "Friday": [shift(8, friday)],
        "Long gone": [shift(8, last=date(2026, 7, 1))],
        "Nothing": [],
    }
    with writing(engine) as session:
        for name, theirs in own.items():
            person = people.add_person(session, name, group="Office", at=AT, actor="test").id
            for one in theirs:
                shifts.add(session, replace(one, person=person), at=AT, actor="test")
    said = OwnShifts(day, {5: time(8)}, ("", "due", "absent"))
    expectation = Expectation(datetime(2026, 7, 3, tzinfo=UTC), {"Office": "holiday"}, "other", own=said)
    with reading(engine) as session:
        starts, rotating = shifts.own_starts(session, day, each=False)
        assert (starts, rotating) == ({(time(8), 5), (time(8), 40), (time(14), 5)}, set())
        assert board.count_listed(session, expectation) == {"absent": 2, "due": 1, "": 1, "holiday": 2}
        for status, names in (
            ("absent", ["Overdue", "Twice"]),
            ("due", ["Due by grace"]),
            ("", ["Friday"]),
            ("holiday", ["Long gone", "Nothing"]),
        ):
            found = board.missing_page(session, board.BoardFilter(expectation, []), Want(9), status=status)
            assert [one.name for one in found.items] == names
