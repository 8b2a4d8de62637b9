"""Two shifts overlap exactly where a day by day search finds both at once."""

from datetime import date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from db.calendar import Shift
from db.ids import new_id
from monitor.desk.calendar.overlap import overlap

BASE = date(2026, 11, 23)
shifts = st.builds(
    lambda days, start, minutes, weeks, first: Shift(
        new_id(),
        days,
        start,
        (datetime.combine(BASE, start) + timedelta(minutes=minutes)).time(),
        every_weeks=weeks,
        valid_from=BASE + timedelta(days=first),
    ),
    st.frozensets(st.integers(0, 6), min_size=1, max_size=2),
    st.sampled_from([time(0), time(6), time(14, 30), time(22)]),
    st.sampled_from([60, 480, 600, 1440]),
    st.sampled_from([1, 2, 3, 4]),
    st.integers(0, 20),
)


@given(shifts, shifts)
def test_an_overlap_is_what_a_search_day_by_day_finds(one: Shift, other: Shift) -> None:
    def spans(shift: Shift) -> list[tuple[datetime, datetime]]:
        days = [BASE + timedelta(days=offset) for offset in range(28, 28 + 7 * 14)]
        starts = [datetime.combine(day, shift.start) for day in days if shift.starts_on(day)]
        return [(start, start + shift.length) for start in starts]

    found = any(a < d and c < b for a, b in spans(one) for c, d in spans(other))
    assert overlap(one, other) == overlap(other, one) == found
