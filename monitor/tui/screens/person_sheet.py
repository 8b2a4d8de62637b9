"""One person's days over any range, with their sums: on the screen, and as a sheet to print and to sign."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import ClassVar, Final, TypeAlias

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from db.records.people import Person
from monitor.attendance.days import Period
from monitor.attendance.summary import Status
from monitor.calendar_text import parse_day
from monitor.desk.days.attendance import export_days
from monitor.desk.days.month import SHEET_HEADS, month_of, person_sheet
from monitor.desk.days.month import Sheet as Timesheet
from monitor.errors import UsageError
from monitor.text import date_text, plural
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, ask_file, question
from monitor.tui.widgets.sheet import Sheet
from monitor.tui.widgets.table import Column, Row, Table

OpenDay: TypeAlias = Callable[[Person, date], ModalScreen[None]]
_LONGEST: Final = 366
_WIDTHS: Final = {"Day": 14, "Expected": 12, "In": 5, "Out": 5, "Marks": 5}
_NUMBERS: Final = {"Break": 5, "Hours": 6, "Late": 5, "Balance": 7}
_RANKS: Final = {"Break": 2, "Marks": 1, "Expected": 3}
_TONES: Final = {Status.ABSENT: "bad", Status.INCOMPLETE: "warn"}
COLUMNS: Final = tuple(
    Column(head.lower(), head, (_WIDTHS | _NUMBERS).get(head), right=head in _NUMBERS, rank=_RANKS.get(head, 0))
    for head in SHEET_HEADS
)
TOTAL: Final = "total"
"""Key of the last row."""


class PersonSheet(Sheet[None]):
    """A month of one person, or any other days."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("sheet"), Binding("escape", "dismiss", "Back")]

    def __init__(self, person: Person, day: date, open_day: OpenDay) -> None:
        """
        Args:
            day: its month is shown first.
            open_day: the screen of one day.
        """
        super().__init__()
        self._person, self._open_day = person, open_day
        self._period = month_of(day)

    def body(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Table(COLUMNS, empty="Loading", id="days")

    def on_mount(self) -> None:
        self._reload()

    def _reload(self) -> None:
        app, period = self.app, self._period
        said = f"{clean(self._person.name, 60)}   {date_text(period.first)} to {date_text(period.last)}"
        self.query_one("#title", Static).update(said)
        job = partial(person_sheet, app.engine, app.settings, self._person, period, app.clock())
        self.load(job, partial(self._show, period))

    def _show(self, period: Period, found: Timesheet) -> None:
        if period != self._period:  # another range was asked for meanwhile
            return
        rows = [Row(one.day.isoformat(), cells, (_TONES.get(one.status),)) for one, cells in found.days]
        total = [Row(TOTAL, found.total)] if rows else []
        self.query_one(Table).show([*rows, *total], empty="They are not on the list on these days.")

    # Time

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "leap" and parameters == (1,):
            return self._period.last < self.app.today or None
        return True

    def action_leap(self, by: int) -> None:
        """The month before or after; of other days as many before or after them."""
        period, one = self._period, timedelta(days=1)
        if period == month_of(period.first):
            self._go(month_of(period.first - one if by < 0 else period.last + one))
        else:
            length = (period.last - period.first + one) * by
            self._go(Period(period.first + length, period.last + length))

    def action_today(self) -> None:
        self._go(month_of(self.app.today))

    def action_range(self) -> None:
        """Ask for the first day and the last."""
        period = self._period
        fields = [
            Ask("first", "From (such as 9 mar)", period.first.isoformat()),
            Ask("last", "To", min(period.last, self.app.today).isoformat()),
        ]
        dialog = Dialog("Which days?", f"At most {_LONGEST} days.", fields, yes="Show")
        question(self.app, dialog, lambda answers: self._go(_period(answers, self.app.today)))

    def _go(self, period: Period) -> None:
        self._period = period
        self._reload()

    # What the keys do

    @on(Table.Selected, "#days")
    def _opened(self, message: Table.Selected) -> None:
        if message.key != TOTAL:
            sheet = self._open_day(self._person, date.fromisoformat(message.key))
            self.app.push_screen(sheet, lambda _: self._reload())

    def action_export(self) -> None:
        """Ask for a file and write these days to it."""
        app, period, person = self.app, self._period, self._person
        text = "Writes a sheet to print on A4 and to sign. Other endings: .xlsx, .csv or .json."
        name = f"muster-{person.number or 'sheet'}-{period.first}-{period.last}.html".replace("/", "-")
        write = partial(export_days, app.engine, app.settings, period, app.clock(), actor=app.at_desk, person=person)
        ask_file(app, f"The sheet of {clean(person.name, 40)}", text, name, write)


def _period(answers: Answers, today: date) -> Period:
    """The days that were typed. Raises: UsageError."""
    period = Period(parse_day(answers["first"], today), parse_day(answers["last"], today))
    days = (period.last - period.first).days + 1
    if days < 1:
        raise UsageError("The first day is after the last one.")
    if days > _LONGEST:
        raise UsageError(f"These are {plural(days, 'day')}; {_LONGEST} are shown at most.")
    return period
