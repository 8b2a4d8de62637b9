"""The ledger: append-only, chained, idempotent, and safe when several programs write or one is killed."""

import subprocess
import sys
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db import audit
from db.attendance import corrections, kiosks, ledger, ledger_entries
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.ids import new_id
from db.observations import sightings
from db.people import look_alikes, people
from db.records.attendance import AttendanceEvent, LedgerKind, NewEvent
from db.records.observations import SightingRecord
from db.schema.attendance import KioskRow
from db.schema.people import PersonRow, SubjectRow
from db.verification import ledger_check
from tests.db.rows import newest_events

WRITER = "tests.db.attendance.ledger_writer"


@pytest.fixture
def door(engine: Engine, at: datetime) -> tuple[UUID, UUID]:
    """A person and a kiosk."""
    return _people(engine, at)


@pytest.fixture
def sqlite_door(sqlite: Engine, at: datetime) -> tuple[UUID, UUID]:
    return _people(sqlite, at)


def _people(engine: Engine, at: datetime) -> tuple[UUID, UUID]:
    with writing(engine) as session:
        person = people.add_person(session, "Ada", at=at, actor="test")
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=at)
    return person.id, kiosk.id


def _event(door: tuple[UUID, UUID], at: datetime, kind: LedgerKind = "check_in", **more: object) -> NewEvent:
    person, kiosk = door
    made = {"id": new_id(), "kind": kind, "person": person, "at": at, "kiosk": kiosk, "recorded_at": at} | more
    return NewEvent(time_zone="Europe/Berlin", method="face", actor="door", **made)  # type: ignore[arg-type]


def _append(session: Session, door: tuple[UUID, UUID], at: datetime, count: int) -> list[AttendanceEvent]:
    return [
        ledger.append(session, _event(door, at + timedelta(hours=number), ("check_in", "check_out")[number % 2]))
        for number in range(count)
    ]


def test_rows_follow_each_other(engine: Engine, door: tuple[UUID, UUID], at: datetime) -> None:
    with writing(engine) as session:
        rows = _append(session, door, at, 5)
    with reading(engine) as session:
        assert ledger_check.verify(session).whole
        assert [row.seq for row in newest_events(session)] == [5, 4, 3, 2, 1]
        assert ledger.get(session, rows[0].id) == rows[0]
        assert ledger.of_person(session, door[0]) == rows
        check = ledger_check.verify(session, known_head=rows[2].hash)
    assert (check.whole, check.events, check.head) == (True, 5, rows[-1].hash)


def test_the_hashes_do_not_depend_on_the_database(sqlite: Engine, postgresql: Engine, at: datetime) -> None:
    person, kiosk, event = (UUID(int=number) for number in (1, 2, 3))
    hashes = []
    for engine in (sqlite, postgresql):
        with writing(engine) as session:
            session.add(PersonRow(id=person, name="Ada", active=True, notes="", created_at=at))
            session.add(KioskRow(id=kiosk, name="door", site="", role="in", time_zone="UTC", created_at=at, seen_at=at))
            session.flush()
            session.add(SubjectRow(id=person, person_id=person))
            session.flush()
            hashes.append(ledger.append(session, _event((person, kiosk), at, id=event)).hash)
    assert hashes[0] == hashes[1]


def test_the_same_event_again_changes_nothing(engine: Engine, door: tuple[UUID, UUID], at: datetime) -> None:
    event = _event(door, at)
    with writing(engine) as session:
        first = ledger.append(session, event)
    with writing(engine) as session:
        assert ledger.append(session, event) == first
        assert ledger.count(session) == 1
    with pytest.raises(InvalidRecord, match="another"), writing(engine) as session:
        ledger.append(session, _event(door, at + timedelta(hours=1), id=event.id))


@pytest.mark.parametrize("change", ["UPDATE attendance_event SET actor = 'me'", "DELETE FROM attendance_event"])
def test_the_database_itself_refuses_changes(
    engine: Engine, door: tuple[UUID, UUID], at: datetime, change: str
) -> None:
    with writing(engine) as session:
        _append(session, door, at, 2)
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as session:
        session.execute(text(change))
    with reading(engine) as session:
        assert ledger_check.verify(session).events == 2


def _tamper(engine: Engine, statement: str) -> None:
    with writing(engine) as session:
        session.execute(text("DROP TRIGGER attendance_event_no_update"))
        session.execute(text("DROP TRIGGER attendance_event_no_delete"))
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "seq", "problem"),
    [
        (
            "UPDATE attendance_event SET at = '2026-03-02 07:00:00.000000' WHERE seq = 3",
            3,
            "row 3 of the ledger was changed",
        ),
        (
            "UPDATE attendance_event SET subject = '00000000000000000000000000000001' WHERE seq = 2",
            2,
            "row 2 of the ledger was changed",
        ),
        ("DELETE FROM attendance_event WHERE seq = 2", 3, "row 2 of the ledger is missing"),
        ("UPDATE attendance_event SET previous_hash = hash WHERE seq = 4", 4, "row 4 of the ledger does not follow"),
    ],
)
def test_a_change_behind_the_triggers_is_found(
    sqlite: Engine, sqlite_door: tuple[UUID, UUID], at: datetime, statement: str, seq: int, problem: str
) -> None:
    with writing(sqlite) as session:
        _append(session, sqlite_door, at, 5)
    _tamper(sqlite, statement)
    with reading(sqlite) as session:
        check = ledger_check.verify(session)
    assert not check.whole
    assert check.broken_seq == seq
    assert problem in str(check.problem)


