"""`muster holidays`, as somebody types it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.cli.calendar.conftest import Muster

Listed = Callable[..., list[dict[str, Any]]]


def test_holidays_are_entered_imported_listed_and_removed(muster: Muster, listed: Listed) -> None:
    assert "muster holidays import COUNTRY" in muster("holidays", "list")[1]
    assert muster("holidays", "add", "24 dec", "Christmas Eve", "--half", "afternoon")[1] == (
        "Added: Christmas Eve on Thu 24 Dec 2026, in the afternoon.\n"
    )
    assert muster("holidays", "add", "2026-11-11")[0] == 0
    assert [one["name"] for one in listed("holidays", "list")] == ["Christmas Eve"]
    assert [one["name"] for one in listed("holidays", "list", "--all")] == ["Holiday", "Christmas Eve"]
    assert muster("holidays", "import", "DE-BE", "--year", "2026")[1] == (
        "10 holidays added, from 2026-01-01 to 2026-12-26; 0 there already.\n"
    )
    assert muster("holidays", "import", "de-be", "--year", "2026")[1] == "0 holidays added; 10 there already.\n"
    table = muster("holidays", "list")[1].splitlines()
    assert table[2].split() == ["Thu", "24", "Dec", "2026", "Christmas", "Eve", "afternoon"]
    assert table[-1] == "3 holidays."
    assert muster("holidays", "remove", "2026-12-25")[1] == "Removed: Christmas Day on Fri 25 Dec 2026.\n"
    assert len(listed("holidays", "list")) == 2


def test_a_calendar_file_says_what_it_left_out(muster: Muster, listed: Listed, tmp_path: Path) -> None:
    file = tmp_path / "days.ics"
    file.write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
        "BEGIN:VEVENT\r\nSUMMARY:Works closed\r\nDTSTART;VALUE=DATE:20261228\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nSUMMARY:Meeting\r\nDTSTART:20261201T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    code, said, error = muster("holidays", "import", str(file))
    assert (code, said) == (3, "1 holiday added, from 2026-12-28 to 2026-12-28; 0 there already.\n")
    assert error == "Left out: Meeting: it is not a whole day.\n"
    assert [one["day"] for one in listed("holidays", "list")] == ["2026-12-28"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "31 nov"), "'31 nov' is not a day"),
        (("import", "DE-ZZ"), "no region 'ZZ'"),
        (("import", "none.ics"), "cannot be read"),
        (("remove", "2026-12-25"), "is not a holiday"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(muster: Muster, words: tuple[str, ...], sentence: str) -> None:
    code, said, error = muster("holidays", *words)
    assert (code, said, error.count("\n")) == (2, "", 1)
    assert sentence in error
