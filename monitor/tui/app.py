"""The terminal app. It shows what the kiosk does and what the database holds; it decides nothing itself.

    MusterApp(settings, engine, cipher, kiosk_factory, clock=...)    # run it with monitor.tui.run.run_to_end

`kiosk_factory(on_scene, on_event)` makes the kiosk; the app starts it in a worker thread and stops it when
the app ends. Without one the app has no camera (`muster review`). The callbacks may be called from any thread:
the newest scene replaces an older one, every event is kept.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePath
from time import monotonic
from typing import Any, ClassVar

from sqlalchemy import Engine
from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen
from textual.widgets import HelpPanel

from db.crypto import TemplateCipher
from monitor.config import CONFIG_FILE, Settings, save_setting
from monitor.desk.change_feed import News, Watch
from monitor.domain import KioskEvent, Scene
from monitor.tui.commands import commands
from monitor.tui.picture.feed import Picture, PictureFeed
from monitor.tui.picture.graphics import Graphics, kitty_forget
from monitor.tui.runtime.kiosk_controller import KioskFactory, LiveDoor
from monitor.tui.runtime.work import WorkApp
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.door.door import DoorScreen
from monitor.tui.screens.door.first_steps import CAMERA, DEMO, FOLDER, FirstSteps
from monitor.tui.screens.door.lock import DeskLock
from monitor.tui.screens.mood.mood import MoodScreen
from monitor.tui.screens.people.people import PeopleScreen
from monitor.tui.screens.people.visitors import VisitorsScreen
from monitor.tui.screens.system.system import SystemScreen
from monitor.tui.screens.today.day_sheet import DaySheet
from monitor.tui.screens.today.today import TodayScreen
from monitor.tui.style.plain import PlainLetters
from monitor.tui.style.text import clean, signs, source_name
from monitor.tui.style.themes import DARK_MOODS, SIXTEEN, THEMES
from monitor.tui.widgets.header import LoopDelay, ScreenHelp
from monitor.tui.widgets.key_order import KeyOrder
from monitor.tui.widgets.pin_entry import PinEntry

log = logging.getLogger(__name__)

SCREENS = (
    ("door", "f1", "Door"),
    ("today", "f2", "Today"),
    ("mood", "f3", "Mood"),
    ("people", "f4", "People"),
    ("visitors", "f5", "Visitors"),
    ("system", "f6", "System"),
)
"""Each mode, its key and its title."""
PLAIN_LETTERS = PlainLetters()
IDLE_SECONDS = 300.0
"""After so long without a key the desk's screens lock again, when there is a PIN."""


