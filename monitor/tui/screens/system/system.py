"""The System screen: health checks, app and kiosk, database and retention, settings, audit log."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from db.records.privacy import Expired
from monitor.desk.maintenance import system as queries
from monitor.desk.maintenance.attention import attention
from monitor.desk.maintenance.system import Check, Machine, Status, SystemView, Verdict
from monitor.desk.maintenance.upkeep import back_up, purge
from monitor.text import few, plural
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.system.camera_choice import CameraChoice
from monitor.tui.screens.system.desk_users import DeskUsers
from monitor.tui.screens.system.needs import Needs
from monitor.tui.screens.system.settings_list import SettingsList
from monitor.tui.screens.system.system_text import (
    AUDIT,
    audit_rows,
    expired_text,
    running_text,
    settings_text,
    state_text,
    works_text,
)
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, ask, typed_path
from monitor.tui.widgets.new_pin import ask_admin_pin
from monitor.tui.widgets.paged import PagedTable
from monitor.tui.widgets.table import Table

CHECK_EVERY = 1800.0
"""Seconds between two runs of the checks while the screen is shown; a large database takes some seconds."""

TERMINAL = "terminal"
"""Name of the check that depends on the window's size."""
ADMIN_PIN = "admin pin"
ALL_WORKS = "System: everything works"
DEMO = "demo"
"""The source of `muster demo`."""


