"""One person's entries of one day, and the desk's corrections: new rows with a reason."""

from collections.abc import Callable
from datetime import date, datetime, time
from functools import partial
from typing import ClassVar
from uuid import UUID

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from db.records.attendance import Presence
from db.records.people import Person
from monitor.desk.days import corrections
from monitor.desk.days.why import why
from monitor.errors import UsageError
from monitor.text import date_text
from monitor.tui.runtime.key_bindings import bindings, of_the_app
from monitor.tui.screens.person_sheet import PersonSheet
from monitor.tui.screens.why import WhyScreen
from monitor.tui.style.text import at_clock, clean, day_text
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, ask
from monitor.tui.widgets.sheet import Sheet
from monitor.tui.widgets.table import Column, Row, Table

COLUMNS = (
    Column("at", "At", 12),
    Column("what", "What", 20),
    Column("how", "How", 7),
    Column("actor", "By", 10, rank=1),
    Column("reason", "Reason"),
)
KINDS = (("came in", "check_in"), ("left", "check_out"))
WORDS = {"check_in": "came in", "check_out": "left", "void": "made void"}


class DaySheet(Sheet[None]):
    """Entries with corrections. Nothing is ever edited: a correction is a new row that names the old one."""

    HELP = """\
# A person's day

Every entry of the day, by camera, PIN or hand. Nothing is ever edited: a correction is a new entry that names the old
one, and an entry that no longer counts stands in brackets.

- **By** says who wrote the entry: the camera, or the desk, with the **reason** that was given.
- A shift over midnight belongs to the day on which it begins, with the entries of the morning after.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("day"),
        *of_the_app("help", "undo"),
        Binding("escape", "dismiss", "Back"),
    ]

    def __init__(self, person: Person, day: date) -> None:
        super().__init__()
        self._person = person
        self._day = day
        self._entries: corrections.PersonEntries | None = None

    def body(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Table(COLUMNS, empty="Loading", id="entries")

    def on_mount(self) -> None:
        self.query_one("#title", Static).update(f"{clean(self._person.name)} {date_text(self._day)}")
        self.reload()

    def reload(self) -> None:
        """Load anew and show."""
        app = self.app
        job = partial(corrections.person_entries, app.engine, app.settings, self._person, self._day, app.clock())
        self.load(job, self._show)

    def _show(self, entries: corrections.PersonEntries) -> None:
        self._entries = entries
        rows = [self._row(line) for line in entries.lines]
        self.query_one(Table).show(
            rows, empty=f"No entries on this day. Press {self.app.settings.keys.shown('add')} to add one."
        )

    def _row(self, line: corrections.EventLine) -> Row:
        event = line.event
        what = WORDS.get(event.kind) or f"corrected: {WORDS[event.corrected_kind or 'check_in']}"
        shown = what if line.counts or event.kind == "void" else f"({what})"
        cells = (self._when(event.at), shown, event.method, clean(event.actor, 20), clean(line.reason, 80))
        return Row(str(event.id), cells, ("good" if line.counts else "faint",) * 2)

    def _when(self, at: datetime) -> str:
        """The clock time, with the date where it is not the sheet's day, as after midnight."""
        zone = self.app.settings.zone
        day = "" if at.astimezone(zone).date() == self._day else f"{day_text(at, zone)[4:-5]} "
        return f"{day}{at_clock(at, zone)}"

    def _selected(self) -> corrections.EventLine | None:
        """The entry under the cursor if it counts; else it is said that it does not."""
        key = self.query_one(Table).selected_key
        lines = self._entries.lines if self._entries else ()
        found = next((line for line in lines if str(line.event.id) == key), None)
        if found and not found.counts:
            self.app.notify("This entry no longer counts. Choose the one that took its place, or add one.")
            return None
        return found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"correct", "void", "why"}:
            return bool(self._entries and self._entries.lines) or None
        return self._entries is not None if action == "add" else True

    def on_table_highlighted(self) -> None:
        self.refresh_bindings()

    def action_why(self) -> None:
        """Also of an entry that no longer counts."""
        key, app = self.query_one(Table).selected_key, self.app
        if key is not None:
            job = partial(why, app.engine, app.cipher, app.settings, UUID(key))
            app.push_screen(WhyScreen(job), lambda _: self.reload())

    def action_void(self) -> None:
        line, app = self._selected(), self.app
        if line is None:
            return
        text = f"The entry at {self._when(line.event.at)} stays in the ledger but no longer counts."
        self._ask(
            Dialog("Void this entry", text, [Ask("reason", "Reason")], yes="Void"),
            lambda answers: app.by_desk(corrections.void, app.settings, line.event.id, answers["reason"]),
            "The entry is void. Ctrl+Z takes it back.",
        )

    def action_correct(self) -> None:
        line, entries, app = self._selected(), self._entries, self.app
        if line is None or entries is None:
            return
        event = line.event
        at, kind = at_clock(event.at, self.app.settings.zone), event.corrected_kind or event.kind
        fields = [Ask("at", "At (hh:mm)", at), Ask("kind", "What happened", kind, KINDS), Ask("reason", "Reason")]
        text = "The old entry stays in the ledger; the new one counts."
        instant = partial(self._instant, entries, event.at)
        self._ask(
            Dialog("Correct this entry", text, fields, yes="Correct"),
            lambda answers: app.by_desk(
                corrections.correct, app.settings, event.id, presence(answers), instant(answers), answers["reason"]
            ),
            "The entry is corrected. Ctrl+Z takes it back.",
        )

    def action_sheet(self) -> None:
        """All days of the month of this person."""
        self.app.push_screen(PersonSheet(self._person, self._day, DaySheet), lambda _: self.reload())

    def action_add(self) -> None:
        entries, app = self._entries, self.app
        if entries is None:
            return
        fields = [Ask("at", "At (hh:mm)"), Ask("kind", "What happened", "check_in", KINDS), Ask("reason", "Reason")]
        text = "For what no camera saw. The ledger says that the desk wrote it."
        instant = partial(self._instant, entries, None)
        self._ask(
            Dialog("Add an entry", text, fields, yes="Add"),
            lambda answers: app.by_desk(
                corrections.add, app.settings, self._person.id, presence(answers), instant(answers), answers["reason"]
            ),
            "The entry is added. Ctrl+Z takes it back.",
        )

    def _instant(self, entries: corrections.PersonEntries, near: datetime | None, answers: Answers) -> datetime:
        """The instant that was typed.

        Args:
            near: the time that it replaces.

        Raises:
            UsageError: it is not a time of this day until now.
        """
        at = entries.instant(clock_of(answers), self.app.settings.zone, near)
        if at is None:
            raise UsageError("With a shift over midnight this time belongs to the day before or after; add it there.")
        return not_to_come(at, self.app.clock())

    def _ask(self, dialog: Dialog, job: Callable[[Answers], Callable[[], object]], done: str) -> None:
        ask(self.app, dialog, job, lambda _: self._changed(done))

    def _changed(self, done: str) -> None:
        self.app.notify(done)
        self.reload()

    def facts_changed(self) -> None:
        """Something was written, perhaps at the door."""
        self.reload()


def presence(answers: Answers) -> Presence:
    return "check_out" if answers["kind"] == "check_out" else "check_in"


def clock_of(answers: Answers) -> time:
    """The time of day that was typed. Raises: UsageError."""
    try:
        return datetime.strptime(answers["at"].strip(), "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
    except ValueError as error:
        raise UsageError("Type the time as hh:mm, such as 08:58.") from error


def not_to_come(at: datetime, now: datetime) -> datetime:
    """This time, at which something happened. Raises: UsageError: it is to come."""
    if at > now:
        raise UsageError("That time is in the future.")
    return at
