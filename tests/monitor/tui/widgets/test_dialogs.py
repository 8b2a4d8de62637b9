"""What is typed into dialogs."""

from pathlib import Path

from monitor.tui.widgets.dialogs import typed_path


def test_a_path_begins_in_the_home_folder_where_there_is_one() -> None:
    assert typed_path(" ~/day.csv ") == Path.home() / "day.csv"
    assert typed_path("~nobody.here/day.csv") == Path("~nobody.here/day.csv"), "it is not found, and the app goes on"
