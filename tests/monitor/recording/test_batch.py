"""Facts that wait share transactions, and come to the same as if each had its own."""

import re
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update

from db.attendance import kiosks
from db.engine import open_database, reading, writing
from db.ids import new_id
from db.people import consents, people
from db.records.people import Person
from db.schema.attendance import EventRow
from db.schema.observations import SightingRow
from monitor.config import Settings
from monitor.domain import Candidate, KioskEvent, Phase
from monitor.recording import batch
from monitor.recording.batch import Waiting
from monitor.recording.journal import Fact, PinGiven, Seen
from monitor.recording.transactions import WriteContext
from tests.db.rows import mood_samples
from tests.monitor.recording.arrivals import AT, CIPHER, Listener, Lock, Start, seen

TEAM = tuple(f"Person {number}" for number in range(6))


def arrivals(team: Sequence[Person], random: Random) -> list[Fact]:
    """What three days at a door may bring: people and strangers who stay and come again, PINs, a clock that is off."""
    facts: list[Fact] = []
    for number in range(48):
        minute, person = number * 90 + random.randint(0, 30), random.choice(team)
        off = timedelta(hours=random.choice((0, 0, 0, 0, 2)))
        if number % 6 == 0:
            facts.append(PinGiven(person.id, AT + timedelta(minutes=minute), new_id(), off))
            continue
        first = seen(None if number % 7 == 0 else person, minute, lasting=random.choice((1, 600)))
        if number % 5 == 0:  # another person is nearly as alike
            other = random.choice(team)
            runner_up = Candidate(other.id, other.name, 0.6)
            first = replace(first, match=replace(first.match, runner_up=runner_up))
        facts.append(Seen(first, new_id(), off))
        if number % 3 == 0:
            later = replace(first, phase=Phase.CONTINUED, last_at=first.last_at + timedelta(minutes=3))
            facts.append(Seen(later, new_id(), off))
    return facts


def play(engine: Engine, facts: Sequence[Fact], together: int) -> tuple[list[KioskEvent], int]:
    """The events, and how many transactions were needed."""
    settings = Settings(db="unused", time_zone="Europe/Berlin")
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="Europe/Berlin", at=AT).id
    context, waiting = WriteContext(kiosk, settings, CIPHER), deque(Waiting(fact) for fact in facts)
    events, transactions = list[KioskEvent](), 0
    while waiting:
        some = batch.first_of(waiting)[:together]
        with writing(engine) as session:
            events += batch.write(session, context, some, AT + timedelta(days=4))
        transactions += 1
        for _ in some:
            waiting.popleft()
    return events, transactions


def rows(engine: Engine) -> tuple[list[object], list[object]]:
    ledger = select(EventRow.seq, EventRow.id, EventRow.kind, EventRow.at, EventRow.clock_suspect).order_by(
        EventRow.seq
    )
    sightings = select(SightingRow.id, SightingRow.person_id, SightingRow.last_at).order_by(SightingRow.id)
    with reading(engine) as session:
        return list(session.execute(ledger)), list(session.execute(sightings))


@pytest.fixture
def team(engine: Engine) -> list[Person]:
    with writing(engine) as session:
        return [people.add_person(session, name, at=AT - timedelta(days=1), actor="test") for name in TEAM]


def test_facts_that_share_transactions_come_to_the_same(engine: Engine, team: list[Person], tmp_path: Path) -> None:
    engine.dispose()
    shutil.copy(str(engine.url.database), tmp_path / "each.sqlite3")
    each = open_database(str(tmp_path / "each.sqlite3"))
    facts = arrivals(team, Random(5))
    (shared, fewer), (alone, most) = play(engine, facts, batch.MOST_TOGETHER), play(each, facts, 1)
    assert shared == alone
    assert rows(engine) == rows(each)
    assert len(rows(engine)[0]) > 24
    assert (fewer, most) == (1, len(facts))


