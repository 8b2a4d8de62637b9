"""Recent events of the other doors, copied down from the centre, so that a door decides as the whole site knows."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, bindparam, delete, func, select, union_all
from sqlalchemy.orm import Session

from db.batches import batches
from db.engine import reading, writing
from db.insertion import insert_new
from db.schema.attendance import EventRow, KioskRow
from db.schema.doors import SyncedRow
from db.schema.forwarding import ForwardedRow, SiteEventRow

KEPT: Final = timedelta(days=40)
"""How long copies are kept: longer than a month, whose hours the door shows; what is older is at the centre."""
_AT_ONCE: Final = 2_000
_EACH: Final = 100
"""After so many events it is noted how far they are copied; what is behind is read once more at the next start."""
_KIND: Final = "events"
"""Of `SyncedRow`: the number of the centre's row up to which events were copied."""
_CENTRE: Final = UUID(int=0)
"""In the place of a chain: somebody entered the event at the centre itself."""


def copy(kiosk: Engine, centre: Engine, after: int | None, last: int, now: datetime) -> tuple[int, int]:
    """Copies what the centre got since the last time, and drops copies that are too old.

    Args:
        after: the number of the centre's row up to which events are here; None where that is to be looked up.
        last: the number of the last row of the centre's ledger.

    Returns:
        How many are new here, and up to which row they are here now.
    """
    taken, after = 0, _noted(kiosk) if after is None else after
    after = None if after is not None and after > last else after  # an older backup is in the centre's place
    while after is None or after < last:
        with reading(centre) as there:
            after = _first_row(there, now) if after is None else after
            upto = min(after + _AT_ONCE, last)
            rows = _behind(there, after, upto, now - KEPT)
        rows = _unknown(kiosk, rows)
        now_and_then = after // _EACH != upto // _EACH
        if rows or now_and_then:
            with writing(kiosk) as here:  # only now, so that the door never waits for the centre
                if rows:
                    here.execute(insert_new(SiteEventRow, kiosk.dialect.name), rows)
                if now_and_then:
                    here.merge(SyncedRow(kind=_KIND, row_id=_CENTRE, digest=str(upto)))
                    here.execute(delete(SiteEventRow).where(SiteEventRow.recorded_at < now - KEPT))
        taken, after = taken + len(rows), upto
    return taken, after


def _noted(kiosk: Engine) -> int | None:
    with reading(kiosk) as here:
        at = here.get(SyncedRow, (_KIND, _CENTRE))
    return None if at is None else int(at.digest)


def _first_row(there: Session, now: datetime) -> int:
    """The centre's row behind which a door that has no copies yet begins."""
    return (there.scalar(select(func.min(EventRow.seq)).where(EventRow.at >= now - KEPT)) or 1) - 1


_BEHIND: Final = (
    select(
        *(EventRow.id, EventRow.kind, EventRow.subject, EventRow.at, EventRow.kiosk_id, EventRow.method),
        *(EventRow.target_id, EventRow.corrected_kind, EventRow.recorded_at, EventRow.clock_suspect, KioskRow.role),
        func.coalesce(ForwardedRow.origin, _CENTRE).label("origin"),
    )
    .join(KioskRow, KioskRow.id == EventRow.kiosk_id)
    .join(ForwardedRow, ForwardedRow.event_id == EventRow.id, isouter=True)
    .where(
        *(EventRow.seq > bindparam("after"), EventRow.seq <= bindparam("upto")),
        EventRow.recorded_at >= bindparam("since"),
    )
    .order_by(EventRow.seq)
)


def _behind(there: Session, after: int, upto: int, since: datetime) -> list[dict[str, Any]]:
    found = there.execute(_BEHIND, {"after": after, "upto": upto, "since": since})
    return list({row["id"]: dict(row) for row in found.mappings()}.values())


def _unknown(kiosk: Engine, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that are neither this door's own nor here as copies."""
    known: set[UUID] = set()
    with reading(kiosk) as here:
        for some in batches([row["id"] for row in rows]):
            own, copied = (select(key).where(key.in_(some)) for key in (EventRow.id, SiteEventRow.id))
            known |= set(here.scalars(union_all(own, copied)))
    return [row for row in rows if row["id"] not in known]
