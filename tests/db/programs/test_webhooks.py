"""The outbox of webhooks on both databases: filled once, claimed by one, emptied by who takes."""

import threading
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from db.attendance import kiosks, ledger
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.ids import new_id
from db.people import people
from db.programs import event_feed, keys, roll_calls, webhooks
from db.programs.webhooks import FIRST_PAUSE, Delivery
from db.records.attendance import NewEvent


@pytest.fixture
def events(engine: Engine, at: datetime) -> list[UUID]:
    """A webhook "desk" at the ledger's beginning, and then three events."""
    with writing(engine) as session:
        door = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=at).id
        ada = people.add_person(session, "Ada", at=at, actor="test", group="staff").id
        webhooks.take(session, "desk", lambda _: True, at)
        made = [
            ledger.append(session, NewEvent(new_id(), "check_in", ada, when, "UTC", door, "face", "door", when))
            for when in (at + timedelta(hours=hour) for hour in range(3))
        ]
    return [one.id for one in made]


def due(engine: Engine, now: datetime) -> list[Delivery]:
    with reading(engine) as session:
        return webhooks.due(session, "desk", now, 10)


def take(engine: Engine, now: datetime) -> int:
    with writing(engine) as session:
        return webhooks.take(session, "desk", lambda event: event.group == "staff", now)


def test_each_event_is_taken_once_in_order(engine: Engine, events: list[UUID], at: datetime) -> None:
    with reading(engine) as session:
        assert webhooks.is_behind(session, "desk")
    assert (take(engine, at), take(engine, at)) == (3, 0)
    with reading(engine) as session:
        assert not webhooks.is_behind(session, "desk")
    assert [one.event for one in due(engine, at)] == events


def test_of_two_senders_one_takes_an_event(engine: Engine, events: list[UUID], at: datetime) -> None:
    made: list[int] = []
    other = threading.Thread(target=lambda: made.append(take(engine, at)))
    with writing(engine) as session:
        assert webhooks.take(session, "desk", lambda _: True, at) == 3
        other.start()
        other.join(0.3)  # it looks at the cursor meanwhile, and has to wait
    other.join()
    assert made == [0]
    assert len(due(engine, at)) == 3


def test_a_message_is_claimed_by_one_program_only(engine: Engine, events: list[UUID], at: datetime) -> None:
    take(engine, at)
    (first, *_) = due(engine, at)
    later = at + timedelta(minutes=2)
    with writing(engine) as one:
        assert webhooks.claim(one, first, later)
    with writing(engine) as other:
        assert not webhooks.claim(other, first, later)
    second = due(engine, at)[0]
    won: list[bool] = []

    def race() -> None:
        with writing(engine) as session:
            won.append(webhooks.claim(session, second, later))

    racers = [threading.Thread(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(won) == [False, False, False, True]
    assert [one.event for one in due(engine, at)] == events[2:]
    assert len(due(engine, later)) == 3  # whoever claimed it was killed


def test_a_receiver_that_is_away_holds_all_up_until_it_takes_one(
    engine: Engine, events: list[UUID], at: datetime
) -> None:
    take(engine, at)
    (first, *_) = due(engine, at)
    with writing(engine) as session:
        webhooks.failed(session, first, "It is away.", at, away=True)
    assert due(engine, at) == []
    waiting = due(engine, at + FIRST_PAUSE)
    assert [one.attempts for one in waiting] == [1, 1, 1]
    with writing(engine) as session:
        webhooks.delivered(session, "desk", waiting[:1], at)
    assert [one.event for one in due(engine, at)] == events[1:]
    with reading(engine) as session:
        (state,) = webhooks.states(session)
    assert (state.sent, state.waiting, state.dead, state.sent_at) == (1, 2, 0, at)


def test_dead_letters_wait_for_somebody(engine: Engine, events: list[UUID], at: datetime) -> None:
    take(engine, at)
    (first, *_) = due(engine, at)
    with writing(engine) as session:
        for _ in range(webhooks.MOST_ATTEMPTS):
            webhooks.failed(session, first, "It refuses.", at, away=False)
    with reading(engine) as session:
        assert [one.id for one in webhooks.waiting(session, "desk", dead=True)] == [first.id]
    with writing(engine) as session:
        assert webhooks.retry(session, at, only=[first.id]) == 1
    assert len(due(engine, at)) == 3
    with writing(engine) as session:
        assert webhooks.forget(session, "desk") == 3
    with reading(engine) as session:
        assert webhooks.states(session) == []


def test_a_cursor_may_begin_at_a_time(engine: Engine, events: list[UUID], at: datetime) -> None:
    with reading(engine) as session:
        assert event_feed.recorded_since(session, at + timedelta(hours=1)) == 1
        assert event_feed.recorded_since(session, at + timedelta(days=1)) == 3
        assert [one.id for one in event_feed.after(session, 1, 10)] == events[1:]
        assert event_feed.after(session, 0, 1)[0].name == "Ada"


def test_a_key_has_one_name_and_one_end(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        made = keys.add(session, "board", "a" * 64, ("events",), expires_at=at + timedelta(days=1), at=at, actor="x")
        assert keys.find(session, "a" * 64) == made
        assert keys.find(session, "b" * 64) is None
    assert made.holds(at)
    assert not made.holds(at + timedelta(days=1))
    with pytest.raises(InvalidRecord, match="a key 'board' already"), writing(engine) as session:
        keys.add(session, "board", "c" * 64, ("events",), expires_at=None, at=at, actor="x")
    with writing(engine) as session:
        keys.revoke(session, "board", at=at, actor="x")
    with pytest.raises(InvalidRecord, match="no key 'board' to revoke"), writing(engine) as session:
        keys.revoke(session, "board", at=at, actor="x")
    with reading(engine) as session:
        assert not keys.all_keys(session)[0].holds(at)


def test_a_roll_call_lists_whom_it_was_given(engine: Engine, events: list[UUID], at: datetime) -> None:
    with reading(engine) as session:
        ada = event_feed.after(session, 0, 1)[0].person
    assert ada is not None
    with writing(engine) as session:
        roll_calls.start(session, {ada: at}, at=at, actor="warden")
        going = roll_calls.newest(session)
        assert going is not None
        roll_calls.mark(session, going.id, ada, found=True, at=at, actor="warden")
        assert [(one.name, one.found_at) for one in roll_calls.marks(session, going.id)] == [("Ada", at)]
        roll_calls.end(session, going.id, at=at, actor="warden")
        roll_calls.forget(session, at + timedelta(seconds=1))
        assert roll_calls.newest(session) is None
