"""`muster leave`, as somebody types it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.cli.calendar.conftest import Muster

Listed = Callable[..., list[dict[str, Any]]]


def test_days_in_the_wrong_order_are_wrong_usage(muster: Muster) -> None:
    assert muster("leave", "add", "zoe", "--from", "2026-12-01", "--to", "2026-11-01")[0] == 2


def test_leave_is_entered_listed_and_removed(muster: Muster, listed: Listed) -> None:
    muster("shifts", "add", "--days", "mon-fri", "--from", "9", "--to", "17")
    code, said, _ = muster("leave", "add", "zoe", "--from", "2026-12-21", "--to", "3 jan", "--note", "to [b]Rome")
    assert (code, said) == (0, "Added. Zoë Young: on holiday from Mon 21 Dec 2026 to Sun 3 Jan 2027.\n")
    assert muster("leave", "add", "lovelace", "--kind", "sick")[0] == 0
    half = ("--from", "20 nov", "--kind", "training", "--half", "morning")
    assert muster("leave", "add", "17", *half)[1].endswith("in the morning. It changes 1 day before today.\n")
    sick, week = listed("leave", "list")
    assert (sick["person"], sick["from"], sick["to"], sick["kind"]) == (
        "Ada [b]Lovelace[/b]", "2026-11-26", "2026-11-26", "sick",
    )  # fmt: skip
    assert {**week, "id": ""} == {
        "id": "", "person": "Zoë Young", "number": "17", "group": "Lab", "from": "2026-12-21", "to": "2027-01-03",
        "kind": "holiday", "half": None, "days": 10.0, "note": "to [b]Rome",
    }  # fmt: skip
    (old,) = listed("leave", "list", "--from", "2026-11-01", "--to", "2026-11-25", "--person", "zoe")
    assert (old["half"], old["days"]) == ("morning", 0.5)
    table = muster("leave", "list", "--from", "1 nov")[1]
    assert "[b]Rome" in table
    assert table.splitlines()[-1] == "3 leaves."
    assert muster("leave", "remove", old["id"][-8:])[1].startswith("Removed. Zoë Young: in training on Fri 20 Nov")
    assert len(listed("leave", "list", "--from", "2026-11-01")) == 2


def test_a_list_is_imported(muster: Muster, listed: Listed, tmp_path: Path) -> None:
    file = tmp_path / "leave.csv"
    file.write_text("name;from;to;kind\nzoe young;2026-12-21;2026-12-23;holiday\nZoë Young;2026-12-22;;sick\n")
    code, said, error = muster("leave", "import", str(file))
    assert (code, said) == (3, "1 leave added, 0 there already, 1 left out.\n")
    assert error.startswith("Row 3: Zoë Young has leave from 2026-12-21 to 2026-12-23")
    assert len(listed("leave", "list")) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "nobody"), "Nobody enrolled has the name"),
        (("add", "zoe", "--from", "2026-12-24", "--to", "2026-12-20"), "swap them"),
        (("add", "zoe", "--kind", "party"), "--kind"),
        (("remove", "nothing"), "No leave has the id"),
        (("import", "none.csv"), "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    muster: Muster, listed: Listed, words: tuple[str, ...], sentence: str
) -> None:
    code, said, error = muster("leave", *words)
    assert (code in (1, 2), said, error.count("\n")) == (True, "", 1)
    assert sentence in error
    assert listed("leave", "list") == []
