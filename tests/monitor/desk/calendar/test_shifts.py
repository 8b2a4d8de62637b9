"""Shifts are entered, changed from a day on, ended and removed; each says whom and how many past days it touches."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from db.attendance import kiosks, ledger
from db.attendance import shifts as rows
from db.calendar import Shift
from db.engine import reading, writing
from db.ids import new_id
from db.people import people
from db.records.attendance import NewEvent
from monitor.desk.calendar import shifts
from monitor.errors import UsageError
from tests.db.rows import newest_entries
from tests.monitor.desk.calendar.conftest import ENROLLED, TODAY, Site, shift

DAY = timedelta(days=1)


def kept(site: Site) -> list[Shift]:
    with reading(site.engine) as session:
        return rows.all_shifts(session)


def test_the_narrowest_shift_counts_and_those_without_are_listed(site: Site) -> None:
    listed = shifts.list_shifts(site.engine, TODAY)
    assert (listed.entries, listed.without_count) == ((), 3)
    assert [one.name for one in listed.without] == ["Ada Lovelace", "Bob Planner", "Zoë Young"]
    lab = shifts.add_shift(site.engine, site.zone, shift(group="Lab"), **site.by)
    assert (lab.entry.people, lab.entry.whose) == (2, "Lab")
    shifts.add_shift(site.engine, site.zone, shift(person=site.ids["Zoë Young"]), **site.by)
    listed = shifts.list_shifts(site.engine, TODAY)
    assert [(one.whose, one.people) for one in listed.entries] == [("Lab", 1), ("Zoë Young", 1)]
    assert [one.name for one in listed.without] == ["Bob Planner"]
    shifts.add_shift(site.engine, site.zone, shift(valid_from=TODAY), **site.by)
    listed = shifts.list_shifts(site.engine, TODAY)
    assert [(one.whose, one.people) for one in listed.entries] == [("everybody", 1), ("Lab", 1), ("Zoë Young", 1)]
    assert listed.without_count == 0
    assert shifts.list_shifts(site.engine, ENROLLED).without_count == 0, "a shift that begins later is one"


def test_whose_shift_is_over_has_none(site: Site) -> None:
    shifts.add_shift(site.engine, site.zone, shift(valid_from=TODAY - DAY, valid_to=TODAY - DAY), **site.by)
    assert shifts.list_shifts(site.engine, TODAY - DAY).without_count == 0
    assert shifts.list_shifts(site.engine, TODAY).without_count == 3


def test_who_is_inactive_counts_nowhere(site: Site) -> None:
    with writing(site.engine) as session:
        people.set_active(session, site.ids["Ada Lovelace"], False, **site.by)
    assert shifts.list_shifts(site.engine, TODAY).without_count == 2
    assert shifts.add_shift(site.engine, site.zone, shift(group="Lab"), **site.by).entry.people == 1
    assert shifts.add_shift(site.engine, site.zone, shift(person=site.ids["Ada Lovelace"]), **site.by).entry.people == 0


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"valid_from": TODAY + DAY, "weekdays": frozenset({0})}, "The first day that changes is Mon 30 Nov 2026."),
        (
            {"valid_from": TODAY - 10 * DAY, "valid_to": TODAY - 9 * DAY, "weekdays": frozenset({5})},
            "Days before today stay as they are.",
        ),
        ({}, 18),  # from the enrolment on 2 Nov: 2-6, 9-13, 16-20, 23-25
        ({"valid_from": TODAY}, "Days before Thu 26 Nov 2026 stay as they are."),
        ({"valid_from": TODAY - 3 * DAY}, 3),
        ({"valid_from": TODAY - 10 * DAY, "valid_to": TODAY - 9 * DAY}, 2),
        ({"valid_from": date(2026, 10, 26), "every_weeks": 2}, 8),  # 9-13, 23-25
        ({"weekdays": frozenset({6})}, 3),
    ],
)
def test_an_entry_for_the_past_says_how_many_days_change(
    site: Site, values: dict[str, object], told: int | str
) -> None:
    change = shifts.add_shift(site.engine, site.zone, shift(**values), **site.by)
    past = told if isinstance(told, int) else 0
    assert change.past_days == past
    effect = f"It changes {past} days before today." if past else told
    assert change.effect == f"It counts for 3 people. {effect}"


def test_days_before_the_enrolment_change_where_somebody_came(site: Site) -> None:
    ada = site.ids["Ada Lovelace"]
    with writing(site.engine) as session:
        door = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=site.by["at"]).id
        for day in (date(2026, 10, 5), date(2026, 10, 6), date(2026, 10, 10)):
            at = datetime.combine(day, time(9), tzinfo=site.zone)
            ledger.append(session, NewEvent(new_id(), "check_in", ada, at, "UTC", door, "manual", "boss", at))
    told = [
        shifts.preview(site.engine, site.zone, one, site.by["at"]).past_days
        for one in (
            shift(person=ada),
            shift(group="Lab", valid_from=date(2026, 10, 6)),
            shift(person=site.ids["Zoë Young"]),
        )
    ]
    assert told == [20, 19, 18], "two weekdays of October, one from the 6th on, none"


def test_a_change_from_a_day_on_keeps_the_days_before(site: Site) -> None:
    old = shifts.add_shift(site.engine, site.zone, shift(valid_to=date(2026, 12, 31)), **site.by).entry.shift
    change = shifts.change_shift(site.engine, site.zone, old.id, replace(old, start=time(8)), TODAY + DAY, **site.by)
    before, after = kept(site)
    assert before == replace(old, valid_to=TODAY)
    assert after == replace(old, id=after.id, start=time(8), valid_from=TODAY + DAY)
    assert (change.entry.shift, change.past_days) == (after, 0)
    with reading(site.engine) as session:
        assert [one.action for one in newest_entries(session, limit=2)] == ["add shift", "end shift"]


def test_a_change_in_the_past_says_what_it_touches(site: Site) -> None:
    old = shifts.add_shift(site.engine, site.zone, shift(), **site.by).entry.shift
    monday = replace(old, weekdays=frozenset({0}))
    assert shifts.change_shift(site.engine, site.zone, old.id, monday, TODAY - 7 * DAY, **site.by).past_days == 5


def test_a_shift_that_has_not_begun_is_changed_wholly(site: Site) -> None:
    later = shifts.add_shift(site.engine, site.zone, shift(valid_from=TODAY + 10 * DAY), **site.by).entry.shift
    shifts.change_shift(site.engine, site.zone, later.id, replace(later, end=time(18)), TODAY + DAY, **site.by)
    (after,) = kept(site)
    assert (after.end, after.valid_from) == (time(18), later.valid_from)


def test_a_shift_that_has_ended_is_not_changed(site: Site) -> None:
    old = shifts.add_shift(site.engine, site.zone, shift(valid_to=TODAY), **site.by).entry.shift
    with pytest.raises(UsageError, match="ends on 2026-11-26"):
        shifts.change_shift(site.engine, site.zone, old.id, replace(old, start=time(8)), TODAY + DAY, **site.by)
    assert kept(site) == [old]


def test_the_weeks_of_a_rotation_stay_in_step_when_its_times_change(site: Site) -> None:
    rota = shift(valid_from=date(2026, 11, 9), every_weeks=2)  # comes on 9 and 23 November and 7 December
    old = shifts.add_shift(site.engine, site.zone, rota, **site.by).entry.shift
    shifts.change_shift(site.engine, site.zone, old.id, replace(old, start=time(7)), date(2026, 12, 1), **site.by)
    before, after = kept(site)
    assert (before.valid_to, after.valid_from) == (date(2026, 12, 6), date(2026, 12, 7))
    days = [date(2026, 11, 23) + offset * DAY for offset in range(60)]
    came = [day for day in days if before.starts_on(day) or after.starts_on(day)]
    assert came == [day for day in days if old.starts_on(day)]


def test_an_end_keeps_the_past_and_a_removal_does_not(site: Site) -> None:
    first = shifts.add_shift(site.engine, site.zone, shift(), **site.by).entry.shift
    ended = shifts.end_shift(site.engine, site.zone, first.id, TODAY, **site.by)
    assert (ended.entry.shift.valid_to, ended.past_days) == (TODAY, 0)
    assert shifts.list_shifts(site.engine, TODAY + DAY).entries == ()
    assert len(shifts.list_shifts(site.engine, TODAY + DAY, ended=True).entries) == 1
    assert shifts.end_shift(site.engine, site.zone, first.id, TODAY - 2 * DAY, **site.by).past_days == 1
    assert shifts.remove_shift(site.engine, site.zone, first.id, **site.by).past_days == 17
    assert kept(site) == []


def test_two_shifts_of_the_same_people_are_never_at_one_time(site: Site) -> None:
    shifts.add_shift(site.engine, site.zone, shift(group="Lab"), **site.by)
    with pytest.raises(UsageError, match=r"Lab: mon-fri 09:00-17:30, 8:30 a day; change or end that one\.$"):
        shifts.add_shift(site.engine, site.zone, shift(group="Lab", start=time(17), end=time(20)), **site.by)
    shifts.add_shift(site.engine, site.zone, shift(group="Lab", start=time(17, 30), end=time(20)), **site.by)
    shifts.add_shift(site.engine, site.zone, shift(group="Night"), **site.by)
    shifts.add_shift(site.engine, site.zone, shift(person=site.ids["Ada Lovelace"]), **site.by)
    assert len(kept(site)) == 4


def test_a_shift_is_found_by_the_end_of_its_id(site: Site) -> None:
    one, other = (
        shifts.add_shift(site.engine, site.zone, shift(weekdays=frozenset({day})), **site.by).entry.shift
        for day in (0, 1)
    )
    assert shifts.find_shift(site.engine, str(one.id)) == one
    assert shifts.find_shift(site.engine, str(other.id)[-8:].upper()) == other
    for text in ("", "xyz"):
        with pytest.raises(UsageError, match="muster shifts list"):
            shifts.find_shift(site.engine, text)
