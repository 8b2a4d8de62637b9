"""Who works at the desk: listed, added and removed."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from db.records.people import DeskUser
from monitor.desk.desk_users import add_user, all_users, remove_user
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.style.text import clean, day_text
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, ask
from monitor.tui.widgets.new_pin import ask_admin_pin, check_new_pin
from monitor.tui.widgets.sheet import Sheet
from monitor.tui.widgets.table import Column, Row, Table

COLUMNS = (Column("name", "Name"), Column("since", "Since", 16))
_EXPLAINED = (
    "Each opens the desk's screens with a PIN of their own. The ledger and the audit log then say who did it, also "
    "after somebody is removed here."
)
_FIELDS = (
    Ask("name", "Name"), Ask("pin", "PIN", secret=True), Ask("again", "Repeat it", secret=True),
)  # fmt: skip


class DeskUsers(Sheet[None]):
    """The names, with keys to add and remove."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("users")]

    def body(self) -> ComposeResult:
        yield Table(COLUMNS, empty="Loading", id="users")
        yield Static(Text(_EXPLAINED), id="sentence")

    def on_mount(self) -> None:
        self.query_one("#sheet").border_title = "Who works at the desk"
        self._reload()

    def _reload(self) -> None:
        self.load(partial(all_users, self.app.engine), self._show)

    def _show(self, found: list[DeskUser]) -> None:
        zone = self.app.settings.zone
        rows = [Row(one.name, (clean(one.name, 60), day_text(one.created_at, zone))) for one in found]
        self.query_one(Table).show(rows, empty="Nobody yet: whoever knows the admin PIN is called desk.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "remove" and self.is_mounted:
            return self.query_one(Table).selected_key is not None or None
        return True

    def action_add(self) -> None:
        """Ask for a name and a PIN; for the admin PIN first, where there is none."""
        app = self.app
        if not app.settings.admin_pin_hash:
            ask_admin_pin(app, self._admin_pin_set)
            return
        dialog = Dialog("Add to the desk", _EXPLAINED, _FIELDS, yes="Add")

        def job(answers: Answers) -> Callable[[], DeskUser]:
            check_new_pin(app.settings.pin_digits, answers)
            return app.by_desk(add_user, app.cipher, app.settings, answers["name"], answers["pin"])

        ask(app, dialog, job, partial(self._changed, "{} opens the desk with this PIN from now on."))

    def _admin_pin_set(self, kept: str) -> None:
        self.app.use_pin(kept)
        if kept and self.is_current:
            self.action_add()

    def action_remove(self) -> None:
        """Ask, and remove the selected one."""
        app, name = self.app, self.query_one(Table).selected_key
        if name is None:
            return
        text = f"{clean(name, 60)} cannot open the desk any more. What they did keeps their name."
        dialog = Dialog("Remove from the desk", text, yes="Remove")
        job = app.by_desk(remove_user, name)
        ask(app, dialog, lambda _: job, partial(self._changed, "{} does not open the desk any more."))

    def _changed(self, sentence: str, user: DeskUser) -> None:
        self.app.notify(sentence.format(clean(user.name, 60)))
        self._reload()
