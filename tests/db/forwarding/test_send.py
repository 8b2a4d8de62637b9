"""Forwarding to the database that many doors share: exactly once, resumable, and every kiosk's chain stays provable."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from db.attendance import corrections, kiosks, ledger
from db.engine import open_database, reading, writing
from db.errors import DatabaseError, DatabaseUnavailable, InvalidRecord
from db.forwarding import received
from db.forwarding.send import Forwarded, forward
from db.ids import new_id
from db.observations import moods, sightings
from db.people import consents, people, pins
from db.people.listing import list_people
from db.privacy.retention import Retention
from db.records.moods import MoodSample
from db.records.observations import SightingRecord
from db.schema.attendance import KioskRow
from db.schema.audit import AuditRow
from db.schema.moods import MoodRow
from db.schema.observations import SightingRow
from db.schema.people import PersonRow
from db.verification import ledger_check
from tests.db.doors import CIPHER, HAPPY, Door, origins
from tests.db.rows import mood_samples, newest_events, purge

NOTHING = Forwarded()


def _count(engine: Engine, table: type) -> int:
    with reading(engine) as session:
        return len(session.scalars(select(table)).all())


def test_everything_arrives_once_and_both_chains_are_whole(
    engine: Engine, door: Door, send: Callable[..., Forwarded]
) -> None:
    ada, bob = door.enrol("Ada", "1"), door.enrol("Bob")
    for minute in range(5):
        door.see((ada, bob, None)[minute % 3], minute)
    assert send(door) == Forwarded(people=2, consents=2, events=4, sightings=5, moods=5)
    assert send(door) == NOTHING
    with reading(engine) as session:
        assert [one.person.name for one in list_people(session)] == ["Ada", "Bob"]
        assert [event.person for event in newest_events(session)] == [bob, ada, bob, ada]
        assert ledger_check.verify(session).whole
        (chain,) = origins(session)
        check = ledger_check.verify_forwarded(session, chain)
        assert (check.whole, check.events, check.head) == (True, 4, door.head())
        assert consents.current(session, ada, "face") is True
        assert {mood.person for mood in mood_samples(session, door.at, door.at + timedelta(days=1))} == {
            ada,
            bob,
            None,
        }


def test_an_interrupted_run_is_finished_by_the_next(
    engine: Engine, door: Door, send: Callable[..., Forwarded], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = door.enrol("Ada")
    for minute in range(10):
        door.see(ada, minute)

    left = [2]

    def cut(*told: Any) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise ConnectionError
        return take(*told)

    take = received.take
    monkeypatch.setattr("db.forwarding.send.BATCH", 2)
    monkeypatch.setattr(received, "take", cut)
    with pytest.raises(ConnectionError):
        send(door)
    monkeypatch.setattr(received, "take", take)
    assert _count(engine, SightingRow) == 0
    rest = send(door)
    assert (rest.people, rest.events, rest.sightings, rest.moods) == (0, 6, 10, 10)
    with reading(engine) as session:
        assert ledger_check.verify_forwarded(session, origins(session)[0]).events == 10
        assert ledger_check.verify(session).events == 10


def test_days_offline_are_made_up_for_whatever_is_left_out(door: Door, send: Callable[..., Forwarded]) -> None:
    ada = door.enrol("Ada")
    door.see(ada)
    door.see(ada, 60 * 24 * 9)
    assert send(door, since=door.at + timedelta(days=8)) == Forwarded(
        people=1, consents=1, events=2, sightings=1, moods=1
    )
    assert send(door) == Forwarded(sightings=1, moods=1)


def test_two_kiosks_of_one_name_share_a_ledger_and_each_proves_its_own(
    engine: Engine, door: Door, other: Door, send: Callable[..., Forwarded]
) -> None:
    ada, bob = door.enrol("Ada"), other.enrol("Bob")
    for minute in range(3):
        door.see(ada, minute)
        send(door)
        other.see(bob, minute)
        send(other)
    with reading(engine) as session:
        assert [kiosk.name for kiosk in kiosks.all_kiosks(session)] == ["door", "door (annex)"]
        assert ledger_check.verify(session).events == 6
        heads = {ledger_check.verify_forwarded(session, chain).head for chain in origins(session)}
    assert heads == {door.head(), other.head()}


def test_two_kiosks_of_one_name_that_come_at_once_wait_for_each_other(
    door: Door, send: Callable[..., Forwarded], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ledger.lock
    order: list[str] = []

    def lock(session: Session) -> None:
        order.append("lock")
        real(session)

    monkeypatch.setattr(ledger, "lock", lock)
    monkeypatch.setattr("db.forwarding.send.send_kiosks", lambda here, there: order.append("kiosks"))
    send(door)
    assert order[:2] == ["lock", "kiosks"]


def test_faces_and_pins_stay_at_the_kiosk(engine: Engine, door: Door, send: Callable[..., Forwarded]) -> None:
    ada = door.enrol("Ada", "7")
    with writing(door.engine) as session:
        pins.set_pin(session, ada, "scrypt$1$2$3$4$5")
    door.see(None)
    send(door)
    with reading(engine) as session:
        assert session.scalars(select(PersonRow.pin_hash)).all() == [None]
        assert session.execute(select(SightingRow.embedding, SightingRow.portrait)).all() == [(None, None)]
    with reading(door.engine) as session:
        assert len(sightings.visitors(session, CIPHER)) == 1


def test_what_changes_later_is_brought_up_to_date(engine: Engine, door: Door, send: Callable[..., Forwarded]) -> None:
    ada = door.enrol("Ada")
    stays, wrong, visitor = door.see(ada), door.see(ada, 10), door.see(None, 20)
    send(door)
    with writing(door.engine) as session:
        sightings.extend(session, stays, last_at=door.at + timedelta(minutes=5), frames=99)
        event = next(one for one in newest_events(session) if one.sighting == wrong)
        corrections.not_me(session, CIPHER, event.id, id=new_id(), at=door.at, kiosk=door.kiosk, actor="door")
        sightings.name_visitor(session, visitor, ada, at=door.at, actor="desk")
    assert send(door) == Forwarded(events=1, changed=3)
    with reading(engine) as session:
        there = {one.id: one for one in sightings.between(session, door.at, door.at + timedelta(days=1))}
        assert (there[stays].frames, there[wrong].person, there[visitor].person) == (99, None, ada)
        assert session.scalar(select(MoodRow.person_id).where(MoodRow.sighting_id == wrong)) is None
        void = newest_events(session, limit=1)[0]
        assert session.scalar(select(AuditRow.detail).where(AuditRow.event_id == void.id)) == {"reason": "not me"}


def test_what_was_deleted_there_for_its_age_does_not_come_back(
    engine: Engine, door: Door, send: Callable[..., Forwarded], at: datetime
) -> None:
    ada = door.enrol("Ada")
    day = 60 * 24
    door.see(None, 2, token="0123456789abcdef")
    for person, minute in ((ada, 0), (None, 1), (ada, 3 * day), (None, 3 * day)):
        door.see(person, minute)
    forward(door.engine, engine, now=at + timedelta(days=9))
    with writing(engine) as session:
        done = purge(session, Retention(8, 7, 7), at + timedelta(days=9), actor="office")
    assert (done.visitors, done.sightings, done.moods) == (2, 1, 3)
    assert forward(door.engine, engine, now=at + timedelta(days=9)) == NOTHING
    assert _count(engine, SightingRow) == 2
    door.see(None, 4 * day)
    assert forward(door.engine, engine, now=at + timedelta(days=9)) == Forwarded(sightings=1, moods=1)


def test_a_name_that_was_taken_off_there_stays_off(
    engine: Engine, door: Door, send: Callable[..., Forwarded], at: datetime
) -> None:
    ada = door.enrol("Ada")
    seen = door.see(ada)
    send(door)
    with writing(engine) as session:
        (event,) = newest_events(session)
        corrections.not_me(session, CIPHER, event.id, id=new_id(), at=at, kiosk=door.kiosk, actor="office")
    with writing(door.engine) as session:
        sightings.extend(session, seen, last_at=at + timedelta(minutes=5), frames=99)
        moods.add(session, door.kiosk, MoodSample(at, ada, seen, "Team", None, "happy", HAPPY))
    assert send(door) == Forwarded(changed=1, moods=1)
    assert send(door) == NOTHING
    with reading(engine) as session:
        (there,) = sightings.between(session, at, at + timedelta(days=1))
        assert (there.person, there.frames) == (None, 99)
        assert set(session.execute(select(MoodRow.person_id, MoodRow.group))) == {(None, None)}


def test_moods_that_were_deleted_here_are_deleted_there(
    engine: Engine, door: Door, send: Callable[..., Forwarded], at: datetime
) -> None:
    """Somebody was unknown at first, then named, and refuses moods; of another the moods grew old."""
    with writing(door.engine) as session:
        ada = people.add_person(session, "Ada", at=at, actor="test").id
        ids = [new_id() for _ in range(2)]
        for sighting in ids:
            seen = SightingRecord(sighting, door.kiosk, 1, at, at, 3, None, None, None, None, None, 0.5)
            sightings.add(session, CIPHER, seen)
            moods.add(session, door.kiosk, MoodSample(at, None, sighting, None, None, "happy", HAPPY))
    assert send(door).moods == 2
    with writing(door.engine) as session:
        refused = sightings.get(session, ids[0])
        assert refused
        sightings.identify(session, replace(refused, person=ada))
        moods.discard(session, ids[0])
    assert send(door).moods_deleted == 1
    with reading(engine) as session:
        assert session.scalars(select(MoodRow.sighting_id)).all() == [ids[1]]
    assert send(door).rows == 0


def test_moods_without_a_person_wait_until_their_hour_is_over(engine: Engine, door: Door, at: datetime) -> None:
    door.see(None, token="0123456789abcdef")
    early = forward(door.engine, engine, now=at + timedelta(minutes=59))
    assert (early.sightings, early.moods) == (1, 0)
    assert forward(door.engine, engine, now=at + timedelta(minutes=60)) == Forwarded(moods=1)


@pytest.mark.parametrize("change", ["UPDATE attendance_event SET actor = 'x'", "DELETE FROM attendance_event"])
def test_a_ledger_that_was_changed_after_it_was_sent_is_refused(
    door: Door, send: Callable[..., Forwarded], change: str
) -> None:
    ada = door.enrol("Ada")
    for minute in range(3):
        door.see(ada, minute)
    send(door)
    with door.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER attendance_event_no_update"))
        connection.execute(text("DROP TRIGGER attendance_event_no_delete"))
        connection.execute(text(f"{change} WHERE seq = 3"))
        connection.execute(text("UPDATE attendance_event SET hash = 'forged' WHERE seq = 3"))
    with pytest.raises(InvalidRecord, match="does not continue"):
        send(door)


def test_a_row_that_was_forged_before_it_was_sent_is_refused(door: Door, send: Callable[..., Forwarded]) -> None:
    ada = door.enrol("Ada")
    door.see(ada)
    send(door)
    door.see(ada, 60)
    with door.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER attendance_event_no_update"))
        connection.execute(text("UPDATE attendance_event SET actor = 'forger' WHERE seq = 2"))
    with pytest.raises(InvalidRecord, match="changed at row 2"):
        send(door)


def test_a_forwarded_chain_cannot_be_changed_unseen(engine: Engine, door: Door, send: Callable[..., Forwarded]) -> None:
    door.see(door.enrol("Ada"))
    send(door)
    with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
        connection.execute(text("UPDATE forwarded_event SET hash = 'x'"))
    with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
        connection.execute(text("DELETE FROM forwarded_event"))


def test_a_kiosk_that_wrote_nothing_yet_sends_itself_only(
    engine: Engine, door: Door, send: Callable[..., Forwarded]
) -> None:
    assert send(door) == NOTHING
    assert _count(engine, KioskRow) == 1


def test_a_server_that_is_away_is_one_sentence(door: Door, at: datetime) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached") as caught:
        forward(door.engine, open_database("postgresql://me:secret@127.0.0.1:1/muster", upgrade=False), now=at)
    assert isinstance(caught.value, DatabaseError)
    assert "secret" not in str(caught.value)


def test_an_event_that_came_another_way_only_gets_its_place_in_the_chain(
    engine: Engine, door: Door, other: Door, send: Callable[..., Forwarded]
) -> None:
    door.see(door.enrol("Ada"))
    forward(door.engine, other.engine, now=door.at)
    assert send(other).events == 1
    assert send(door).events == 0
    with reading(engine) as session:
        assert ledger.count(session) == 1
        assert {ledger_check.verify_forwarded(session, chain).head for chain in origins(session)} == {door.head()}
        assert len(origins(session)) == 2
    other.see(other.enrol("Bob"))
    assert send(other).events == 1
    assert send(door) == NOTHING
