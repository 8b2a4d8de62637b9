"""Events that came from other databases: part of the ledger here, and still verifiable in their own chains.

A forwarded event has a row in the ledger like any other. Beside it stands its place in the chain that it came from,
so both chains can be recomputed: the one here, and each kiosk's.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.attendance.ledger import GENESIS
from db.errors import InvalidRecord
from db.schema.attendance import EventRow
from db.schema.forwarding import ForwardedRow

_COLUMNS = (
    "id", "kind", "subject", "at", "time_zone", "kiosk_id", "method", "actor", "sighting_id", "target_id",
    "corrected_kind", "recorded_at", "clock_suspect",
)  # fmt: skip


def head(session: Session, chain: UUID) -> tuple[int, str]:
    """Number and hash of the last event that came of a chain; 0 and the genesis hash when none did."""
    query = select(ForwardedRow.seq, ForwardedRow.hash).where(ForwardedRow.origin == chain)
    last = session.execute(query.order_by(ForwardedRow.seq.desc()).limit(1)).first()
    return (last.seq, last.hash) if last else (0, GENESIS)


def take(session: Session, chain: UUID, rows: Sequence[EventRow], behind: tuple[int, str] | None = None) -> int:
    """Appends the next events of another database's chain; the caller holds the ledger's lock.

    Args:
        behind: the chain's `head`, where the caller asked for it under the lock.
        rows: as they stand there, in their order.

    Returns:
        How many are new here; an event that came another way already only gets its place in the chain.

    Raises:
        InvalidRecord: one does not follow the event before it, or is not what its hash says.
    """
    if not rows:
        return 0
    seq, previous = behind or head(session, chain)
    there = {row.id: row for row in session.scalars(select(EventRow).where(EventRow.id.in_([row.id for row in rows])))}
    for row in rows:
        follows = row.seq == seq + 1 and row.previous_hash == previous
        if not follows or row.hash != ledger.chain_hash(row, row.seq, row.previous_hash):
            raise InvalidRecord(
                f"The ledger that is forwarded was changed at row {row.seq}; "
                "run 'muster db verify' where it comes from."
            )
        if row.id in there and ledger.chain_hash(there[row.id], row.seq, row.previous_hash) != row.hash:
            raise InvalidRecord(f"The id {row.id} belongs to another attendance event already.")
        seq, previous = row.seq, row.hash
    new = [row for row in rows if row.id not in there]
    ledger.chain(session, [EventRow(**{name: getattr(row, name) for name in _COLUMNS}) for row in new])
    session.add_all(
        ForwardedRow(origin=chain, seq=row.seq, event_id=row.id, previous_hash=row.previous_hash, hash=row.hash)
        for row in rows
    )
    session.flush()
    return len(new)
