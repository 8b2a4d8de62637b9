"""In which order passages count, when doors stamp one instant and when a clock was wrong."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from db.records.attendance import LedgerEntry
from monitor.attendance.passages import Passage, passages

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ADA, DOOR = uuid4(), uuid4()


def entry(minute: int, *, suspect: bool = False, kiosk: UUID = DOOR) -> LedgerEntry:
    at = AT + timedelta(minutes=minute)
    return LedgerEntry(
        id=uuid4(), kind="check_in", person=ADA, at=at, target=None, corrected_kind=None, kiosk=kiosk, method="face",
        subject=ADA, clock_suspect=suspect,
    )  # fmt: skip


def test_what_two_doors_wrote_at_one_instant_counts_once() -> None:
    first, again, later = entry(0), entry(0, kiosk=uuid4()), entry(1)
    assert [one.event for one in passages([first, again, later])] == [first.id, later.id]


def test_who_has_a_wrong_time_stays_behind_what_was_written_before() -> None:
    first, wrong, next_wrong, late = entry(10), entry(900, suspect=True), entry(-900, suspect=True), entry(5)
    found = [one.event for one in passages([first, wrong, next_wrong, late])]
    assert found == [late.id, first.id, wrong.id, next_wrong.id]
    assert [one.event for one in passages([wrong, first, late])] == [wrong.id, late.id, first.id]


def in_order(counted: list[Passage]) -> list[Passage]:
    """The rule, word for word."""
    trusted = sorted((one for one in counted if not one.clock_suspect), key=lambda one: one.at)
    ordered = [one for index, one in enumerate(trusted) if not index or one.at != trusted[index - 1].at]
    before: Passage | None = None
    for one in counted:
        if one.clock_suspect:
            ordered.insert(ordered.index(before) + 1 if before and before in ordered else 0, one)
        before = one if one in ordered else before
    return ordered


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=12))
def test_any_order_of_right_and_wrong_times_is_the_rules(written: list[tuple[int, bool]]) -> None:
    events = [entry(minute, suspect=suspect) for minute, suspect in written]
    counted = [Passage(one.id, ADA, "check_in", one.at, DOOR, clock_suspect=one.clock_suspect) for one in events]
    assert passages(events) == in_order(counted)
