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
from tests.db.doors import AT


@pytest.fixture
def events(engine: Engine) -> list[UUID]:
    """A webhook "desk" at the ledger's beginning, and then three events."""
    with writing(engine) as session:
        door = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=AT).id
        ada = people.add_person(session, "Ada", at=AT, actor="test", group="staff").id
        webhooks.take(session, "desk", lambda _: True, AT)
        made = [
            ledger.append(session, NewEvent(new_id(), "check_in", ada, when, "UTC", door, "face", "door", when))
            for when in (AT + timedelta(hours=hour) for hour in range(3))
        ]
    return [one.id for one in made]


def due(engine: Engine, now: datetime) -> list[Delivery]:
    with reading(engine) as session:
        return webhooks.due(session, "desk", now, 10)


def take(engine: Engine, now: datetime) -> int:
    with writing(engine) as session:
        return webhooks.take(session, "desk", lambda event: event.group == "staff", now)


def test_each_event_is_taken_once_in_order(engine: Engine, events: list[UUID]) -> None:
    with reading(engine) as session:
        assert webhooks.is_behind(session, "desk")
    assert (take(engine, AT), take(engine, AT)) == (3, 0)
    with reading(engine) as session:
        assert not webhooks.is_behind(session, "desk")
    assert [one.event for one in due(engine, AT)] == events


def test_of_two_senders_one_takes_an_event(engine: Engine, events: list[UUID]) -> None:
    made: list[int] = []
    other = threading.Thread(target=lambda: made.append(take(engine, AT)))
    with writing(engine) as session:
        assert webhooks.take(session, "desk", lambda _: True, AT) == 3
        other.start()
        other.join(0.3)  # it looks at the cursor meanwhile, and has to wait
    other.join()
    assert made == [0]
    assert len(due(engine, AT)) == 3


def test_a_message_is_claimed_by_one_program_only(engine: Engine, events: list[UUID]) -> None:
    take(engine, AT)
    (first, *_) = due(engine, AT)
    later = AT + timedelta(minutes=2)
    with writing(engine) as one:
        assert webhooks.claim(one, first, later)
    with writing(engine) as other:
        assert not webhooks.claim(other, first, later)
    second = due(engine, AT)[0]
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
    assert [one.event for one in due(engine, AT)] == events[2:]
    assert len(due(engine, later)) == 3  # whoever claimed it was killed


def test_a_receiver_that_is_away_holds_all_up_until_it_takes_one(engine: Engine, events: list[UUID]) -> None:
    take(engine, AT)
    (first, *_) = due(engine, AT)
    with writing(engine) as session:
        webhooks.failed(session, first, "It is away.", AT, away=True)
    assert due(engine, AT) == []
    waiting = due(engine, AT + FIRST_PAUSE)
    assert [one.attempts for one in waiting] == [1, 1, 1]
    with writing(engine) as session:
        webhooks.delivered(session, "desk", waiting[:1], AT)
    assert [one.event for one in due(engine, AT)] == events[1:]
    with reading(engine) as session:
        (state,) = webhooks.states(session)
    assert (state.sent, state.waiting, state.dead, state.sent_at) == (1, 2, 0, AT)


def test_dead_letters_wait_for_somebody(engine: Engine, events: list[UUID]) -> None:
    take(engine, AT)
    (first, *_) = due(engine, AT)
    with writing(engine) as session:
        for _ in range(webhooks.MOST_ATTEMPTS):
            webhooks.failed(session, first, "It refuses.", AT, away=False)
    with reading(engine) as session:
        assert [one.id for one in webhooks.waiting(session, "desk", dead=True)] == [first.id]
    with writing(engine) as session:
        assert webhooks.retry(session, AT, only=[first.id]) == 1
    assert len(due(engine, AT)) == 3
    with writing(engine) as session:
        assert webhooks.forget(session, "desk") == 3
    with reading(engine) as session:
        assert webhooks.states(session) == []


def test_a_cursor_may_begin_at_a_time(engine: Engine, events: list[UUID]) -> None:
    with reading(engine) as session:
        assert event_feed.recorded_since(session, AT + timedelta(hours=1)) == 1
        assert event_feed.recorded_since(session, AT + timedelta(days=1)) == 3
        assert [one.id for one in event_feed.after(session, 1, 10)] == events[1:]
        assert event_feed.after(session, 0, 1)[0].name == "Ada"


def test_a_key_has_one_name_and_one_end(engine: Engine) -> None:
    with writing(engine) as session:
        made = keys.add(session, "board", "a" * 64, ("events",), expires_at=AT + timedelta(days=1), at=AT, actor="x")
        assert keys.find(session, "a" * 64) == made
        assert keys.find(session, "b" * 64) is None
    assert made.holds(AT)
    assert not made.holds(AT + timedelta(days=1))
    with pytest.raises(InvalidRecord, match="a key 'board' already"), writing(engine) as session:
        keys.add(session, "board", "c" * 64, ("events",), expires_at=None, at=AT, actor="x")
    with writing(engine) as session:
        keys.revoke(session, "board", at=AT, actor="x")
    with pytest.raises(InvalidRecord, match="no key 'board' to revoke"), writing(engine) as session:
        keys.revoke(session, "board", at=AT, actor="x")
    with reading(engine) as session:
        assert not keys.all_keys(session)[0].holds(AT)


def test_a_roll_call_lists_whom_it_was_given(engine: Engine, events: list[UUID]) -> None:
    with reading(engine) as session:
        ada = event_feed.after(session, 0, 1)[0].person
    assert ada is not None
    with writing(engine) as session:
        roll_calls.start(session, {ada: AT}, at=AT, actor="warden")
        going = roll_calls.newest(session)
        assert going is not None
        roll_calls.mark(session, going.id, ada, found=True, at=AT, actor="warden")
        assert [(one.name, one.found_at) for one in roll_calls.marks(session, going.id)] == [("Ada", AT)]
        roll_calls.end(session, going.id, at=AT, actor="warden")
        roll_calls.forget(session, AT + timedelta(seconds=1))
        assert roll_calls.newest(session) is None
