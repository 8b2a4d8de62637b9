"""The terminal app. It shows what the kiosk does and what the database holds; it decides nothing itself.

    MusterApp(settings, store, kiosk_factory, clock=...)    # run it with monitor.tui.run.run_to_end

`kiosk_factory(on_scene, on_event)` makes the kiosk; the app starts it in a worker thread and stops it when
the app ends. Without one the app has no camera (`muster review`). The callbacks may be called from any thread:
the newest scene replaces an older one, every event is kept.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path, PurePath
from typing import Any, ClassVar
from uuid import UUID

from textual.binding import BindingType
from textual.command import CommandPalette, Provider
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import HelpPanel

from monitor.config import CONFIG_FILE, Settings
from monitor.desk.change_feed import ChangeFeed
from monitor.desk.days.repair_list import repair_list
from monitor.desk.days.why import why
from monitor.desk.maintenance.gallery_check import examine_when_due
from monitor.desk.maintenance.upkeep import FIRST_LOOK, LOOK_EVERY, look_after
from monitor.desk.people.undo import Act, offered, refusal, undo_last
from monitor.desk.store import Store
from monitor.service import notify
from monitor.tui.commands import ByName
from monitor.tui.door_viewer import DoorViewer
from monitor.tui.empty_lists import nothing_for
from monitor.tui.first_steps import show_first_steps
from monitor.tui.jump import Jump
from monitor.tui.picture.feed import PictureFeed
from monitor.tui.picture.graphics import Graphics, kitty_forget
from monitor.tui.runtime.desk_app import DeskApp, Display
from monitor.tui.runtime.key_bindings import bindings, keymap
from monitor.tui.runtime.kiosk_controller import KioskController
from monitor.tui.runtime.loop_delay import LoopDelay
from monitor.tui.runtime.running_kiosk import KioskFactory
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.desk import HEIGHTS, DeskScreen
from monitor.tui.screens.door.door import DoorScreen
from monitor.tui.screens.door.lock import DeskLock
from monitor.tui.screens.door.locked import LockedScreen
from monitor.tui.screens.mood.mood import MoodScreen
from monitor.tui.screens.people.people import PeopleScreen
from monitor.tui.screens.people.visitors import VisitorsScreen
from monitor.tui.screens.rollcall.rollcall import RollCallScreen
from monitor.tui.screens.shifts.shifts import ShiftsScreen
from monitor.tui.screens.system.system import SystemScreen
from monitor.tui.screens.today.month import MonthScreen
from monitor.tui.screens.today.needs_you import NeedsYouScreen, days_looked_at
from monitor.tui.screens.today.time_machine import TimeMachine
from monitor.tui.screens.today.today import TodayScreen
from monitor.tui.screens.why import WhyScreen
from monitor.tui.style.text import clean, moment_text
from monitor.tui.widgets.dialogs import Dialog, ask
from monitor.tui.widgets.help import ScreenHelp

PLAIN_DISPLAY = Display()
IDLE_SECONDS = 300.0
"""After so long without a key the desk's screens lock again, when there is a PIN."""
JUST_NOW = timedelta(minutes=10)
"""What was done no longer ago is taken back without a question."""


FIRST_COUNT = 10.0
COUNT_EVERY = 1800.0
"""Seconds after the start, and between two times, at which the days that need somebody are counted for the header."""


