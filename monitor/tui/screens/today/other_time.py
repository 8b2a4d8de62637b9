"""Asks for the time that is right, where no proposal is."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from db.records.attendance import Presence
from monitor.attendance.repair import Proposal, Repair
from monitor.attendance.rules import instant_of
from monitor.text import day_name
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.screens.day_sheet import KINDS, WORDS, clock_of, presence
from monitor.tui.style.text import at_clock, clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog


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

    def check(answers: Answers) -> str | None:
        at = _instant(one, answers, zone)
        if at is None:
            return "Type the time as hh:mm, such as 17:30."
        return "That time is in the future." if at > app.clock() else None

    def then(answers: Answers | None) -> None:
        if answers is not None:
            happened = presence(answers)
            text = f"{WORDS[happened]} {answers['at']}"
            write(Proposal(text, happened, _instant(one, answers, zone)), answers["reason"])

    title = f"{clean(one.person.name, 40)}, {day_name(one.day)}"
    text = "Adds an entry; the ledger says that the desk wrote it."
    app.push_screen(Dialog(title, text, fields, yes="Add", check=check), then)


def _instant(one: Repair, answers: Answers, zone: ZoneInfo) -> datetime | None:
    """The instant that the answers name: a check-out is the first one behind the check-in, over midnight too."""
    clock = clock_of(answers)
    return None if clock is None else _near(one, clock, presence(answers), zone)


def _near(one: Repair, clock: time, kind: Presence, zone: ZoneInfo) -> datetime:
    """The instant at which the local clock shows this time, on the side of the stay where it can be; in UTC."""
    start = instant_of(one.piece.start) if one.piece and one.piece.start is not None else None
    end = instant_of(one.piece.end) if one.piece and one.piece.end is not None else None
    around = [datetime.combine(one.day + timedelta(days=days), clock, tzinfo=zone) for days in (-1, 0, 1)]
    if kind == "check_out" and start is not None:
        return next((at for at in around if at > start), around[1]).astimezone(UTC)
    if kind == "check_in" and end is not None and start is None:
        return next((at for at in reversed(around) if at < end), around[1]).astimezone(UTC)
    return around[1].astimezone(UTC)
