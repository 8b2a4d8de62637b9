"""Weeks and months: people by days, with hours and signs."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import ClassVar, Final, Literal, TypeAlias

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Static

from monitor.attendance.days import Period
from monitor.attendance.summary import DaySummary, Status, hours_text, sum_text
from monitor.desk.days.attendance import export_days
from monitor.desk.days.month import PersonDays, month_of, people_days
from monitor.text import MONTHS, WEEKDAYS, date_text, hours_and_minutes, plural
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.leave import ask_leave
from monitor.tui.style.text import Signs, at_clock, clean, in_two_lines
from monitor.tui.widgets.dialogs import ask_file
from monitor.tui.widgets.table import Column, Row, Table

Span: TypeAlias = Literal["week", "month"]
_BESIDE: Final = 32
"""Cells of the frame, the least of a name, and the sums beside the days."""
_FULL_MONTH: Final = 150
"""Columns from which a whole month is shown; on narrower screens `_DAYS` of it."""
_DAYS: Final = 14
_WORST: Final = "lec+"
"""Marks that a cell has room for one of, the worst first."""


class MonthScreen(DeskScreen[Sequence[PersonDays]]):
    """Everybody's days side by side."""

    mode = "today"
    HELP = """\
# Month and week

People by days. A cell has the hours by halves and one mark: **l** late, **e** left early, **c** corrected, **+** beyond
the shift; or a sign: **!** incomplete, **✗** absent, **◇** leave with the first letters of its kind, **◆** public
holiday, **·** not expected, **→** to come. Hours and Balance are exact; incomplete days are not in the balance.
Before the first shift that begins after somebody's enrolment they are never late or absent.

- **Enter**: the person's entries of that day. The arrow keys go to the day before and after.
- Narrow screens show half a month at a time.
"""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("month"), Binding("escape", "board", "Back", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._span: Span = "month"
        self._chosen: date | None = None

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        with Container(classes="pane", id="main"):
            yield Table((Column("name", "Name"),), empty="Loading", id="grid")
        yield Static(id="cell", markup=False)

    @property
    def day(self) -> date:
        """The day under the cursor."""
        return self._chosen or self.app.today

    @property
    def period(self) -> Period:
        """The whole week or month in which the day lies."""
        if self._span == "month":
            return month_of(self.day)
        monday = self.day - timedelta(days=self.day.weekday())
        return Period(monday, monday + timedelta(days=6))

    def _days_shown(self) -> list[date]:
        """Those of the period that there is room for: two weeks in which the cursor is, or all."""
        days = list(self.period.days())
        if self._span == "week" or self.app.size.width >= _FULL_MONTH:
            return days
        first = min((self.day.day - 1) // _DAYS * _DAYS, len(days) - _DAYS)
        return days[first : first + _DAYS]

    def query_job(self) -> Callable[[], Sequence[PersonDays]]:
        return partial(people_days, self.app.engine, self.app.settings, self.period, self.app.clock())

    def show(self, loaded: Sequence[PersonDays]) -> None:
        days, table = self._days_shown(), self.query_one("#grid", Table)
        week = self._span == "week"
        wide = 6 if week else max(2, min(4, (self.app.size.width - _BESIDE) // len(days) - 1))
        heads = [
            Column(f"{day}", f"{'▼' if day == self.day else ''}{_head(day, week=week)}"[-wide:], wide) for day in days
        ]
        sums = (Column("hours", "Hours", 6, right=True), Column("balance", "Balance", 7, right=True))
        table.retitle((Column("name", "Name", least=12, most=40), *heads, *sums))
        table.show([self._row(one, days, wide) for one in loaded], empty="Nobody is on the list in this time.")
        self._sum_up(loaded)
        self._tell()

    def _row(self, line: PersonDays, days: Sequence[date], wide: int) -> Row:
        cells = [cell_text(line.days.get(day), self.app.signs, wide) for day in days]
        balance = "" if line.sums.balance is None else signed(line.sums.balance)
        return Row(str(line.person.id), (clean(line.person.name), *cells, sum_text(line.sums), balance))

    def _sum_up(self, loaded: Sequence[PersonDays]) -> None:
        period = self.period
        if self._span == "month":
            name = f"{MONTHS[period.first.month - 1]} {period.first.year}"
        else:
            name = f"{date_text(period.first)} to {date_text(period.last)}"
        counts = (
            ("late", sum(one.sums.late for one in loaded)),
            ("absent", sum(one.sums.absent for one in loaded)),
            ("on leave", sum(one.sums.on_leave for one in loaded)),
            ("incomplete", sum(one.sums.incomplete for one in loaded)),
        )
        hours = hours_and_minutes(sum((one.sums.known for one in loaded), timedelta()))
        balance = signed(sum((one.sums.overtime for one in loaded), timedelta()))
        said = "   ".join(f"{word} {number:,}" for word, number in counts if number)
        self.say(f"{name}   {plural(len(loaded), 'person', 'people')}   hours {hours}   balance {balance}   {said}")

    @on(Table.Highlighted, "#grid")
    def _tell(self) -> None:
        """The line below: the day under the cursor."""
        line, zone = self._line, self.app.settings.zone
        summary = line.days.get(self.day) if line else None
        if line is None or summary is None:
            self.query_one("#cell", Static).update(f"{date_text(self.day)}   nothing is known")
            return
        parts = [clean(line.person.name, 40), date_text(self.day), summary.status.value]
        expected = ", ".join(f"{at_clock(start, zone)}-{at_clock(end, zone)}" for start, end in summary.expected)
        said = (
            ("expected", expected),
            ("in", at_clock(summary.first_in, zone)),
            ("out", at_clock(summary.last_out, zone)),
            ("hours", hours_text(summary)),
            ("late", hours_and_minutes(timedelta(minutes=summary.late_minutes)) if summary.late_minutes else ""),
            ("balance", signed(summary.overtime) if summary.overtime is not None else ""),
            ("marks", summary.marks),
        )
        told = "   ".join([*parts, *(f"{word} {text}" for word, text in said if text)])
        self.query_one("#cell", Static).update(in_two_lines(told, self.size.width - 4))

    def on_resize(self, _: events.Resize) -> None:
        self.call_after_refresh(self.redraw)

    @property
    def _line(self) -> PersonDays | None:
        key = self.query_one("#grid", Table).selected_key
        return next((one for one in self.loaded or () if str(one.person.id) == key), None)

    # Time

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"day", "leap"} and parameters == (1,):
            last = self.day if action == "day" else self.period.last
            return last < self.app.today or None  # dimmed, so that one sees the key before it has anything to do
        return super().check_action(action, parameters)

    def action_day(self, by: int) -> None:
        self._go(self.day + timedelta(days=by))

    def action_leap(self, by: int) -> None:
        period = self.period
        beside = period.first - timedelta(days=1) if by < 0 else period.last + timedelta(days=1)
        if self._span == "week":
            beside = self.day + timedelta(days=7 * by)
        self._go(min(beside, self.app.today))

    def action_today(self) -> None:
        self._go(self.app.today)

    def _go(self, day: date) -> None:
        before = self.period
        self._chosen = day
        self.refresh_bindings()
        if self.period == before:
            self.redraw()
        else:
            self.reload()

    def action_span(self, span: Span) -> None:
        self._span = span
        self.reload()

    async def action_board(self) -> None:
        """Back to Today, from where the month opens again."""
        self._span = "month"
        await self.app.run_action("app.open('today')")

    # What the keys do

    @on(Table.Selected, "#grid")
    def _open(self) -> None:
        if (line := self._line) is not None:
            self.app.push_screen(DaySheet(line.person, self.day), lambda _: self.reload())

    def action_leave(self) -> None:
        if (line := self._line) is not None:
            ask_leave(self, line.person, self.day)

    def action_export(self) -> None:
        """Ask for a file and write the period to it."""
        app, period = self.app, self.period
        text = "Writes these days of all people. The ending chooses: .html to print and to sign, .xlsx, .csv or .json."
        name = f"muster-{period.first:%Y-%m}.html" if self._span == "month" else f"muster-{period.first}.html"
        write = partial(export_days, app.engine, app.settings, period, app.clock(), actor=app.at_desk)
        ask_file(app, "Export these days", text, name, write)


def _head(day: date, *, week: bool) -> str:
    return f"{WEEKDAYS[day.weekday()][:2]} {day.day}" if week else str(day.day)


def cell_text(summary: DaySummary | None, signs: Signs, wide: int) -> str:
    """A day in a few characters: hours and the worst mark, or the sign of its status."""
    if summary is None:
        return ""
    leave = summary.plan.leave
    if summary.incomplete or not summary.pieces:
        sign = signs.status[summary.status]
        return f"{sign}{leave[0].kind[: wide - 1][:2]}" if summary.status is Status.ON_LEAVE and leave else sign
    if wide >= 6:
        hours = hours_and_minutes(summary.present)
    else:
        halves = summary.minutes // 30
        hours = f"{halves // 2}{signs.half * (halves % 2)}"
    said = ("l" if summary.late else "") + summary.marks
    mark = signs.status[Status.ON_LEAVE] if leave else next((one for one in _WORST if one in said), "")
    if summary.pieces[-1].running:
        mark = signs.status[Status.PRESENT]
    return f"{hours}{mark}" if len(hours) + len(mark) <= wide else f"{hours.rstrip('½')}{mark}"


def signed(time: timedelta) -> str:
    """A balance with its sign; the minus is a real one."""
    text = hours_and_minutes(abs(time))
    return text if text == "0:00" else f"{'+' if time > timedelta() else '−'}{text}"