class MusterApp(DeskApp):
    """Door, day board, mood, people, visitors, system, shifts and roll call as modes of one app."""

    TITLE = "Muster"
    VERTICAL_BREAKPOINTS = HEIGHTS
    # All of them here: a screen with one of its own has Textual parse every style sheet anew when it is first opened.
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        "app.tcss",
        "widgets/dialogs.tcss",
        "widgets/sheet.tcss",
        "screens/door/door.tcss",
        "screens/desk.tcss",
        "screens/day_sheet.tcss",
        "screens/person_sheet.tcss",
        "screens/people/picker.tcss",
        "screens/people/capture.tcss",
        "screens/system/camera_choice.tcss",
        "screens/system/settings_list.tcss",
        "screens/system/desk_users.tcss",
        "screens/people/import_report.tcss",
        "screens/people/template_review.tcss",
        "screens/door/first_steps.tcss",
        "screens/shifts/shifts.tcss",
        "screens/today/wall.tcss",
        "screens/why.tcss",
    ]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "door": DoorScreen,
        "today": TodayScreen,
        "mood": MoodScreen,
        "people": PeopleScreen,
        "visitors": VisitorsScreen,
        "system": SystemScreen,
        "shifts": ShiftsScreen,
        "needs_you": NeedsYouScreen,
        "month": MonthScreen,
        "rollcall": RollCallScreen,
        "locked": LockedScreen,
    }
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]
    COMMANDS: ClassVar[set[type[Provider]]] = {ByName}  # type: ignore[assignment]

    def __init__(
        self,
        settings: Settings,
        store: Store,
        kiosk_factory: KioskFactory | None = None,
        display: Display = PLAIN_DISPLAY,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        config_file: Path = CONFIG_FILE,
        first_steps: bool = False,
    ) -> None:
        """
        Args:
            kiosk_factory: makes the kiosk from `(on_scene, on_event)`; None for no camera.
            clock: the time now, in UTC.
            config_file: where the admin PIN and the theme are written to.
            first_steps: offer them once when nobody is enrolled.
        """
        super().__init__(settings, store, display, clock, config_file)
        self.set_keymap(keymap(settings.keys))
        self.viewer = DoorViewer(self, partial(show_first_steps, self) if first_steps else None)
        self.controller = KioskController(self, self.viewer, settings, store, kiosk_factory, clock)
        self.feed = PictureFeed(self.viewer.offer, self.console)
        self._change_feed = ChangeFeed(store.engine, lambda news: self.show_later(partial(self.controller.hear, news)))
        self._desk_lock = DeskLock(self)

    async def on_mount(self) -> None:
        self.choose_theme(self.settings.theme)
        self.set_interval(LoopDelay.INTERVAL, self.loop_delay.tick)
        self.set_interval(5.0, self._every_few_seconds)
        self.set_interval(LOOK_EVERY, self._look_after_database)
        self.set_timer(FIRST_LOOK, self._look_after_database)
        self.set_timer(FIRST_COUNT, self._count_repairs)
        self.set_interval(COUNT_EVERY, self._count_repairs)
        notify("READY=1")
        self.feed.start()
        desk_only = not self.controller.has_camera
        await self.switch_mode("today" if desk_only and self._desk_lock.is_open else self._home)
        self.controller.open()
        await asyncio.to_thread(self._change_feed.start)
        if desk_only and not self._desk_lock.is_open:
            await self.action_open("today")

    async def on_unmount(self) -> None:
        await asyncio.to_thread(self.close)

    def exit(self, *args: Any, **named: Any) -> None:
        """Leave; from here on no screen is touched by what still arrives."""
        self.viewer.left = True
        self.feed.look(None)
        if self.graphics is Graphics.KITTY:
            self.to_terminal(kitty_forget())
        super().exit(*args, **named)

    def close(self) -> None:
        """Stop picture and kiosk; every fact is written when this returns. It blocks; may be called twice."""
        self.feed.stop()
        self._change_feed.stop()
        self.controller.close()

    def action_first_steps(self) -> None:
        """The list of first steps; a locked desk asks for the PIN first."""
        self._desk_lock.unlocked(partial(show_first_steps, self))

    # Screens and the PIN

    async def action_open(self, mode: str) -> None:
        """Go to another screen; the desk's screens ask for the PIN first, when there is one.

        The roll call asks for none: there is no time for it, and the door shows who is in, too.
        """
        self.leads_back = ""
        if mode in ("door", "rollcall") or self._desk_lock.is_open:
            await self.switch_mode(mode)
        else:
            self._desk_lock.unlocked(partial(self.switch_mode, mode))

    def action_why(self, about: str) -> None:
        """Why this entry or face was named, or not; a locked desk asks for the PIN first."""
        job = partial(why, self.engine, self.cipher, self.settings, UUID(about))
        self._desk_lock.unlocked(lambda: self.push_screen(WhyScreen(job)))

    def action_time_machine(self, day: str = "", at: str = "") -> None:
        """The board of a day, by default today, as it was at a minute; a locked desk asks for the PIN first."""
        now = datetime.fromisoformat(at) if at else self.clock()
        shown = date.fromisoformat(day) if day else self.today

        async def show() -> None:
            await self.switch_mode("today")  # never over the door: the lock shows that
            await self.push_screen(TimeMachine(shown, now))

        self._desk_lock.unlocked(lambda: self.call_later(show))

    async def action_quit(self) -> None:
        """Leave; a dialog with text in it warns first, and a locked kiosk asks for the PIN."""
        if isinstance(self.screen, Dialog) and self.screen.keeps():
            return
        if self.controller.has_camera:
            self._desk_lock.unlocked(self.exit, "Whoever closes this kiosk must give the admin PIN.")
        else:
            self.exit()

    def action_command_palette(self) -> None:
        """Everything by name; a locked desk asks for the PIN first."""

        def show() -> None:
            if not isinstance(self.screen, CommandPalette):
                self.push_screen(CommandPalette())  # without Textual's id: below a dialog there may be one already

        self._desk_lock.unlocked(show)

    def action_jump(self) -> None:
        """Letters on panes and rows; a locked desk asks for the PIN first."""
        self._desk_lock.unlocked(lambda: self.push_screen(Jump(self.screen)))

    def _every_few_seconds(self) -> None:
        notify("WATCHDOG=1")
        self.controller.tick()
        if self._desk_lock.is_open and self.settings.admin_pin_hash and self.idle > IDLE_SECONDS:
            self.action_lock()

    def _look_after_database(self) -> None:
        """Make the backup, the purge and the examination of the gallery that are due."""
        job = partial(look_after, self.engine, self.settings, self.clock())
        self.in_background(job, lambda _: None)
        examine = partial(examine_when_due, self.engine, self.cipher, self.settings, self.clock())
        self.in_background(examine, lambda _: None)

    def _count_repairs(self) -> None:
        """For the header: how many days of the last month somebody is to look at."""
        job = partial(repair_list, self.engine, self.settings, days_looked_at(self), self.clock())
        self.in_background(job, lambda found: setattr(self, "needs_you", len(found.open)))

    def action_lock(self) -> None:
        """Back to the door; the desk's screens ask for the PIN again."""
        self._desk_lock.close()
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.call_later(self.switch_mode, self._home)

    @property
    def _home(self) -> str:
        """The screen that nobody needs a PIN for."""
        return "door" if self.controller.has_camera or self._desk_lock.is_open else "locked"

    async def run_action(
        self,
        action: str | tuple[str, str, tuple[Any, ...]],
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do it; where it is about a row of a list that has none, say that instead."""
        if (
            isinstance(action, str)
            and default_namespace is not None
            and (said := nothing_for(action, default_namespace))
        ):
            self.notify(said)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    # Taking back

    def action_undo(self) -> None:
        """Take back what was done last at the desk; a locked desk asks for the PIN first."""
        if not isinstance(self.screen, Dialog):
            self._desk_lock.unlocked(lambda: self.in_background(partial(offered, self.engine), self._take_back))

    def _take_back(self, offer: tuple[Sequence[Act], Act | None]) -> None:
        """Ask about what was not done just now, not last or by somebody else, and take it back."""
        passed, act = offer
        if act is None:
            self.notify(clean(refusal(passed, act), 400))
            return
        job = self.by_desk(undo_last, self.cipher, self.settings, act.id)
        if not passed and act.actor == self.at_desk and self.clock() - act.at <= JUST_NOW:
            self.in_background(job, self._taken_back)
            return
        when = moment_text(act.at, self.settings.zone)
        what = refusal(passed, act)[:-1] if passed else f"What was done last is {act.words}"
        text = f"{clean(what, 400)}, {when}, by {clean(act.actor, 40)}."
        ask(self, Dialog("Take back", text, yes="Take back"), lambda _: job, self._taken_back)

    def _taken_back(self, act: Act) -> None:
        self.notify(f"Taken back: {clean(act.words, 200)}.")
        self.controller.people_changed()
        if isinstance(self.screen, DeskScreen | DaySheet):
            self.screen.reload()

    # Help

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
