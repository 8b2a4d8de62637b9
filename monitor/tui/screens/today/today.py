"""The Today screen: the day of each person, and corrections."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from monitor.attendance.days import Period, PersonDay
from monitor.attendance.summary import Status, hours_text
from monitor.calendar_text import parse_past_day
from monitor.desk.days.attendance import export_days
from monitor.desk.days.day_board import BoardPage, BoardQuery, board_page
from monitor.desk.days.why import why_latest
from monitor.errors import UsageError
from monitor.text import date_text, hours_and_minutes, plural
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.desk import DeskScreen, Filter
from monitor.tui.screens.leave import ask_leave
from monitor.tui.screens.today.axis import ASCII as AXIS_ASCII
from monitor.tui.screens.today.axis import UNICODE as AXIS_UNICODE
from monitor.tui.screens.today.axis import Axis, AxisSigns
from monitor.tui.screens.today.wall import Wall
from monitor.tui.screens.why import WhyScreen
from monitor.tui.style.text import at_clock, clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, ask_file, question
from monitor.tui.widgets.paged import PagedTable
from monitor.tui.widgets.table import Column, Row, Table

COLUMNS = (
    Column("status", "Status", 16),
    Column("name", "Name", least=20, most=44),
    Column("group", "Group", 12, rank=2),
    Column("expected", "Expected", 12, rank=4),
    Column("in", "In", 6),
    Column("out", "Out", 6),
    Column("late", "Late", 5, right=True, rank=1),
    Column("hours", "Hours", 6, right=True, rank=1),
    Column("marks", "Marks", 6, rank=3),
)
TONES = {
    Status.PRESENT: "good",
    Status.LATE: "warn",
    Status.ABSENT: "bad",
    Status.LEFT: "faint",
    Status.INCOMPLETE: "warn",
    Status.DUE: "faint",
    Status.ON_LEAVE: "faint",
    Status.NOT_EXPECTED: "faint",
    Status.HOLIDAY: "faint",
}
WIDE, ROOMY = 96, 168
"""Columns of the board from which a day has a time axis by half hours, and by quarters of an hour."""
SORTED = ("status", "name", "group", "in", "out", "late", "hours")
"""Columns by which the board sorts."""


class TodayScreen(DeskScreen[BoardPage]):
    """Who came, when, and who did not."""

    mode = "today"
    HELP = """\
# Today

Everybody and their day: **present**, **late**, **left**, **due** (the shift is to come, also after a visit before
it, whose In, Out and Hours are shown), **absent**, **on leave**, **not expected**, **public holiday**, or
**incomplete** (a check-in or a check-out is missing). Nobody is absent or late without a shift. Late stays in its own
column after leaving.

Before the first shift that begins after their enrolment nobody is expected, so nobody is late or absent there; hours,
breaks and time beyond the shift count all the same.

Marks: **c** corrected, **p** by PIN, **m** by hand, **d** two doors, **r** closed by the rule, **k** the door's clock
was wrong, **e** left early, **+** beyond the shift.

From 100 columns on each day is drawn from 6 to 22: when they came, were away and left, what was expected and missing.

