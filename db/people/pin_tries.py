"""Wrong PINs, counted over all programs and restarts: for one number, and for everything that is typed."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.records.people import PinTries
from db.schema.people import PinTriesRow


def load(session: Session, scope: str) -> PinTries:
    """The wrong PINs of a number (its keyed hash) or of a desk; zero where there are none."""
    row = session.scalar(select(PinTriesRow).where(PinTriesRow.scope == scope).with_for_update())
    return PinTries(row.wrong, row.last_at, row.locked_until) if row else PinTries(0, None, None)


def save(session: Session, scope: str, tries: PinTries) -> None:
    """Keeps them; with zero, the scope is forgotten."""
    row = session.get(PinTriesRow, scope)
    if not tries.wrong or tries.last_at is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(PinTriesRow(scope=scope, wrong=tries.wrong, last_at=tries.last_at, locked_until=tries.locked_until))
    else:
        row.wrong, row.last_at, row.locked_until = tries.wrong, tries.last_at, tries.locked_until
    session.flush()
