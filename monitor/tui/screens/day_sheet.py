"""One person's entries of one day, and what the desk may change: always new rows, with a reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from db.records import Person, Presence
from monitor.tui import queries
from monitor.tui.dialogs import Answers, Ask, Dialog, ask
from monitor.tui.key_bar import KeyBar
from monitor.tui.table import Column, Row, Table
from monitor.tui.text import at_clock, clean, day_text

if TYPE_CHECKING:
    from monitor.tui.app import MusterApp

COLUMNS = (
    Column("at", "At", 5),
    Column("what", "What", 20),
    Column("how", "How", 7),
    Column("actor", "By", 10, rank=1),
    Column("reason", "Reason"),
)
KINDS = (("came in", "check_in"), ("left", "check_out"))
WORDS = {"check_in": "came in", "check_out": "left", "void": "made void"}


class DaySheet(ModalScreen[None]):
    """Entries with corrections. Nothing is ever edited: a correction is a new row that names the old one."""

    CSS_PATH = "day_sheet.tcss"
    AUTO_FOCUS = "Table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "correct", "Correct", tooltip="Put what really happened in its place", id="day.correct"),
        Binding("v", "void", "Void", tooltip="This never happened", id="day.void"),
        Binding("a", "add", "Add", tooltip="Add an entry that no camera saw", id="day.add"),
        Binding("escape", "leave", "Back"),
    ]
    app: "MusterApp"

    def __init__(self, person: Person, day: date) -> None:
        super().__init__()
        self._person = person
        self._day = day
        self._lines: list[queries.EventLine] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield Static(id="title", markup=False)
            yield Table(COLUMNS, empty="Loading", id="entries")
            yield KeyBar()

    def on_mount(self) -> None:
        zone = self.app.settings.zone
        shown = datetime.combine(self._day, time(12), tzinfo=zone)
        self.query_one("#title", Static).update(f"{clean(self._person.name)} {day_text(shown, zone)}")
        self._reload()

    def _reload(self) -> None:
        zone = self.app.settings.zone
        job = partial(queries.day_of_person, self.app.engine, self._person.id, self._day, zone)
        self.app.in_background(job, self._show)

    def _show(self, lines: list[queries.EventLine]) -> None:
        self._lines = lines
        rows = [self._row(line) for line in lines]
        self.query_one(Table).show(rows, empty="No entries on this day. Press A to add one.")
        self.refresh_bindings()

    def _row(self, line: queries.EventLine) -> Row:
        event = line.event
        what = WORDS.get(event.kind) or f"corrected: {WORDS[event.corrected_kind or 'check_in']}"
        shown = what if line.counts or event.kind == "void" else f"({what})"
        cells = (
            at_clock(event.at, self.app.settings.zone),
            shown,
            event.method,
            clean(event.actor, 20),
            clean(line.reason, 80),
        )
        return Row(str(event.id), cells, ("good" if line.counts else "faint",) * 2)

    def _selected(self) -> queries.EventLine | None:
        key = self.query_one(Table).selected_key
        return next((line for line in self._lines if str(line.event.id) == key and line.counts), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"correct", "void"}:
            return True if self._selected() else None
        return True

    def on_table_highlighted(self) -> None:
        self.refresh_bindings()

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_void(self) -> None:
        line = self._selected()
        if line is None:
            return
        settings = self.app.settings
        at = at_clock(line.event.at, settings.zone)
        self._ask(
            Dialog("Void this entry", f"{at}. It stays in the ledger, but no longer counts.", [Ask("reason", "Reason")],
                   yes="Void"),
            lambda answers: partial(
                queries.void_event, self.app.engine, settings, line.event.id, answers["reason"], self.app.clock()
            ),
            "The entry is void.",
        )  # fmt: skip

    def action_correct(self) -> None:
        line = self._selected()
        if line is None:
            return
        at, kind = at_clock(line.event.at, self.app.settings.zone), line.event.corrected_kind or line.event.kind
        fields = [Ask("kind", "What happened", kind, KINDS), Ask("at", "At (hh:mm)", at), Ask("reason", "Reason")]
        self._ask(
            Dialog("Correct this entry", "", fields, yes="Correct", check=check_time),
            lambda answers: partial(
                queries.correct_event, self.app.engine, self.app.settings, line.event.id, presence(answers),
                self._instant(answers["at"]), answers["reason"], self.app.clock(),
            ),
            "The entry is corrected.",
        )  # fmt: skip

    def action_add(self) -> None:
        fields = [Ask("kind", "What happened", "check_in", KINDS), Ask("at", "At (hh:mm)"), Ask("reason", "Reason")]
        self._ask(
            Dialog("Add an entry", "", fields, yes="Add", check=check_time),
            lambda answers: partial(
                queries.add_event, self.app.engine, self.app.settings, self._person.id, presence(answers),
                self._instant(answers["at"]), answers["reason"], self.app.clock(),
            ),
            "The entry is added.",
        )  # fmt: skip

    def _instant(self, clock: str) -> datetime:
        hour, minute = clock.split(":")
        return datetime.combine(self._day, time(int(hour), int(minute)), tzinfo=self.app.settings.zone).astimezone(UTC)

    def _ask(self, dialog: Dialog, job: Callable[[Answers], Callable[[], object]], done: str) -> None:
        ask(self.app, dialog, job, lambda: self._changed(done))

    def _changed(self, done: str) -> None:
        self.app.notify(done)
        self.app.facts_changed()
        self._reload()


def presence(answers: Answers) -> Presence:
    return "check_out" if answers["kind"] == "check_out" else "check_in"


def check_time(answers: Answers) -> str | None:
    """What is wrong with a time of day, or None."""
    try:
        datetime.strptime(answers["at"].strip(), "%H:%M")  # noqa: DTZ007 - a time of day has no zone
    except ValueError:
        return "Give the time as hours and minutes, such as 08:58."
    return None
