"""The demo's past fills what the desk shows, by the rules that are in force."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from db.engine import reading
from db.verification.ledger_check import verify
from monitor.attendance.days import Period
from monitor.attendance.summary import Status
from monitor.config import Settings
from monitor.desk.calendar.leave import list_leave
from monitor.desk.calendar.shifts import list_shifts
from monitor.desk.days.attendance import attendance
from monitor.desk.days.repair_list import repair_list
from monitor.desk.demo import past
from monitor.desk.demo.team import Member
from monitor.desk.people.visitors import visitors_view
from monitor.desk.store import Store
from monitor.sources.simulated.camera import SimulatedCamera
from tests.monitor.desk.demo.conftest import NAMES, Play

NOW = datetime(2026, 11, 26, 9, 58, tzinfo=UTC)
DAYS = 20

Month = tuple[Store, Settings, tuple[Member, ...]]


@pytest.fixture(scope="module")
def month(play: Play) -> Month:
    return play(DAYS, NOW)


def rows(store: Store, query: str) -> list[tuple[object, ...]]:
    with reading(store.engine) as session:
        return [tuple(row) for row in session.execute(text(query))]


def test_the_days_have_every_status(month: Month) -> None:
    store, settings, _ = month
    today = NOW.astimezone(settings.zone).date()
    days = attendance(store.engine, settings, Period(today - timedelta(days=DAYS), today), NOW)
    found = {day.summary.status for day in days}
    assert found >= {
        Status.PRESENT, Status.LEFT, Status.ABSENT, Status.ON_LEAVE, Status.DUE, Status.HOLIDAY,
        Status.NOT_EXPECTED, Status.INCOMPLETE,
    }  # fmt: skip
    assert any(day.summary.late_minutes for day in days)
    # Shifts of the night belong to the day on which they begin.
    nights = [day.summary for day in days if day.person.group == "Night watch" and day.summary.status is Status.LEFT]
    assert 7 * 60 < sum(one.minutes for one in nights) / len(nights) < 9 * 60


def test_most_people_come_on_most_of_the_days_on_which_they_are_expected(month: Month) -> None:
    store, settings, _ = month
    today = NOW.astimezone(settings.zone).date()
    days = attendance(store.engine, settings, Period(today - timedelta(days=DAYS), today - timedelta(days=1)), NOW)
    expected = [day.summary for day in days if day.summary.expected_minutes]
    absent = [one for one in expected if one.status is Status.ABSENT]
    assert 1 <= len(absent) < len(expected) / 20


def test_something_is_left_to_repair_and_something_was_repaired(month: Month) -> None:
    store, settings, _ = month
    today = NOW.astimezone(settings.zone).date()
    assert len(repair_list(store.engine, settings, Period(today - timedelta(days=DAYS), today), NOW).open) >= 3
    found = {str(kind) for (kind,) in rows(store, "SELECT DISTINCT action FROM audit_entry")}
    assert {"void", "correct"} <= found
    assert rows(store, "SELECT count(*) FROM attendance_event WHERE method = 'manual'")[0][0]
    assert rows(store, "SELECT count(*) FROM attendance_event WHERE method = 'pin'")[0][0]


def test_shifts_leave_and_visitors_can_be_seen(month: Month) -> None:
    store, settings, _ = month
    today = NOW.astimezone(settings.zone).date()
    shown = list_shifts(store.engine, today)
    assert {one.whose for one in shown.entries} >= {"Office", "Workshop A", "Workshop B", "Night watch", "Weekend"}
    assert any(one.shift.person for one in shown.entries)
    assert list_leave(store.engine, today)
    assert len(visitors_view(store.engine, store.cipher, 1, settings.zone).groups) == 2


def test_moods_are_kept_of_those_only_who_agreed(month: Month) -> None:
    store, _, team = month
    having = {str(name) for (name,) in rows(
        store, "SELECT DISTINCT name FROM person JOIN mood_sample ON mood_sample.person_id = person.id"
    )}  # fmt: skip
    assert having == {one.name for one in team if one.asked and one.moods}


def test_the_ledger_is_whole_and_holds_nothing_that_is_still_to_come(month: Month) -> None:
    store, _, _ = month
    with reading(store.engine) as session:
        assert verify(session).whole
    (latest,) = rows(store, "SELECT max(at) FROM attendance_event")[0]
    assert str(latest) <= f"{NOW:%Y-%m-%d %H:%M:%S}.999999"


def test_the_same_seed_gives_the_same_past(play: Play) -> None:
    query = """SELECT person.name, kind, at, method FROM attendance_event
        JOIN ledger_subject ON ledger_subject.id = attendance_event.subject
        JOIN person ON person.id = ledger_subject.person_id ORDER BY at, person.name, kind"""
    first, again, other = (rows(play(2, NOW, seed=seed)[0], query) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("zone", "clock"), [("Europe/Berlin", "00:00"), ("Pacific/Kiritimati", "03:00"), ("America/St_Johns", "23:59")]
)
def test_at_any_hour_and_anywhere_the_day_can_be_counted(play: Play, zone: str, clock: str) -> None:
    now = datetime.fromisoformat(f"2026-03-29T{clock}").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    store, settings, team = play(3, now, zone)
    day = now.astimezone(settings.zone).date()
    days = attendance(store.engine, settings, Period(day, day), now)
    assert {one.person.name for one in days} == {one.name for one in team}
    assert repair_list(store.engine, settings, Period(day - timedelta(days=3), day), now) is not None


def test_a_past_of_one_day_and_a_team_of_two(play: Play) -> None:
    store, settings, _ = play(1, NOW, names=NAMES[:2])
    today = NOW.astimezone(settings.zone).date()
    assert len(attendance(store.engine, settings, Period(today, today), NOW)) == 2


def test_without_a_past_people_are_enrolled_now() -> None:
    assert past.first_instant(0, NOW, Settings(time_zone="UTC")) == NOW


def test_people_are_enrolled_with_number_and_group_and_strangers_are_seen_from_photos_that_enrol_nobody(
    play: Play,
) -> None:
    store, _, _ = play(1, NOW, names=NAMES[:1])
    camera = SimulatedCamera(1)
    name = NAMES[1]
    team, photos = [Member(name, "101", "Office")], {name: camera.enrolment()[name][:1]}
    strangers = [camera.strangers()[0][:2]]
    (shots,) = past.enrol(store, photos, NOW, team=team, strangers=strangers, show=lambda done, total: None)
    assert rows(store, "SELECT name, number, group_name FROM person WHERE number = '101'") == [(name, "101", "Office")]
    assert len(shots) == 2
    assert shots[0].portrait.shape == (150, 150, 3)
    assert float(shots[0].embedding @ shots[1].embedding) > 0.9
    enrolled = {photo.tobytes() for photos in camera.enrolment().values() for photo in photos}
    assert not [photo for photos in camera.strangers() for photo in photos if photo.tobytes() in enrolled]
