"""Who did not come has the day that the rules of one person give them, whatever the shifts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from db.calendar import Shift
from db.records import Person
from monitor.attendance.days import Period, attendees, by_person, person_day
from monitor.attendance.expected import expectation
from monitor.attendance.rules import Passage, Status, summarise

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 9)
GROUPS = (None, "Engines", "Types")


def person(number: int, group: str | None = None, *, active: bool = True, added: date = date(2026, 3, 1)) -> Person:
    created = datetime.combine(added, time(12), tzinfo=UTC)
    return Person(UUID(int=number), f"Person {number}", None, group, active, "", created)


PEOPLE = [person(number, GROUPS[number % 3]) for number in range(1, 7)]


@st.composite
def shifts(draw: st.DrawFn) -> list[Shift]:
    """Shifts of people, of groups and of everybody, also over midnight and with an end."""
    made = []
    for number in range(draw(st.integers(0, 8))):
        whose, who = draw(st.sampled_from(["person", "group", "everybody"])), draw(st.sampled_from(PEOPLE))
        start, length = draw(st.integers(0, 23)), draw(st.integers(1, 12))
        made.append(
            Shift(
                id=UUID(int=1000 + number),
                person=who.id if whose == "person" else None,
                group=draw(st.sampled_from(GROUPS[1:])) if whose == "group" else None,
                weekdays=draw(st.frozensets(st.sampled_from([6, 0, 0, 1]), min_size=1)),
                start=time(start),
                end=time((start + length) % 24),
                grace_minutes=draw(st.integers(0, 30)),
                valid_from=draw(st.sampled_from([None, MONDAY, MONDAY + timedelta(days=1)])),
                valid_to=draw(st.sampled_from([None, MONDAY])),
            )
        )
    return made


@given(shifts(), st.integers(0, 47))
def test_who_did_not_come_has_the_day_that_their_shifts_give_them(given: Sequence[Shift], hour: int) -> None:
    now = datetime.combine(MONDAY, time(), tzinfo=BERLIN) + timedelta(hours=hour, minutes=7)
    expected = expectation(MONDAY, given, {one.id: one.group for one in PEOPLE}, BERLIN, now)
    for one in PEOPLE:
        day = person_day(MONDAY, one, {}, expected)
        assert day is not None
        assert day.summary == summarise(one, MONDAY, (), given, BERLIN, now)


def test_only_active_people_who_were_added_by_then_are_listed() -> None:
    now = datetime(2026, 3, 9, 20, tzinfo=BERLIN)
    expected = expectation(MONDAY, (), {}, BERLIN, now)
    listed = [person(1), person(2, active=False), person(3, added=MONDAY), person(4, added=MONDAY + timedelta(days=1))]
    found = [one.id.int for one in listed if person_day(MONDAY, one, {}, expected)]
    assert found == [1, 3]
    assert person_day(MONDAY, person(1), {}, expectation(MONDAY + timedelta(days=1), (), {}, BERLIN, now)) is None


def test_who_came_is_listed_in_any_case_and_people_are_kept_apart() -> None:
    guest, other = person(1, active=False), person(2)
    at = datetime(2026, 3, 9, 9, tzinfo=BERLIN)
    passages = by_person(
        Passage(UUID(int=number), who, "check_in", at) for number, who in enumerate((None, guest.id, UUID(int=9)))
    )
    assert set(passages) == {guest.id, UUID(int=9)}
    known = {guest.id: guest}  # the third was enrolled after the people were read
    came = attendees(MONDAY, passages, known, (), BERLIN, at + timedelta(hours=1))
    days = [person_day(MONDAY, one, came, expectation(MONDAY, (), {}, BERLIN, at)) for one in (other, guest)]
    assert [(day.person, day.summary.status) for day in days if day] == [
        (other, Status.ABSENT), (guest, Status.PRESENT)
    ]  # fmt: skip


def test_a_period_has_both_its_days_and_the_bounds_of_the_sites_clock() -> None:
    period = Period(date(2026, 3, 28), date(2026, 3, 29))  # the clock goes forward on the second
    assert list(period.days()) == [date(2026, 3, 28), date(2026, 3, 29)]
    assert period.bounds(BERLIN)[1] - period.bounds(BERLIN)[0] == timedelta(hours=47)
    assert period.with_next_day() == Period(date(2026, 3, 28), date(2026, 3, 30))
