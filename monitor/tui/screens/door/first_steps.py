"""The dialog of the first start, while nobody is enrolled."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

FOLDER, CAMERA, DEMO, LOCK, GO_ON = "folder", "camera", "demo", "lock", "go_on"
STEPS = (
    (FOLDER, "Enrol people from pictures", "a folder with one subfolder per person, a ZIP archive or a list"),
    (CAMERA, "Enrol somebody before the camera", "five shots; the screen says where to look"),
    (DEMO, "See the demo first", "real faces before a simulated camera; nothing is kept"),
    (LOCK, "Set an admin PIN", "for a kiosk at a door: it asks before the desk's screens open, and before it closes"),
    (GO_ON, "Go on", "the People screen (F4) offers enrolment at any time"),
)
"""Each step with its title and a remark."""


class FirstSteps(ModalScreen[str]):
    """Gives the step that was chosen; escape goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(at), f"number({at})", show=False) for at in range(1, len(STEPS) + 1)),
        Binding("escape", f"choose('{GO_ON}')", "Go on"),
    ]

    def __init__(self, *, offer_pin: bool) -> None:
        """
        Args:
            offer_pin: propose an admin PIN: at a kiosk that has none.
        """
        super().__init__()
        self._steps = tuple(step for step in STEPS if offer_pin or step[0] != LOCK)

    def compose(self) -> ComposeResult:
        with Vertical(id="steps"):
            yield Static("Welcome to Muster", id="title")
            yield Static("Nobody is enrolled yet, so nobody can be recognised. What would you like to do?", id="text")
            yield OptionList(
                *(
                    Option(Text.assemble((f"{at}  {title}\n", "bold"), f"   {more}"), id=step)
                    for at, (step, title, more) in enumerate(self._steps, 1)
                ),
                compact=True,
            )
            yield Static("Press a number, or choose with the arrows and Enter. Escape: go on.", id="keys")

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.action_choose(event.option_id or GO_ON)

    def action_number(self, number: int) -> None:
        if number <= len(self._steps):
            self.action_choose(self._steps[number - 1][0])

    def action_choose(self, step: str) -> None:
        self.dismiss(step)
