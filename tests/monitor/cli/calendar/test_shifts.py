"""`muster shifts`, as somebody types it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db.key_store import KEY_FILE
from monitor.cli.options import Paper
from tests.monitor.cli.calendar.conftest import Muster

Listed = Callable[..., list[dict[str, Any]]]
OFFICE = ("shifts", "add", "--days", "mon-fri", "--from", "9", "--to", "17:30")


def test_shifts_are_entered_and_listed(muster: Muster, listed: Listed) -> None:
    assert muster("shifts", "list")[1] == (
        "0 shifts. 2 people have none: never absent or late. Enter one with 'muster shifts add'.\n"
    )
    code, said, error = muster(*OFFICE, "--break", "30")
    assert (code, error) == (0, "")
    assert said == (
        "Added. Everybody: mon-fri 09:00-17:30, 8:00 a day. It counts for 2 people. It changes 18 days before today.\n"
    )
    night = ("--days", "mon-fri,sun", "--from", "22:00", "--to", "6:00", "--grace", "10", "--break", "0:30", "--paid")
    rota = ("--valid-from", "2026-11-30", "--valid-to", "31 dec", "--every", "2-weeks")
    assert muster("shifts", "add", *night, *rota, "--group", "lab")[0] == 0
    assert muster("shifts", "add", "--days", "sat", "--from", "8", "--to", "24:00", "--person", "ZOE")[0] == 0
    everybody, lab, zoe = listed("shifts", "list")
    assert {**lab, "id": ""} == {
        "id": "", "person": None, "group": "Lab", "days": "mon-fri,sun", "from": "22:00", "to": "06:00", "grace": 10,
        "break": 30, "paid": True, "every_weeks": 2, "valid_from": "2026-11-30", "valid_to": "2026-12-31", "people": 1,
    }  # fmt: skip
    assert (everybody["person"], everybody["group"], everybody["grace"], everybody["people"]) == (None, None, 5, 1)
    assert (zoe["person"], zoe["to"], zoe["days"]) == ("Zoë Young", "00:00", "sat")
    table = muster("shifts", "list")[1]
    assert [line.split()[0] for line in table.splitlines()[3:]] == ["everybody", "Lab", "Zoë", "3"]
    assert "0 people have none" in table


def test_a_change_ends_the_old_shift_and_a_removal_keeps_the_past(muster: Muster, listed: Listed) -> None:
    muster(*OFFICE)
    (old,) = listed("shifts", "list")
    code, said, _ = muster("shifts", "change", old["id"][-8:], "--from", "8:00", "--unpaid")
    assert (code, said.split(". ")[0]) == (0, "Changed")
    assert "from Fri 27 Nov 2026. It counts for 2 people. Days before Fri 27 Nov 2026 stay as they are." in said
    before, new = listed("shifts", "list")
    assert (before["id"], before["valid_to"]) == (old["id"], "2026-11-26")
    assert (new["from"], new["to"], new["valid_from"]) == ("08:00", "17:30", "2026-11-27")
    assert muster("shifts", "remove", new["id"])[1].startswith("Removed. Everybody: mon-fri 08:00-17:30")
    assert muster("shifts", "remove", old["id"][-6:])[1].startswith("Ended. ")
    assert listed("shifts", "list") == []
    assert [one["valid_to"] for one in listed("shifts", "list", "--all")] == ["2026-11-25"]
    assert muster("shifts", "remove", old["id"], "--wholly")[1].endswith("It changes 18 days before today.\n")
    assert listed("shifts", "list", "--all") == []


def test_a_list_is_imported_and_what_is_left_out_is_said(muster: Muster, listed: Listed, tmp_path: Path) -> None:
    file = tmp_path / "shifts.csv"
    file.write_text("number,days,from,to\n17,mon-fri,8,16\n18,mon-fri,8,16\n")
    code, said, error = muster("shifts", "import", str(file))
    assert (code, said) == (3, "1 shift added, 0 there already, 1 left out.\n")
    assert error == "Row 3: Nobody enrolled has the name or number '18'; see 'muster people list'.\n"
    assert [one["person"] for one in listed("shifts", "list")] == ["Zoë Young"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "--days", "mon"), "A shift needs --days, --from and --to"),
        ((*OFFICE[1:], "--person", "zoe", "--group", "Lab"), "give --person or --group"),
        (
            (*OFFICE[1:], "--person", "o"),
            "2 people match 'o': Ada [b]Lovelace[/b], Zoë Young (17); give more of the name",
        ),
        ((*OFFICE[1:], "--every", "2"), "needs --valid-from"),
        ((*OFFICE[1:], "--grace", "x"), "'x' is not a grace in minutes"),
        (("change", "nothing", "--from", "8"), "No shift has the id 'nothing'"),
        (("remove", "nothing"), "No shift has the id 'nothing'"),
        (("import", "none.csv"), "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_one_sentence_and_enters_nothing(
    muster: Muster, listed: Listed, words: tuple[str, ...], sentence: str
) -> None:
    code, said, error = muster("shifts", *words)
    assert (code in (1, 2), said, error.count("\n")) == (True, "", 1)
    assert sentence in error
    assert listed("shifts", "list", "--all") == []


def test_a_shift_of_24_hours_is_asked_about_at_a_terminal(
    muster: Muster, listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("monitor.cli.calendar.shifts.confirmed", lambda _: False)
    code, said, error = muster("shifts", "add", "--days", "mon-fri", "--from", "9", "--to", "9")
    assert (code, said) == (2, "")
    assert "Nothing was written; correct --from or --to." in error
    assert listed("shifts", "list") == []


def test_a_shift_at_the_time_of_another_is_refused(muster: Muster, listed: Listed) -> None:
    muster(*OFFICE)
    code, _, error = muster(*OFFICE)
    assert (code, "There is a shift at this time already: Everybody: mon-fri" in error) == (2, True)
    (old,) = listed("shifts", "list")
    assert "Nothing to change" in muster("shifts", "change", old["id"])[2]


def test_the_id_of_a_shift_is_whole_in_80_columns(
    muster: Muster, listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    dates = ("--valid-from", "2026-01-01", "--valid-to", "2026-12-31", "--every", "2-weeks")
    assert muster(*OFFICE[:3], "mon-wed,fri", *OFFICE[4:], "--break", "30", "--paid", "--group", "Lab", *dates)[0] == 0
    kept = io.StringIO()
    monkeypatch.setattr("monitor.cli.table.out", Paper(file=kept, force_terminal=True, width=80, height=24))
    muster("shifts", "list")
    (shift,) = listed("shifts", "list")
    assert kept.getvalue().splitlines()[3].endswith(shift["id"][-8:])


@pytest.mark.parametrize(
    "words", ["shifts list", "holidays list", "leave list", "keys list", "desk list", "rollcall show", "kiosks list"]
)
def test_a_list_needs_no_key_and_makes_none(
    muster: Muster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setattr("db.key_store._has_keyring", lambda: False)
    assert muster(*words.split())[0] == 0
    assert not (tmp_path / KEY_FILE).exists()
