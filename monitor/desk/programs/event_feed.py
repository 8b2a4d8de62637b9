"""The ledger for other programs, row after row. Every function blocks: call it in workers only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.engine import reading
from db.programs import event_feed
from db.programs.event_feed import FeedEvent
from monitor.errors import UsageError

_PART = 5_000
_HEAD = 16
"""Hexadecimal digits of a hash that tell one row from another."""


class LedgerRestored(UsageError):  # noqa: N818 - named for what happened, as db.errors does
    """The row at which somebody stopped reading is not there any more, or another one has its number."""

    def __init__(self) -> None:
        super().__init__("The ledger was restored from a backup since; begin again at 0.", code="ledger-restored")


@dataclass(frozen=True, slots=True)
class EventsPage:
    """Events behind a cursor, and where to go on."""

    events: list[FeedEvent]
    next: int
    """The row of the last one, or where it was asked from."""
    head: str
    """The first digits of that row's hash; empty for row 0."""


def events_after(engine: Engine, seq: int, limit: int, head: str = "") -> EventsPage:
    """The events behind a row of the ledger.

    Args:
        head: of the page before; empty where that is not known, so that only a shorter ledger is noticed.

    Raises:
        LedgerRestored: the ledger does not reach to that row, or has another one there.
        DatabaseError: the database cannot be read.
    """
    with reading(engine) as session:
        there = _head(session, seq)
        if seq and (not there or head not in ("", there)):
            raise LedgerRestored
        found = event_feed.after(session, seq, limit)
        return EventsPage(found, found[-1].seq, _head(session, found[-1].seq)) if found else EventsPage([], seq, there)


def _head(session: Session, seq: int) -> str:
    return (ledger.hash_of(session, seq) or "")[:_HEAD]


def all_events(engine: Engine, since: datetime | int = 0) -> Iterator[FeedEvent]:
    """Every event behind a row of the ledger, or written at a time or later, in parts. Raises: as `events_after`."""
    if isinstance(since, datetime):
        with reading(engine) as session:
            since = event_feed.recorded_since(session, since)
    page = events_after(engine, since, _PART)
    while page.events:
        yield from page.events
        page = events_after(engine, page.next, _PART, page.head)
