"""Two people become one, and two again: each with what was theirs."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from db import audit
from db.attendance import kiosks, ledger
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.faces import templates
from db.ids import new_id
from db.observations import sightings
from db.people import consents, people, pins
from db.privacy import erasure, merges
from db.records.attendance import NewEvent
from db.records.observations import SightingRecord
from db.records.people import Person
from db.schema.audit import UndoRow
from db.schema.moods import MoodRow
from db.schema.observations import SightingRow
from db.verification import verdict
from tests.db.doors import AT, CIPHER
from tests.db.privacy.test_erasure import _live


def _state(engine: Engine, person: UUID) -> object:
    """All that a merge moves."""
    with reading(engine) as session:
        faces = templates.list_templates(session, person)
        decided = [(one.kind, one.given, one.at, one.recorded_by) for one in consents.history(session, person)]
        members = [one.embedding.tobytes() for one in templates.load_members(session, CIPHER, person, "test-1")]
        return (
            people.get_person(session, person),
            [(one.content_hash, templates.load_chip(session, CIPHER, one.id) is not None) for one in faces],
            members,
            [event.id for event in ledger.of_person(session, person)],
            list(session.scalars(select(SightingRow.id).where(SightingRow.person_id == person))),
            list(session.scalars(select(MoodRow.id).where(MoodRow.person_id == person))),
            decided,
        )


def _pair(engine: Engine, images: str = "ab") -> tuple[Person, Person]:
    ada, twin = (_live(engine, name, image) for name, image in zip(("Ada", "Twin"), images, strict=True))
    return ada, twin


@pytest.mark.parametrize("images", ["ab", "aa"])
def test_a_merge_taken_back_gives_each_what_was_theirs(engine: Engine, images: str) -> None:
    ada, twin = _pair(engine, images)
    with writing(engine) as session:
        people.set_number(session, twin.id, "17", at=AT, actor="desk")
        pins.set_pin(session, twin.id, "hash")
    before = [_state(engine, one.id) for one in (ada, twin)]
    with writing(engine) as session:
        entry = merges.merge(session, CIPHER, twin.id, ada.id, at=AT, actor="desk")
    with writing(engine) as session:
        assert merges.take_back(session, CIPHER, entry, at=AT, actor="desk") == (twin.id, ada.id)
    assert [_state(engine, one.id) for one in (ada, twin)] == before
    with reading(engine) as session:
        assert (found := pins.find(session, "17"))
        assert (found.person_id, found.pin_hash) == (twin.id, "hash")
        assert audit.kept(session, entry) is None
    assert verdict.verify(engine, CIPHER, None).problems == ()


def test_a_portrait_that_went_along_comes_back(engine: Engine) -> None:
    ada, twin = _pair(engine)
    with writing(engine) as session:
        templates.delete_portrait(session, ada.id)
        entry = merges.merge(session, CIPHER, twin.id, ada.id, at=AT, actor="desk")
        assert templates.load_portrait(session, CIPHER, ada.id) == b"portrait of Twin"
        merges.take_back(session, CIPHER, entry, at=AT, actor="desk")
        portraits = [templates.load_portrait(session, CIPHER, one.id) for one in (ada, twin)]
    assert portraits == [None, b"portrait of Twin"]


def test_number_and_pin_stay_where_the_other_has_none(engine: Engine) -> None:
    ada, twin = _pair(engine)
    with writing(engine) as session:
        people.set_number(session, twin.id, "17", at=AT, actor="desk")
        pins.set_pin(session, twin.id, "hash")
        merges.merge(session, CIPHER, twin.id, ada.id, at=AT, actor="desk")
    with reading(engine) as session:
        assert (found := pins.find(session, "17"))
        assert (found.person_id, found.pin_hash) == (ada.id, "hash")


@pytest.mark.parametrize(("number", "pin"), [(None, "of Ada"), ("1", "of Ada"), ("17", "of Twin")])
def test_of_two_numbers_one_is_chosen_with_its_pin(engine: Engine, number: str | None, pin: str) -> None:
    ada, twin = _pair(engine)
    with writing(engine) as session:
        for one, has, named in ((ada, "1", "of Ada"), (twin, "17", "of Twin")):
            people.set_number(session, one.id, has, at=AT, actor="desk")
            pins.set_pin(session, one.id, named)
        with pytest.raises(InvalidRecord, match="belongs to neither"):
            merges.merge(session, CIPHER, twin.id, ada.id, number="3", at=AT, actor="desk")
        merges.merge(session, CIPHER, twin.id, ada.id, number=number, at=AT, actor="desk")
    with reading(engine) as session:
        assert (found := pins.find(session, number or "1"))
        assert (found.person_id, found.pin_hash) == (ada.id, pin)


def test_what_was_seen_since_the_merge_stays_with_who_stayed(engine: Engine) -> None:
    later = AT + timedelta(hours=1)
    for _ in range(4):  # pseudonyms are random: the right one must not be chosen by chance
        ada, twin = _pair(engine)
        with writing(engine) as session:
            entry = merges.merge(session, CIPHER, twin.id, ada.id, at=AT, actor="desk")
            kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=AT).id
            ledger.append(session, NewEvent(new_id(), "check_out", ada.id, later, "UTC", kiosk, "face", "door", later))
            seen = SightingRecord(new_id(), kiosk, 1, later, later, 3, ada.id, ada.id, 0.9, None, None, 0.5)
            sightings.add(session, CIPHER, seen)
            merges.take_back(session, CIPHER, entry, at=later, actor="desk")
            assert [len(ledger.of_person(session, one.id)) for one in (ada, twin)] == [2, 1]
            assert (found := sightings.get(session, seen.id))
            assert found.person == ada.id


def test_a_merge_is_taken_back_only_before_what_depends_on_it(engine: Engine) -> None:
    ada, twin = _pair(engine)
    third = _live(engine, "Third", "c")
    states = [_state(engine, one.id) for one in (ada, twin, third)]
    with writing(engine) as session:
        first = merges.merge(session, CIPHER, twin.id, ada.id, at=AT, actor="desk")
        second = merges.merge(session, CIPHER, ada.id, third.id, at=AT, actor="desk")
    with pytest.raises(InvalidRecord, match="merged further"), writing(engine) as session:
        merges.take_back(session, CIPHER, first, at=AT, actor="desk")
    with writing(engine) as session:
        merges.take_back(session, CIPHER, second, at=AT, actor="desk")
        merges.take_back(session, CIPHER, first, at=AT, actor="desk")
    assert [_state(engine, one.id) for one in (ada, twin, third)] == states


def test_a_number_that_went_to_another_is_named(engine: Engine) -> None:
    ada, twin = _pair(engine)
    with writing(engine) as session:
        people.set_number(session, twin.id, "17", at=AT, actor="desk")
        entry = merges.merge(session, CIPHER, twin.id, ada.id, at=AT, actor="desk")
        people.set_number(session, ada.id, "18", at=AT, actor="desk")
        people.add_person(session, "Carol", number="17", at=AT, actor="desk")
    with pytest.raises(InvalidRecord, match="number 17 belongs to somebody else"), writing(engine) as session:
        merges.take_back(session, CIPHER, entry, at=AT, actor="desk")


def test_erasing_who_stayed_erases_what_was_kept_of_who_went(engine: Engine) -> None:
    ada, twin = _pair(engine)
    with writing(engine) as session:
        merges.merge(session, CIPHER, twin.id, ada.id, at=AT, actor="desk")
        erasure.erase(session, ada.id, at=AT, actor="desk")
        assert list(session.scalars(select(UndoRow.id))) == []
