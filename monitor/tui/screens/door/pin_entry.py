"""Check-in with number and PIN at the door: the dialog and the limit of wrong tries."""

from functools import partial
from uuid import UUID

from monitor.attendance.pin_attempts import LOCKED_FOR, MOST_WRONG, Tries
from monitor.desk.pin_entry import note_lock, person_of
from monitor.text import plural
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog

LEFT_ALONE = 60.0
"""Seconds after which the dialog closes: whoever opened it may have walked away."""
WRONG = "Number and PIN do not match. Try again."


class PinEntry:
    """Asks on the door's screen and has the recorder write who it was. On the loop.

    Args:
        app: its clock says when a lock is over.
    """

    def __init__(self, app: DeskApp) -> None:
        self._app = app
        self._tries = Tries()
        self._checking = False

    def ask(self, number: str = "", text: str = "") -> None:
        """Open the dialog, or say for how long nobody may try."""
        if self._checking:
            return
        left = self._tries.seconds_left(self._app.clock())
        if left:
            told = f"Too many wrong tries. Try again in {plural(left, 'second')}, or see the desk."
            self._app.notify(told, severity="warning")
            return
        fields = [Ask("number", "Personnel number", number), Ask("pin", "PIN", secret=True)]
        dialog = Dialog("Check in with number and PIN", text, fields, yes="Check in")
        self._app.push_screen(dialog, self._answered)
        self._app.set_timer(LEFT_ALONE, dialog.close_if_open)

    def _answered(self, answers: Answers | None) -> None:
        if answers is not None:
            number = answers["number"].strip()
            job = partial(person_of, self._app.engine, number, answers["pin"])
            self._checking = True
            self._app.in_background(job, partial(self._checked, number), self._not_checked)

    def _not_checked(self, sentence: str) -> None:
        self._checking = False
        self._app.toast_problem(sentence)

    def _checked(self, number: str, person: UUID | None) -> None:
        self._checking = False
        if person is not None:
            self._tries = Tries()
            self._app.controller.record_pin(person)
            return
        now = self._app.clock()
        self._tries = self._tries.after_wrong(now)
        if not self._tries.seconds_left(now):
            self.ask(number, WRONG)
            return
        self._app.in_background(partial(note_lock, self._app.engine, self._app.settings.kiosk, now), lambda _: None)
        seconds = int(LOCKED_FOR.total_seconds())
        self._app.notify(
            f"{MOST_WRONG} wrong tries: number and PIN are locked for {seconds} seconds.", severity="warning"
        )
