"""The System screen: health checks, app and kiosk, database and retention, settings, audit log."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.widgets import Static

from db.records import AuditEntry, Expired
from monitor.desk import system as queries
from monitor.desk.system import Check, Machine, Status, SystemView, Verdict
from monitor.desk.upkeep import back_up, purge
from monitor.text import plural
from monitor.tui.runtime.actions import bindings
from monitor.tui.screens.desk import DeskScreen, ask_admin_pin
from monitor.tui.screens.system.camera_choice import CameraChoice
from monitor.tui.screens.system.settings_list import SettingsList
from monitor.tui.screens.system.system_text import expired_text, findings_text, running_text, settings_text, state_text
from monitor.tui.style.text import at_clock, clean, day_text
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, ask
from monitor.tui.widgets.paged import PagedTable
from monitor.tui.widgets.table import Column, Row

AUDIT = (
    Column("at", "At", 12),
    Column("actor", "By", 8, rank=1),
    Column("action", "What", 18),
    Column("person", "Who"),
)
CHECK_EVERY = 1800.0
"""Seconds between two runs of the checks while the screen is shown; a large database takes some seconds."""

TERMINAL = "terminal"
"""Name of the check that depends on the window's size."""
DEMO = "demo"
"""The source of `muster demo`."""


class SystemScreen(DeskScreen[SystemView]):
    """The state of everything."""

    mode = "system"
    AUTO_FOCUS = "#state-pane"
    HELP = """\
# System

- To verify the ledger's hash chain and the whole database file may take minutes.
- **Tab**: between the state and the audit log.

"Screen delay" says how late the app's event loop was in the last minute.
"""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("system")]

    def __init__(self, machine: Machine | None = None) -> None:
        """
        Args:
            machine: runs the checks and lists the cameras; None for the real machine.
        """
        super().__init__()
        self._machine = machine or Machine()
        self._findings: list[Check] = []
        self._checking = False

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        with Horizontal(id="main"):
            with VerticalScroll(classes="pane details", id="state-pane"):
                yield Static(id="running", markup=False)
                yield Static(id="health", markup=False)
                yield Static(id="state", markup=False)
                yield Static(id="settings", markup=False)
            with Container(classes="pane", id="audit-pane"):
                yield PagedTable(AUDIT, empty="Loading", id="audit")

    def on_mount(self) -> None:
        self.query_one("#audit-pane").border_title = "Audit log"
        self.query_one("#state-pane").border_title = "State"
        self.query_one("#settings", Static).update(settings_text(self.app.settings))
        self.set_interval(1.0, self._tick)
        self.set_interval(CHECK_EVERY, self._check_while_shown)
        self._tick()
        self.action_check()
        self.say(self._verdict())

    # The database

    def query_job(self) -> Callable[[], SystemView]:
        app, want = self.app, self.query_one(PagedTable).want(fresh=self.stale)
        return partial(
            queries.system_view, app.engine, app.settings, app.clock(), want, self.before, recount=self.stale
        )

    def show(self, loaded: SystemView) -> None:
        if self.failed:
            self.say(self._verdict())
        self.query_one("#state", Static).update(state_text(loaded, self.app.settings))
        self.query_one("#settings", Static).update(settings_text(self.app.settings))
        rows = [self._audit_row(entry, loaded.names) for entry in loaded.audit.items]
        self.query_one(PagedTable).show_page(loaded.audit.first, loaded.audit.total, rows, empty="Nothing yet.")
        self.query_one("#audit-pane").border_title = f"Audit log ({loaded.audit.total:,})"

    def _audit_row(self, entry: AuditEntry, names: dict[str, str]) -> Row:
        zone = self.app.settings.zone
        name = names.get(str(entry.person), "") if entry.person else ""
        when = f"{day_text(entry.at, zone)[4:-5]} {at_clock(entry.at, zone)}"
        return Row(str(entry.id), (when, clean(entry.actor, 20), clean(entry.action, 30), clean(name)))

    def _tick(self) -> None:
        app = self.app
        self.query_one("#running", Static).update(
            running_text(app.controller, app.source_name, app.feed, app.loop_delay)
        )

    def action_verify(self) -> None:
        self.say("Verifying the ledger and the database file")
        self.app.in_background(
            partial(queries.verify, self.app.engine, self.app.cipher, now=self.app.clock()),
            self._verified,
            self._say_problem,
        )

    def _verified(self, verdict: Verdict) -> None:
        if verdict.problems:
            self.say(f"{self.app.signs.lost} Not whole: {'; '.join(verdict.problems)}")
        else:
            sign, head = self.app.signs.came, verdict.ledger.head[:16]
            entries = plural(verdict.ledger.events, "entry", "entries")
            self.say(f"{sign} Ledger and database file are whole: {entries}, head {head}")
            far = queries.how_far(verdict, self.app.settings.zone)
            if far is not None:
                self.app.notify(far, markup=False)

    def _say_problem(self, sentence: str) -> None:
        self.say(f"{self.app.signs.lost} {sentence}")

    def action_back_up(self) -> None:
        app = self.app

        def job(answers: Answers) -> Callable[[], Path]:
            folder = Path(answers["folder"].strip()).expanduser()
            app.notify("Copying the database", markup=False)
            return app.by_desk(back_up, folder)

        text = "Copies the database to a new file while Muster runs. The copy does not contain the key of the faces."
        dialog = Dialog("Back up", text, [Ask("folder", "Folder", str(Path.home()))], yes="Copy")
        ask(app, dialog, job, lambda file: app.notify(f"Copied to {file}", markup=False))

    def action_purge(self) -> None:
        app = self.app
        if self.loaded is None:
            return
        if not self.loaded.expired.rows:
            app.notify("There is no expired data.")
            return
        text = f"{expired_text(self.loaded)}. The attendance ledger stays. This cannot be undone."
        job = app.by_desk(purge, app.settings)
        dialog = Dialog("Delete expired data", text, yes="Delete", danger=True)

        def begin(_: Answers) -> Callable[[], tuple[Expired, bool]]:
            self.say("Deleting expired data")
            return job

        ask(app, dialog, begin, self._purged, self._say_problem)

    def _purged(self, purged: tuple[Expired, bool]) -> None:
        self.app.notify(f"Deleted: {plural(purged[0].rows, 'row')}.")
        self.say(self._verdict())
        self.reload()

    # What works here

    def _check_while_shown(self) -> None:
        if self.is_current:
            self.action_check()

    def action_check(self) -> None:
        """Run all checks in a worker; each finding is shown when it is there."""
        if not self._checking:
            self._checking = True
            self._findings = []
            self._show_findings()
            self.app.in_background(self._run_checks, lambda _: self._checked(), self._say_problem)

    def on_resize(self) -> None:
        """Run the terminal's check again: its result depends on the window's size."""
        if any(check.name == TERMINAL for check in self._findings):
            self.app.in_background(lambda: tuple(self._machine.terminal()), self._terminal_found, self._say_problem)

    def _terminal_found(self, checks: tuple[Check, ...]) -> None:
        self._findings = [*(check for check in self._findings if check.name != TERMINAL), *checks]
        self._show_findings()
        if not self._checking:
            self.say(self._verdict())

    def _run_checks(self) -> None:
        for check in self._machine.checks(self.app.settings, self.app.config_file):
            if not self.is_attached:
                return
            if check.name == "template key" and self.app.settings.source == DEMO:
                continue  # the demo's key is kept nowhere: it goes with its database
            if check.name == "camera" and self.app.controller.has_picture:
                continue  # the door has it
            self.app.show_later(partial(self._found, check))

    def _found(self, check: Check) -> None:
        self._findings.append(check)
        self._show_findings()

    def _checked(self) -> None:
        self._checking = False
        self._show_findings()
        if not self.failed:
            self.say(self._verdict())

    def _verdict(self) -> str:
        if self._checking:
            return "System: checking what works"
        wrong = sum(check.status is not Status.OK for check in self._findings)
        return f"System: {plural(wrong, 'finding')} to look at" if wrong else "System: everything works"

    def _show_findings(self) -> None:
        if self.is_attached:
            text = findings_text(self._findings, self.app.signs, running=self._checking)
            self.query_one("#health", Static).update(text)

    def action_settings(self) -> None:
        self.app.push_screen(SettingsList(frozenset(self._dialogs)), self._setting_chosen)

    @property
    def _dialogs(self) -> dict[str, Callable[[], object]]:
        """The settings that have a dialog of their own."""
        app = self.app
        return {
            "source": lambda: app.push_screen(CameraChoice(self._machine), self._camera_chosen),
            "admin_pin_hash": lambda: ask_admin_pin(app, app.use_pin),
            "theme": app.action_change_theme,
        }

    def _setting_chosen(self, name: str | None) -> None:
        if name is not None:
            self._dialogs[name]()

    def _camera_chosen(self, source: str | None) -> None:
        if source is not None:
            name = f"Camera {source}" if source.isdecimal() else clean(source, 60)
            self.app.notify(f"{name} is used from the next start on.", markup=False)
