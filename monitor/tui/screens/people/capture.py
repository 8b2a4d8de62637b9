"""Enrolment before the camera: the picture, the next step in large letters, and the progress."""

import threading
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.markup import escape
from textual.screen import ModalScreen
from textual.widgets import Static

from monitor.desk.people.enrolment_session import WORDS, Advice, AskedPose, CaptureSession, PersonReport, Shown
from monitor.language import Say
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.style.text import Signs, clean
from monitor.tui.widgets.banner import ROWS, large
from monitor.tui.widgets.key_bar import KeyBar
from monitor.tui.widgets.preview import Preview

HEADLINES = {
    AskedPose.STRAIGHT: "Look here",
    AskedPose.LEFT: "Turn left",
    AskedPose.RIGHT: "Turn right",
    AskedPose.UP: "Chin up",
    AskedPose.DOWN: "Chin down",
}
"""The text in large letters while no other hint is due."""
STEPS = {
    AskedPose.STRAIGHT: "straight ahead",
    AskedPose.LEFT: "to the left",
    AskedPose.RIGHT: "to the right",
    AskedPose.UP: "up",
    AskedPose.DOWN: "down",
}


class CaptureScreen(ModalScreen[PersonReport | None]):
    """Runs one session; gives the report, or None when it was stopped or refused."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("capture"),
        Binding("escape", "leave", "Stop"),
    ]
    app = getters.app(DeskApp)

    def __init__(self, name: str, job: Callable[[CaptureSession], PersonReport | None]) -> None:
        """
        Args:
            name: who stands before the camera; untrusted.
            job: one session from the first frame to the written person; blocks, runs in a worker.
        """
        super().__init__()
        self._who = clean(name, 40)
        self._job = job
        self._stop = threading.Event()
        self._taken: list[AskedPose] = []
        self._ask: AskedPose | None = None
        self._refused = False

    def compose(self) -> ComposeResult:
        with Vertical(id="booth"):
            with Horizontal(id="view"):
                yield Preview(mirrored=True, id="mirror")
                with Container(id="side"):
                    yield Static(id="steps", markup=False)
            yield Static(id="headline", markup=False)
            yield Static(id="sentence", markup=False)
            yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#booth").border_title = f"Enrol {escape(self._who)}"
        self._begin()

    def on_unmount(self) -> None:
        self._stop.set()

    # The session

    def _begin(self) -> None:
        self._stop.set()
        stop = self._stop = threading.Event()
        self._taken, self._ask, self._refused = [], None, False
        self._say(self.app.say("Starting"), self.app.say("Opening the camera."))
        session = CaptureSession(
            lambda shown: self.app.show_later(partial(self._told, stop, shown)),
            self.query_one(Preview).see,
            stop.is_set,
        )
        self.app.in_background(partial(self._job, session), partial(self._ended, stop), partial(self._refuse, stop))
        self.refresh_bindings()

    def _told(self, stop: threading.Event, shown: Shown) -> None:
        if stop is not self._stop or stop.is_set():
            return
        advice = shown.advice
        if advice.taken is not None:
            self._taken.append(advice.taken)
            self.app.bell()
        self._ask = advice.ask
        say = self.app.say
        self._say(headline(advice, say), say(advice.hint))

    def _ended(self, stop: threading.Event, report: PersonReport | None) -> None:
        if stop is self._stop and not stop.is_set():
            self.dismiss(report)

    def _refuse(self, stop: threading.Event, sentence: str) -> None:
        if stop is self._stop and not stop.is_set():
            self._refused = True
            self._say("Not enrolled", f"{sentence} Press {self.app.settings.keys.shown('look_again')} to begin again.")
            self.refresh_bindings()

    # What is shown

    def _say(self, head: str, sentence: str) -> None:
        columns = max(20, self.size.width - 4)
        lines = (head,) if self.app.ascii_only else large(head, columns)
        if len(lines) > ROWS:  # only the first word fits in large letters
            lines = (head,)
        margin = " " * ((columns - max(cell_len(line) for line in lines)) // 2)
        words = Text("\n".join(margin + line for line in lines), no_wrap=True, overflow="ellipsis")
        self.query_one("#headline", Static).update(words)
        self.query_one("#booth").set_class(self._refused, "-refused")
        self.query_one("#sentence", Static).update(Text(clean(sentence, 300)))
        self.query_one("#steps", Static).update(steps_text(self._taken, self._ask, self.app.signs, self.app.say))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._refused if action == "again" else True

    def action_again(self) -> None:
        if self._refused:
            self._begin()

    def action_leave(self) -> None:
        self._stop.set()
        self.dismiss(None)


def headline(advice: Advice, say: Say) -> str:
    """The few words that stand in large letters above the whole sentence."""
    if advice.ask is not None and advice.hint == WORDS[advice.ask]:
        return say(HEADLINES[advice.ask])
    return say(advice.hint).split(";")[0].split(",")[0].rstrip(".")


def steps_text(taken: list[AskedPose], now: AskedPose | None, signs: Signs, say: Say) -> Text:
    """The five shots: those taken, and the one that is due."""
    text = Text()
    for ask, words in STEPS.items():
        done = ask in taken
        sign = signs.came if done else (signs.inside if ask is now else signs.outside)
        style = "" if done else ("bold" if ask is now else "dim")
        text.append(f"{sign} {say(words)}\n", style)
    return text.append("\n" + say("{taken} of {shots} shots", taken=len(taken), shots=len(STEPS)))
