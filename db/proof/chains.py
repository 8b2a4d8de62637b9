"""The chain under which a door sends its events: its ledger's own, or for a copied database another one."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db import audit
from db.engine import reading, writing
from db.proof import entries
from db.schema.proof import ChainRow


def known(session: Session) -> UUID | None:
    """The chain under which this database sends; None before it has one."""
    row = session.scalar(select(ChainRow))
    return None if row is None else row.sends_as or row.id


def of(engine: Engine) -> UUID:
    """The chain under which this database sends, made when first needed."""
    with reading(engine) as session:
        found = known(session)
    if found is not None:
        return found
    with writing(engine) as session:
        return entries.own_chain(session)


def renew(session: Session, *, at: datetime, actor: str) -> UUID:
    """Gives a copied database a chain of its own to send under: its events are sent once more, and counted once.

    The ledger and its proof stay as they are.
    """
    entries.own_chain(session)
    row = session.scalars(select(ChainRow)).one()
    before, row.sends_as = row.sends_as or row.id, uuid4()
    audit.note(session, "new chain", at=at, actor=actor, detail={"before": str(before), "after": str(row.sends_as)})
    session.flush()
    return row.sends_as