def test_facts_that_were_written_already_change_nothing_together(engine: Engine, team: list[Person]) -> None:
    facts = arrivals(team, Random(6))
    before, _ = play(engine, facts[:30], batch.MOST_TOGETHER)
    events, _ = play(engine, facts, batch.MOST_TOGETHER)
    told = {one.attendance for one in before} - {None}
    assert told
    assert told <= {one.attendance for one in events}
    with reading(engine) as session:
        assert set(session.scalars(select(EventRow.id))) == {one.attendance for one in events} - {None}


@pytest.fixture
def asked(engine: Engine) -> Iterator[list[str]]:
    """The statements that read people or consents."""
    found: list[str] = []

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if re.match("SELECT", statement) and re.search(r"(FROM|JOIN) (person|consent)\b", statement):
            found.append(statement)

    event.listen(engine, "before_cursor_execute", look)
    yield found
    event.remove(engine, "before_cursor_execute", look)


@pytest.mark.parametrize(("together", "times"), [(1, 4), (2, 2), (4, 1)])
def test_each_transaction_asks_once_who_is_concerned_and_what_they_agreed_to(
    engine: Engine, ada: Person, asked: list[str], together: int, times: int
) -> None:
    with writing(engine) as session:
        bob = people.add_person(session, "Bob", at=AT, actor="test")
    stay, close = seen(ada), Candidate(bob.id, bob.name, 0.6)
    facts: list[Fact] = [
        Seen(replace(stay, match=replace(stay.match, runner_up=close)), new_id()),
        Seen(replace(stay, phase=Phase.CONTINUED, last_at=AT + timedelta(seconds=5)), new_id()),
        Seen(replace(stay, phase=Phase.CLOSED, last_at=AT + timedelta(seconds=9)), new_id()),
        PinGiven(ada.id, AT, new_id()),
    ]
    asked.clear()
    events, transactions = play(engine, facts, together)
    assert [str(one.kind) for one in events] == ["sighting", "check_in", "sighting"]
    assert (len(asked), transactions) == (times, times)


def test_a_sighting_that_is_somebody_elses_by_now_gets_their_mood_in_a_shared_transaction(
    engine: Engine, ada: Person
) -> None:
    with writing(engine) as session:
        bob = people.add_person(session, "Bob", at=AT, actor="test")
        consents.set_consent(session, bob.id, "mood", True, at=AT, actor="test")
    stay = seen(ada)
    play(engine, [Seen(stay, new_id())], 1)
    with writing(engine) as session:
        session.execute(update(SightingRow).values(person_id=bob.id))
    later: list[Fact] = [Seen(replace(stay, phase=phase), new_id()) for phase in (Phase.CONTINUED, Phase.CLOSED)]
    assert play(engine, later, 2)[1] == 1
    with reading(engine) as session:
        samples = mood_samples(session, AT, AT + timedelta(days=1))
    assert [one.person for one in samples] == [ada.id, bob.id, bob.id]


def test_one_fact_of_many_that_cannot_be_written_does_not_hold_up_the_others(
    team: list[Person], told: Listener, start: Start, lock: Lock
) -> None:
    recorder = start()
    with lock():
        for person in team[:3]:
            recorder.record(seen(person))
        recorder.record_pin(new_id())
        for person in team[3:]:
            recorder.record(seen(person))
    recorder.close(timeout=20)
    assert told.kinds == ["sighting", "check_in"] * 6
    assert recorder.lost == 1


def test_of_facts_that_are_no_arrivals_each_has_a_transaction_of_its_own(team: list[Person]) -> None:
    ada, bob = (Waiting(Seen(seen(one), new_id())) for one in team[:2])
    start = Waiting(batch.Start())
    assert batch.first_of([ada, bob, ada, start, bob]) == [ada, bob, ada]
    assert batch.first_of([start, ada]) == [start]
    assert batch.first_of([]) == []
