"""Forwarding people: who is who there, and what is done with them here or there afterwards."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine, select

from db.attendance import corrections, ledger
from db.engine import reading, writing
from db.errors import DatabaseBusy
from db.faces import templates
from db.forwarding.send import Forwarded, send_consents
from db.ids import new_id
from db.observations import sightings
from db.people import consents, people
from db.people.listing import list_people
from db.privacy import erasure, merges
from db.schema.audit import AuditRow
from db.schema.moods import MoodRow
from db.schema.observations import SightingRow
from db.schema.people import PersonRow, SubjectRow
from db.verification import ledger_check
from tests.db.doors import CIPHER, Door, origins
from tests.db.rows import newest_entries, newest_events

NOTHING = Forwarded()


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """SQLite: the rules are the same everywhere, and tests of whole rounds ask the same questions of PostgreSQL."""
    opened: Engine = request.getfixturevalue(getattr(request, "param", "sqlite"))
    return opened


def _count(engine: Engine, table: type) -> int:
    with reading(engine) as session:
        return len(session.scalars(select(table)).all())


def test_one_number_at_two_kiosks_is_one_person(
    engine: Engine, door: Door, other: Door, send: Callable[..., Forwarded]
) -> None:
    first, second = door.enrol("Ada", "7"), other.enrol("Ada L.", "7")
    for each, person in ((door, first), (other, second)):
        each.see(person)
        send(each)
    with reading(engine) as session:
        (ada,) = list_people(session)
        assert (ada.person.id, ada.person.name) == (first, "Ada")
        assert len(ledger.of_person(session, first)) == 2
        assert {row.person for row in sightings.between(session, door.at, door.at + timedelta(days=1))} == {first}
        assert len(session.scalars(select(SubjectRow.id).where(SubjectRow.person_id == first)).all()) == 2
    assert send(other) == NOTHING


def test_nobody_who_never_had_a_number_is_said_to_have_lost_it(door: Door, send: Callable[..., Forwarded]) -> None:
    for name in ("Ada", "Bob"):
        door.enrol(name)
    assert send(door) == Forwarded(people=2, consents=2)


def test_of_somebody_who_is_another_person_there_only_a_refusal_counts(
    engine: Engine, door: Door, other: Door, send: Callable[..., Forwarded]
) -> None:
    first, second = door.enrol("Ada", "7"), other.enrol("Ada L.", "7")
    with writing(door.engine) as session:
        consents.set_consent(session, first, "mood", True, at=door.at, actor="desk")
    with writing(other.engine) as session:
        consents.set_consent(session, second, "mood", False, at=door.at + timedelta(hours=1), actor="desk")
    send(door)
    assert send(other) == Forwarded(consents=1)
    with reading(engine) as session:
        assert (consents.current(session, first, "face"), consents.current(session, first, "mood")) == (True, False)


def test_a_merge_on_the_other_side_is_followed(engine: Engine, door: Door, send: Callable[..., Forwarded]) -> None:
    ada, double = door.enrol("Ada"), door.enrol("A. Lovelace")
    door.see(double)
    send(door)
    with writing(engine) as session:
        merges.merge(session, CIPHER, double, ada, at=door.at, actor="office")
    door.see(double, 30)
    assert send(door) == Forwarded(events=1, sightings=1, moods=1)
    with reading(engine) as session:
        assert len(ledger.of_person(session, ada)) == 2


def test_who_was_erased_there_does_not_come_back(engine: Engine, door: Door, send: Callable[..., Forwarded]) -> None:
    ada = door.enrol("Ada")
    door.see(ada)
    send(door)
    with writing(engine) as session:
        erasure.erase(session, ada, at=door.at, actor="office")
    door.see(ada, 30)
    assert send(door) == Forwarded(events=1)
    assert _count(engine, PersonRow) == _count(engine, SightingRow) == _count(engine, MoodRow) == 0
    with reading(engine) as session:
        assert [event.person for event in newest_events(session)] == [None, None]
        assert ledger_check.verify_forwarded(session, origins(session)[0]).head == door.head()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_who_is_erased_there_meanwhile_makes_the_next_run_finish(
    engine: Engine, door: Door, send: Callable[..., Forwarded], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = door.enrol("Ada"), door.enrol("Bob")
    for person in (ada, bob):
        door.see(person)

    def erase(*told: Any) -> int:
        with writing(engine) as session:
            erasure.erase(session, ada, at=door.at, actor="office")
        return send_consents(*told)

    monkeypatch.setattr("db.forwarding.send.send_consents", erase)
    with pytest.raises(DatabaseBusy, match="try again"):
        send(door)
    monkeypatch.setattr("db.forwarding.send.send_consents", send_consents)
    assert send(door) == Forwarded(consents=1, events=2, sightings=1, moods=1)
    with reading(engine) as session:
        assert [one.person.id for one in list_people(session)] == [bob]


def test_who_was_erased_there_does_not_become_who_has_the_number_now(
    engine: Engine, door: Door, other: Door, send: Callable[..., Forwarded]
) -> None:
    ada = door.enrol("Ada", "7")
    door.see(ada)
    send(door)
    with writing(engine) as session:
        erasure.erase(session, ada, at=door.at, actor="office")
    bob = other.enrol("Bob", "7")
    send(other)
    door.see(ada, 30)
    assert send(door) == Forwarded(events=1)
    with reading(engine) as session:
        assert ledger.of_person(session, bob) == []
        assert [event.person for event in newest_events(session)] == [None, None]


def test_a_reason_stays_here_when_its_person_was_erased_there(
    engine: Engine, door: Door, send: Callable[..., Forwarded]
) -> None:
    ada = door.enrol("Ada")
    door.see(ada)
    send(door)
    with writing(engine) as session:
        erasure.erase(session, ada, at=door.at, actor="office")
    with reading(door.engine) as session:
        (event,) = newest_events(session)
    with writing(door.engine) as session:
        corrections.void(
            session, event.id, id=new_id(), at=door.at, kiosk=door.kiosk, actor="desk", reason="Ada was ill"
        )
    assert send(door).events == 1
    with reading(engine) as session:
        assert "Ada" not in str(session.scalars(select(AuditRow.detail)).all())
        assert newest_events(session)[0].kind == "void"


def test_a_merge_at_the_kiosk_is_made_there_too(engine: Engine, door: Door, send: Callable[..., Forwarded]) -> None:
    ada, double = door.enrol("Ada"), door.enrol("A. Lovelace")
    door.see(ada)
    seen = door.see(double, 10)
    send(door)
    with writing(door.engine) as session:
        merges.merge(session, CIPHER, double, ada, at=door.at, actor="desk")
    for minute in range(60, 300, 60):
        door.see(ada, minute)
    assert send(door) == Forwarded(merged=1, events=4, sightings=4, moods=4)
    assert send(door) == NOTHING
    with reading(engine) as session:
        assert [one.person.id for one in list_people(session)] == [ada]
        assert len(ledger.of_person(session, ada)) == 6
        moved = sightings.get(session, seen)
        assert moved is not None
        assert (moved.person, moved.best) == (ada, ada)
        (entry,) = (one for one in newest_entries(session, person=ada) if one.action == "merge")
        assert entry.detail == {"source": "A. Lovelace"}


def test_a_merge_of_two_whose_faces_are_kept_there_is_left_to_who_has_the_key(
    engine: Engine, door: Door, send: Callable[..., Forwarded]
) -> None:
    ada, double = door.enrol("Ada"), door.enrol("A. Lovelace")
    send(door)
    with writing(engine) as session:
        templates.add_template(
            session,
            CIPHER,
            double,
            content_hash="x",
            encoder="test",
            embedding=np.full(128, 0.1, np.float32),
            quality={},
            source="a.jpg",
            at=door.at,
        )
    with writing(door.engine) as session:
        merges.merge(session, CIPHER, double, ada, at=door.at, actor="desk")
    assert send(door) == Forwarded(merged_here=((double, ada),))
    with writing(engine) as session:
        merges.merge(session, CIPHER, double, ada, at=door.at, actor="office")
    assert send(door) == NOTHING


def test_what_is_changed_here_is_changed_there_unless_that_side_changed_it_later(
    engine: Engine, door: Door, send: Callable[..., Forwarded]
) -> None:
    ada, bob = door.enrol("Ada"), door.enrol("Bob")
    send(door)
    soon, later = door.at + timedelta(minutes=1), door.at + timedelta(hours=1)
    with writing(engine) as session:
        people.rename(session, bob, "Robert", at=later, actor="office")
    with writing(door.engine) as session:
        people.rename(session, bob, "Bobby", at=soon, actor="desk")
        people.rename(session, ada, "Ada Ł.", at=soon, actor="desk")
        people.set_active(session, ada, False, at=soon, actor="desk")
    assert send(door) == Forwarded(updated=1)
    assert send(door) == NOTHING
    with reading(engine) as session:
        found = {one.person.id: one.person for one in list_people(session)}
        assert (found[ada].name, found[ada].active, found[bob].name) == ("Ada Ł.", False, "Robert")
        assert [one.person.id for one in list_people(session, search="ada l")] == [ada]
        assert {one.action for one in newest_entries(session, person=ada)} == {"rename", "deactivate"}


def test_another_doors_name_of_somebody_is_not_changed(
    engine: Engine, door: Door, other: Door, send: Callable[..., Forwarded]
) -> None:
    first, second = door.enrol("Ada", "7"), other.enrol("Ada", "7")
    for each in (door, other):
        send(each)
    with writing(other.engine) as session:
        people.rename(session, second, "Bea", at=door.at, actor="desk")
    assert send(other) == NOTHING
    with reading(engine) as session:
        assert people.get_person(session, first).name == "Ada"


def test_who_is_erased_here_is_erased_there(engine: Engine, door: Door, send: Callable[..., Forwarded]) -> None:
    ada = door.enrol("Ada")
    door.see(ada)
    send(door)
    with writing(door.engine) as session:
        erasure.erase(session, ada, at=door.at, actor="desk")
    assert send(door) == Forwarded(erased=1)
    assert send(door) == NOTHING
    assert _count(engine, PersonRow) == _count(engine, SightingRow) == _count(engine, MoodRow) == 0
    with reading(engine) as session:
        assert ledger_check.verify_forwarded(session, origins(session)[0]).head == door.head()


def test_whom_another_door_sent_too_is_named_until_that_side_erases(
    engine: Engine, door: Door, other: Door, send: Callable[..., Forwarded]
) -> None:
    first, _ = door.enrol("Ada", "7"), other.enrol("Ada", "7")
    for each in (door, other):
        send(each)
    with writing(door.engine) as session:
        erasure.erase(session, first, at=door.at, actor="desk")
    assert send(door) == send(door) == Forwarded(erased_here=(first,))
    with writing(engine) as session:
        erasure.erase(session, first, at=door.at, actor="office")
    assert send(door) == NOTHING


def _give_on(door: Door, ada: UUID, minutes: int = 60) -> UUID:
    """Ada's number 7 becomes 8, and Bob is enrolled with 7."""
    with writing(door.engine) as session:
        people.set_number(session, ada, "8", at=door.at + timedelta(minutes=minutes), actor="desk")
    return door.enrol("Bob", "7")