def test_a_ledger_that_was_cut_off_misses_its_noted_head(
    sqlite: Engine, sqlite_door: tuple[UUID, UUID], at: datetime
) -> None:
    with writing(sqlite) as session:
        head = _append(session, sqlite_door, at, 5)[-1].hash
    _tamper(sqlite, "DELETE FROM attendance_event WHERE seq > 3")
    with reading(sqlite) as session:
        assert ledger_check.verify(session).whole
        assert "cut off" in str(ledger_check.verify(session, known_head=head).problem)


def test_two_programs_write_one_chain(engine: Engine, door: tuple[UUID, UUID]) -> None:
    url = engine.url.render_as_string(hide_password=False)
    both = [
        subprocess.Popen([sys.executable, "-m", WRITER, url, *map(str, door), "25"], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    printed = [UUID(line) for process in both for line in process.communicate(timeout=400)[0].split()]
    with reading(engine) as session:
        assert {row.id for row in newest_events(session)} == set(printed)
        assert len(printed) == 50
        assert ledger_check.verify(session).whole


def test_what_was_acknowledged_survives_a_kill(sqlite: Engine, sqlite_door: tuple[UUID, UUID]) -> None:
    command = [sys.executable, "-m", WRITER, str(sqlite.url.database), *map(str, sqlite_door), "100000"]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [UUID(writer.stdout.readline().strip()) for _ in range(20)]
    writer.kill()
    writer.wait()
    with reading(sqlite) as session:
        there = {row.id for row in newest_events(session, limit=100_000)}
        assert set(acknowledged) <= there
        assert ledger_check.verify(session).whole


def test_a_day_has_its_voids_and_corrections_whenever_they_were_made(
    engine: Engine, door: tuple[UUID, UUID], at: datetime
) -> None:
    later = at + timedelta(days=3)
    with writing(engine) as session:
        first, second = _append(session, door, at, 2)
        corrected = corrections.correct(
            session,
            second.id,
            id=new_id(),
            kind="check_out",
            happened_at=at + timedelta(days=1),
            at=later,
            kiosk=door[1],
            actor="desk",
            reason="left after midnight",
        )
        voided = corrections.void(
            session, corrected.id, id=new_id(), at=later, kiosk=door[1], actor="desk", reason="no, that day"
        )
    with reading(engine) as session:
        day = ledger.between(session, at, at + timedelta(hours=12))
        assert [event.id for event in day] == [first.id, second.id, corrected.id, voided.id]
        assert audit.reasons(session, [voided.id, first.id]) == {voided.id: "no, that day"}
        assert ledger.between(session, at, at + timedelta(hours=12), people=[uuid4()]) == []
        assert ledger_entries.entries(session, at, at + timedelta(hours=12), group="nobody") == []


def test_entries_come_in_the_order_in_which_they_were_written_however_few_are_read_at_once(
    engine: Engine, door: tuple[UUID, UUID], at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(engine) as session:
        written = [ledger.append(session, _event(door, at + timedelta(minutes=late))) for late in (30, 10, 50, 20, 40)]
    monkeypatch.setattr(ledger_entries, "_AT_ONCE", 2)
    with reading(engine) as session:
        for whose in (None, [door[0]]):
            found = ledger_entries.entries(session, at, at + timedelta(minutes=45), people=whose)
            assert [(one.id, one.person, one.at) for one in found] == [
                (one.id, door[0], one.at) for one in written if one.at < at + timedelta(minutes=45)
            ]


def test_not_me_takes_the_name_off_and_remembers_it(
    engine: Engine,
    door: tuple[UUID, UUID],
    cipher: TemplateCipher,
    at: datetime,
) -> None:
    person, kiosk = door
    seen = SightingRecord(new_id(), kiosk, 1, at, at, 3, person, person, 0.7, None, None, 0.5)
    with writing(engine) as session:
        sightings.add(session, cipher, seen)
        event = ledger.append(session, _event(door, at, sighting=seen.id))
    for _ in range(2):
        with writing(engine) as session:
            corrections.not_me(session, cipher, event.id, id=new_id(), at=at, kiosk=kiosk, actor="door")
    with reading(engine) as session:
        assert [row.kind for row in newest_events(session)] == ["void", "check_in"]
        assert look_alikes.wrongly_named(session) == {person: 1}
        named = sightings.get(session, seen.id)
        assert named is not None
        assert named.person is None


def test_an_event_that_does_not_exist_cannot_be_voided(
    sqlite: Engine, sqlite_door: tuple[UUID, UUID], at: datetime
) -> None:
    with pytest.raises(InvalidRecord, match="no attendance event"), writing(sqlite) as session:
        corrections.void(session, uuid4(), id=new_id(), at=at, kiosk=sqlite_door[1], actor="x", reason="y")
    with pytest.raises(InvalidRecord, match="no person"), writing(sqlite) as session:
        ledger.append(session, _event((uuid4(), sqlite_door[1]), at))
