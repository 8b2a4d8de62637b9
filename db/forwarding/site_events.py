"""Recent events of the other doors, copied down from the centre, so that a door decides as the whole site knows."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from db.batches import batches
from db.schema.attendance import EventRow, KioskRow
from db.schema.forwarding import ForwardedRow, SiteEventRow

KEPT: Final = timedelta(days=40)
"""How long copies are kept: longer than a month, whose hours the door shows; what is older is at the centre."""
_COPIED: Final = ("id", "kind", "subject", "at", "kiosk_id", "method", "target_id", "corrected_kind", "recorded_at")
_AT_ONCE: Final = 2_000


def copy(here: Session, there: Session, chain: UUID | None, after: int, now: datetime) -> tuple[int, int]:
    """Copies what the centre got behind this row of its ledger, and drops copies that are too old.

    Args:
        chain: this database's own, whose events are in its ledger.

    Returns:
        How many are new here, and the number of the centre's last row.
    """
    last = there.scalar(select(func.max(EventRow.seq))) or 0
    taken = 0
    while after < last:
        upto = min(after + _AT_ONCE, last)
        taken += _take(here, _behind(there, after, upto, now - KEPT), chain)
        after = upto
    here.execute(delete(SiteEventRow).where(SiteEventRow.recorded_at < now - KEPT))
    return taken, last


def first_row(there: Session, now: datetime) -> int:
    """The centre's row behind which a door that has no copies yet begins."""
    return (there.scalar(select(func.min(EventRow.seq)).where(EventRow.at >= now - KEPT)) or 1) - 1


def _behind(there: Session, after: int, upto: int, since: datetime) -> list[dict[str, Any]]:
    columns = [getattr(EventRow, name) for name in (*_COPIED, "clock_suspect")]
    query = (
        select(*columns, KioskRow.role, ForwardedRow.origin)
        .join(KioskRow, KioskRow.id == EventRow.kiosk_id)
        .join(ForwardedRow, ForwardedRow.event_id == EventRow.id, isouter=True)
        .where(EventRow.seq > after, EventRow.seq <= upto, EventRow.recorded_at >= since)
        .order_by(EventRow.seq)
    )
    return [dict(row) for row in there.execute(query).mappings()]


def _take(here: Session, rows: list[dict[str, Any]], chain: UUID | None) -> int:
    """Adds rows that are neither this door's own nor copied already."""
    centre = UUID(int=0)  # an event that somebody entered at the centre itself
    others = {row["id"]: row | {"origin": row["origin"] or centre} for row in rows if row["origin"] != chain}
    for key in (EventRow.id, SiteEventRow.id):
        for some in batches(list(others)):
            for known in here.scalars(select(key).where(key.in_(some))).all():
                del others[known]
    if others:
        here.execute(insert(SiteEventRow), list(others.values()))
    return len(others)
