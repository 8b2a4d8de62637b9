"""A table over a list of any length: only the rows around the ones on the screen are loaded."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal
from uuid import UUID

from textual import events

from db.records.pages import Want
from monitor.tui.widgets.table import Column, Row, Table

AT_LEAST = 60
"""Least number of rows that are loaded at once, also for a table that has no size yet."""


class PagedTable(Table):
    """Posts `Wanted` when rows are missing; whoever loads them asks `want` for what and calls `show_page`.

    Row keys are ids. The cursor stays on its row and that row on its line while other rows come and go.
    """

    class Wanted(Table.TableMessage):
        """Rows that are on the screen, or about to be, are not loaded."""

    def __init__(self, columns: Sequence[Column], *, empty: str = "", id: str | None = None) -> None:
        super().__init__(columns, empty=empty, id=id)
        self._first = 0
        self._total = 0
        self._key: str | None = None
        self._restart: Literal["no", "wished", "asked"] = "no"
        self._widened = False
        self._then: list[Callable[[], None]] = []

    @property
    def count(self) -> int:
        return self._total

    def row_at(self, index: int) -> Row | None:
        return super().row_at(index - self._first)

    @property
    def selected_key(self) -> str | None:
        """The key of the row under the cursor, also while that row is scrolled far away."""
        row = self.row_at(self.cursor)
        return row.key if row else self._key

    def absent_text(self, index: int) -> str:
        return "..." if index < self._total else ""

    def restart(self) -> None:
        """Another list comes: the next page is its first one; until it is there, the old list stays."""
        self._restart = "wished"

    @property
    def restarting(self) -> bool:
        """Whether the rows are still those of the list before."""
        return self._restart != "no"

    @property
    def is_bare(self) -> bool:
        return super().is_bare and not self.restarting

    def action_select(self) -> None:
        to_come = self._total > 0 and self.selected_key is None
        self._when_there(self.action_select if to_come else super().action_select, wait=to_come)

    def action_move(self, by: int) -> None:
        self._when_there(partial(super().action_move, by))

    def action_end(self, by: int) -> None:
        self._when_there(partial(super().action_end, by))

    def _when_there(self, action: Callable[[], None], *, wait: bool = False) -> None:
        """A key that was pressed while another list is loading waits for the rows of that list."""
        if self.restarting or wait:
            self._then.append(action)
        else:
            action()

    def widen(self) -> None:
        """A longer list comes, of which this was a part: the cursor stays on its row, wherever that is there."""
        self._widened = True

    def want(self, *, fresh: bool, rough: bool = False) -> Want:
        """The page to load.

        Args:
            fresh: the list may have changed, so its rows are counted anew.
            rough: where nothing is shown yet, the rows may come first and their number later, for `recount`.
        """
        lines = self._lines
        first = max(0, self.scroll_offset.y - lines)
        count = max(AT_LEAST, 3 * lines)
        if self._restart != "no":
            self._restart = "asked"
            return Want(count, rough=rough)
        if self._widened and (row := self.row_at(self.cursor)):
            return Want(count, UUID(row.key), back=count // 3, index=self.cursor)
        landmark = self._landmark(first, first + count, fresh=fresh)
        total = None if fresh or not self._total else self._total
        if landmark is None:
            return Want(count, index=first, total=total, rough=rough and not first)
        row = self.row_at(landmark)
        assert row is not None
        return Want(count, UUID(row.key), max(0, landmark - first), landmark, total)

    def show_page(self, first: int, total: int, rows: Sequence[Row], *, empty: str | None = None) -> None:
        """Show a part of the list.

        Args:
            first: the first row's number in the whole list.
            total: rows of the whole list.
        """
        if self._restart == "wished":  # this is still a part of the list before
            return
        if self._restart == "asked":
            self._rows, self._key = (), None
            self.set_reactive(Table.cursor, 0)
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
            self._restart = "no"
        if empty is not None:
            self._empty = empty
        before, at = self.selected_key, self.cursor
        self._rows, self._first, self._total = tuple(rows), first, total
        places = {row.key: first + index for index, row in enumerate(rows)}
        now = places.get(before or "", max(0, min(at, total - 1)))
        self._resize(total)
        if before in places and now != at and self.scroll_offset.y:
            self.scroll_to(y=self.scroll_offset.y + now - at, animate=False, force=True)
        self.set_reactive(Table.cursor, now)
        if self._widened:
            self._widened = False
            self._keep_in_view()
        row = self.row_at(now)
        self._key = row.key if row else (before if total else None)
        if self.selected_key != before:
            self.post_message(self.Highlighted(self, self.selected_key))
        self.refresh()
        self._look()
        then, self._then = self._then, []
        for action in then:
            action()

    def recount(self, total: int) -> None:
        """Say how many rows the whole list has, of which a part is shown."""
        self._total = total
        self._resize(total)
        self._look()

    def watch_cursor(self) -> None:
        row = self.row_at(self.cursor)
        self._key = row.key if row else None
        super().watch_cursor()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._look()

    def on_resize(self, _: events.Resize) -> None:
        self._look()

    @property
    def _lines(self) -> int:
        return max(1, self.size.height - 1)

    def _look(self) -> None:
        """Ask for rows when the ones on the screen, or half a screen before and after, are missing."""
        if self._restart != "no":
            return
        margin = self._lines // 2
        top = max(0, self.scroll_offset.y - margin)
        bottom = min(self._total, self.scroll_offset.y + self._lines + margin)
        if top < self._first or bottom > self._first + len(self._rows):
            self.post_message(self.Wanted(self))

    def _landmark(self, first: int, end: int, *, fresh: bool) -> int | None:
        """The number of a loaded row from which the wanted ones are found; None where all are too far away."""
        if not self._rows:
            return None
        if fresh and first <= self.cursor < end and self.row_at(self.cursor):
            return self.cursor
        last = self._first + len(self._rows) - 1
        return min(max(first, self._first), last) if self._first < end and first <= last else None
