"""The lock of the desk's screens, which the admin PIN opens."""

from functools import partial

from monitor.attendance.pin import is_pin
from monitor.attendance.pin_attempts import Tries
from monitor.desk.pin_entry import note_lock
from monitor.text import plural
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog

LEFT_ALONE = 60.0
"""Seconds after which the question closes: whoever was asked may have walked away."""


class DeskLock:
    """Whether the desk's screens may be opened, and the question for the PIN. On the loop."""

    def __init__(self, app: DeskApp) -> None:
        self._app = app
        self._tries = Tries()
        self.is_open = not app.settings.admin_pin_hash

    def ask(self, mode: str, text: str = "The desk's screens are locked.") -> None:
        """Ask for the PIN, then go to this screen; or say for how long nobody may try."""
        app = self._app
        left = self._tries.seconds_left(app.clock())
        if left:
            app.notify(f"Too many wrong PINs. Try again in {plural(left, 'second')}.", severity="warning")
        elif not isinstance(app.screen, Dialog):
            dialog = Dialog("Admin PIN", text, [Ask("pin", "PIN", secret=True)], yes="Unlock")
            app.push_screen(dialog, partial(self._answered, mode))
            app.set_timer(LEFT_ALONE, dialog.close_if_open)

    def _answered(self, mode: str, answers: Answers | None) -> None:
        if answers is not None:
            job = partial(is_pin, answers["pin"], self._app.settings.admin_pin_hash)
            self._app.in_background(job, partial(self._checked, mode))

    def _checked(self, mode: str, right: bool) -> None:
        app = self._app
        if right:
            self.is_open, self._tries = True, Tries()
            app.call_later(app.switch_mode, mode)
            return
        now = app.clock()
        self._tries = self._tries.after_wrong(now)
        if self._tries.seconds_left(now):
            app.in_background(partial(note_lock, app.engine, app.settings.kiosk, now, "admin PIN"), lambda _: None)
        self.ask(mode, "The PIN is wrong. Try again.")