def _numbers(engine: Engine) -> dict[str, str | None]:
    with reading(engine) as session:
        return {one.person.name: one.person.number for one in list_people(session)}


def test_a_number_that_was_given_on_makes_nobody_one(
    engine: Engine, door: Door, send: Callable[..., Forwarded]
) -> None:
    ada = door.enrol("Ada", "7")
    door.see(ada)
    send(door)
    bob = _give_on(door, ada)
    door.see(bob, 90)
    done = send(door)
    assert (done.people, done.updated, done.numbers_taken) == (1, 1, ())
    assert send(door) == NOTHING
    assert _numbers(engine) == {"Ada": "8", "Bob": "7"}
    with reading(engine) as session:
        assert [len(ledger.of_person(session, one)) for one in (ada, bob)] == [1, 1]


def test_two_who_changed_numbers_have_each_others_there(
    engine: Engine, door: Door, send: Callable[..., Forwarded]
) -> None:
    ada, bob = door.enrol("Ada", "7"), door.enrol("Bob", "8")
    send(door)
    with writing(door.engine) as session:
        for person, number in ((ada, None), (bob, "7"), (ada, "8")):
            people.set_number(session, person, number, at=door.at + timedelta(hours=1), actor="desk")
        people.set_notes(session, ada, "left-handed", at=door.at, actor="desk")
    assert (send(door).updated, send(door)) == (2, NOTHING)
    assert _numbers(engine) == {"Ada": "8", "Bob": "7"}
    with reading(engine) as session:
        assert people.get_person(session, ada).notes == "left-handed"


