"""The table keeps its place while rows come and go."""

from textual.app import App, ComposeResult

from monitor.tui.widgets.table import Column, Row, Table
from tests.monitor.world import settle

COLUMNS = (Column("name", "Name"), Column("at", "At", 5, right=True), Column("more", "More", 20, rank=1))


def rows(*keys: str) -> list[Row]:
    return [Row(key, (f"name {key}", "08:58", "")) for key in keys]


class Page(App[None]):
    def compose(self) -> ComposeResult:
        yield Table(COLUMNS, empty="Nobody.")


async def test_the_cursor_stays_on_its_row_when_others_come_before_it() -> None:
    async with Page().run_test(size=(60, 10)) as pilot:
        table = pilot.app.query_one(Table)
        table.show(rows("a", "b", "c"))
        await pilot.press("down", "down")
        assert table.selected_key == "c"
        table.show(rows("x", "y", "a", "b", "c"))
        assert table.selected_key == "c"
        table.show(rows("x", "c"))
        assert table.selected_key == "c"


async def test_the_row_stays_at_its_height_on_the_screen() -> None:
    async with Page().run_test(size=(60, 8)) as pilot:
        table = pilot.app.query_one(Table)
        table.show(rows(*(str(number) for number in range(50))))
        await pilot.press("end", "up", "up")
        await settle(pilot)
        before = table.cursor - table.scroll_offset.y
        table.show(rows("new", "newer", *(str(number) for number in range(50))))
        await settle(pilot)
        assert table.selected_key == "47"
        assert table.cursor - table.scroll_offset.y == before


async def test_when_its_row_goes_the_cursor_stays_in_the_table() -> None:
    async with Page().run_test(size=(60, 10)) as pilot:
        table = pilot.app.query_one(Table)
        table.show(rows("a", "b"))
        await pilot.press("down")
        table.show(rows("a"))
        assert table.selected_key == "a"
        table.show([])
        assert table.selected_key is None


async def test_columns_hide_where_there_is_no_room_and_markup_is_text() -> None:
    async with Page().run_test(size=(30, 6)) as pilot:
        table = pilot.app.query_one(Table)
        table.show([Row("a", ("[red]x[/]", "08:58", "unseen"))])
        await settle(pilot)
        assert table.render_line(0).text.split() == ["Name", "At", "…"], "a sign that a column is left out"
        assert "[red]x[/]" in table.render_line(1).text
        assert all(table.render_line(y).cell_length == table.size.width for y in range(6))


async def test_a_hundred_thousand_rows_are_shown_without_rendering_them() -> None:
    async with Page().run_test(size=(60, 10)) as pilot:
        table = pilot.app.query_one(Table)
        table.show(rows(*(str(number) for number in range(100_000))))
        await pilot.press("end")
        assert table.selected_key == "99999"
        assert "name 99999" in table.render_line(table.size.height - 1).text


async def test_what_an_empty_table_says_takes_the_lines_that_it_needs() -> None:
    async with Page().run_test(size=(30, 10)) as pilot:
        table = pilot.app.query_one(Table)
        table.show([], empty="No entries on this day. Press a to add one.")
        await settle(pilot)
        lines = [table.render_line(y).text.strip() for y in range(10)]
        assert lines[1:5] == ["", "No entries on this day.", "Press a to add one.", ""]
