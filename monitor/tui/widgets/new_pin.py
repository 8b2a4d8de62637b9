"""The questions for a new PIN: of the admin, of who works at the desk, of a person."""

from collections.abc import Callable

from monitor.attendance.pin import pin_fault
from monitor.desk.pin_entry import write_admin_pin
from monitor.errors import UsageError
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, ask

NEW_PIN = (Ask("pin", "New PIN", secret=True, optional=True), Ask("again", "Repeat it", secret=True, optional=True))
"""The fields of a dialog that asks for a new PIN; empty ones remove the PIN."""


def check_new_pin(shortest: int, answers: Answers) -> None:
    """Check the answers to `NEW_PIN`.

    Args:
        shortest: so many digits a new PIN has at least.

    Raises:
        UsageError: the two PINs differ, or are not a PIN.
    """
    if answers["pin"] != answers["again"]:
        raise UsageError("The two PINs differ.")
    if answers["pin"] and (fault := pin_fault(answers["pin"], shortest)):
        raise UsageError(fault)


def ask_admin_pin(app: DeskApp, done: Callable[[str], None]) -> None:
    """Ask for a new admin PIN and keep it.

    Args:
        done: gets its hash, or an empty text where it was removed.
    """
    shortest = app.settings.pin_digits
    text = (
        f"Whoever opens a screen of the desk, or closes a kiosk, must type this PIN. It has at least {shortest} digits "
        "and nothing else. Leave both fields empty to remove it."
    )
    dialog = Dialog("Admin PIN", text, NEW_PIN, yes="Set")
    none = Dialog(
        "Remove the admin PIN?",
        "Without it whoever stands at the kiosk opens the desk and closes Muster.",
        [],
        yes="Remove",
    )

    def job(answers: Answers) -> Callable[[], str]:
        return app.by_desk(write_admin_pin, app.cipher, app.config_file, answers.get("pin", ""), shortest=shortest)

    def typed(answers: Answers) -> Callable[[], str | None]:
        check_new_pin(shortest, answers)
        return job(answers) if answers["pin"] else lambda: None

    def written(kept: str | None) -> None:
        if kept is not None:
            done(kept)
        elif app.settings.admin_pin_hash:
            ask(app, none, job, done)

    ask(app, dialog, typed, written)
