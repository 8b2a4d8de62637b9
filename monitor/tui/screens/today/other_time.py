"""Asks for the time that is right, where no proposal is."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from db.records.attendance import Presence
from monitor.attendance.repair import Proposal, Repair
from monitor.attendance.rules import instant_of
from monitor.text import day_name
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.screens.day_sheet import KINDS, WORDS, clock_of, not_to_come, presence
from monitor.tui.style.text import at_clock, clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, question


def ask_other_time(app: DeskApp, one: Repair, write: Callable[[Proposal, str], None]) -> None:
    """Ask what happened on a day, and when.

    Args:
        write: gets the entry that is to be added, and the reason.
    """
    zone = app.settings.zone
    first = one.proposals[0] if one.proposals else None
    kind: Presence = (first.kind if first else None) or "check_out"
    fields = [
        Ask("at", "At (hh:mm)", at_clock(first.at, zone) if first else ""),
        Ask("kind", "What happened", kind, KINDS),
        Ask("reason", "Reason", first.reason if first else ""),
    ]

    def then(answers: Answers) -> None:
        happened = presence(answers)
        at = not_to_come(_near(one, clock_of(answers), happened, zone), app.clock())
        write(Proposal(f"{WORDS[happened]} {answers['at']}", happened, at), answers["reason"])

    title = f"{clean(one.person.name, 40)}, {day_name(one.day)}"
    text = "Adds an entry; the ledger says that the desk wrote it."
    question(app, Dialog(title, text, fields, yes="Add"), then)


def _near(one: Repair, clock: time, kind: Presence, zone: ZoneInfo) -> datetime:
    """The instant at which the local clock shows this time, on the side of the stay where it can be; in UTC.

    A check-out is the first one behind the check-in, over midnight too.
    """
    start = instant_of(one.piece.start) if one.piece and one.piece.start is not None else None
    end = instant_of(one.piece.end) if one.piece and one.piece.end is not None else None
    around = [datetime.combine(one.day + timedelta(days=days), clock, tzinfo=zone) for days in (-1, 0, 1)]
    if kind == "check_out" and start is not None:
        return next((at for at in around if at > start), around[1]).astimezone(UTC)
    if kind == "check_in" and end is not None and start is None:
        return next((at for at in reversed(around) if at < end), around[1]).astimezone(UTC)
    return around[1].astimezone(UTC)
