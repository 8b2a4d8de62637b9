"""Check-in with number and PIN at the door: the dialog."""

import logging
from functools import partial
from time import monotonic

from monitor.desk.actor import Actor
from monitor.desk.pin_entry import PinAnswer, person_of
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, question

log = logging.getLogger(__name__)

LEFT_ALONE = 60.0
"""Seconds after which the dialog closes: whoever opened it may have walked away."""
READER_PAUSE = 2.0
"""Seconds after which digits at the door are forgotten: a badge reader types all of them at once."""
LONGEST_NUMBER = 64


class PinEntry:
    """Asks on the door's screen and has the recorder write who it was. On the loop."""

    def __init__(self, app: DeskApp) -> None:
        self._app = app
        self._checking = False
        self._read, self._read_at = "", 0.0

    def take_key(self, key: str, digit: str | None) -> bool:
        """Takes a key that was pressed at the door, as a badge reader presses them: digits quickly, then Enter.

        The number opens the dialog, in which only the PIN is missing. Returns whether the key was taken.
        """
        if key == "enter" and self._read and monotonic() - self._read_at < READER_PAUSE:
            number, self._read = self._read, ""
            self.ask(number, focus="pin")
            return True
        if digit is None or not (digit.isascii() and digit.isdigit()):
            self._read = ""
            return False
        if monotonic() - self._read_at >= READER_PAUSE:
            self._read = ""
        self._read, self._read_at = (self._read + digit)[-LONGEST_NUMBER:], monotonic()
        return True

    def ask(self, number: str = "", text: str = "", focus: str = "") -> None:
        """Open the dialog. Args: focus: the field to begin with; empty for the first."""
        if self._checking:
            return
        say = self._app.say
        fields = [Ask("number", say("Personnel number"), number), Ask("pin", say("PIN"), secret=True)]
        title, yes, no = say("Check in with number and PIN"), say("Check in"), say("Cancel")
        dialog = Dialog(title, text, fields, yes=yes, no=no, focus=focus)
        question(self._app, dialog, self._answered)
        self._app.set_timer(LEFT_ALONE, dialog.close_if_open)

    def _answered(self, answers: Answers) -> None:
        app = self._app
        number = answers["number"].strip()
        by = Actor(at=app.clock(), actor=app.settings.kiosk)
        self._checking = True
        job = partial(person_of, app.engine, app.cipher, number, answers["pin"], **by)
        app.in_background(job, partial(self._checked, number), self._not_checked)

    def _not_checked(self, sentence: str) -> None:
        """Whoever stands at the door cannot mend it; the log has the sentence for who can."""
        self._checking = False
        log.error("A number and a PIN could not be checked: %s", sentence)
        self._app.notify(self._app.say("PINs cannot be checked now. Please see the desk."), severity="error")

    def _checked(self, number: str, answer: PinAnswer) -> None:
        self._checking = False
        if answer.person is not None:
            self._app.controller.record_pin(answer.person)
        elif answer.seconds_left:
            say, left = self._app.say, answer.seconds_left
            told = say("Too many wrong tries. Try again in {seconds} s, or see the desk.", seconds=f"{left:,}")
            self._app.notify(told, severity="warning")
        else:
            self.ask(number, self._app.say("Number and PIN do not match. Try again."))
