"""Attendance rules: what counts, what an arrival means, and how a day is summed up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.records import Presence, Role
from monitor.attendance.rules import DaySummary, Passage, Status, decide, passages, summarise
from monitor.attendance.shifts import day_bounds, day_of, expected, person_day

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
COOL_DOWN = timedelta(minutes=2)


@dataclass(frozen=True)
class Event:
    id: UUID
    kind: str
    at: datetime
    person: UUID | None = None
    target: UUID | None = None
    corrected_kind: str | None = None


@dataclass(frozen=True)
class Shift:
    weekdays: frozenset[int]
    start: time
    end: time
    person: UUID | None = None
    group: str | None = None
    grace_minutes: int = 5
    valid_from: date | None = None
    valid_to: date | None = None
    every_weeks: int = 1


@dataclass(frozen=True)
class Person:
    id: UUID
    group: str | None = None


ADA = Person(UUID(int=1), "Team")
OFFICE = [Shift(frozenset(range(5)), time(9), time(17))]
NIGHT = [Shift(frozenset(range(7)), time(22), time(6))]


def _at(clock: str, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=BERLIN).astimezone(UTC)


def _event(kind: str, clock: str, **more: object) -> Event:
    return Event(uuid4(), kind, _at(clock), ADA.id, **more)  # type: ignore[arg-type]


def _passages(*marks: str) -> list[Passage]:
    """From marks such as "in 09:00" and "out 17:00"."""
    kinds: dict[str, Presence] = {"in": "check_in", "out": "check_out"}
    return [Passage(uuid4(), ADA.id, kinds[mark.split()[0]], _at(mark.split()[1])) for mark in marks]


def _day(marks: Sequence[str], now: str, shifts: Sequence[Shift] = OFFICE, day: date = MONDAY) -> DaySummary:
    return summarise(ADA, MONDAY, _passages(*marks), shifts, BERLIN, _at(now, day))


class TestWhatCounts:
    def test_a_void_undoes_its_target(self) -> None:
        one = _event("check_in", "09:00")
        assert passages([one, _event("void", "09:01", target=one.id)]) == []

    def test_voiding_a_void_brings_the_event_back(self) -> None:
        one = _event("check_in", "09:00")
        void = _event("void", "09:01", target=one.id)
        assert [p.event for p in passages([one, void, _event("void", "09:02", target=void.id)])] == [one.id]

    def test_a_correction_takes_the_place_of_its_target(self) -> None:
        one = _event("check_in", "09:30")
        better = _event("correction", "09:00", target=one.id, corrected_kind="check_out")
        assert passages([one, better]) == [Passage(better.id, ADA.id, "check_out", better.at)]

    def test_correcting_a_correction_does_not_bring_the_first_back(self) -> None:
        one = _event("check_in", "09:30")
        two = _event("correction", "09:00", target=one.id, corrected_kind="check_in")
        three = _event("correction", "08:30", target=two.id, corrected_kind="check_in")
        assert [p.event for p in passages([one, two, three])] == [three.id]

    def test_voiding_a_correction_brings_the_first_back(self) -> None:
        one = _event("check_in", "09:30")
        two = _event("correction", "09:00", target=one.id, corrected_kind="check_in")
        assert [p.event for p in passages([one, two, _event("void", "10:00", target=two.id)])] == [one.id]

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["check_in", "check_out", "void", "correction"]),
                st.integers(0, 600),
                st.integers(0, 30),
            ),
            max_size=30,
        )
    )
    def test_every_passage_is_one_that_no_later_row_cancels(self, rows: list[tuple[str, int, int]]) -> None:
        events: list[Event] = []
        for kind, minute, back in rows:
            target = events[-1 - back % len(events)].id if events and kind in ("void", "correction") else None
            if target is None and kind in ("void", "correction"):
                continue
            at = _at("06:00") + timedelta(minutes=minute)
            corrected = "check_in" if kind == "correction" else None
            events.append(Event(uuid4(), kind, at, ADA.id, target, corrected))
        counted = passages(events)
        assert [p.at for p in counted] == sorted(p.at for p in counted)
        effective_voids = {e.target for e in events if e.kind == "void" and not _is_voided(e, events)}
        assert not effective_voids & {p.event for p in counted}
        assert {p.event for p in counted} <= {e.id for e in events if e.kind != "void"}


def _is_voided(event: Event, events: list[Event]) -> bool:
    later = events[events.index(event) + 1 :]
    return any(e.kind == "void" and e.target == event.id and not _is_voided(e, events) for e in later)


class TestAtTheDoor:
    @pytest.mark.parametrize(
        ("role", "today", "meaning"),
        [
            ("auto", (), "check_in"),
            ("auto", ("in 08:00",), "check_out"),
            ("auto", ("in 08:00", "out 08:30"), "check_in"),
            ("in", (), "check_in"),
            ("in", ("in 08:00",), None),
            ("in", ("in 08:00", "out 08:30"), "check_in"),
            ("out", (), "check_out"),
            ("out", ("in 08:00",), "check_out"),
            ("out", ("in 08:00", "out 08:30"), None),
        ],
    )
    def test_the_role_and_the_last_passage_decide(
        self, role: Role, today: tuple[str, ...], meaning: Presence | None
    ) -> None:
        assert decide(_at("09:00"), role, today=_passages(*today), last_seen=None, cool_down=COOL_DOWN) == meaning

    def test_somebody_who_lingers_has_not_arrived_again(self) -> None:
        seen = _at("08:59")
        assert decide(_at("09:00"), "auto", today=_passages("in 08:00"), last_seen=seen, cool_down=COOL_DOWN) is None

    def test_a_second_track_while_in_view_is_no_arrival(self) -> None:
        still_there = _at("09:30")
        assert decide(_at("09:00"), "auto", today=[], last_seen=still_there, cool_down=COOL_DOWN) is None

    @given(st.lists(st.integers(0, 24 * 60 - 1), unique=True, max_size=40), st.integers(0, 30))
    def test_at_an_auto_door_ins_and_outs_take_turns(self, minutes: list[int], cool_down: int) -> None:
        today: list[Passage] = []
        pause = timedelta(minutes=cool_down)
        for minute in sorted(minutes):
            at = _at("00:00") + timedelta(minutes=minute)
            kind = decide(at, "auto", today=today, last_seen=None, cool_down=pause)
            if kind:
                today.append(Passage(uuid4(), ADA.id, kind, at))
        assert [p.kind for p in today] == [("check_in", "check_out")[n % 2] for n in range(len(today))]
        assert all(b.at - a.at >= pause for a, b in pairwise(today))

    @given(st.sampled_from(["in", "out"]), st.lists(st.integers(0, 1439), unique=True, max_size=40))
    def test_at_a_one_way_door_only_the_first_arrival_counts(self, role: Role, minutes: list[int]) -> None:
        today: list[Passage] = []
        for minute in sorted(minutes):
            at = _at("00:00") + timedelta(minutes=minute)
            kind = decide(at, role, today=today, last_seen=None, cool_down=timedelta())
            if kind:
                today.append(Passage(uuid4(), ADA.id, kind, at))
        assert len(today) == min(1, len(minutes))


class TestTheDay:
    @pytest.mark.parametrize(
        ("marks", "now", "status", "hours"),
        [
            ([], "08:00", None, 0),
            ([], "09:05", None, 0),
            ([], "09:06", Status.ABSENT, 0),
            (["in 08:55"], "12:55", Status.PRESENT, 4),
            (["in 09:05"], "10:05", Status.PRESENT, 1),
            (["in 09:06"], "10:06", Status.LATE, 1),
            (["in 09:00", "out 12:00"], "13:00", Status.LEFT, 3),
            (["in 09:00", "out 12:00", "in 13:00"], "14:00", Status.PRESENT, 4),
            (["in 09:00", "in 13:00", "out 17:00"], "18:00", Status.LEFT, 4),
            (["out 17:00"], "18:00", Status.LEFT, 0),
        ],
    )
    def test_status_while_the_day_goes_on(self, marks: list[str], now: str, status: Status, hours: float) -> None:
        summary = _day(marks, now)
        assert summary.status == status
        assert summary.present == timedelta(hours=hours)

    @pytest.mark.parametrize(
        ("marks", "status", "hours"),
        [
            (["in 09:00"], Status.INCOMPLETE, 0),
            (["out 17:00"], Status.INCOMPLETE, 0),
            (["in 09:00", "out 12:00", "in 13:00"], Status.INCOMPLETE, 3),
            (["in 09:00", "out 17:00"], Status.LEFT, 8),
            ([], Status.ABSENT, 0),
        ],
    )
    def test_status_when_the_day_is_over(self, marks: list[str], status: Status, hours: float) -> None:
        summary = _day(marks, "00:00", day=MONDAY + timedelta(days=1))
        assert (summary.status, summary.present) == (status, timedelta(hours=hours))

    def test_coming_late_stays_known_after_leaving(self) -> None:
        summary = _day(["in 10:00", "out 17:00"], "18:00")
        assert (summary.status, summary.late) == (Status.LEFT, True)
        assert (summary.first_in, summary.last_out) == (_at("10:00"), _at("17:00"))

    def test_nobody_is_expected_on_a_free_day(self) -> None:
        sunday = MONDAY - timedelta(days=1)
        summary = summarise(ADA, sunday, [], OFFICE, BERLIN, _at("23:00", sunday))
        assert summary.status is None

    def test_without_any_schedule_who_did_not_come_is_absent(self) -> None:
        assert _day([], "08:00", shifts=[]).status is Status.ABSENT
        assert _day(["in 11:00"], "12:00", shifts=[]).status is Status.PRESENT

    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 1439)), max_size=20), st.integers(0, 2000))
    def test_nobody_is_present_longer_than_from_first_to_last(
        self, marks: list[tuple[bool, int]], now_minute: int
    ) -> None:
        midnight = _at("00:00")
        counted = [
            Passage(uuid4(), ADA.id, "check_in" if inwards else "check_out", midnight + timedelta(minutes=minute))
            for inwards, minute in sorted(marks, key=lambda mark: mark[1])
        ]
        now = midnight + timedelta(minutes=now_minute)
        summary = summarise(ADA, MONDAY, counted, OFFICE, BERLIN, now)
        assert timedelta() <= summary.present <= timedelta(days=1)
        assert summary.passages == tuple(counted)
        if summary.status is Status.INCOMPLETE:
            assert summary.incomplete


class TestShifts:
    def test_a_persons_own_shift_wins_over_the_groups_over_everybodys(self) -> None:
        everybody, group = OFFICE, [Shift(frozenset({0}), time(8), time(16), group="Team")]
        own = [Shift(frozenset({0}), time(7), time(15), person=ADA.id)]

        def start(*shifts: Shift) -> datetime | None:
            due = expected(shifts, ADA.id, "Team", MONDAY, BERLIN)
            return due.start if due else None

        assert start(*everybody, *group, *own) == _at("07:00")
        assert start(*everybody, *group) == _at("08:00")
        assert start(*everybody) == _at("09:00")
        assert start(Shift(frozenset({0}), time(8), time(16), group="Others")) is None
        assert start(Shift(frozenset({1}), time(7), time(15), person=ADA.id), *everybody) is None

    def test_a_shift_counts_only_while_it_is_valid(self) -> None:
        ended = Shift(frozenset({0}), time(8), time(16), valid_to=MONDAY - timedelta(days=1))
        begins = Shift(frozenset({0}), time(8), time(16), valid_from=MONDAY + timedelta(days=1))
        assert expected([ended, begins], ADA.id, None, MONDAY, BERLIN) is None

    def test_a_night_shift_is_one_day(self) -> None:
        morning_after = [
            Passage(uuid4(), ADA.id, "check_in", _at("21:55")),
            Passage(uuid4(), ADA.id, "check_out", _at("06:05", MONDAY + timedelta(days=1))),
        ]
        now = _at("13:00", MONDAY + timedelta(days=1))
        monday = summarise(ADA, MONDAY, morning_after, NIGHT, BERLIN, now)
        assert (monday.status, monday.present) == (Status.LEFT, timedelta(hours=8, minutes=10))
        tuesday = summarise(ADA, MONDAY + timedelta(days=1), morning_after, NIGHT, BERLIN, now)
        assert tuesday.passages == ()

    @pytest.mark.parametrize(
        ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
    )
    def test_days_are_as_long_as_the_clock_change_makes_them(self, day: date, hours: int) -> None:
        start, end = day_bounds(day, BERLIN)
        assert end - start == timedelta(hours=hours)

    def test_hours_over_a_clock_change_are_real_hours(self) -> None:
        saturday = date(2026, 10, 24)
        counted = [
            Passage(uuid4(), ADA.id, "check_in", _at("22:00", saturday)),
            Passage(uuid4(), ADA.id, "check_out", _at("06:00", saturday + timedelta(days=1))),
        ]
        now = _at("20:00", saturday + timedelta(days=1))
        assert summarise(ADA, saturday, counted, NIGHT, BERLIN, now).present == timedelta(hours=9)

    @given(
        st.datetimes(*(datetime(year, 1, 1) for year in (2025, 2028)), timezones=st.just(UTC)),  # noqa: DTZ001
        st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
        st.lists(st.builds(Shift, st.frozensets(st.integers(0, 6)), st.times(), st.times()), max_size=7),
    )
    def test_every_instant_belongs_to_exactly_one_day(self, at: datetime, zone: str, shifts: list[Shift]) -> None:
        place = ZoneInfo(zone)
        day = day_of(shifts, ADA.id, None, at, place)
        around = [day + timedelta(days=offset) for offset in range(-2, 3)]
        bounds = [person_day(shifts, ADA.id, None, one, place) for one in around]
        assert [start <= at < end for start, end in bounds] == [False, False, True, False, False]
        assert all(one[1] == after[0] for one, after in pairwise(bounds))
