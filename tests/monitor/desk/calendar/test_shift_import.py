"""Shifts typed as one line, and lists of them."""

from dataclasses import replace
from datetime import date, time
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.attendance import shifts
from db.calendar import Shift
from db.engine import reading
from monitor.desk.calendar.shift_import import import_shifts, line_text, parse_line, resolve
from monitor.errors import UsageError
from tests.monitor.desk.calendar.conftest import MON_FRI, TODAY, Site, shift


@pytest.mark.parametrize(
    ("line", "whose", "values"),
    [
        ("mon-fri 9-17:30", "", {}),
        (
            "lab mon-fri 8-16:30 grace 10 break 30",
            "lab",
            {"start": time(8), "end": time(16, 30), "grace_minutes": 10, "break_minutes": 30},
        ),
        (
            "Night shift Tue, Wed,thu 22:00 to 06:00 break 0:30 paid",
            "Night shift",
            {"weekdays": frozenset({1, 2, 3}), "start": time(22), "end": time(6)}
            | {"break_minutes": 30, "break_paid": True},
        ),
        (
            "zoe mo 16.00–24:00 every second week from 1 dec until 2027-06-30",
            "zoe",
            {"weekdays": frozenset({0}), "start": time(16), "end": time(0), "every_weeks": 2}
            | {"valid_from": date(2026, 12, 1), "valid_to": date(2027, 6, 30)},
        ),
        ("Sun Li mon-fri 9-17.30", "Sun Li", {}),
        ('"May Sun" sat 9-17:30 every 3 weeks valid from tomorrow', "May Sun", {"weekdays": frozenset({5})}
         | {"every_weeks": 3, "valid_from": date(2026, 11, 27)}),
    ],
)  # fmt: skip
def test_a_line_says_who_is_expected_when(line: str, whose: str, values: dict[str, object]) -> None:
    found, read = parse_line(line, TODAY)
    assert (found, replace(read, id=TODAY)) == (whose, replace(shift(**values), id=TODAY))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "times are missing"),
        ("lab mon-fri", "times are missing"),
        ("9-17", "days are missing"),
        ("lab 9-17", "days are missing"),
        ("mon-fri 9-25", "'25' is not a time"),
        ("mon-fri 9-17 grace", "missing after 'grace'"),
        ("mon-fri 9-17 grace ten", "'ten' is not a grace"),
        ("mon-fri 9-17 lunch 30", "'lunch 30' is not understood"),
        ("mon-fri 9-17 break 30 paid extra", "'extra' is not understood"),
        ("mon-fri 9-17 from nowhere", "'nowhere' is not a day"),
        ("mon-fri 9-17 every blue moon", "not a number of weeks"),
    ],
)
def test_a_line_that_is_not_understood_says_which_part(line: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_line(line, TODAY)


@given(
    st.sampled_from(["", "Lab", "May Sun", "Floor 17-19", "Zoë, the 2nd", "team mon"]),
    st.builds(
        Shift,
        st.just(UUID(int=0)),
        st.frozensets(st.integers(0, 6), min_size=1),
        st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
        st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
        grace_minutes=st.sampled_from([0, 5, 90]),
        break_minutes=st.sampled_from([0, 30]),
        break_paid=st.booleans(),
        valid_from=st.sampled_from([None, TODAY, date(2027, 2, 28)]),
        valid_to=st.sampled_from([None, date(2028, 2, 29)]),
        every_weeks=st.sampled_from([1, 2, 13]),
    ),
    st.sampled_from([None, TODAY]),
)
def test_a_line_is_read_as_it_is_written(whose: str, one: Shift, first: date | None) -> None:
    found, read = parse_line(line_text(whose, one, first), TODAY, first)
    assert (found, replace(read, id=one.id)) == (whose, one)


def test_a_line_is_for_the_group_or_person_that_it_names(site: Site) -> None:
    assert resolve(site.engine, *parse_line("lab mon-fri 9-17:30", TODAY)).group == "Lab"
    assert resolve(site.engine, *parse_line("zoe mon-fri 9-17:30", TODAY)).person == site.ids["Zoë Young"]


def test_a_list_is_entered_row_by_row_and_again_changes_nothing(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "shifts.csv"
    file.write_text(
        "Name;Group;Days;From;To;Grace;Break;Paid;Valid from;Every\n"
        ";;mon-fri;09:00;17:30;;30;no;;\n"
        ";lab;tue,thu;22:00;06:00;10;30;yes;2026-11-30;2\n"
        "young zoe;;sat;8;12;;;;;\n"
        "zoe;;sun;8;12;;;;;\n"
        "Nobody;;sat;8;12;;;;;\n"
        ";;fri;17;18;;;;;\n"
        ";;mon-fri;9;\n",
        encoding="utf-8",
    )
    for added, unchanged in ((3, 0), (0, 3)):
        done = import_shifts(site.engine, site.zone, file, **site.by)
        assert (done.added, done.unchanged) == (added, unchanged)
        assert [problem.partition(":")[0] for problem in done.problems] == ["Row 5", "Row 6", "Row 7", "Row 8"]
        assert "'zoe'; did you mean Zoë Young?" in done.problems[0]
        assert "Nobody enrolled has the name" in done.problems[1]
        assert "shift at this time already" in done.problems[2]
        assert "'' is not a time of day" in done.problems[3]
    wanted = [
        shift(break_minutes=30),
        shift(
            group="Lab",
            weekdays=frozenset({1, 3}),
            start=time(22),
            end=time(6),
            grace_minutes=10,
            break_minutes=30,
            break_paid=True,
            valid_from=date(2026, 11, 30),
            every_weeks=2,
        ),
        shift(person=site.ids["Zoë Young"], weekdays=frozenset({5}), start=time(8), end=time(12)),
    ]
    with reading(site.engine) as session:
        found: list[Shift] = shifts.all_shifts(session)
    assert [replace(one, id=wanted[0].id) for one in found] == [replace(one, id=wanted[0].id) for one in wanted]
    assert found[0].weekdays == MON_FRI


@pytest.mark.parametrize(
    ("text", "sentence"), [("", "is empty"), ("name,from,to\nzoe,8,9\n", "no column 'days'"), ("\0", "not a text file")]
)
def test_a_list_that_cannot_be_used_is_one_sentence(site: Site, tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "shifts.csv"
    file.write_text(text)
    with pytest.raises(UsageError, match=sentence):
        import_shifts(site.engine, site.zone, file, **site.by)
    with pytest.raises(UsageError, match="cannot be read"):
        import_shifts(site.engine, site.zone, tmp_path / "none.csv", **site.by)
