"""The day board: everybody's day, and corrections to it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Input, Static

from monitor.attendance import Status
from monitor.reports import PersonDay
from monitor.tui.queries import roster_of, write_roster
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.table import Column, Row, Table
from monitor.tui.text import at_clock, clean, day_text

COLUMNS = (
    Column("status", "Status", 12),
    Column("name", "Name"),
    Column("group", "Group", 14, rank=2),
    Column("in", "First in", 8),
    Column("out", "Last out", 8),
    Column("hours", "Hours", 6, right=True, rank=1),
)
TONES = {
    Status.PRESENT: "good",
    Status.LATE: "warn",
    Status.ABSENT: "bad",
    Status.LEFT: "faint",
    Status.INCOMPLETE: "warn",
}
SIGNS = {Status.PRESENT: "●", Status.LATE: "◐", Status.ABSENT: "✗", Status.LEFT: "○", Status.INCOMPLETE: "!"}
ASCII = {Status.PRESENT: "*", Status.LATE: "~", Status.ABSENT: "x", Status.LEFT: "-", Status.INCOMPLETE: "!"}


class TodayScreen(DeskScreen[list[PersonDay]]):
    """Who came, when, and who did not."""

    mode = "today"
    HELP = """\
# Today

Everybody and their day: **present**, **late**, **absent**, **left**, or **incomplete** (a check-in or a
check-out is missing).

- **←** **→**: the day before and after, **T**: today.
- **/**: filter by name, group or status. **S** or a click on a title: sort.
- **Enter**: the person's entries, and corrections to them.
- **E**: export this day as CSV.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "day(-1)", "Day before", key_display="←", id="today.before"),
        Binding("right", "day(1)", "Day after", key_display="→", id="today.after"),
        Binding("t", "today", "Today", id="today.today"),
        Binding("s", "sort", "Sort", tooltip="Sort by the next column", id="today.sort"),
        Binding("e", "export", "Export", tooltip="Write this day to a CSV file", id="today.export"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._days_back = 0
        self._sort = ("name", False)

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        yield Input(id="filter", placeholder="name, group or status", compact=True)
        with Container(classes="pane", id="main"):
            yield Table(COLUMNS, empty="Loading", id="roster")

    @property
    def now(self) -> datetime:
        return self.app.clock()

    @property
    def noon(self) -> datetime:
        """An instant of the day that is shown."""
        return self.now - timedelta(days=self._days_back)

    def query_job(self) -> Callable[[], list[PersonDay]]:
        zone = self.app.settings.zone
        return partial(roster_of, self.app.engine, self.app.settings, self.noon.astimezone(zone).date(), self.now)

    def show(self, loaded: list[PersonDay]) -> None:
        zone = self.app.settings.zone
        rows = [self._row(line) for line in self._sorted(loaded)]
        needle = self.needle
        found = [row for row in rows if needle in " ".join(row.cells[:3]).casefold()]
        empty = "Nobody matches the filter." if rows else "Nobody is enrolled yet. Press F4 to enrol people."
        self.query_one("#roster", Table).show(found, empty=empty)
        counts = [
            f"{sum(line.summary.status is status for line in loaded)} {status.value}"
            for status in Status
            if any(line.summary.status is status for line in loaded)
        ]
        self.say("   ".join([day_text(self.noon, zone), *counts]))
        key, reverse = self._sort
        arrow = ("v" if reverse else "^") if self.app.ascii_only else ("▼" if reverse else "▲")
        titled = [
            Column(one.key, f"{one.title}{arrow}" if one.key == key else one.title, one.width, one.right, one.rank)
            for one in COLUMNS
        ]
        self.query_one("#roster", Table).retitle(titled)

    def _row(self, line: PersonDay) -> Row:
        zone, summary = self.app.settings.zone, line.summary
        signs = ASCII if self.app.ascii_only else SIGNS
        status = f"{signs[summary.status]} {summary.status.value}" if summary.status else ""
        minutes = int(summary.present.total_seconds()) // 60
        cells = (
            status,
            clean(line.person.name),
            clean(line.person.group),
            at_clock(summary.first_in, zone),
            at_clock(summary.last_out, zone),
            f"{minutes // 60}:{minutes % 60:02d}" if summary.passages else "",
        )
        return Row(str(line.person.id), cells, (TONES[summary.status] if summary.status else None,))

    def _sorted(self, lines: list[PersonDay]) -> list[PersonDay]:
        column, reverse = self._sort
        order = list(Status)
        keys: dict[str, Callable[[PersonDay], object]] = {
            "status": lambda line: order.index(line.summary.status) if line.summary.status else len(order),
            "name": lambda line: line.person.name.casefold(),
            "group": lambda line: (line.person.group or "").casefold(),
            "in": lambda line: (line.summary.first_in is None, line.summary.first_in or self.now),
            "out": lambda line: (line.summary.last_out is None, line.summary.last_out or self.now),
            "hours": lambda line: line.summary.present,
        }
        by_name = sorted(lines, key=lambda line: line.person.name.casefold())
        return sorted(by_name, key=keys[column], reverse=reverse)  # type: ignore[arg-type]

    @on(Table.HeaderClicked)
    def _header_clicked(self, message: Table.HeaderClicked) -> None:
        column, reverse = self._sort
        self._sort = (message.column, not reverse if message.column == column else False)
        self._again()

    def action_sort(self) -> None:
        keys = [column.key for column in COLUMNS]
        self._sort = (keys[(keys.index(self._sort[0]) + 1) % len(keys)], False)
        self._again()

    def _again(self) -> None:
        if self.loaded is not None:
            self.show(self.loaded)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "day" and parameters == (1,):
            return self._days_back > 0
        if action == "today":
            return self._days_back > 0
        return super().check_action(action, parameters)

    def action_day(self, by: int) -> None:
        self._days_back = max(0, self._days_back - by)
        self.refresh_bindings()
        self.reload()

    def action_today(self) -> None:
        self.action_day(self._days_back)

    @on(Table.Selected, "#roster")
    def _open(self, message: Table.Selected) -> None:
        person = UUID(message.key)
        line = next((line for line in self.loaded or [] if line.person.id == person), None)
        if line is not None:
            day = self.noon.astimezone(self.app.settings.zone).date()
            self.app.push_screen(DaySheet(line.person, day), lambda _: self.reload())

    def action_export(self) -> None:
        """Write the day, as the ledger has it, to a file that spreadsheets open."""
        zone = self.app.settings.zone
        day = self.noon.astimezone(zone).date()
        file = Path.home() / f"muster-{day.isoformat()}.csv"
        job = partial(write_roster, file, self.loaded or [], self.app.settings)
        self.app.in_background(job, lambda _: self.app.notify(f"Written to {file}", markup=False))
