"""The views for other programs say what Muster's own rules say, on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from db.attendance import kiosks, ledger, ledger_entries
from db.engine import reading, writing
from db.ids import new_id
from db.observations import moods
from db.people import people
from db.records.attendance import AttendanceEvent, LedgerKind, NewEvent, Presence
from db.records.moods import STRANGER, MoodSample
from monitor.attendance.passages import passages
from tests.db.doors import AT

ZONE = "Europe/Berlin"


@pytest.fixture
def door(engine: Engine) -> UUID:
    with writing(engine) as session:
        return kiosks.register(session, "door", site="main", role="auto", time_zone=ZONE, at=AT).id


def add(
    engine: Engine, door: UUID, kind: LedgerKind, person: UUID, at: datetime, *,
    target: UUID | None = None, corrected: Presence | None = None, zone: str = ZONE,
) -> AttendanceEvent:  # fmt: skip
    event = NewEvent(
        new_id(),
        kind,
        person,
        at,
        zone,
        door,
        "manual",
        "test",
        at,
        target=target,
        corrected_kind=corrected,
    )
    with writing(engine) as session:
        return ledger.append(session, event)


def one(engine: Engine, name: str, at: datetime, group: str | None = None) -> UUID:
    with writing(engine) as session:
        return people.add_person(session, name, at=at, actor="test", group=group).id


def rows(engine: Engine, query: str) -> Sequence[tuple[object, ...]]:
    with reading(engine) as session:
        return [tuple(row) for row in session.execute(text(query))]


def test_passages_are_those_that_count_after_voids_and_corrections(engine: Engine, door: UUID) -> None:
    chance = Random(7)
    who = [one(engine, name, AT) for name in ("Ada", "Ben")]
    written: list[AttendanceEvent] = []
    for step in range(120):
        now = AT + timedelta(minutes=step)
        open_targets = [event for event in written if event.kind != "void"]
        if open_targets and chance.random() < 0.4:
            target = chance.choice(open_targets)
            corrected: Presence | None = chance.choice(["check_in", "check_out"]) if chance.random() < 0.5 else None
            kind: LedgerKind = "correction" if corrected else "void"
            assert target.person
            written.append(add(engine, door, kind, target.person, now, target=target.id, corrected=corrected))
        else:
            passed: Presence = chance.choice(["check_in", "check_out"])
            written.append(add(engine, door, passed, chance.choice(who), now))
    with reading(engine) as session:
        entries = ledger_entries.entries(session, AT, AT + timedelta(days=1))
    expected = sorted((passage.event.hex, passage.kind) for passage in passages(entries))
    found = rows(engine, "SELECT event_id, kind FROM v_passage")
    assert sorted((UUID(str(event)).hex, kind) for event, kind in found) == expected


def test_a_day_has_its_hours(engine: Engine, door: UUID) -> None:
    ada = one(engine, "Ada", AT, "staff")
    passed: list[tuple[Presence, float]] = [("check_in", 0), ("check_out", 4), ("check_in", 4.5), ("check_out", 8.25)]
    for kind, hour in passed:
        add(engine, door, kind, ada, AT + timedelta(hours=hour))
    ((person, group, hours, count, day),) = rows(
        engine, "SELECT person, group_name, hours, passages, day FROM v_attendance_day"
    )
    assert (person, group, float(str(hours)), count, str(day)) == ("Ada", "staff", 7.75, 4, "2026-03-02")


@pytest.mark.parametrize(
    ("zone", "came", "left", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-02 22:00", "2026-03-03 06:15", "2026-03-02", 8.25),
        ("Europe/Berlin", "2026-03-28 22:00", "2026-03-29 06:00", "2026-03-28", 7),
        ("Asia/Tokyo", "2026-03-02 08:55", "2026-03-02 17:30", "2026-03-02", 8.5833),
        ("America/Los_Angeles", "2026-07-02 15:00", "2026-07-02 23:30", "2026-07-02", 8.5),
        ("Asia/Kolkata", "2026-03-02 02:00", "2026-03-02 05:00", "2026-03-02", 3),
    ],
)
def test_a_stay_counts_on_the_day_of_its_check_in_by_the_clock_of_its_door(
    engine: Engine, door: UUID, zone: str, came: str, left: str, day: str, hours: float
) -> None:
    ada = one(engine, "Ada", AT)
    with writing(engine) as session:
        kiosks.register(session, "door", site="main", role="auto", time_zone=zone, at=AT)
    passed: list[tuple[Presence, str]] = [("check_in", came), ("check_out", left)]
    for kind, clock in passed:
        add(engine, door, kind, ada, datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone)), zone=zone)
    ((found, first, last, counted, count),) = rows(
        engine, "SELECT day, first_in, last_out, hours, passages FROM v_attendance_day"
    )
    assert (str(found), float(str(counted)), count) == (day, hours, 2)
    assert first is not None
    assert last is not None


def test_a_forgotten_check_out_is_no_stay(engine: Engine, door: UUID) -> None:
    ada = one(engine, "Ada", AT)
    passed: list[tuple[Presence, float]] = [("check_in", 0), ("check_out", 24 + 9)]
    for kind, hour in passed:
        add(engine, door, kind, ada, AT + timedelta(hours=hour))
    found = rows(engine, "SELECT hours, passages FROM v_attendance_day ORDER BY day")
    assert [(float(str(hours)), count) for hours, count in found] == [(0, 1), (0, 1)]


def test_who_is_inside_is_who_came_last(engine: Engine, door: UUID) -> None:
    now = datetime.now(UTC)
    came: dict[str, list[Presence]] = {"In": ["check_in"], "Out": ["check_in", "check_out"], "Back": ["check_in"] * 2}
    for name, kinds in came.items():
        person = one(engine, name, now)
        for number, kind in enumerate(kinds):
            add(engine, door, kind, person, now - timedelta(hours=2 - number))
    add(engine, door, "check_in", one(engine, "Days ago", now), now - timedelta(days=3))
    assert sorted(rows(engine, "SELECT person, door FROM v_presence")) == [("Back", "door"), ("In", "door")]


def test_moods_of_an_hour_are_shown_of_five_people_only(engine: Engine, door: UUID) -> None:
    with writing(engine) as session:
        for hour, count in ((0, 5), (1, 4)):
            for number in range(count):
                token = f"{hour}{number}"
                probabilities = (0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.5)
                sample = MoodSample(AT + timedelta(hours=hour), None, None, "staff", token, "happy", probabilities)
                moods.add(session, door, sample)
        for number in range(5):
            stranger = f"{STRANGER}{number}"
            sample = MoodSample(AT + timedelta(hours=1), None, None, "staff", stranger, "happy", probabilities)
            moods.add(session, door, sample)
    ((people_seen, samples, happy),) = rows(engine, "SELECT people, samples, happy FROM v_mood_hour")
    assert (people_seen, samples, happy) == (5, 5, pytest.approx(0.5))