- **Enter**: the person's entries, and corrections to them. A click on a title sorts, a second one reverses.
"""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("today")]

    def __init__(self) -> None:
        super().__init__()
        self._days_back = 0
        self._sort = ("name", False)

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        yield Filter("name, group or status")
        with Container(classes="pane", id="main"):
            yield PagedTable(COLUMNS, empty="Loading", id="roster")
        yield Static(id="legend", markup=False)

    @property
    def now(self) -> datetime:
        return self.app.clock()

    @property
    def day(self) -> date:
        """The day that is shown; counted in days, because some have 23 or 25 hours."""
        return self.app.today - timedelta(days=self._days_back)

    def query_job(self) -> Callable[[], BoardPage]:
        return self.board_job()

    def board_job(self, known_at: datetime | None = None) -> Callable[[], BoardPage]:
        """The job that loads a page of the board.

        Args:
            known_at: the board as it was then; None for now.
        """
        settings, (column, reverse) = self.app.settings, self._sort
        asked = BoardQuery(self.day, self.now, self.needle, column, reverse, known_at)
        want = self.query_one(PagedTable).want(fresh=self.stale)
        return partial(board_page, self.app.engine, settings, asked, want, self.before, self.stop)

    def show(self, loaded: BoardPage) -> None:
        page = loaded.page
        enrol = f"Nobody is enrolled yet. Press {self.app.settings.keys.shown('people')} to enrol people."
        nobody = "Nobody was enrolled on this day." if self._days_back else enrol
        empty = "Nobody matches the filter." if loaded.people else nobody
        rows = [self._row(line) for line in page.items]
        self.query_one(PagedTable).show_page(page.first, page.total, rows, empty=empty)
        found = [plural(page.total, "match", "matches")] if self.needle else []
        self.say(self._counted([date_text(self.day), *found], loaded))
        key, arrow = self._sort[0], "▼" if self._sort[1] else "▲"
        titled = [replace(one, title=f"{one.title}{arrow}") if one.key == key else one for one in COLUMNS]
        if (axis := self._axis) is not None:
            titled.append(Column("axis", axis.title, axis.cells))
        self.query_one(PagedTable).retitle(titled)
        self.query_one("#legend", Static).update(self._axis_signs.legend)
        self.query_one("#legend").display = self._axis is not None

    def _counted(self, before: list[str], loaded: BoardPage) -> str:
        """The counts, which add up to everybody: in words, or where these do not fit by the signs of the rows."""
        counts = [(status, number) for status, number in loaded.counts.items() if number]
        words = "   ".join([*before, *(f"{number:,} {status.value}" for status, number in counts)])
        if len(words) <= self.size.width - 2:
            return words
        return "   ".join([*before, *(f"{self.app.signs.status[status]} {number:,}" for status, number in counts)])

    @property
    def _axis(self) -> Axis | None:
        """The hours of the day, as many cells as there is room for."""
        width = self.query_one(PagedTable).size.width
        return Axis(per_hour=4) if width >= ROOMY else Axis(per_hour=2) if width >= WIDE else None

    @property
    def _axis_signs(self) -> AxisSigns:
        return AXIS_ASCII if self.app.ascii_only else AXIS_UNICODE

    def on_resize(self, _: events.Resize) -> None:
        self.call_after_refresh(self.redraw)

    def _row(self, line: PersonDay) -> Row:
        zone, summary = self.app.settings.zone, line.summary
        status = f"{self.app.signs.status[summary.status]} {summary.status.value}"
        if summary.status is Status.DUE:
            status = f"{status} {at_clock(summary.expected[0][0], zone)}"
        times = at_clock(summary.first_in, zone), at_clock(summary.last_out, zone)
        expected = " ".join(f"{at_clock(start, zone)}-{at_clock(end, zone)}" for start, end in summary.expected)
        late = hours_and_minutes(timedelta(minutes=summary.late_minutes)) if summary.late_minutes else ""
        who = clean(line.person.name), clean(line.person.group)
        cells: tuple[str, ...] = (status, *who, expected, *times, late, hours_text(line.summary), summary.marks)
        if (axis := self._axis) is not None:
            cells = (*cells, axis.line(summary, zone, self.now, self._axis_signs))
        return Row(str(line.person.id), cells, (TONES[summary.status],))

    @on(Table.HeaderClicked)
    def _header_clicked(self, message: Table.HeaderClicked) -> None:
        column, reverse = self._sort
        if message.column in SORTED:
            self._sort_by(message.column, message.column == column and not reverse)

    def action_sort(self) -> None:
        self._sort_by(SORTED[(SORTED.index(self._sort[0]) + 1) % len(SORTED)], False)

    def action_reverse(self) -> None:
        column, reverse = self._sort
        self._sort_by(column, not reverse)

    def _sort_by(self, column: str, reverse: bool) -> None:
        """Load the day in this order and show the top."""
        self._sort = column, reverse
        self.query_one(PagedTable).restart()
        self.reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "today" or (action == "day" and parameters == (1,)):
            return self._days_back > 0
        return super().check_action(action, parameters)

    def action_day(self, by: int) -> None:
        self._go_back(max(0, self._days_back - by))

    def action_date(self) -> None:
        """Ask for a day."""
        field = Ask("day", "Day, such as 2026-03-09, 9 mar, yesterday", self.day.isoformat())
        dialog = Dialog("Which day?", "The board of that day is shown.", [field], yes="Show")
        question(self.app, dialog, self._go_to)

    def _go_to(self, answers: Answers) -> None:
        """Raises: UsageError."""
        days = (self.app.today - parse_past_day(answers["day"], self.app.today)).days
        if days < 0:
            raise UsageError("That day is in the future.")
        self._go_back(days)

    def _go_back(self, days: int) -> None:
        self._days_back = days
        self.refresh_bindings()
        self.reload()

    def action_today(self) -> None:
        self._go_back(0)

    def _line(self, key: str | None) -> PersonDay | None:
        """The day of the person with this id, if it is loaded."""
        lines = self.loaded.page.items if self.loaded else ()
        return next((line for line in lines if str(line.person.id) == key), None)

    def action_leave(self) -> None:
        if (line := self._line(self.query_one(PagedTable).selected_key)) is not None:
            ask_leave(self, line.person, self.day)

    def action_why(self) -> None:
        if (line := self._line(self.query_one(PagedTable).selected_key)) is not None:
            self.show_why(line, *Period(self.day, self.day).bounds(self.app.settings.zone))

    def show_why(self, line: PersonDay, start: datetime, end: datetime) -> None:
        """Why the person's last entry of this time was made."""
        app = self.app
        job = partial(why_latest, app.engine, app.cipher, app.settings, line.person, start, end)
        app.push_screen(WhyScreen(job), lambda _: self.reload())

    def action_wall(self) -> None:
        """The faces of who is in now."""
        self.app.push_screen(Wall())

    def action_time_machine(self) -> None:
        """The day as it was at a minute; of a day in the past at its end."""
        end = Period(self.day, self.day).bounds(self.app.settings.zone)[1] - timedelta(minutes=1)
        self.app.run_worker(self.app.run_action(f"time_machine('{self.day}', '{min(self.now, end).isoformat()}')"))

    @on(Table.Selected, "#roster")
    def _open(self, message: Table.Selected) -> None:
        if (line := self._line(message.key)) is not None:
            self.open_line(line)

    def open_line(self, line: PersonDay) -> None:
        """What Enter does."""
        self.app.push_screen(DaySheet(line.person, self.day), lambda _: self.reload())

    def action_export(self) -> None:
        """Ask for a file and write the day to it."""
        app, period = self.app, Period(self.day, self.day)
        text = "Writes the day of all people, whatever the filter. The ending chooses: .csv, .xlsx, .html or .json."
        write = partial(export_days, app.engine, app.settings, period, self.now, actor=app.at_desk)
        ask_file(app, "Export this day", text, f"muster-{self.day}.csv", write)
