"""PINs: who has one is found by number, and nothing that leaves the database holds its hash."""

import json

import pytest
from sqlalchemy import Engine, select

from db.engine import reading, writing
from db.errors import InvalidRecord
from db.people import people, pins
from db.privacy import erasure
from db.records.people import Person, PinRecord
from db.schema.people import PersonRow
from tests.db.doors import AT, CIPHER

HASH = "scrypt$16384$8$1$c2FsdA==$aGFzaA=="


@pytest.fixture
def ada(engine: Engine) -> Person:
    with writing(engine) as session:
        person = people.add_person(session, "Ada", number="007", at=AT, actor="test")
        pins.set_pin(session, person.id, HASH)
        return person


def test_a_number_leads_to_the_person_and_the_hash(engine: Engine, ada: Person) -> None:
    with reading(engine) as session:
        assert pins.find(session, " 007 ") == PinRecord(ada.id, "Ada", HASH)
        assert [pins.find(session, other) for other in ("7", "0070", "", "\n", "9" * 501)] == [None] * 5


def test_a_pin_can_be_taken_away(engine: Engine, ada: Person) -> None:
    with writing(engine) as session:
        pins.set_pin(session, ada.id, None)
    with reading(engine) as session:
        assert pins.find(session, "007") == PinRecord(ada.id, "Ada", None)


def test_a_pin_goes_with_its_number(engine: Engine, ada: Person) -> None:
    with writing(engine) as session:
        people.set_number(session, ada.id, None, at=AT, actor="test")
        people.set_number(session, ada.id, "8", at=AT, actor="test")
    with reading(engine) as session:
        assert pins.find(session, "8") == PinRecord(ada.id, "Ada", None)
        assert not pins.any_set(session)


def test_who_is_not_active_is_not_found(engine: Engine, ada: Person) -> None:
    with writing(engine) as session:
        people.set_active(session, ada.id, False, at=AT, actor="test")
    with reading(engine) as session:
        assert pins.find(session, "007") is None


def test_a_pin_needs_a_number_and_a_person(engine: Engine, ada: Person) -> None:
    with writing(engine) as session:
        bob = people.add_person(session, "Bob", at=AT, actor="test")
    with pytest.raises(InvalidRecord, match="has no number"), writing(engine) as session:
        pins.set_pin(session, bob.id, HASH)
    with writing(engine) as session:
        erasure.erase(session, bob.id, at=AT, actor="test")
    with pytest.raises(InvalidRecord, match="no person"), writing(engine) as session:
        pins.set_pin(session, bob.id, None)


def test_an_export_does_not_hold_the_hash(engine: Engine, ada: Person) -> None:
    with reading(engine) as session:
        export = erasure.export_person(session, CIPHER, ada.id)
    assert "007" in json.dumps(export.data, default=str)
    assert "pin_hash" not in export.data["person"]
    assert HASH not in json.dumps(export.data, default=str)
    assert HASH not in repr(PinRecord(ada.id, "Ada", HASH))


def test_erasing_removes_the_hash(engine: Engine, ada: Person) -> None:
    with writing(engine) as session:
        erasure.erase(session, ada.id, at=AT, actor="test")
    with reading(engine) as session:
        assert session.scalars(select(PersonRow.pin_hash)).all() == []
        assert pins.find(session, "007") is None
