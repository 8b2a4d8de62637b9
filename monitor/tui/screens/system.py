"""System: how the app and the kiosk run, the database, the kiosks, the audit log, the settings."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.widgets import Static

from db.records import AuditEntry
from monitor.config import Settings
from monitor.pin import SHORTEST
from monitor.tui import system_queries as queries
from monitor.tui.dialogs import Answers, Ask, Dialog
from monitor.tui.lock import write_pin
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.system_queries import SystemView, Verdict
from monitor.tui.table import Column, Row, Table
from monitor.tui.text import at_clock, clean, day_text

AUDIT = (
    Column("at", "At", 16),
    Column("actor", "By", 10, rank=1),
    Column("action", "What", 16),
    Column("person", "Who"),
)
SECRET = {"admin_pin_hash"}


class SystemScreen(DeskScreen[SystemView]):
    """The state of everything."""

    mode = "system"
    AUTO_FOCUS = "#state-pane"
    HELP = """\
# System

- **V**: recompute the ledger's hash chain, and check the database file.
- **B**: copy the database to a file. **P**: set or remove the admin PIN.

"Delay of the screen" says how late the event loop is: half of all moments, 99 of 100 moments.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "Verify", tooltip="Prove that the ledger is whole", id="system.verify"),
        Binding("b", "back_up", "Back up", tooltip="Copy the database to a file", id="system.back_up"),
        Binding("p", "pin", "Admin PIN", tooltip="Set or remove the PIN of the desk's screens", id="system.pin"),
    ]

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        with Horizontal(id="main"):
            with VerticalScroll(classes="pane details", id="state-pane"):
                yield Static(id="running")
                yield Static(id="state")
                yield Static(id="settings")
            with Container(classes="pane", id="audit-pane"):
                yield Table(AUDIT, empty="Nothing yet.", id="audit")

    def on_mount(self) -> None:
        self.query_one("#audit-pane").border_title = "Audit log"
        self.query_one("#state-pane").border_title = "State"
        self.query_one("#settings", Static).update(settings_text(self.app.settings))
        self.set_interval(1.0, self._tick)
        self.say("System")
        self._tick()

    def query_job(self) -> Callable[[], SystemView]:
        return partial(queries.system_view, self.app.engine)

    def show(self, loaded: SystemView) -> None:
        zone = self.app.settings.zone
        size = f"{loaded.bytes / 1e6:.1f} MB" if loaded.bytes is not None else "PostgreSQL"
        free = f", {loaded.free_bytes / 1e9:.0f} GB free on the disk" if loaded.free_bytes is not None else ""
        text = Text()
        _line(text, "Database", clean(loaded.database, 200))
        _line(text, "Size", f"{size}{free}")
        counts = f"{loaded.people} people, {loaded.events} events, {loaded.moods} moods, {loaded.visitors} visitors"
        _line(text, "Holds", counts)
        for kiosk in loaded.kiosks:
            seen = f"{day_text(kiosk.seen_at, zone)} {at_clock(kiosk.seen_at, zone)}"
            _line(text, "Kiosk", f"{clean(kiosk.name, 20)} ({kiosk.role}), last wrote {seen}")
        self.query_one("#state", Static).update(text)
        rows = [self._audit_row(entry, loaded.names) for entry in loaded.audit]
        self.query_one("#audit", Table).show(rows)

    def _audit_row(self, entry: AuditEntry, names: dict[str, str]) -> Row:
        zone = self.app.settings.zone
        name = names.get(str(entry.person), "") if entry.person else ""
        when = f"{day_text(entry.at, zone)[4:-5]} {at_clock(entry.at, zone)}"
        return Row(str(entry.id), (when, clean(entry.actor, 20), clean(entry.action, 30), clean(name)))

    def _tick(self) -> None:
        live, delay = self.app.live, self.app.loop_delay
        text = Text()
        if live.has_camera:
            _line(text, "Camera", clean(live.problem, 120) if live.problem else self.app.source_name)
            if live.scene is not None:
                _line(text, "Vision", f"{live.scene.fps:.1f} frames/s, {live.scene.dropped} dropped")
            _line(text, "Picture", f"{self.app.feed.rate:.1f} a second")
        else:
            _line(text, "Camera", "none in this view")
        half, most = delay.percentile(0.5) * 1000, delay.percentile(0.99) * 1000
        _line(text, "Delay of the screen", f"{half:.1f} ms (half), {most:.1f} ms (99 %)")
        self.query_one("#running", Static).update(text)

    def action_verify(self) -> None:
        self.say("Verifying the ledger")
        self.app.in_background(partial(queries.verify, self.app.engine), self._verified, self._failed)

    def _verified(self, verdict: Verdict) -> None:
        problems = [verdict.ledger.problem] if verdict.ledger.problem else []
        problems += verdict.problems
        if problems:
            self._failed(f"Not whole: {'; '.join(problems)}")
        else:
            sign, head = self.app.signs.came, verdict.ledger.head[:16]
            self.say(f"{sign} The ledger is whole: {verdict.ledger.events} events, head {head}")

    def action_back_up(self) -> None:
        app = self.app

        def answered(answers: Answers | None) -> None:
            if answers is not None:
                folder = Path(answers["folder"]).expanduser()
                job = partial(queries.back_up, app.engine, folder, app.clock().astimezone(app.settings.zone))
                app.in_background(job, lambda file: app.notify(f"Copied to {file}", markup=False))

        fields = [Ask("folder", "Folder", str(Path.home()))]
        app.push_screen(Dialog("Back up", "The face key is not in the copy.", fields, yes="Copy"), answered)

    def action_pin(self) -> None:
        app = self.app

        def answered(answers: Answers | None) -> None:
            if answers is not None:
                app.in_background(partial(write_pin, app.config_file, answers["pin"]), app.use_pin)

        fields = [Ask("pin", "New PIN", secret=True, optional=True), Ask("again", "Again", secret=True, optional=True)]
        app.push_screen(
            Dialog("Admin PIN", "Leave both empty to remove it.", fields, yes="Set", check=check_pin), answered
        )


def check_pin(answers: Answers) -> str | None:
    """What is wrong with a new PIN, or None."""
    if answers["pin"] != answers["again"]:
        return "The two are not the same."
    if answers["pin"] and len(answers["pin"]) < SHORTEST:
        return f"A PIN has at least {SHORTEST} characters."
    return None


def settings_text(settings: Settings) -> Text:
    """Each setting with its sentence of explanation."""
    text = Text("\n")
    text.append("Settings (in muster.toml, or as MUSTER_... variables)\n", "bold")
    for name, field in type(settings).model_fields.items():
        value = str(getattr(settings, name))
        if name in SECRET:
            value = "set" if value else "not set"
        if name == "db":
            continue
        text.append(f"{name} = {clean(value, 60)}\n").append(f"  {field.description}\n", "dim")
    return text


def _line(text: Text, label: str, value: str) -> None:
    text.append(f"{label:<21}", "dim").append(f"{value}\n")
