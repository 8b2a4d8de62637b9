"""The dialog that enters leave for a person, from Today, People and Shifts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

from db.calendar import HalfDay, Leave, LeaveKind
from db.records.people import Person
from monitor.calendar_text import parse_day
from monitor.desk.calendar.leave import LeaveEntry, add_leave, change_leave, new_leave, parse_half, parse_kind
from monitor.desk.calendar.shifts import past_words
from monitor.desk.people.finding import find_person
from monitor.errors import UsageError
from monitor.tui.screens.desk import DeskScreen, Loaded
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog

KINDS = "Kind: holiday, sick, training, unpaid, other"
HALF = "Half day: morning or afternoon; empty for whole days"


def ask_leave(screen: DeskScreen[Loaded], person: Person | None, day: date, old: Leave | None = None) -> None:
    """Ask for leave and enter it.

    Args:
        person: whose; None asks for the name.
        day: the first day that is proposed.
        old: a leave that is changed.
    """
    app = screen.app
    today = app.today
    who = [] if person else [Ask("who", "Name, a part of it, or number")]
    first, last = (old.first, old.last) if old else (day, day)
    shown = clean(old.note, 2 * len(old.note) + 1) if old else ""
    fields = [
        *who,
        Ask("kind", KINDS, old.kind if old else "holiday"),
        Ask("from", "From", first.isoformat()),
        Ask("to", "To (empty for one day)", last.isoformat() if last != first else "", optional=True),
        Ask("half", HALF, (old.half or "") if old else "", optional=True),
        Ask("note", "Note", shown, optional=True),
    ]
    name = f"of {clean(person.name, 40)}" if person else ""
    dialog = Dialog(
        f"{'Change' if old else 'Enter'} leave {name}".rstrip(),
        fields=fields,
        yes="Change" if old else "Enter",
    )

    def job(answers: Answers) -> Callable[[], LeaveEntry]:
        return partial(enter, answers)

    def enter(answers: Answers) -> LeaveEntry:
        """In a worker."""
        whose = person or find_person(app.engine, answers["who"])
        new = new_leave(whose.id, *_read(answers, today), answers["note"])
        if old:
            new = replace(new, note=old.note if answers["note"] == shown else new.note)
            return app.by_desk(change_leave, app.settings.zone, old.id, new)()
        return app.by_desk(add_leave, app.settings.zone, new)()

    screen.ask(dialog, job, told)


def told(done: LeaveEntry) -> str:
    """What the desk should know after a leave was entered."""
    return f"{clean(done.words, 300)}{f' {past_words(done.past_days)}' if done.past_days else ''}"


def _read(answers: Answers, today: date) -> tuple[date, date, LeaveKind, HalfDay | None]:
    """First and last day, kind and half that were typed. Raises: UsageError."""
    kind, first = parse_kind(answers["kind"]), parse_day(answers["from"], today)
    last = parse_day(answers["to"], first) if answers["to"].strip() else first
    if last < first:
        raise UsageError("The last day is before the first; swap them.")
    return first, last, kind, parse_half(answers["half"])
