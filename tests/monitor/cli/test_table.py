"""Listings at a terminal: names stay, longer texts give way, and a pipe gets all of it."""

import io

from rich.console import Console

from monitor.cli.reports import _LEAST
from monitor.cli.table import plain_table, table

HEADS = ("At", "Person", "Number", "Group", "Event", "Door", "Method", "By", "Reason", "Counts")
ROWS = [
    ("2026-11-23 08:00", "Amelie Moreau", "17", "Fellows", "came in", "door", "manual", "ingrid", "a list " * 9, "yes"),
    ("2026-11-23 17:00", "N" * 200, "18", "Fellows", "left", "door", "manual", "ingrid", "a list " * 9, "yes"),
]


def _printed(width: int) -> list[str]:
    kept = io.StringIO()
    Console(file=kept, width=width).print(table(HEADS, ROWS, least=_LEAST))
    return [line.rstrip() for line in kept.getvalue().splitlines()]


def test_each_entry_of_the_ledger_is_a_line_that_says_whose_it_is_at_80_columns() -> None:
    lines = _printed(80)
    assert len(lines) == 4, "the heads, a line, and one for each row"
    assert all(len(line) <= 80 for line in lines)
    assert "Amelie More…" in lines[2]
    assert "NNNNNNNNNNN…" in lines[3]
    assert lines[2].endswith("yes")
    assert lines == [line.rstrip() for line in plain_table(HEADS, ROWS, 80, _LEAST) or ()]


def test_nothing_is_cut_where_there_is_room() -> None:
    assert "N" * 200 in _printed(500)[3]
    assert "N" * 200 in (plain_table(HEADS, ROWS, 500, _LEAST) or [])[3]


def test_a_name_of_200_letters_makes_its_own_line_longer_and_no_other() -> None:
    for lines in (_printed(500), plain_table(HEADS, ROWS, 500, _LEAST) or []):
        ordinary, long = lines[2], lines[3]
        assert len(long.rstrip()) - len(ordinary.rstrip()) >= 140
        assert len(ordinary.rstrip()) < 220
    kept, rows = io.StringIO(), [("N" * 200 + "\nid 7", "3"), ("Ada\nid 8", "12")]
    Console(file=kept, width=500).print(table(("Name", "Images"), rows, right=("Images",), least={"Name": 36}))
    assert [line.split() for line in kept.getvalue().splitlines()[2:]] == [
        ["N" * 200, "3"], ["id", "7"], ["Ada", "12"], ["id", "8"]
    ]  # fmt: skip


def test_a_time_that_has_no_room_is_not_shown_as_another() -> None:
    kept = io.StringIO()
    Console(file=kept, width=9).print(table(("Name", "In"), [("Ada Byron", "17:40")]))
    assert "17:4 " not in kept.getvalue()
    assert "…" in kept.getvalue()


def test_a_text_that_may_take_several_lines_is_not_cut() -> None:
    kept, rows = io.StringIO(), [("Ada", "word " * 20)]
    Console(file=kept, width=20).print(table(("Name", "Note"), rows, fold=("Note",), least={"Note": 6}))
    assert kept.getvalue().count("word") == 20
