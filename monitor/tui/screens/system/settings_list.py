"""Every setting with its value, where that comes from and what it means; one can be changed, and taken back."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from monitor.config_file import Value, choices_of, set_setting, unset_setting
from monitor.config_sources import SECRET, SettingInForce, settings_in_force
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, ask
from monitor.tui.widgets.sheet import Sheet
from monitor.tui.widgets.table import Column, Row, Table

COLUMNS = (Column("name", "Setting", 26), Column("value", "Value"), Column("from", "From", 8))


class SettingsList(Sheet[str | None]):
    """Gives the name of a setting that another dialog changes (source, admin_pin_hash), or None when it was closed."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("settings"),
        Binding("down", "list", "To the list", show=False),
    ]

    def __init__(self, elsewhere: frozenset[str]) -> None:
        """
        Args:
            elsewhere: settings that have a dialog of their own.
        """
        super().__init__()
        self._elsewhere = elsewhere
        self._settings: dict[str, SettingInForce] = {}

    def body(self) -> ComposeResult:
        yield Input(id="needle", placeholder="Part of a setting's name or sentence; Enter changes it", compact=True)
        yield Table(COLUMNS, empty="Loading", id="all")
        yield Static(id="sentence", markup=False)

    def on_mount(self) -> None:
        self.query_one("#sheet").border_title = "Settings"
        self._reload()

    def _reload(self) -> None:
        file = self.app.config_file
        self.load(partial(settings_in_force, file if file.exists() else None), self._keep)

    def _keep(self, found: list[SettingInForce]) -> None:
        self._settings = {one.name: one for one in found}
        self._show()

    @on(Input.Changed, "#needle")
    def _show(self) -> None:
        needles = self.query_one("#needle", Input).value.casefold().split()
        rows = [
            Row(one.name, (one.name, clean(one.value, 200), one.origin), (None, None, _TONES[one.origin]))
            for one in self._settings.values()
            if all(needle in f"{one.name} {one.sentence}".casefold() for needle in needles)
        ]
        self.query_one(Table).show(rows, empty="No setting has this in its name or sentence.")
        self._explain()

    @property
    def _selected(self) -> SettingInForce | None:
        return self._settings.get(self.query_one(Table).selected_key or "")

    @on(Table.Highlighted, "#all")
    def _explain(self) -> None:
        one = self._selected
        self.query_one("#sentence", Static).update(Text(clean(one.sentence, 400) if one else ""))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "reset" and self.is_mounted:
            one = self._selected
            return (one is not None and one.origin == "file" and one.name not in SECRET) or None
        return True

    def action_list(self) -> None:
        self.query_one(Table).focus()

    @on(Input.Submitted, "#needle")
    @on(Table.Selected, "#all")
    def action_change(self) -> None:
        """Ask for the new value; what has a dialog of its own is left to that."""
        one, app = self._selected, self.app
        if one is None:
            return
        if one.name in self._elsewhere:
            self.dismiss(one.name)
            return
        choices = tuple((choice, choice) for choice in choices_of(one.name))
        value = one.value.lower() if one.value in {"True", "False"} else one.value
        known = not choices or value in dict(choices)
        field = Ask("value", "Value", value if known else choices[0][1], choices, optional=True)
        dialog = Dialog(one.name, one.sentence, [field], yes="Write")

        def job(answers: Answers) -> Callable[[], Value]:
            return partial(set_setting, app.config_file, one.name, answers["value"])

        ask(app, dialog, job, partial(self._written, one))

    def _written(self, one: SettingInForce, value: Value) -> None:
        told = f"{one.name} = {value} is written, and holds from the next start."
        if one.origin == "variable":
            told = f"{one.name} = {value} is written, but the variable MUSTER_{one.name.upper()} counts more."
        self.app.notify(clean(told, 300))
        self._reload()

    def action_reset(self) -> None:
        """Take the setting out of the file, so that its default holds from the next start."""
        if one := self._selected:
            job = partial(unset_setting, self.app.config_file, one.name)
            self.app.in_background(job, lambda _: self._unset(one.name), self.app.toast_problem)

    def _unset(self, name: str) -> None:
        self.app.notify(f"{name} has its default again from the next start.")
        self._reload()


_TONES = {"default": "faint", "file": "good", "variable": "warn"}
