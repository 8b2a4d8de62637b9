"""Taking back what was done to shifts, public holidays and leave: the audit log has kept what they were."""

from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from db.attendance import holidays, leave, shifts
from db.calendar import Leave, Shift
from db.records.privacy import AuditEntry
from monitor.desk.actor import Actor

Take = Callable[[Session, AuditEntry, Actor], object]


def _shift_of(kept: Mapping[str, Any], person: UUID | None) -> Shift:
    """The shift that `shifts.detail` describes."""
    return Shift(
        UUID(kept["shift"]),
        frozenset(kept["days"]),
        time.fromisoformat(kept["from"]),
        time.fromisoformat(kept["to"]),
        person,
        kept.get("group"),
        kept["grace"],
        kept["break"],
        kept["paid"],
        _day(kept, "valid_from"),
        _day(kept, "valid_to"),
        kept.get("every_weeks", 1),
    )


def _day(kept: Mapping[str, Any], name: str) -> date | None:
    return date.fromisoformat(kept[name]) if name in kept else None


def _remove_shift(session: Session, entry: AuditEntry, by: Actor) -> None:
    shifts.remove(session, UUID(entry.detail["after"]["shift"]), **by)


def _add_shift(session: Session, entry: AuditEntry, by: Actor) -> None:
    shifts.add(session, _shift_of(entry.detail["before"], entry.person), **by)


def _reopen_shift(session: Session, entry: AuditEntry, by: Actor) -> None:
    _remove_shift(session, entry, by)
    _add_shift(session, entry, by)


def _remove_holiday(session: Session, entry: AuditEntry, by: Actor) -> None:
    day = date.fromisoformat(entry.detail["after"]["day"])  # one that came back since has another id
    there = [one.id for one in holidays.holidays_between(session, day, day)]
    holidays.remove(session, there[0] if there else UUID(entry.detail["after"]["holiday"]), **by)


def _add_holiday(session: Session, entry: AuditEntry, by: Actor) -> None:
    kept = entry.detail["before"]
    holidays.add(session, date.fromisoformat(kept["day"]), kept["name"], half=kept.get("half"), **by)


def _remove_leave(session: Session, entry: AuditEntry, by: Actor) -> None:
    leave.remove(session, UUID(entry.detail["after"]["leave"]), **by)


def _add_leave(session: Session, entry: AuditEntry, by: Actor) -> None:
    kept = entry.detail["before"]
    assert entry.person is not None
    first, last = (date.fromisoformat(kept[name]) for name in ("from", "to"))
    old = Leave(UUID(kept["leave"]), entry.person, first, last, kept["kind"], kept.get("half"), kept.get("note", ""))
    leave.add(session, old, **by)


CALENDAR: Final[Mapping[str, Take]] = {
    "add shift": _remove_shift,
    "remove shift": _add_shift,
    "end shift": _reopen_shift,
    "add holiday": _remove_holiday,
    "remove holiday": _add_holiday,
    "add leave": _remove_leave,
    "remove leave": _add_leave,
}
"""How the entry of each act is taken back. Each raises InvalidRecord where something was built on it since."""
