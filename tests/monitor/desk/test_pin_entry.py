"""Number and PIN: whose they are, and what the audit log says of a lock."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from db.engine import open_database, reading, writing
from db.people import people, pins
from monitor.attendance.pin import hash_pin
from monitor.desk.pin_entry import in_use, note_lock, person_of
from tests.db.rows import newest_entries

AT = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'pins.sqlite3'}")
    yield made
    made.dispose()


@pytest.fixture
def ada(engine: Engine) -> UUID:
    """Ada with the number 17 and the PIN 2718; Alan with the number 18 and none."""
    with writing(engine) as session:
        ada = people.add_person(session, "Ada", at=AT, actor="test", number="17").id
        people.add_person(session, "Alan", at=AT, actor="test", number="18")
        pins.set_pin(session, ada, hash_pin("2718"))
    return ada


def test_number_and_pin_lead_to_the_person(engine: Engine, ada: UUID) -> None:
    assert person_of(engine, "17", "2718") == ada


@pytest.mark.parametrize(
    ("number", "pin"), [("17", "2719"), ("99", "2718"), ("18", "2718"), ("18", ""), ("", "2718"), ("17", "")]
)
def test_anything_else_leads_to_nobody(engine: Engine, ada: UUID, number: str, pin: str) -> None:
    assert person_of(engine, number, pin) is None


def test_who_is_deactivated_has_no_pin(engine: Engine, ada: UUID) -> None:
    assert in_use(engine)
    with writing(engine) as session:
        people.set_active(session, ada, False, at=AT, actor="test")
    assert person_of(engine, "17", "2718") is None
    assert not in_use(engine)


def test_a_lock_stands_in_the_audit_log_without_numbers_or_names(engine: Engine) -> None:
    note_lock(engine, "door", AT)
    with reading(engine) as session:
        (entry,) = newest_entries(session)
    assert (entry.action, entry.actor, entry.at, entry.person) == ("lock PIN entry", "door", AT, None)
    assert entry.detail == {"wrong_tries": 5}
