"""The order of passages where a clock was wrong."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from db.records import LedgerEntry
from monitor.attendance.passages import Passage, passages

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ADA, DOOR = UUID(int=1), UUID(int=2)


def written(rows: Iterable[tuple[int, bool]]) -> list[LedgerEntry]:
    """Check-ins at these minutes, in the ledger's order; true where the clock was wrong."""
    return [
        LedgerEntry(UUID(int=10 + number), "check_in", ADA, AT + timedelta(minutes=minute), None, None, DOOR, "pin",
                    ADA, suspect, None)
        for number, (minute, suspect) in enumerate(rows)
    ]  # fmt: skip


def one_by_one(entries: Sequence[LedgerEntry]) -> list[UUID]:
    """The slow way: each wrong time is put behind what was written before it."""
    trusted = sorted((one for one in entries if not one.clock_suspect), key=lambda one: one.at)
    order = [one.id for number, one in enumerate(trusted) if not number or one.at != trusted[number - 1].at]
    before: UUID | None = None
    for one in entries:
        if one.clock_suspect:
            order.insert(order.index(before) + 1 if before is not None else 0, one.id)
        before = one.id if one.id in order else before
    return order


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=25))
def test_a_wrong_time_stays_behind_what_was_written_before_it(rows: list[tuple[int, bool]]) -> None:
    entries = written(rows)
    found: list[Passage] = list(passages(entries))
    assert [one.event for one in found] == one_by_one(entries)
