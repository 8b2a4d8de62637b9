"""The terminal app. It shows what the kiosk does and what the database holds; it decides nothing itself.

    MusterApp(settings, engine, cipher, kiosk_factory, clock=...).run()

`kiosk_factory(on_scene, on_event)` makes the kiosk; the app starts it in a worker thread and stops it when
the app ends. Without one the app has no camera (`muster review`). The callbacks may be called from any thread:
the newest scene replaces an older one, every event is kept.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar

from sqlalchemy import Engine
from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from db.crypto import TemplateCipher
from db.errors import DatabaseError
from monitor.config import Settings
from monitor.domain import EventKind, KioskEvent, Scene
from monitor.enrolled import Enrolled, load_people
from monitor.errors import MusterError
from monitor.reports import PersonDay
from monitor.tui.board import Attendee, Board, fold, take_back
from monitor.tui.chrome import LoopDelay
from monitor.tui.feed import Picture, PictureFeed
from monitor.tui.queries import Shares, board_of, mood_of_day, write_roster
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.door import DoorScreen
from monitor.tui.screens.mood import MoodScreen
from monitor.tui.screens.people import PeopleScreen
from monitor.tui.screens.today import TodayScreen
from monitor.tui.text import clean, signs
from monitor.tui.themes import DARK_MOODS, THEMES

log = logging.getLogger(__name__)
T = TypeVar("T")
SCREENS = (("door", "f1", "Door"), ("today", "f2", "Today"), ("mood", "f3", "Mood"), ("people", "f4", "People"))
"""Each mode, its key and its title."""
KIOSK_POLL = 0.5
"""Seconds between looks at whether the kiosk still runs."""
MOOD_EVERY = 1.0
"""Seconds that mood samples may gather before the bar is drawn again."""
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

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of the source; whether it ended.

        Raises:
            MusterError: the source or a model cannot be opened or read.
        """

    def use_people(self, enrolled: Enrolled) -> None:
        """Identify against these people from the next frame on."""

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
    MODES = {"door": DoorScreen, "today": TodayScreen, "mood": MoodScreen, "people": PeopleScreen}  # noqa: RUF012 - declared by Textual
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"open('{mode}')", title, show=False, id=f"app.{mode}") for mode, key, title in SCREENS),
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

    @dataclass
    class Done(Message):
        """A job is done; this shows what came of it."""

        show: Callable[[], None]

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        cipher: TemplateCipher,
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
        self.mood_shares: Shares | None = ()
        self._mood_timer: Timer | None = None
        self._kiosk: RunningKiosk | None = None
        self._closing_lock = threading.Lock()
        self._stopped = False
        self._leaving = False
        for theme in THEMES:
            self.register_theme(theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK_MOODS

    @property
    def tabs(self) -> list[tuple[str, str, str]]:
        """The screens there are, as (mode, key, title)."""
        return list(SCREENS)

    async def on_mount(self) -> None:
        known = self.settings.theme in self.available_themes
        self.theme = self.settings.theme if known else THEMES[0].name
        self.set_interval(LoopDelay.INTERVAL, self.loop_delay.tick)
        self.feed.start()
        self.in_background(lambda: board_of(self.engine, self.settings, self.clock()), self._board_loaded)
        self._load_mood()
        await self.switch_mode("door" if self.kiosk_factory else "today")
        if self.kiosk_factory is not None:
            self._start_kiosk()

    async def on_unmount(self) -> None:
        await asyncio.to_thread(self.close)

    def exit(self, *args: Any, **named: Any) -> None:
        """Leave; from here on no screen is touched by what still arrives."""
        self._leaving = True
        self.feed.look(None)
        super().exit(*args, **named)

    # Work off the loop

    def in_background(
        self, job: Callable[[], T], then: Callable[[T], None], failed: Callable[[str], None] | None = None
    ) -> None:
        """Run a job in a thread, then show its result on the loop.

        Args:
            job: may block; must not touch widgets.
            then: gets what the job returned, on the loop.
            failed: gets one sentence about what went wrong; a toast shows it otherwise.
        """
        self._in_thread(partial(self._run_job, job, then, failed or self._toast_problem))

    @work(thread=True, group="jobs")
    def _in_thread(self, run: Callable[[], None]) -> None:
        run()

    def _run_job(self, job: Callable[[], T], then: Callable[[T], None], failed: Callable[[str], None]) -> None:
        try:
            result = job()
        except (MusterError, DatabaseError) as error:
            log.warning("%s", error)
            self.post_message(self.Done(partial(failed, str(error))))
        except Exception:
            log.exception("A job of the app failed")
            self.post_message(self.Done(partial(failed, "Something went wrong; the log file says what.")))
        else:
            self.post_message(self.Done(partial(then, result)))

    def show_later(self, show: Callable[[], None]) -> None:
        """Call something on the loop, from any thread."""
        self.post_message(self.Done(show))

    def on_muster_app_done(self, message: Done) -> None:
        message.show()

    def _toast_problem(self, sentence: str) -> None:
        self.notify(sentence, severity="error", markup=False)

    def people_changed(self) -> None:
        """Somebody was enrolled, changed or erased: the kiosk identifies against the new gallery."""
        kiosk = self._kiosk
        if kiosk is not None:
            self.in_background(partial(load_people, self.engine, self.cipher, self.settings), kiosk.use_people)

    def facts_changed(self) -> None:
        """The database has news; the screen in view loads them."""
        if isinstance(self.screen, DeskScreen):
            self.screen.facts_changed()

    def _load_mood(self) -> None:
        self._mood_timer = None
        job = partial(mood_of_day, self.engine, self.settings, self.clock())
        self.in_background(job, self._mood_loaded)

    def _mood_loaded(self, shares: Shares | None) -> None:
        self.mood_shares = shares
        if door := self.door:
            door.show_mood(shares)

    def _board_loaded(self, board: Board) -> None:
        self.board = replace(board, greeting=self.board.greeting)
        if door := self.door:
            door.show_board(self.board)

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
                kiosk = self._kiosk = factory(self._take_scene, self._take_event)
                kiosk.start()
            while not kiosk.wait(KIOSK_POLL):
                continue
            problem = "The source has come to its end."
        except (MusterError, DatabaseError) as error:
            problem = str(error)
        except Exception:
            log.exception("The kiosk failed")
            problem = "The kiosk stopped; the log file says why."
        self.post_message(self.Done(partial(self.camera_state, problem)))

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
        stack = [] if self._leaving else self._screen_stacks.get("door") or []
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
        if event.mood is not None and self._mood_timer is None:
            self._mood_timer = self.set_timer(MOOD_EVERY, self._load_mood)
        self.facts_changed()

    def camera_state(self, problem: str) -> None:
        """Show that the source is lost, or that it is back."""
        self.source_problem = problem
        if door := self.door:
            door.show_problem(problem)

    def not_me(self, event: KioskEvent) -> None:
        """Take an entry back: void in the ledger first, then on the board."""
        if self._kiosk is not None:
            self.in_background(partial(self._kiosk.not_me, event), lambda _: self._taken_back(event))

    def _taken_back(self, event: KioskEvent) -> None:
        self.board = take_back(self.board, event, self.clock(), self.before.get(str(event.attendance)))
        if door := self.door:
            door.show_board(self.board)
            door.greet(event)

    # Keys

    async def action_open(self, mode: str) -> None:
        """Go to another screen."""
        await self.switch_mode(mode)

    def export_day(self, day: date, lines: list[PersonDay]) -> None:
        """Write a day board to a CSV file in the user's home."""
        file = Path.home() / f"muster-{day.isoformat()}.csv"
        self.in_background(
            partial(write_roster, file, lines, self.settings), lambda _: self.notify(f"Written to {file}")
        )

    def action_toggle_help(self) -> None:
        """The panel of keys, and what the screen is for."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()
