"""The list of the first steps: what is done, what is not yet; it comes while nobody is enrolled, and when asked for."""

from typing import ClassVar, Final

from rich.text import Text
from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from monitor.desk.first_steps import SetUp
from monitor.text import plural
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.style.text import enrolled

FOLDER, CAMERA, DEMO, SHIFTS, MOODS, CONSENT, LOCK, GO_ON = (
    "folder", "camera", "demo", "shifts", "moods", "consent", "lock", "go_on",
)  # fmt: skip
STEPS: Final = (
    (FOLDER, "Enrol people from pictures", "a folder with one subfolder per person, a ZIP archive or a list"),
    (CAMERA, "Enrol somebody before the camera", "five shots; the screen says where to look"),
    (DEMO, "See the demo first", "real faces before a simulated camera; nothing is kept"),
    (SHIFTS, "Say who is expected when", "without a shift nobody is late or absent; hours count all the same"),
    (MOODS, "Choose what is kept of moods", "per person, a sum without persons, or nothing"),
    (CONSENT, "Write down who agreed", "to be recognised, and to moods: nobody is enrolled yet"),
    (LOCK, "Set an admin PIN", "asked before the desk's screens open and before a kiosk closes"),
)
"""Each step with its title and a remark."""
KEPT: Final = {"individual": "per person", "aggregate": "a sum without persons", "off": "nothing: moods are off"}
"""What is kept of moods, by the setting."""


class FirstSteps(ModalScreen[str]):
    """Gives the step that was chosen; escape goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(at), f"number({at})", show=False) for at in range(1, len(STEPS) + 2)),
        Binding("escape", f"choose('{GO_ON}')", "Go on"),
    ]
    app = getters.app(DeskApp)

    def __init__(self, done: SetUp, *, at: str = FOLDER) -> None:
        """
        Args:
            at: the step under the cursor.
        """
        super().__init__()
        self._done = done
        self._at = at
        pin = self.app.controller.has_camera or bool(self.app.settings.admin_pin_hash)
        self._steps = tuple(step for step in STEPS if pin or step[0] != LOCK)

    def compose(self) -> ComposeResult:
        told = "Nobody is enrolled yet, so nobody can be recognised." if not self._done.people else "First steps."
        with Vertical(id="steps"):
            yield Static("Welcome to Muster", id="title")
            yield Static(f"{told} Each step can be skipped; Ctrl+P, First steps, finds them again.", id="text")
            yield OptionList(*self._options(), compact=True)
            yield Static("Press a number, or choose with the arrows and Enter. Escape: go on.", id="keys")

    def on_mount(self) -> None:
        steps = self.query_one(OptionList)
        steps.highlighted = next((at for at, step in enumerate(self._steps) if step[0] == self._at), 0)

    def _options(self) -> list[Option]:
        signs = self.app.signs
        options = []
        for at, (step, title, remark) in enumerate(self._steps, 1):
            found = self._found(step)
            mark = signs.came if found else " "
            text = Text.assemble((f"{mark} {at}  {title}\n", "bold"), f"     {found or self._open(step) or remark}")
            options.append(Option(text, id=step))
        return [*options, Option(Text(f"  {len(self._steps) + 1}  Go on", "bold"), id=GO_ON)]

    def _found(self, step: str) -> str:
        """What is there already, where the step is done; empty where it is not."""
        done = self._done
        if step == FOLDER and done.people:
            return f"{enrolled(done.people)}"
        if step == SHIFTS and done.shifts:
            return plural(done.shifts, "shift")
        if step == MOODS and done.mood_chosen:
            return KEPT[done.mood]
        if step == CONSENT and done.people and not done.not_asked:
            return "everybody was asked"
        return "it is set" if step == LOCK and self.app.settings.admin_pin_hash else ""

    def _open(self, step: str) -> str:
        """What is missing, where that can be counted."""
        missing = plural(self._done.not_asked, "person was", "people were")
        return f"{missing} not asked yet" if step == CONSENT and self._done.not_asked else ""

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.action_choose(event.option_id or GO_ON)

    def action_number(self, number: int) -> None:
        if number <= len(self._steps):
            self.action_choose(self._steps[number - 1][0])
        elif number == len(self._steps) + 1:
            self.action_choose(GO_ON)

    def action_choose(self, step: str) -> None:
        self.dismiss(step)
