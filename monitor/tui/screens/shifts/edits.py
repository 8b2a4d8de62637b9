"""What the Shifts screen's keys ask and do: add, change, end, remove, import."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Final

from db.calendar import Holiday, Shift
from monitor.calendar_text import parse_day
from monitor.desk.calendar import holidays, shifts
from monitor.desk.calendar import leave as leaves
from monitor.desk.calendar.leave import LeaveEntry
from monitor.desk.calendar.lists import Imported
from monitor.desk.calendar.shift_import import import_shifts, line_text, resolve
from monitor.desk.calendar.shifts import ShiftChange, ShiftEntry
from monitor.desk.calendar.view import CalendarView
from monitor.errors import UsageError
from monitor.text import plural
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.leave import told
from monitor.tui.screens.shifts.shift_dialog import ShiftDialog
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, typed_path

USUAL: Final = "mon-fri 9-17:30 break 30"
"""What the line of a new shift says at first."""
_DAY: Final = timedelta(days=1)
_HALVES: Final = (("the whole day", ""), ("the morning", "morning"), ("the afternoon", "afternoon"))
_COLUMNS: Final = {
    False: "days, from, to; name or number, group, grace, break, paid, valid from, valid to, every",
    True: "name or number, from; to, kind, half, note",
}

Screen = DeskScreen[CalendarView]


def add_shift(screen: Screen, whose: str) -> None:
    """Ask for a shift; by default from tomorrow, since today has begun.

    Args:
        whose: for whom the usual one is proposed; empty for everybody.
    """
    app, zone, day = screen.app, screen.app.settings.zone, screen.app.today

    def preview(text: str, shift: Shift) -> str:
        return _words(shifts.preview(app.engine, zone, resolve(app.engine, text, shift), app.clock()))

    def write(text: str, shift: Shift) -> str:
        return _words(app.by_desk(shifts.add_shift, zone, resolve(app.engine, text, shift))())

    line = f"{whose} {USUAL}".strip()
    app.push_screen(
        ShiftDialog("Add a shift", line, day + _DAY, day, preview, write, yes="Add"), partial(_done, screen)
    )


def change_shift(screen: Screen, entry: ShiftEntry) -> None:
    """Ask for the new values of a shift, and from which day on; by default from tomorrow."""
    app, zone, day, old = screen.app, screen.app.settings.zone, screen.app.today, entry.shift
    first = max(day + _DAY, old.valid_from or date.min)

    def read(text: str, shift: Shift) -> Shift:
        meant = resolve(app.engine, text, shift)
        if (meant.person, meant.group) != (old.person, old.group):
            raise UsageError("A shift stays with whom it is for; end this one and add another.")
        return replace(meant, valid_from=meant.valid_from or old.valid_from or first)

    def preview(text: str, shift: Shift) -> str:
        return _words(shifts.preview(app.engine, zone, read(text, shift), app.clock(), instead=old.id))

    def write(text: str, shift: Shift) -> str:
        meant = read(text, shift)
        return _words(app.by_desk(shifts.change_shift, zone, old.id, meant, meant.valid_from or first)())

    kind = "person" if old.person else "group" if old.group else ""
    line = line_text(f"{kind} {entry.whose}" if kind else "", replace(old, valid_from=first), first)
    title = "Change a shift from a day on"
    dialog = ShiftDialog(title, line, first, day, preview, write, yes="Change")
    app.push_screen(dialog, partial(_done, screen))


def end_shift(screen: Screen, entry: ShiftEntry) -> None:
    """Ask for the last day of a shift."""
    app, zone, day = screen.app, screen.app.settings.zone, screen.app.today
    text = f"{clean(entry.words, 300)} Empty the field to remove it from the past, too, as if it had never been."

    def job(answers: Answers) -> Callable[[], ShiftChange]:
        if answers["last"].strip():
            return app.by_desk(shifts.end_shift, zone, entry.shift.id, parse_day(answers["last"], day))
        return app.by_desk(shifts.remove_shift, zone, entry.shift.id)

    field = Ask("last", "Its last day", day.isoformat(), optional=True)
    dialog = Dialog("End this shift", text, [field], yes="End", danger=True)
    screen.ask(dialog, job, lambda done: f"Ended. {done.past}")


def add_holiday(screen: Screen) -> None:
    """Ask for a public holiday."""
    app, day = screen.app, screen.app.today
    fields = [
        Ask("day", "Day, such as 24 dec or 2026-12-24"),
        Ask("name", "Name", "Holiday"),
        Ask("half", "Free is", "", _HALVES, optional=True),
    ]

    def job(answers: Answers) -> Callable[[], Holiday]:
        half = leaves.parse_half(answers["half"])
        return app.by_desk(holidays.add_holiday, parse_day(answers["day"], day), answers["name"], half)

    text = "Nobody is expected, late or absent on this day; who comes gets the hours."
    dialog = Dialog("Add a public holiday", text, fields, yes="Add")
    screen.ask(dialog, job, "The holiday is added.")


def remove_holiday(screen: Screen, holiday: Holiday) -> None:
    """Remove a holiday after a question."""
    text = f"{clean(holiday.name, 60)}: people are expected on this day as on others."
    job = screen.app.by_desk(holidays.remove_holiday, holiday.id)
    screen.ask(Dialog("Remove this holiday", text, yes="Remove", danger=True), lambda _: job, "The holiday is removed.")


def remove_leave(screen: Screen, entry: LeaveEntry) -> None:
    """Remove a leave after a question."""
    job = screen.app.by_desk(leaves.remove_leave, screen.app.settings.zone, entry.leave.id)
    dialog = Dialog("Remove this leave", clean(entry.words, 200), yes="Remove", danger=True)
    screen.ask(dialog, lambda _: job, lambda done: f"Removed. {told(done)}")


def ask_for_holidays(screen: Screen) -> None:
    """Import public holidays."""
    text = "An iCalendar file (.ics), or a country and region: de-be, at-9, fr. Days that are there already stay."

    def job(answers: Answers) -> Callable[[], str]:
        run = screen.app.by_desk(holidays.import_holidays, screen.app.settings.zone, answers["what"].strip())
        return lambda: holidays_told(run())

    dialog = Dialog("Import public holidays", text, [Ask("what", "File, or country")], yes="Import")
    screen.ask(dialog, job, str)


def ask_for_list(screen: Screen, *, leave: bool) -> None:
    """Import a list of shifts or of leave."""
    use_case = leaves.import_leave if leave else import_shifts

    def job(answers: Answers) -> Callable[[], str]:
        run = screen.app.by_desk(use_case, screen.app.settings.zone, typed_path(answers["file"]))
        return lambda: list_told(run())

    text = f"A CSV or XLSX list. The first row names its columns: {_COLUMNS[leave]}."
    dialog = Dialog(f"Import {'leave' if leave else 'shifts'}", text, [Ask("file", "File")], yes="Import")
    screen.ask(dialog, job, str)


def holidays_told(done: holidays.ImportedHolidays) -> str:
    """What the desk should know after holidays were imported."""
    left = f" Left out: {' '.join(done.left_out[:3])}" if done.left_out else ""
    return clean(f"{plural(len(done.added), 'holiday')} added, {done.known:,} there already.{left}", 400)


def list_told(done: Imported) -> str:
    """What the desk should know after a list was imported."""
    some = " ".join(done.problems[:3])
    left = f" {len(done.problems):,} left out: {some}" if done.problems else ""
    return clean(f"{done.added:,} added, {done.unchanged:,} there already.{left}", 400)


def _done(screen: Screen, sentence: str | None) -> None:
    if sentence is not None:
        screen.changed(sentence)


def _words(change: ShiftChange) -> str:
    return f"{clean(change.entry.words, 300)} {change.effect}"
