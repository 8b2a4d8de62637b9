"""What a door and the centre had the same when they last met: it tells which side changed or deleted a row since."""

from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from db.forwarding import shared, site_pins
from db.forwarding.shared import Side
from db.schema.forwarding import SyncedRow
from db.schema.proof import ChainRow, ProofRow


def read(here: Session, there: Session) -> dict[str, dict[UUID, str]]:
    """What was the same last, by kind; nothing where that was another centre, or one that is behind: a backup of it."""
    found: dict[str, dict[UUID, str]] = {}
    for row in here.scalars(select(SyncedRow)):
        found.setdefault(row.kind, {})[row.row_id] = row.digest
    centre = found.get("centre", {})
    chain = there.scalar(select(ChainRow.id))
    if chain is None or int(centre.get(chain, -1)) < 0 or int(centre[chain]) > _reach(there):
        return {}
    return found


def note(mine: Side, theirs: Side) -> None:
    """Keeps what is the same on both sides now."""
    here, there = mine.session, theirs.session
    both = {kind.name: (shared.digests(mine, kind), shared.digests(theirs, kind)) for kind in shared.KINDS}
    both[site_pins.KIND] = site_pins.of_door(mine), site_pins.of_centre(there)
    same = {
        (kind, id): digest
        for kind, (ours, others) in both.items()
        for id, digest in others.items()
        if ours.get(id) == digest
    }
    chain = there.scalar(select(ChainRow.id))
    if chain is not None:
        same["centre", chain] = str(_reach(there))
    known = select(SyncedRow).where(SyncedRow.kind.in_([*both, "centre"]))
    before = {(row.kind, row.row_id): row.digest for row in here.scalars(known)}
    for (kind, id), _ in before.items() - same.items():
        here.execute(delete(SyncedRow).where(SyncedRow.kind == kind, SyncedRow.row_id == id))
    new = [{"kind": kind, "row_id": id, "digest": digest} for (kind, id), digest in same.items() - before.items()]
    if new:
        here.execute(insert(SyncedRow), new)


def _reach(there: Session) -> int:
    """A number of the centre's that only a backup makes smaller."""
    return there.scalar(select(func.max(ProofRow.seq))) or 0
