"""What the screens need of the app, without the screens themselves: `MusterApp` adds those."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Literal, TypeAlias, TypeVar

from textual import events
from textual.filter import LineFilter

from monitor.config import Settings
from monitor.config_file import save_setting
from monitor.desk.store import Store
from monitor.language import language_of
from monitor.tui.picture.feed import PictureFeed
from monitor.tui.picture.graphics import Graphics
from monitor.tui.runtime.key_order import KeyOrder
from monitor.tui.runtime.kiosk_controller import KioskController
from monitor.tui.runtime.loop_delay import LoopDelay
from monitor.tui.runtime.work import WorkApp
from monitor.tui.style.plain import PlainLetters
from monitor.tui.style.text import clean, signs, source_name
from monitor.tui.style.themes import DARK_MOODS, SIXTEEN, THEMES

PLAIN_LETTERS = PlainLetters()
T = TypeVar("T")
AfterApp: TypeAlias = Literal["nothing", "demo", "again"]
"""What follows when the app is left: nothing, the demo, or the app once more, with the settings as they are then."""
DESK = "desk"
"""The actor of changes on the desk's screens where nobody gave a PIN of their own."""


@dataclass(frozen=True, slots=True)
class Display:
    """Abilities of the terminal."""

    ascii_only: bool = False
    """Draw with plain letters only."""
    graphics: Graphics = Graphics.BLOCKS
    """How the terminal shows pictures (see `graphics.terminal_graphics`)."""
    few_colours: bool = False
    """The terminal has 16 colours."""


class DeskApp(WorkApp):
    """Settings, store, clock, theme and keys of the app. On the loop."""

    controller: KioskController
    """The kiosk, and what is known of today at the door."""
    feed: PictureFeed
    """Draws the camera picture of the door."""

    def __init__(
        self, settings: Settings, store: Store, display: Display, clock: Callable[[], datetime], config_file: Path
    ) -> None:
        super().__init__()
        self.settings = settings
        self.engine = store.engine
        self.cipher = store.cipher
        self.clock = clock
        self.ascii_only = display.ascii_only
        self.graphics = Graphics.BLOCKS if display.ascii_only or self.no_color else display.graphics
        self.few_colours = display.few_colours
        self.config_file = config_file
        self.say = language_of(settings.language)
        """The door's texts in its language."""
        self.signs = signs(display.ascii_only)
        self.at_desk = DESK
        """Who opened the desk with a PIN of their own: the actor of changes, for the ledger and the audit log."""
        self.needs_you = 0
        """How many days of the last month somebody is to look at, as far as is known."""
        self.leads_back = ""
        """The screen on which Escape leads back to the first steps: one of them led to it."""
        self.source_name = source_name(settings.source)
        self.afterwards: AfterApp = "nothing"
        self.loop_delay = LoopDelay()
        self._key_order = KeyOrder(self, super().on_event)
        self._last_input = monotonic()
        for theme in (*THEMES, SIXTEEN):
            self.register_theme(theme)
        # From the start: a theme that is set later has Textual parse and apply all style sheets a second time.
        self.set_reactive(DeskApp.theme, self._theme_here(settings.theme))
        self.stylesheet.set_variables(self.get_css_variables())

    @property
    def today(self) -> date:
        """The site's day."""
        return self.clock().astimezone(self.settings.zone).date()

    def leave_for(self, next_run: AfterApp) -> None:
        """Leave the app for what follows."""
        self.afterwards = next_run
        self.exit()

    def by_desk(self, use_case: Callable[..., T], *values: object, **named: object) -> Callable[[], T]:
        """A call of a use case with the database, these values, the present time, and who is at the desk."""
        return partial(use_case, self.engine, *values, at=self.clock(), actor=self.at_desk, **named)

    def hand_over(self, file: Path) -> str:
        """The sentence that says where an export is; a browser gets the file as a download, too."""
        if self.is_web:
            self.deliver_binary(file)
        return f"Written to {file}"

    # The theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK_MOODS

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        return [*filters, PLAIN_LETTERS] if self.ascii_only else filters

    def choose_theme(self, name: str) -> None:
        """Show this theme, and save every later choice to the configuration file."""
        if name not in self.available_themes:
            default = self._theme_here(name)
            told = f"There is no theme {clean(name, 30)!r}, so {default} is used; choose another with Ctrl+P, Theme."
            self.notify(told, severity="warning")
        self.theme = self._theme_kept = self._theme_here(name)
        self.theme_changed_signal.subscribe(self, lambda theme: self._keep_theme(theme.name))

    def _theme_here(self, name: str) -> str:
        """The theme that is shown for this name, on this terminal."""
        known = name if name in self.available_themes else THEMES[0].name
        return SIXTEEN.name if self.few_colours and any(theme.name == known for theme in THEMES) else known

    def _keep_theme(self, name: str) -> None:
        if name != self._theme_kept:
            self._theme_kept = name
            self.settings = self.settings.model_copy(update={"theme": name})
            self.in_background(partial(save_setting, self.config_file, "theme", name), lambda _: None)

    def use_pin(self, kept: str) -> None:
        """Use the hash of a new admin PIN at once; an empty one means that the PIN was removed."""
        self.settings = self.settings.model_copy(update={"admin_pin_hash": kept})
        self.notify("The admin PIN is set." if kept else "The admin PIN is removed.")

    # Keys

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