def test_who_has_another_doors_number_comes_without_one_and_it_is_said(
    engine: Engine, door: Door, other: Door, send: Callable[..., Forwarded]
) -> None:
    """At the centre Ada is the first door's, with 7; the second door gave her 7 on to Bob."""
    door.enrol("Ada", "7")
    second = other.enrol("Ada", "7")
    for each in (door, other):
        send(each)
    bob = _give_on(other, second)
    other.see(bob, 90)
    done = send(other)
    assert (done.people, done.numbers_taken) == (1, (bob,))
    assert send(other) == NOTHING
    assert _numbers(engine) == {"Ada": "7", "Bob": None}
    with reading(engine) as session:
        assert len(ledger.of_person(session, bob)) == 1


def test_who_was_erased_here_and_not_yet_there_is_not_who_has_the_number_now(
    engine: Engine, door: Door, other: Door, send: Callable[..., Forwarded]
) -> None:
    first, _ = door.enrol("Ada", "7"), other.enrol("Ada", "7")
    for each in (door, other):
        send(each)
    with writing(door.engine) as session:
        erasure.erase(session, first, at=door.at, actor="desk")
    bob = door.enrol("Bob", "7")
    done = send(door)
    assert (done.erased_here, done.numbers_taken) == ((first,), (bob,))
    assert _numbers(engine) == {"Ada": "7", "Bob": None}


def test_a_pseudonym_that_was_erased_there_is_not_sent_with_who_was_merged_with_it(
    engine: Engine, door: Door, send: Callable[..., Forwarded]
) -> None:
    ada, double = door.enrol("Ada"), door.enrol("A. Lovelace")
    send(door)
    with reading(engine) as session:
        gone = set(session.scalars(select(SubjectRow.id).where(SubjectRow.person_id == double)))
    with writing(engine) as session:
        erasure.erase(session, double, at=door.at, actor="office")
    with writing(door.engine) as session:
        merges.merge(session, CIPHER, double, ada, at=door.at, actor="desk")
    send(door)
    with reading(engine) as session:
        assert gone.isdisjoint(session.scalars(select(SubjectRow.id)))
