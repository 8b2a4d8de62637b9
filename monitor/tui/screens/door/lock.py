"""The lock of the desk's screens, of the palette and of leaving a kiosk; the admin PIN or one of the desk opens it."""

from collections.abc import Callable
from functools import partial

from monitor.desk.actor import Actor
from monitor.desk.pin_entry import PinAnswer, unlock
from monitor.text import plural
from monitor.tui.runtime.desk_app import DESK, DeskApp
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, question

LEFT_ALONE = 60.0
"""Seconds after which the question closes: whoever was asked may have walked away."""
LOCKED = "The desk's screens are locked. Type the admin PIN, or your own for the desk."


class DeskLock:
    """Whether what belongs to the desk may be done, and the question for the PIN. On the loop."""

    def __init__(self, app: DeskApp) -> None:
        self._app = app
        self._checking = False
        self.is_open = not app.settings.admin_pin_hash

    def unlocked(self, then: Callable[[], object], text: str = LOCKED) -> None:
        """Do this now, where there is no PIN or it was given; else ask for it first, and do this when it was right."""
        app = self._app
        if self.is_open:
            then()
        elif not self._checking and not isinstance(app.screen, Dialog):
            dialog = Dialog("Admin PIN", text, [Ask("pin", "PIN", secret=True)], yes="Unlock")
            question(app, dialog, partial(self._answered, then))
            app.set_timer(LEFT_ALONE, dialog.close_if_open)

    def close(self) -> None:
        """Ask for the PIN again."""
        self.is_open, self._app.at_desk = False, DESK

    def _answered(self, then: Callable[[], object], answers: Answers) -> None:
        app = self._app
        by = Actor(at=app.clock(), actor=app.settings.kiosk)
        job = partial(unlock, app.engine, app.cipher, answers["pin"], app.settings.admin_pin_hash, **by)
        self._checking = True
        app.in_background(job, partial(self._checked, then), self._not_checked)

    def _not_checked(self, sentence: str) -> None:
        self._checking = False
        self._app.toast_problem(sentence)

    def _checked(self, then: Callable[[], object], answer: PinAnswer) -> None:
        self._checking = False
        if answer.right:
            self.is_open, self._app.at_desk = True, answer.at_desk or DESK
            self._app.call_later(then)
        elif answer.seconds_left:
            told = f"Too many wrong PINs. Try again in {plural(answer.seconds_left, 'second')}."
            self._app.notify(told, severity="warning")
        else:
            self.unlocked(then, "The PIN is wrong. Try again.")
