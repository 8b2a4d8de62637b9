"""Recent events of the other doors, copied down from the centre, so that a door decides as the whole site knows."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.batches import batches
from db.engine import reading, writing
from db.proof import chains
from db.schema.attendance import EventRow, KioskRow
from db.schema.doors import SyncedRow
from db.schema.forwarding import ForwardedRow, SiteEventRow

KEPT: Final = timedelta(days=40)
"""How long copies are kept: longer than a month, whose hours the door shows; what is older is at the centre."""
_COPIED: Final = ("id", "kind", "subject", "at", "kiosk_id", "method", "target_id", "corrected_kind", "recorded_at")
_AT_ONCE: Final = 2_000
_OWN: Final = 100
"""Of so many events that only this door sent, nothing is noted: they are read once more."""
_KIND: Final = "events"
"""Of `SyncedRow`: the number of the centre's row up to which events were copied."""
_CENTRE: Final = UUID(int=0)
"""In the place of a chain: somebody entered the event at the centre itself."""


def copy(kiosk: Engine, centre: Engine, last: int, now: datetime) -> int:
    """Copies what the centre got since the last time, and drops copies that are too old.

    Args:
        last: the number of the last row of the centre's ledger.

    Returns:
        How many are new here.
    """
    with reading(kiosk) as here:
        chain, at = chains.known(here), here.get(SyncedRow, (_KIND, _CENTRE))
    after = int(at.digest) if at is not None and int(at.digest) <= last else None
    taken = 0
    while after is None or after < last:
        with reading(centre) as there:
            after = _first_row(there, now) if after is None else after
            upto = min(after + _AT_ONCE, last)
            others = [row for row in _behind(there, after, upto, now - KEPT) if row["origin"] != chain]
        if not others and upto == last and upto - after < _OWN:
            break
        with writing(kiosk) as here:  # only now, so that the door never waits for the centre
            taken += _take(here, others)
            _note(here, upto)
            if after // _OWN != upto // _OWN:  # now and then
                here.execute(delete(SiteEventRow).where(SiteEventRow.recorded_at < now - KEPT))
        after = upto
    return taken


def _note(here: Session, upto: int) -> None:
    row = (SyncedRow.kind == _KIND, SyncedRow.row_id == _CENTRE)
    noted: Any = here.execute(update(SyncedRow).where(*row).values(digest=str(upto)))
    if not noted.rowcount:
        here.execute(insert(SyncedRow), [{"kind": _KIND, "row_id": _CENTRE, "digest": str(upto)}])


def _first_row(there: Session, now: datetime) -> int:
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


def _take(here: Session, rows: list[dict[str, Any]]) -> int:
    """Adds rows that are not here already."""
    others = {row["id"]: row | {"origin": row["origin"] or _CENTRE} for row in rows}
    for key in (EventRow.id, SiteEventRow.id):
        for some in batches(list(others)):
            for known in here.scalars(select(key).where(key.in_(some))).all():
                del others[known]
    if others:
        here.execute(insert(SiteEventRow), list(others.values()))
    return len(others)
