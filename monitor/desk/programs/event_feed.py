"""The ledger for other programs, row after row. Every function blocks: call it in workers only."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine

from db.engine import reading
from db.programs import event_feed
from db.programs.event_feed import FeedEvent

_PART = 5_000


def events_after(engine: Engine, seq: int, limit: int) -> tuple[list[FeedEvent], int]:
    """The events behind a row of the ledger, and the cursor for the next question. Raises: DatabaseError."""
    with reading(engine) as session:
        found = event_feed.after(session, seq, limit)
    return found, found[-1].seq if found else seq


def all_events(engine: Engine, since: datetime | int = 0) -> Iterator[FeedEvent]:
    """Every event behind a row of the ledger, or written at a time or later, in parts. Raises: DatabaseError."""
    if isinstance(since, datetime):
        with reading(engine) as session:
            since = event_feed.recorded_since(session, since)
    while True:
        some, after = events_after(engine, since, _PART)
        yield from some
        if after == since:
            return
        since = after
