"""A path is completed while it is typed."""

from pathlib import Path

import pytest

from monitor.tui.widgets.path_suggester import completed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("people", "pictures", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "list.csv").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [("pi", "pictures/"), ("p", "people/"), ("l", "list.csv"), ("", "people/"), (".", ".hidden/"), ("x", None)],
)
def test_the_first_that_goes_on_as_typed_is_proposed(folder: Path, typed: str, proposed: str | None) -> None:
    expected = {"": f"{folder}/list.csv"}.get(typed, None if proposed is None else f"{folder}/{proposed}")
    assert completed(f"{folder}/{typed}") == expected


@pytest.mark.parametrize("typed", ["", "/no/such/folder/x", "~nobody-of-this-name/x", "a\0/b"])
def test_where_nothing_can_be_read_nothing_is_proposed(typed: str) -> None:
    assert completed(typed) is None


def test_a_relative_path_and_the_home_folder_are_completed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    assert completed("pe") == "people/"
    assert completed("~/li") == "~/list.csv"
