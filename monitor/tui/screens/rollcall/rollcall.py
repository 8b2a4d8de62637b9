"""The roll call: everybody who is inside on one list, ticked off by hand. It opens without a PIN, for an emergency."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from monitor.desk.programs import roll_call
from monitor.desk.programs.roll_call import RollCallView
from monitor.text import plural
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.style.text import at_clock, clean
from monitor.tui.widgets.dialogs import Dialog
from monitor.tui.widgets.table import Column, Row, Table

COLUMNS = (
    Column("sign", "", 1),
    Column("name", "Name", most=44),
    Column("group", "Group", 18, rank=1),
    Column("since", "In since", 9),
    Column("found", "Found", 9),
)
T = TypeVar("T")
LOOK_EVERY = 3.0
"""Seconds between two looks at what others ticked."""


class RollCallScreen(DeskScreen[RollCallView]):
    """Has everybody got out?"""

    mode = "rollcall"
    HELP = """\
# Roll call

Who was inside when it began, from this database alone: no other machine is needed.

- Until a roll call is started the list is of who is inside now. Who is missing stands first.
- **Enter** ticks the marked person off, too. Begin, end and how many were missing stand in the audit log.
"""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("rollcall")]

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        with Container(classes="pane", id="main"):
            yield Table(COLUMNS, empty="Loading", id="people")

    def on_mount(self) -> None:
        self.set_interval(LOOK_EVERY, self._look)

    def _look(self) -> None:
        if self.is_current:
            self.reload()  # others tick on the same list

    def query_job(self) -> Callable[[], RollCallView]:
        return partial(roll_call.roll_call_view, self.app.engine, self.app.settings, self.app.clock())

    def show(self, loaded: RollCallView) -> None:
        zone, signs = self.app.settings.zone, self.app.signs
        rows = [
            Row(
                str(one.person),
                (
                    signs.came if one.found_at else "!" if loaded.roll_call else signs.inside,
                    clean(one.name),
                    clean(one.group),
                    at_clock(one.since, zone) if one.since else "",
                    at_clock(one.found_at, zone) if one.found_at else "missing" if loaded.roll_call else "",
                ),
                ("good" if one.found_at else "bad", None, "faint", None, "good" if one.found_at else "bad"),
            )
            for one in loaded.people
        ]
        self.query_one(Table).show(rows, empty="Nobody is inside.")
        if loaded.roll_call is None:
            key = self.app.settings.keys.shown("accept")
            self.say(f"{plural(len(rows), 'person is', 'people are')} inside. Press {key} to start a roll call.")
        else:
            begun = at_clock(loaded.roll_call.started_at, zone)
            here = len(rows) - loaded.missing
            self.say(f"! {loaded.missing:,} MISSING   {signs.came} {here:,} here   {len(rows):,} inside at {begun}")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        going = self.loaded is not None and self.loaded.roll_call is not None
        if action == "start":
            return not going
        if action in ("tick", "end"):
            return going
        return super().check_action(action, parameters)

    def action_start(self) -> None:
        self._do(self.app.by_desk(roll_call.start, self.app.settings))

    @on(Table.Selected)
    def action_tick(self) -> None:
        key = self.query_one(Table).selected_key
        one = next((one for one in self.loaded.people if str(one.person) == key), None) if self.loaded else None
        if one is not None and self.loaded is not None and self.loaded.roll_call is not None:
            found = one.found_at is None
            self._do(self.app.by_desk(roll_call.tick, one.person, found=found))

    def action_end(self) -> None:
        missing = self.loaded.missing if self.loaded else 0
        text = f"{plural(missing, 'person is', 'people are')} missing." if missing else "Nobody is missing."
        self.ask(
            Dialog("End the roll call?", text, yes="End"),
            lambda _: self.app.by_desk(roll_call.end),
            "The roll call is over.",
        )

    def _do(self, job: Callable[[], T]) -> None:
        self.app.in_background(job, lambda _: self.reload(), self.refused)
