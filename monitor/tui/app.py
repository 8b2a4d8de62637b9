"""The terminal app. It shows what the kiosk does and what the database holds; it decides nothing itself.

    MusterApp(settings, engine, cipher, kiosk_factory, clock=...).run()

`kiosk_factory(on_scene, on_event)` makes the kiosk; the app starts it in a worker thread and stops it when
the app ends. Without one the app has no camera (`muster review`). The callbacks may be called from any thread:
the newest scene replaces an older one, every event is kept.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Protocol, TypeAlias

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message

from db.errors import DatabaseError
from monitor.config import Settings
from monitor.domain import EventKind, KioskEvent, Scene
from monitor.errors import MusterError
from monitor.tui.board import Attendee, Board, fold, take_back
from monitor.tui.chrome import LoopDelay
from monitor.tui.feed import Picture, PictureFeed
from monitor.tui.screens.door import DoorScreen
from monitor.tui.text import clean, signs
from monitor.tui.themes import DARK_MOODS, THEMES

GREETED = {EventKind.CHECK_IN, EventKind.CHECK_OUT, EventKind.UNKNOWN}
"""Events that ring the bell."""


class RunningKiosk(Protocol):
    """What the app needs of a kiosk."""

    def start(self) -> None:
        """Load models, open the camera, begin.

        Raises:
            MusterError: it cannot.
        """

    def stop(self) -> None:
        """Close the camera and write every fact; may be called twice."""

    def not_me(self, event: KioskEvent) -> None:
        """Void a check-in or check-out and remember the wrong pair.

        Raises:
            MusterError: it cannot.
        """


KioskFactory: TypeAlias = Callable[[Callable[[Scene], None], Callable[[KioskEvent], None]], RunningKiosk]


class MusterApp(App[None]):
    """Door, day board, mood, people, visitors and system as modes of one app."""

    TITLE = "Muster"
    CSS_PATH = "app.tcss"
    MODES = {"door": DoorScreen}  # noqa: RUF012 - declared by Textual
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "switch_mode('door')", "Door", show=False),
        Binding("question_mark", "toggle_help", "Help", key_display="?", tooltip="What the keys do here"),
        Binding(
            "ctrl+q,ctrl+c",
            "quit",
            "Quit",
            key_display="^q",
            priority=True,
            tooltip="Close the camera and quit",
        ),
    ]

    @dataclass
    class Happened(Message):
        """The kiosk wrote a fact or lost its source."""

        event: KioskEvent

    def __init__(
        self,
        settings: Settings,
        engine: object,
        cipher: object,
        kiosk_factory: KioskFactory | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.engine = engine
        self.cipher = cipher
        self.kiosk_factory = kiosk_factory
        self.clock = clock
        self.ascii_only = ascii_only
        self.signs = signs(ascii_only)
        self.board = Board()
        self.before: dict[str, Attendee | None] = {}
        self.scene: Scene | None = None
        self.people: int | None = None
        self.source_name = f"camera {settings.source}" if settings.source.isdecimal() else clean(settings.source, 40)
        self.source_problem = ""
        self.feed = PictureFeed(self._show_picture, self.console)
        self.loop_delay = LoopDelay()
        self._kiosk: RunningKiosk | None = None
        self._closing_lock = threading.Lock()
        self._stopped = False
        for theme in THEMES:
            self.register_theme(theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK_MOODS

    @property
    def tabs(self) -> list[tuple[str, str, str]]:
        """The screens there are, as (mode, key, title)."""
        return [("door", "f1", "Door")]

    async def on_mount(self) -> None:
        known = self.settings.theme in self.available_themes
        self.theme = self.settings.theme if known else THEMES[0].name
        self.set_interval(LoopDelay.INTERVAL, self.loop_delay.tick)
        self.feed.start()
        await self.switch_mode("door")
        if self.kiosk_factory is not None:
            self._start_kiosk()

    async def on_unmount(self) -> None:
        await asyncio.to_thread(self.close)

    # The kiosk

    @work(thread=True, group="kiosk")
    def _start_kiosk(self) -> None:
        factory = self.kiosk_factory
        if factory is None:
            return
        try:
            with self._closing_lock:
                if self._stopped:
                    return
                self._kiosk = factory(self._take_scene, self._take_event)
                self._kiosk.start()
        except (MusterError, DatabaseError) as error:
            self.call_from_thread(self.camera_state, str(error))

    def close(self) -> None:
        """Stop the kiosk and the picture; every fact is written when this returns. May be called twice."""
        with self._closing_lock:
            if self._stopped:
                return
            self._stopped = True
        self.feed.stop()
        if self._kiosk is not None:
            self._kiosk.stop()

    def _take_scene(self, scene: Scene) -> None:
        self.scene = scene
        self.people = scene.people
        self.feed.put(scene)

    def _take_event(self, event: KioskEvent) -> None:
        self.post_message(self.Happened(event))

    def _show_picture(self, picture: Picture) -> None:
        if door := self.door:
            door.offer(picture)

    @property
    def door(self) -> DoorScreen | None:
        """The door's screen once it is there."""
        stack = self._screen_stacks.get("door") or []
        return next((screen for screen in stack if isinstance(screen, DoorScreen) and screen.is_mounted), None)

    def on_muster_app_happened(self, message: Happened) -> None:
        event = message.event
        if event.kind is EventKind.SOURCE_LOST:
            self.camera_state(event.text or "The camera is lost; trying again.")
        elif event.kind is EventKind.SOURCE_BACK:
            self.camera_state("")
        if event.person is not None:
            self.before[str(event.attendance)] = self.board.attendees.get(event.person)
        greeted = self.board.greeting
        self.board = fold(self.board, event)
        if door := self.door:
            door.show_board(self.board)
            if self.board.greeting is not greeted:
                door.greet(event)
        if event.kind in GREETED:
            self.bell()

    def camera_state(self, problem: str) -> None:
        """Show that the source is lost, or that it is back."""
        self.source_problem = problem
        if door := self.door:
            door.show_problem(problem)

    @work(thread=True, group="not-me")
    def not_me(self, event: KioskEvent) -> None:
        """Take an entry back: void in the ledger first, then on the board."""
        if self._kiosk is None:
            return
        try:
            self._kiosk.not_me(event)
        except (MusterError, DatabaseError) as error:
            self.call_from_thread(self.notify, str(error), severity="error", markup=False)
            return
        self.call_from_thread(self._taken_back, event)

    def _taken_back(self, event: KioskEvent) -> None:
        self.board = take_back(self.board, event, self.clock(), self.before.get(str(event.attendance)))
        if door := self.door:
            door.show_board(self.board)
            door.greet(event)

    # Keys

    def action_toggle_help(self) -> None:
        """The panel of keys, and what the screen is for."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()
