"""Asks for a shift: in one line or field by field, with a sentence that says what it would do."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from db.calendar import Shift
from monitor.calendar_text import weekdays_text
from monitor.desk.calendar.shift_import import line_text, parse_line, shift_of
from monitor.errors import UsageError
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.screens.desk import TINY
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Choice

PAIRS = (
    (("whose", "For"), ("days", "Days")),
    (("from", "From"), ("to", "To")),
    (("grace", "Grace"), ("break", "Break")),
    (("valid_from", "Valid from"), ("valid_to", "Valid to")),
    (("every", "Every"), ("paid", "Break paid")),
)
"""The fields, two a line, with their labels."""
Job = Callable[[str, Shift], str]
"""In a worker: what to do with for whom it was typed and the shift; gives a sentence. Raises: MusterError."""


class ShiftDialog(ModalScreen[str | None]):
    """Gives the closing sentence when the shift is written, or None when it was left with escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]
    app = getters.app(DeskApp)
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (TINY, "-wide")]  # noqa: RUF012 - Textual declares it so

    def __init__(self, title: str, line: str, first: date, today: date, preview: Job, write: Job, *, yes: str) -> None:
        """
        Args:
            line: what the line says at first.
            first: the first day, unless another one is typed.
            preview: says what the shift would do.
            write: writes the shift and says what it did.
            yes: the text of the button that confirms.
        """
        super().__init__()
        self._title, self._line, self._yes = title, line, yes
        self._first, self._today = first, today
        self._preview, self._write = preview, write
        self._read: tuple[str, Shift] | None = None
        self._doubted: tuple[str, Shift] | None = None
        """What was asked about before it is written."""
        self._looking = self._changed = self._writing = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog", can_focus=False):
            yield Static(Text(self._title), id="title")
            yield Label("In one line, or field by field:")
            yield Input(self._line, id="line", compact=True)
            for pair in PAIRS:
                with Horizontal(classes="pair"):
                    for key, label in pair:
                        yield Label(label)
                        yield Input(id=key, compact=True)
            yield Static(id="sentence", markup=False)
            with Horizontal(id="buttons"):
                yield Choice(Text(self._yes), id="yes", variant="primary", compact=True)
                yield Choice("Cancel", id="no", compact=True)

    def on_mount(self) -> None:
        self._line_changed()
        self.call_after_refresh(self.query_one("#dialog").scroll_home, animate=False)

    # The line and the fields say the same

    @on(Input.Changed, "#line")
    def _line_changed(self) -> None:
        try:
            read = parse_line(self.query_one("#line", Input).value, self._today, self._first)
        except UsageError as error:
            self._fault(str(error))
            return
        whose, shift = read
        texts = {
            "whose": whose,
            "days": weekdays_text(shift.weekdays),
            "from": f"{shift.start:%H:%M}",
            "to": f"{shift.end:%H:%M}",
            "grace": str(shift.grace_minutes),
            "break": str(shift.break_minutes),
            "valid_from": str(shift.valid_from or "the beginning"),
            "valid_to": str(shift.valid_to or ""),
            "paid": "yes" if shift.break_paid else "no",
            "every": "week" if shift.every_weeks == 1 else f"{shift.every_weeks} weeks",
        }
        with self.prevent(Input.Changed):
            for key, text in texts.items():
                self.query_one(f"#{key}", Input).value = text
        self._understood(read)

    @on(Input.Changed, ".pair Input")
    def _field_changed(self) -> None:
        texts = {box.id or "": box.value for box in self.query(".pair Input").results(Input)}
        try:
            shift = shift_of(texts["days"], texts["from"], texts["to"], texts, self._today)
        except UsageError as error:
            self._fault(str(error))
            return
        with self.prevent(Input.Changed):
            self.query_one("#line", Input).value = line_text(texts["whose"].strip(), shift, self._first)
        self._understood((texts["whose"].strip(), shift))

    def _fault(self, sentence: str) -> None:
        self._read = None
        self._say(sentence, fault=True)

    def _say(self, sentence: str, *, fault: bool) -> None:
        if self.is_attached:
            said = self.query_one("#sentence", Static)
            said.set_class(fault, "-fault")
            said.update(Text(clean(sentence, 400)))

    # What it would do

    def _understood(self, read: tuple[str, Shift]) -> None:
        self._read = read
        if self._looking:
            self._changed = True
            return
        self._looking = True
        self.app.in_background(
            partial(self._preview, *read), partial(self._seen, fault=False), partial(self._seen, fault=True)
        )

    def _seen(self, sentence: str, *, fault: bool) -> None:
        """Show what the shift would do; look again if it was changed meanwhile."""
        self._looking = False
        changed, self._changed = self._changed, False
        if changed and self._read is not None:
            self._understood(self._read)
        elif self._read is not None:
            self._say(sentence, fault=fault)

    # The end

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def _try(self) -> None:
        if self._read is None or self._writing:
            return
        if self._read[1].length == timedelta(days=1) and self._read != self._doubted:
            self._doubted = self._read
            self._say("This shift lasts 24 hours. If that is meant, press Enter again.", fault=True)
            return
        self._writing = True
        self.app.in_background(partial(self._write, *self._read), self._written, self._refused)

    def _written(self, sentence: str) -> None:
        if self.is_attached:
            self.dismiss(sentence)

    def _refused(self, sentence: str) -> None:
        self._writing = False
        self._say(sentence, fault=True)

    @on(Button.Pressed, "#no")
    def _left(self) -> None:
        self.dismiss(None)
