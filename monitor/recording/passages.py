"""What counts of the ledger, by person: the rows of the database under the rules of attendance."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from db.attendance import kiosks, ledger_entries
from db.people import people
from db.records.attendance import LedgerEntry
from monitor.attendance.late_events import set_right
from monitor.attendance.passages import Passage, by_person
from monitor.attendance.person_calendar import Calendars


def load_passages(
    session: Session,
    calendars: Calendars,
    start: datetime,
    end: datetime,
    *,
    of: Sequence[UUID] | None = None,
    group: str | None = None,
    known_at: datetime | None = None,
) -> dict[UUID, tuple[Passage, ...]]:
    """The passages with start <= at < end of everybody, of these people or of a group, each person's in their order.

    Args:
        known_at: only what had happened and was written by then.
    """
    entries = ledger_entries.entries(session, start, end, people=of, group=group, known_at=known_at)
    return passages_of(session, calendars, entries, of)


def passages_of(
    session: Session, calendars: Calendars, entries: Sequence[LedgerEntry], of: Sequence[UUID] | None = None
) -> dict[UUID, tuple[Passage, ...]]:
    """The passages of what was read of the ledger, each person's in their order.

    Args:
        of: only these people's entries were read.
    """
    if not entries:
        return {}
    found = by_person(entries)
    merged = ledger_entries.merged_people(session, of)
    doubtful = found.keys() & (merged | {one.person for one in entries if one.origin is not None})
    if not doubtful:
        return found
    theirs: dict[UUID, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        if entry.person in doubtful:
            theirs[entry.person].append(entry)
    roles = ledger_entries.site_roles(session) | {kiosk.id: kiosk.role for kiosk in kiosks.all_kiosks(session)}
    for id, person in people.by_id(session, list(doubtful)).items():
        found[id] = tuple(set_right(theirs[id], roles, calendars.of(person), calendars.rules))
    return found
