"""Leave: whole or half days of one person, never two at once."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from db.attendance import leave
from db.calendar import Leave
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.ids import new_id
from db.people import people
from db.privacy import erasure, merges
from tests.db.rows import newest_entries

FIRST, LAST = date(2026, 3, 9), date(2026, 3, 13)
DAY = timedelta(days=1)


def test_leave_is_found_by_its_days_and_its_person(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        ada, bob = (people.add_person(session, name, at=at, actor="test").id for name in ("Ada", "Bob"))
        week = leave.add(session, Leave(new_id(), ada, FIRST, LAST, "holiday", note=" to\n Rome "), at=at, actor="test")
        half = leave.add(session, Leave(new_id(), bob, LAST, LAST, "sick", "morning"), at=at, actor="test")
    assert week.note == "to Rome"
    with reading(engine) as session:
        assert leave.leave_between(session, LAST, LAST) == [week, half]
        assert leave.leave_between(session, FIRST - DAY, FIRST) == [week]
        assert leave.leave_between(session, LAST + DAY) == leave.leave_between(session, FIRST - DAY, FIRST - DAY) == []
        assert leave.leave_between(session, LAST, person=bob) == leave.of_person(session, bob) == [half]


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({}, True),
        ({"first": LAST, "last": LAST + DAY}, True),
        ({"first": LAST + DAY, "last": LAST + DAY}, False),
        ({"first": FIRST, "last": FIRST, "half": "morning"}, True),
    ],
)
def test_nobody_has_two_leaves_at_once(sqlite: Engine, at: datetime, changed: dict[str, object], refused: bool) -> None:
    with writing(sqlite) as session:
        ada = people.add_person(session, "Ada", at=at, actor="test").id
        kept = leave.add(session, Leave(new_id(), ada, FIRST, LAST, "holiday"), at=at, actor="test")
        again = replace(kept, id=new_id(), **changed)  # type: ignore[arg-type]
        if refused:
            with pytest.raises(InvalidRecord, match="Ada has leave from 2026-03-09 to 2026-03-13"):
                leave.add(session, again, at=at, actor="test")
        else:
            leave.add(session, again, at=at, actor="test")


def test_a_morning_and_an_afternoon_go_together(sqlite: Engine, at: datetime) -> None:
    with writing(sqlite) as session:
        ada = people.add_person(session, "Ada", at=at, actor="test").id
        morning = Leave(new_id(), ada, FIRST, FIRST, "sick", "morning")
        for one in (morning, replace(morning, id=new_id(), kind="unpaid", half="afternoon")):
            leave.add(session, one, at=at, actor="test")
        with pytest.raises(InvalidRecord, match="already"):
            leave.add(session, replace(morning, id=new_id()), at=at, actor="test")


def test_leave_that_makes_no_sense_is_not_kept(sqlite: Engine, at: datetime) -> None:
    with writing(sqlite) as session:
        ada = people.add_person(session, "Ada", at=at, actor="test").id
        with pytest.raises(InvalidRecord, match="swap them"):
            leave.add(session, Leave(new_id(), ada, LAST, FIRST, "holiday"), at=at, actor="test")
        with pytest.raises(InvalidRecord, match="give holiday, sick, training, unpaid or other"):
            leave.add(session, Leave(new_id(), ada, FIRST, LAST, "party"), at=at, actor="test")  # type: ignore[arg-type]
        with pytest.raises(InvalidRecord, match="muster leave list"):
            leave.remove(session, new_id(), at=at, actor="test")
        assert leave.of_person(session, ada) == []


def test_a_removed_leave_is_told_by_the_audit_log(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        ada = people.add_person(session, "Ada", at=at, actor="test").id
        kept = leave.add(session, Leave(new_id(), ada, FIRST, LAST, "sick", note="flu"), at=at, actor="test")
        assert leave.remove(session, kept.id, at=at, actor="boss") == kept
        assert leave.of_person(session, ada) == []
        removed, added, *_ = newest_entries(session, person=ada)
    assert (removed.action, removed.actor, removed.detail["before"]) == ("remove leave", "boss", added.detail["after"])
    assert added.detail["after"] == {
        "leave": str(kept.id), "from": "2026-03-09", "to": "2026-03-13", "kind": "sick", "note": "flu"
    }  # fmt: skip


def test_leave_is_exported_merged_and_erased_with_the_person(
    engine: Engine, cipher: TemplateCipher, at: datetime
) -> None:
    with writing(engine) as session:
        ada, bob = (people.add_person(session, name, at=at, actor="test").id for name in ("Ada", "Bob"))
        kept = leave.add(session, Leave(new_id(), ada, FIRST, LAST, "sick", note="flu"), at=at, actor="test")
        exported = erasure.export_person(session, cipher, ada).data["leave"]
        assert [(one["first"], one["kind"], one["note"]) for one in exported] == [("2026-03-09", "sick", "flu")]
        merges.merge(session, cipher, ada, bob, at=at, actor="test")
        assert leave.of_person(session, bob) == [replace(kept, person=bob)]
        erasure.erase(session, bob, at=at, actor="test")
        assert leave.leave_between(session, date.min) == []