class SystemScreen(DeskScreen[SystemView]):
    """The state of everything."""

    mode = "system"
    AUTO_FOCUS = "#needs"
    HELP = """\
# System

- **Needs a hand** lists what is wrong, the worst first. Enter or **f** does what is proposed.
- The audit log says who did what, with the values before and after. A correction says both times.
- To verify the ledger's hash chain and the whole database file may take minutes.
- **Tab**: between what needs a hand, the state and the audit log.

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
        self._shown: list[Check] = []

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        with Horizontal(id="main"):
            with Vertical(id="state-side"):
                yield Needs()
                with VerticalScroll(classes="pane details", id="state-pane"):
                    yield Static(id="works", markup=False)
                    yield Static(id="running", markup=False)
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
        self._show_findings()
        self.query_one("#state", Static).update(state_text(loaded, self.app.settings))
        self.query_one("#settings", Static).update(settings_text(self.app.settings))
        rows = audit_rows(loaded, self.app.settings.zone, self.app.signs)
        self.query_one(PagedTable).show_page(loaded.audit.first, loaded.audit.total, rows, empty="Nothing yet.")
        self.query_one("#audit-pane").border_title = f"Audit log ({loaded.audit.total:,})"

    def _tick(self) -> None:
        app = self.app
        self.query_one("#running", Static).update(
            running_text(app.controller, app.source_name, app.feed, app.loop_delay)
        )
        if self._needs() != self._shown:
            self._show_findings()

    def action_verify(self) -> None:
        self.say("Verifying the ledger and the database file")
        self.app.in_background(
            partial(queries.verify, self.app.engine, self.app.cipher, now=self.app.clock()),
            self._verified,
            self._say_problem,
        )

    def _verified(self, verdict: Verdict) -> None:
        if verdict.problems:
            told, far = f"{self.app.signs.lost} Not whole: {few(verdict.problems)}", None
        else:
            entries, head = plural(verdict.ledger.events, "entry", "entries"), verdict.ledger.head[:16]
            told = f"{self.app.signs.came} Ledger and database file are whole: {entries}, head {head}"
            far = queries.how_far(verdict, self.app.settings.zone)
        self.say(told)
        # News overwrites the line within seconds where people pass.
        self.app.notify("\n".join(filter(None, (told, far))), timeout=20)

    def _say_problem(self, sentence: str) -> None:
        self.say(f"{self.app.signs.lost} {sentence}")

    def action_back_up(self) -> None:
        app = self.app

        def job(answers: Answers) -> Callable[[], Path]:
            folder = typed_path(answers["folder"])
            app.notify("Copying the database")
            return app.by_desk(back_up, folder)

        text = "Copies the database to a new file while Muster runs. The copy does not contain the key of the faces."
        dialog = Dialog("Back up", text, [Ask("folder", "Folder", str(Path.home()))], yes="Copy")
        ask(app, dialog, job, lambda file: app.notify(f"Copied to {file}"))

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
            self.app.in_background(self._run_checks, lambda _: self._checked(), self._check_failed)

    def on_resize(self, _: events.Resize) -> None:
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
            if check.name == "camera" and not self.app.controller.has_camera and check.status is Status.WARN:
                continue  # 'muster review' needs none
            self.app.show_later(partial(self._found, check))

    def _found(self, check: Check) -> None:
        self._findings.append(check)
        self._show_findings()

    def _checked(self) -> None:
        self._checking = False
        self._show_findings()
        if not self.failed:
            self.say(self._verdict())

    def _check_failed(self, sentence: str) -> None:
        self._checking = False
        self._show_findings()
        self._say_problem(sentence)

    def _verdict(self) -> str:
        if self._checking:
            return "System: checking what works"
        wrong = len(self._needs())
        works = f"{sum(check.status is Status.OK for check in self._checks)} work"
        return f"System: {plural(wrong, 'thing needs', 'things need')} a hand, {works}" if wrong else ALL_WORKS

    @property
    def _checks(self) -> list[Check]:
        """What was found here, and what the database says now of whom the kiosk tells."""
        return [*self._findings, *(self.loaded.connections if self.loaded else ())]

    def _needs(self) -> list[Check]:
        """What is wrong, by the checks, the database and the door."""
        app = self.app
        found = [check for check in self._checks if check.status is not Status.OK]
        if self.loaded is not None:
            found += attention(self.loaded, app.settings, app.clock())
        if app.controller.has_camera and app.controller.problem:
            found = [check for check in found if check.name != "camera"]  # this kiosk's own word about it counts
            files = not app.settings.source.isdecimal() and "://" not in app.settings.source
            look = "Start Muster again to play it once more" if files else "Look at its cable and its power"
            advice = f"{look}, or choose another camera or file."
            found.append(Check("camera", Status.FAIL, app.controller.problem, advice))
        if app.controller.has_camera and not app.settings.admin_pin_hash and app.settings.source != DEMO:
            told = "There is none: whoever stands at the door can open the desk."
            found.append(Check(ADMIN_PIN, Status.WARN, told, "Set one."))
        return found

    def _show_findings(self) -> None:
        if self.is_attached:
            self._shown = self._needs()
            self.query_one(Needs).show(self._shown, self.app.signs, looking=self._checking)
            text = works_text(self._checks, self.app.signs, running=self._checking)
            self.query_one("#works", Static).update(text)
            if not self._checking and not self.failed:
                self.say(self._verdict())

    @on(Table.Selected, "#needs")
    def action_do(self) -> None:
        """Do what is proposed for the finding under the cursor."""
        one = self.query_one(Needs).chosen
        if one is None:
            return
        does: dict[str, Callable[[], object]] = {
            "backup": self.action_back_up,
            "retention": self.action_purge,
            "camera": self._dialogs["source"],
            ADMIN_PIN: self._dialogs["admin_pin_hash"],
            "consent": lambda: self.run_worker(self._list_unasked()),
        }
        does.get(one.name, lambda: self.app.notify(one.advice or one.sentence))()

    async def _list_unasked(self) -> None:
        """The people whose consent is missing."""
        await self.app.run_action("open('people')")
        await self.app.screen.run_action("consent_missing(True)")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "do":
            return True if self.query(Needs) and self.query_one(Needs).chosen else None
        return super().check_action(action, parameters)

    def action_users(self) -> None:
        """Who works at the desk."""
        self.app.push_screen(DeskUsers())

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
            self.app.notify(f"{name} is used from the next start on.")
