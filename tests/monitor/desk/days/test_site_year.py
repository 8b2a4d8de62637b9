"""A year of a site comes to the same by the rules and by another count, day by day and month by month.

By default a few people; `MUSTER_WHOLE_SITE=1` tries 500.
"""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.attendance import holidays, kiosks, leave, ledger, shifts
from db.calendar import Leave, Shift
from db.engine import writing
from db.ids import new_id
from db.people import people
from db.records.people import Person
from db.schema.attendance import EventRow
from db.schema.people import SubjectRow
from monitor.attendance.days import Period, PersonDay
from monitor.attendance.door import Arrival, decide
from monitor.attendance.passages import Passage
from monitor.attendance.person_calendar import Calendars
from monitor.config import Settings
from monitor.desk.days.attendance import attendance
from monitor.recording.calendars import load_calendars
from tests.db.conftest import postgresql, server  # noqa: F401 - fixtures
from tests.monitor.desk.days.site_year import GROUPS, ZONE, Life, Told, live

FIRST, LAST = date(2025, 11, 3), date(2026, 11, 1)
"""From a Monday on, with both changes of the clock."""
NOW = datetime(2026, 11, 9, 12, tzinfo=UTC)
FREE = {date(2025, 12, 25), date(2025, 12, 26), date(2026, 1, 1), date(2026, 4, 3), date(2026, 5, 1)}
PEOPLE = 500 if os.environ.get("MUSTER_WHOLE_SITE") else 10
AT = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    opened: Engine = request.getfixturevalue(request.param)
    return opened


def build(engine: Engine, lives: Sequence[Life]) -> list[Person]:
    """The site's people with their shifts, holidays and leave."""
    with writing(engine) as session:
        for group, plans in GROUPS.items():
            for plan in plans:
                first = FIRST + timedelta(weeks=plan.week)
                days = frozenset(plan.weekdays)
                shift = Shift(
                    new_id(), days, plan.start, plan.end, None, group, plan.grace, plan.pause, plan.paid, first, None,
                    plan.every,
                )  # fmt: skip
                shifts.add(session, shift, at=AT, actor="test")
        for day in sorted(FREE):
            holidays.add(session, day, "Free", at=AT, actor="test")
        members = [
            people.add_person(session, f"Person {number:03}", at=AT, actor="test", group=life.group)
            for number, life in enumerate(lives)
        ]
        for person, life in zip(members, lives, strict=True):
            for day in sorted(life.leave):
                leave.add(session, Leave(new_id(), person.id, day, day, "holiday"), at=AT, actor="test")
    return members


def pass_doors(engine: Engine, lives: Sequence[Life], members: Sequence[Person]) -> None:
    """Everybody's year before two doors, which decide as they do; the ledger is written in the order of time."""
    settings = Settings(db="unused", time_zone=ZONE.key)
    with writing(engine) as session:
        doors = {
            name: kiosks.register(session, name, site="main", role="auto", time_zone=ZONE.key, at=AT).id
            for name in "AB"
        }
        calendars = load_calendars(session, settings, FIRST, LAST)
        rows: list[EventRow] = []
        for person, life in zip(members, lives, strict=True):
            subject = session.scalars(select(SubjectRow.id).where(SubjectRow.person_id == person.id)).one()
            rows += _decided(calendars, doors, person, subject, life)
        rows.sort(key=lambda row: row.at)
        _write(session, rows)


def _decided(calendars: Calendars, doors: dict[str, UUID], person: Person, subject: UUID, life: Life) -> list[EventRow]:
    calendar, before, rows = calendars.of(person), list[Passage](), list[EventRow]()
    seen = sorted([*((at, door, kind) for at, door, kind in life.passages), *((*one, None) for one in life.doubles)])
    for at, door, expected in seen:
        kind = decide(Arrival(at, doors[door], "auto"), before[-4:], calendar, calendars.rules)
        assert kind == expected, (person.name, life.group, at)
        if kind is not None:
            before.append(Passage(new_id(), person.id, kind, at, doors[door]))
            rows.append(
                EventRow(
                    id=before[-1].event,
                    kind=kind,
                    subject=subject,
                    at=at,
                    time_zone=ZONE.key,
                    kiosk_id=doors[door],
                    method="face",
                    actor=door,
                    sighting_id=None,
                    target_id=None,
                    corrected_kind=None,
                    recorded_at=at,
                )
            )
    return rows


def _write(session: Session, rows: list[EventRow]) -> None:
    for start in range(0, len(rows), 20_000):
        ledger.chain(session, rows[start : start + 20_000])
        session.expunge_all()


def told_of(day: PersonDay) -> Told:
    one = day.summary
    return Told(
        one.status.value, one.minutes, one.late_minutes, one.early_minutes, one.expected_minutes, one.overtime_minutes,
        one.incomplete,
    )  # fmt: skip


def test_every_day_and_month_of_a_year_is_the_other_counts(engine: Engine) -> None:
    random = Random(2026)
    groups = list(GROUPS)
    lives = [live(groups[number % len(groups)], FIRST, LAST, FREE, random) for number in range(PEOPLE)]
    members = build(engine, lives)
    pass_doors(engine, lives, members)
    named = {person.id: life for person, life in zip(members, lives, strict=True)}
    settings = Settings(db="unused", time_zone=ZONE.key)
    sums: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    start = FIRST
    while start <= LAST:
        end = min(LAST, (start.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1))
        for day in attendance(engine, settings, Period(start, end), NOW):
            life = named[day.person.id]
            told = life.days[day.summary.day]
            assert asdict(told_of(day)) == asdict(told), (
                day.person.name,
                life.group,
                day.summary.day,
                day.summary.pieces,
            )
            sums[day.person.id]["minutes"] += day.summary.minutes
            sums[day.person.id]["overtime"] += day.summary.overtime_minutes or 0
            sums[day.person.id]["days"] += 1
        start = end + timedelta(days=1)
    for person, life in named.items():
        assert sums[person]["days"] == len(life.days)
        assert sums[person]["minutes"] == sum(one.minutes for one in life.days.values())
        assert sums[person]["overtime"] == sum(one.overtime or 0 for one in life.days.values())
