"""Chooses the camera: a list of the connected ones, their state, and a preview."""

import threading
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from monitor.config_file import save_setting
from monitor.desk.kiosk_settings import noting_change
from monitor.desk.maintenance.system import Machine
from monitor.desk.people.enrolment_session import DoorFrames
from monitor.domain import Frame
from monitor.errors import SourceError
from monitor.sources.camera import CameraInfo
from monitor.sources.source import FrameSource
from monitor.tui.style.text import clean
from monitor.tui.widgets.preview import Preview
from monitor.tui.widgets.sheet import Sheet
from monitor.tui.widgets.table import Column, Row, Table

_TURN_EVERY = 15
"""Frames of a preview after which it is tried again whether faces are found on the turned picture."""

COLUMNS = (Column("source", "Camera", 6), Column("name", "Name"), Column("state", "State", 12))


class CameraChoice(Sheet[str | None]):
    """Writes the chosen source to the configuration file and gives it; None when cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "use", "Use this camera", show=True),
        Binding("escape", "dismiss", "Cancel"),
    ]

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine
        self._turns: dict[str, int] = {}
        """Degrees by which each camera's picture must be turned, once faces were found on it."""
        self._cameras: tuple[CameraInfo, ...] = ()
        self._states: dict[str, str] = {}
        self._stop = threading.Event()
        self._device = threading.Lock()
        self._preview = Preview(id="preview")

    def body(self) -> ComposeResult:
        with Horizontal(id="view"):
            yield Table(COLUMNS, empty="Looking for cameras", id="cameras")
            yield self._preview
        yield Static(id="sentence", markup=False)
        yield Input(id="other", placeholder="or a file, a folder, or the address of a stream", compact=True)

    def on_mount(self) -> None:
        self.query_one("#sheet").border_title = "Camera"
        self.app.in_background(self._machine.cameras, self._listed, self._say)

    def on_unmount(self) -> None:
        self._stop.set()

    # The cameras

    def _listed(self, cameras: tuple[CameraInfo, ...]) -> None:
        self._cameras = cameras
        self._show()
        self._say(f"Now: {self.app.source_name}. Enter writes the choice to the configuration file.")

    def _show(self) -> None:
        if not self.is_attached:  # it was left meanwhile
            return
        rows = [
            Row(str(one.index), (str(one.index), clean(one.name), self._states.get(str(one.index), "")))
            for one in self._cameras
        ]
        self.query_one("#cameras", Table).show(rows, empty="No camera is connected.")

    def _say(self, sentence: str) -> None:
        if self.is_attached:
            self.query_one("#sentence", Static).update(Text(clean(sentence, 200)))

    # The preview

    @on(Table.Highlighted, "#cameras")
    def _look_through(self, message: Table.Highlighted) -> None:
        self._stop.set()
        stop = self._stop = threading.Event()
        if message.key is not None:
            self._preview.notice(f"Opening camera {message.key}")
            job = partial(self._look, message.key, stop)
            self.app.in_background(job, lambda _: None, partial(self._does_not_open, message.key))

    def _look(self, text: str, stop: threading.Event) -> None:
        """In a worker: frames to the preview until another camera is looked at."""
        with self._device:  # the one before must have let go of it
            if stop.is_set():
                return
            source = self._source(text)
            source.open()
            try:
                seen = 0
                while not stop.is_set() and (frame := source.read()) is not None:
                    self._see(text, frame)
                    if not seen:
                        self.app.show_later(partial(self._seen, text))
                    if seen % _TURN_EVERY == 0 and not isinstance(source, DoorFrames):
                        self._try_turns(text, frame)
                    seen += 1
            finally:
                source.close()

    def _source(self, text: str) -> FrameSource:
        """The source of this name; the door's own frames, if the door has this camera."""
        kiosk = self.app.controller
        if kiosk.has_picture and text == self.app.settings.source:
            return kiosk.frames(self.app.source_name)
        return self._machine.open_source(text)

    def _see(self, text: str, frame: Frame) -> None:
        self._preview.see(frame)
        if text not in self._states:
            height, width = frame.rgb.shape[:2]
            self._states[text] = f"{width}x{height}"
            self.app.show_later(self._show)

    def _is_looked_at(self, text: str) -> bool:
        return self.is_attached and self.query_one("#cameras", Table).selected_key == text

    def _seen(self, text: str) -> None:
        """The camera's first picture is there."""
        if self._is_looked_at(text):
            self._preview.notice("")

    def _try_turns(self, text: str, frame: Frame) -> None:
        """In a worker: propose to turn the picture, where faces are found only then."""
        needed = 0 if text in self._turns else self._machine.turn_needed([frame.rgb])
        if needed:
            self._turns[text] = needed
            name = f"Faces are found only when the picture of camera {text} is turned by {needed} degrees."
            self.app.show_later(partial(self._say, f"{name} Enter writes rotate = {needed} with the choice."))

    def _does_not_open(self, text: str, sentence: str) -> None:
        self._states[text] = "cannot open"
        self._show()
        if self._is_looked_at(text):
            self._preview.notice("No picture")
            self._say(sentence)

    # The choice

    @on(Table.Selected, "#cameras")
    def _chosen(self, message: Table.Selected) -> None:
        self._write(message.key)

    @on(Input.Submitted, "#other")
    def _typed(self, message: Input.Submitted) -> None:
        if text := message.value.strip():
            self._say("Trying the source")
            self.app.in_background(partial(self._try, text), lambda _: self._write(text), self._say)

    def _try(self, text: str) -> None:
        """In a worker: read one frame. Raises: SourceError."""
        source = self._machine.open_source(text)
        source.open()
        try:
            if source.read() is None:
                raise SourceError(f"{source.name} has no picture.")
        finally:
            source.close()

    def _write(self, text: str) -> None:
        app = self.app

        def job() -> None:
            with noting_change(app.engine, app.config_file, at=app.clock(), actor=app.at_desk):
                save_setting(app.config_file, "source", text)
                if text in self._turns:
                    save_setting(app.config_file, "rotate", self._turns[text])

        self.app.in_background(job, lambda _: self._written(text), self._say)

    def _written(self, text: str) -> None:
        if self.is_attached:
            self.dismiss(text)

    def action_use(self) -> None:
        key = self.query_one("#cameras", Table).selected_key
        if key is not None:
            self._write(key)
