"""A table over a long list loads what is on the screen, and keeps its place."""

from uuid import UUID

from textual import on
from textual.app import App, ComposeResult

from db.records.pages import Want
from monitor.tui.widgets.paged import PagedTable
from monitor.tui.widgets.table import Column, Row
from tests.monitor.world import settle


def key_of(number: int) -> str:
    return str(UUID(int=number))


class LongList(App[None]):
    """Serves a list of numbers as a database would."""

    def __init__(self, numbers: list[int]) -> None:
        super().__init__()
        self.numbers = numbers
        self.wants: list[Want] = []
        self.selected: list[str] = []

    @on(PagedTable.Selected)
    def note(self, message: PagedTable.Selected) -> None:
        self.selected.append(message.key)

    def compose(self) -> ComposeResult:
        yield PagedTable((Column("number", "Number"),))

    @on(PagedTable.Wanted)
    def serve(self) -> None:
        self.load(fresh=False)

    def load(self, *, fresh: bool) -> None:
        table = self.query_one(PagedTable)
        want = table.want(fresh=fresh)
        self.wants.append(want)
        first = want.index - want.back
        if want.key is not None and fresh:
            first = self.numbers.index(UUID(str(want.key)).int) - want.back
        first = max(0, min(first, len(self.numbers) - want.count))
        some = self.numbers[first : first + want.count]
        table.show_page(first, len(self.numbers), [Row(key_of(one), (f"row {one}",)) for one in some])


def on_screen(table: PagedTable) -> list[str]:
    return [table.render_line(y).text.strip() for y in range(1, table.size.height)]


async def test_a_million_rows_are_paged_with_few_of_them_loaded() -> None:
    app = LongList(list(range(1_000_000)))
    async with app.run_test(size=(40, 11)) as pilot:
        table = app.query_one(PagedTable)
        app.load(fresh=True)
        for _ in range(20):
            await pilot.press("pagedown")
        assert table.selected_key == key_of(table.cursor)
        assert f"row {table.cursor}" in on_screen(table)
        await pilot.press("end")
        await settle(pilot)
        assert on_screen(table)[-1] == "row 999999"
        assert table.selected_key == key_of(999_999)
        await pilot.press("up", "home")
        await settle(pilot)
        assert on_screen(table)[0] == "row 0"
        assert len(table.rows) < 100
        assert all(want.count < 100 for want in app.wants)


async def test_pages_next_to_each_other_are_found_by_key() -> None:
    app = LongList(list(range(1000)))
    async with app.run_test(size=(40, 11)) as pilot:
        app.load(fresh=True)
        for _ in range(30):
            await pilot.press("pagedown")
        await settle(pilot)
        assert len(app.wants) > 3
        assert all(want.key is not None and want.total == 1000 for want in app.wants[1:])


async def test_the_selection_and_its_line_stay_when_rows_come_before_it() -> None:
    app = LongList(list(range(100, 1100)))
    async with app.run_test(size=(40, 11)) as pilot:
        table = app.query_one(PagedTable)
        app.load(fresh=True)
        for _ in range(40):
            await pilot.press("pagedown")
        await pilot.press("up", "up")
        await settle(pilot)
        before, line = table.selected_key, table.cursor - table.scroll_offset.y
        app.numbers = list(range(50, 1100))
        app.load(fresh=True)
        await settle(pilot)
        assert table.selected_key == before
        assert table.cursor - table.scroll_offset.y == line


async def test_a_row_that_is_scrolled_away_stays_selected() -> None:
    app = LongList(list(range(1000)))
    async with app.run_test(size=(40, 11)) as pilot:
        table = app.query_one(PagedTable)
        app.load(fresh=True)
        await pilot.press("down", "down")
        await settle(pilot)
        table.scroll_to(y=700, animate=False)
        await settle(pilot)
        assert on_screen(table)[0] == "row 700"
        assert table.selected_key == key_of(2)


async def test_a_row_that_is_gone_leaves_the_cursor_where_it_was() -> None:
    app = LongList(list(range(5)))
    async with app.run_test(size=(40, 11)) as pilot:
        table = app.query_one(PagedTable)
        app.load(fresh=True)
        await pilot.press("end")
        app.numbers = [0, 1]
        table.show_page(0, 2, [Row(key_of(one), (f"row {one}",)) for one in app.numbers])
        assert table.selected_key == key_of(1)
        table.show_page(0, 0, [], empty="Nobody.")
        assert table.selected_key is None


async def test_another_list_begins_at_its_top_and_the_old_one_stays_until_it_comes() -> None:
    app = LongList(list(range(1000)))
    async with app.run_test(size=(40, 11)) as pilot:
        table = app.query_one(PagedTable)
        app.load(fresh=True)
        await pilot.press(*["pagedown"] * 5)
        await settle(pilot)
        before = on_screen(table)
        table.restart()
        table.show_page(0, 1, [Row(key_of(1), ("of the list before",))])
        assert on_screen(table) == before
        want = table.want(fresh=True, rough=True)
        assert (want.key, want.index, want.total, want.rough) == (None, 0, None, True)
        app.numbers = list(range(2000, 7000))
        table.show_page(0, 60, [Row(key_of(one), (f"row {one}",)) for one in range(2000, 2060)])
        await settle(pilot)
        assert on_screen(table)[0] == "row 2000"
        assert table.selected_key == key_of(2000)
        table.recount(5000)
        await pilot.press("end")
        await settle(pilot)
        assert on_screen(table)[-1] == "row 6999"


async def test_keys_that_come_before_another_list_move_in_that_list() -> None:
    app = LongList(list(range(1_000)))
    async with app.run_test(size=(40, 11)) as pilot:
        table = app.query_one(PagedTable)
        app.load(fresh=True)
        table.restart()
        await pilot.press("end", "up")
        assert table.selected_key == key_of(0), "the list is still the one before"
        app.numbers = list(range(5_000, 7_000))
        app.load(fresh=True)
        await settle(pilot)
        assert table.selected_key == key_of(6_998)
        assert "row 6998" in on_screen(table)


async def test_a_row_that_is_not_loaded_yet_is_selected_when_it_is() -> None:
    app = LongList(list(range(1_000)))
    async with app.run_test(size=(40, 11)) as pilot:
        table = app.query_one(PagedTable)
        app.load(fresh=True)
        table.action_end(1)
        table.action_select()
        await settle(pilot)
        assert app.selected == [key_of(999)]
        table.restart()
        await pilot.press("enter")
        assert app.selected == [key_of(999)]
        app.load(fresh=True)
        await settle(pilot)
        assert app.selected == [key_of(999), key_of(0)]