class MusterApp(WorkApp):
    """Door, day board, mood, people, visitors and system as modes of one app."""

    TITLE = "Muster"
    # All of them here: a screen with one of its own has Textual parse every style sheet anew when it is first opened.
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        "app.tcss",
        "widgets/dialogs.tcss",
        "screens/door/door.tcss",
        "screens/desk.tcss",
        "screens/today/day_sheet.tcss",
        "screens/people/picker.tcss",
        "screens/people/capture.tcss",
        "screens/system/camera_choice.tcss",
        "screens/people/import_report.tcss",
        "screens/people/growth_review.tcss",
        "screens/door/first_steps.tcss",
    ]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "door": DoorScreen,
        "today": TodayScreen,
        "mood": MoodScreen,
        "people": PeopleScreen,
        "visitors": VisitorsScreen,
        "system": SystemScreen,
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"open('{mode}')", title, show=False, id=f"app.{mode}") for mode, key, title in SCREENS),
        Binding("question_mark", "toggle_help", "Help", key_display="?", tooltip="What the keys do here"),
        Binding("ctrl+q,ctrl+c", "quit", "Quit", key_display="^q", priority=True, tooltip="Close the camera and quit"),
    ]

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        cipher: TemplateCipher,
        kiosk_factory: KioskFactory | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ascii_only: bool = False,
        graphics: Graphics = Graphics.BLOCKS,
        few_colours: bool = False,
        config_file: Path = CONFIG_FILE,
        first_steps: bool = False,
    ) -> None:
        """
        Args:
            kiosk_factory: makes the kiosk from `(on_scene, on_event)`; None for no camera.
            clock: the time now, in UTC.
            ascii_only: draw with plain letters only.
            graphics: what the terminal has for pictures (see `graphics.terminal_graphics`).
            few_colours: the terminal has 16.
            config_file: where the admin PIN and the theme are written to.
            first_steps: offer them once when nobody is enrolled.
        """
        super().__init__()
        self.settings = settings
        self.engine = engine
        self.cipher = cipher
        self.clock = clock
        self.ascii_only = ascii_only
        self.graphics = Graphics.BLOCKS if ascii_only or self.no_color else graphics
        self.few_colours = few_colours
        self.config_file = config_file
        self.signs = signs(ascii_only)
        self.live = LiveDoor(self, self, settings, engine, cipher, kiosk_factory, clock)
        self.pin_entry = PinEntry(self)
        self.feed = PictureFeed(self._offer, self.console)
        self.watcher = Watch(engine, self._news)
        self.source_name = source_name(settings.source)
        self.loop_delay = LoopDelay()
        self._desk_lock = DeskLock(self)
        self._key_order = KeyOrder(self, super().on_event)
        self._last_input = monotonic()
        self._leaving = False
        self._first_steps = first_steps
        self.wants_demo = False
        """Whether the app was left to see the demo."""
        for theme in (*THEMES, SIXTEEN):
            self.register_theme(theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK_MOODS

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        return [*filters, PLAIN_LETTERS] if self.ascii_only else filters

    @property
    def tabs(self) -> list[tuple[str, str, str]]:
        """The screens there are, as (mode, key, title)."""
        return list(SCREENS)

    async def on_mount(self) -> None:
        self._choose_theme(self.settings.theme)
        self.set_interval(LoopDelay.INTERVAL, self.loop_delay.tick)
        self.set_interval(5.0, self._every_few_seconds)
        self.feed.start()
        await self.switch_mode("door")
        self.live.open()
        self.watcher.start()
        if not self.live.has_camera:
            await self.action_open("today")

    def _choose_theme(self, name: str) -> None:
        """Show it, and keep whichever is chosen from here on."""
        default = THEMES[0].name
        if name not in self.available_themes:
            told = f"There is no theme {clean(name, 30)!r}, so {default} is used; choose another with Ctrl+P, Theme."
            self.notify(told, severity="warning", markup=False)
            name = default
        if self.few_colours and any(theme.name == name for theme in THEMES):
            name = SIXTEEN.name
        self.theme = self._theme_kept = name
        self.theme_changed_signal.subscribe(self, lambda theme: self._keep_theme(theme.name))

    def _keep_theme(self, name: str) -> None:
        if name != self._theme_kept:
            self._theme_kept = name
            self.settings = self.settings.model_copy(update={"theme": name})
            self.in_background(partial(save_setting, self.config_file, "theme", name), lambda _: None)

    async def on_unmount(self) -> None:
        await asyncio.to_thread(self.close)

    def exit(self, *args: Any, **named: Any) -> None:
        """Leave; from here on no screen is touched by what still arrives."""
        self._leaving = True
        self.feed.look(None)
        if self.graphics is Graphics.KITTY:
            self.to_terminal(kitty_forget())
        super().exit(*args, **named)

    def _handle_exception(self, error: Exception) -> None:
        """Textual's last resort, which ends the app. Its traceback shows variables, a PIN perhaps, to whoever stands at
        the door, so the log gets the error instead."""
        log.critical("The app ends with an error", exc_info=error)
        super()._handle_exception(error)
        self._exit_renderables.clear()

    def close(self) -> None:
        """Stop picture and kiosk; every fact is written when this returns. It blocks; may be called twice."""
        self.feed.stop()
        self.watcher.stop()
        self.live.close()

    # What the live door shows (see `live.Viewer`)

    @property
    def door(self) -> DoorScreen | None:
        """The door's screen while it is there."""
        stack = [] if self._leaving else self._screen_stacks.get("door") or []
        return next((screen for screen in stack if isinstance(screen, DoorScreen) and screen.is_mounted), None)

    def take_scene(self, scene: Scene) -> None:
        self.feed.put(scene)

    def _offer(self, picture: Picture) -> None:
        if door := self.door:
            door.camera.offer(picture)

    def show_today(self) -> None:
        if door := self.door:
            door.show_board(self.live.board)
            door.tick()
        if self._first_steps and self.live.people == 0 and not self._leaving:
            self.push_screen(FirstSteps(), self._step_chosen)
        self._first_steps = False

    def show_mood(self) -> None:
        if door := self.door:
            door.show_mood(self.live.moods)

    def show_source(self) -> None:
        if door := self.door:
            door.tick()

    def greet(self, event: KioskEvent) -> None:
        if door := self.door:
            door.greet(event)

    async def _step_chosen(self, step: str | None) -> None:
        if step == DEMO:
            self.wants_demo = True
            self.exit()
        elif step in (FOLDER, CAMERA):
            await self.action_open("people")
            if isinstance(self.screen, PeopleScreen):  # else it asks for the PIN first
                await self.screen.run_action("enrol" if step == FOLDER else "capture")

    def _news(self, news: News) -> None:
        self.show_later(partial(self.live.hear, news))

    def facts_changed(self) -> None:
        if not self._leaving and isinstance(self.screen, DeskScreen | DaySheet):
            self.screen.facts_changed()

    # Screens and the PIN

    async def action_open(self, mode: str) -> None:
        """Go to another screen; the desk's screens ask for the PIN first, when there is one."""
        if mode == "door" or self._desk_lock.is_open:
            await self.switch_mode(mode)
        else:
            self._desk_lock.ask(mode)

    def use_pin(self, kept: str) -> None:
        """A PIN was set, or removed when empty; it counts at once."""
        self.settings = self.settings.model_copy(update={"admin_pin_hash": kept})
        self.notify("The PIN is set." if kept else "The PIN is removed.")

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.MouseEvent):
            self._last_input = monotonic()
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._key_order.take(event)
        else:
            await super().on_event(event)

    @property
    def idle(self) -> float:
        """Seconds since the last key or move of the mouse."""
        return monotonic() - self._last_input

    def _every_few_seconds(self) -> None:
        self.live.tick()
        if self._desk_lock.is_open and self.settings.admin_pin_hash and self.idle > IDLE_SECONDS:
            self.lock()

    def lock(self) -> None:
        """Back to the door; the desk's screens ask for the PIN again."""
        self._desk_lock.is_open = False
        while isinstance(self.screen, ModalScreen):
            self.pop_screen()
        self.call_later(self.switch_mode, "door")

    def action_toggle_help(self) -> None:
        """The panel of keys, and what the screen is for."""
        if self.screen.query(HelpPanel):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_show_help_panel(self) -> None:
        if not self.screen.query(HelpPanel):
            self.screen.mount(ScreenHelp())
            self.screen.add_class("-help")

    def action_hide_help_panel(self) -> None:
        for panel in self.screen.query(ScreenHelp):
            self.screen.set_focus(panel.came_from)
        super().action_hide_help_panel()
        self.screen.remove_class("-help")

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        return commands(self, screen)
