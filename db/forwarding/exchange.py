"""Makes a door and the centre know the same of the rows that a site shares, and notes what that was.

What both had the same when they last met tells which side changed or deleted a row since.
"""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Engine, delete, func, insert, select
from sqlalchemy.orm import Session

from db import audit
from db.attendance import ledger
from db.batches import batches
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.forwarding import shared, site_pins
from db.forwarding.shared import Kind, Plan, Side
from db.schema.doors import SyncedRow
from db.schema.faces import TemplateRow
from db.schema.proof import ChainRow, ProofRow

ACTOR: Final = "muster db follow"
"""Who did it, in the audit logs."""
ALL: Final = frozenset({site_pins.KIND, *(kind.name for kind in shared.KINDS)})
"""The names of all kinds."""


@dataclass(frozen=True, slots=True)
class Ciphers:
    """The keys of faces: the door's and the site's."""

    here: TemplateCipher
    there: TemplateCipher


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a comparison of the shared rows led to."""

    down: Mapping[str, int]
    """Rows that came or went here, by kind."""
    up: Mapping[str, int]
    """Rows that came or went at the centre, by kind."""
    faces_of: Set[UUID]
    """People here whose templates are others now."""


def exchange(
    kiosk: Engine,
    centre: Engine,
    ciphers: Ciphers,
    local: Mapping[UUID, UUID],
    now: datetime,
    kinds: Set[str] = ALL,
) -> Exchanged:
    """Brings and sends rows, so that both sides have the same.

    Args:
        local: ids of people at the centre by their ids here.
        kinds: the names of the kinds that are looked at.

    Raises: DatabaseError.
    """
    with reading(centre) as there, writing(kiosk) as here:
        mine, theirs = _sides(here, there, ciphers, local)
        last = _read_last(here, there, kinds)
        kinds, last = (ALL, {}) if last is None else (kinds, last)
        both = _digests(mine, theirs, kinds)
        plans = {kind: shared.plan(last.get(kind, {}), *sides) for kind, sides in both.items()}
        same = all(ours == others == last.get(kind, {}) for kind, (ours, others) in both.items())
        down, faces_of = _take_down(mine, theirs, plans, now)
    up = _send_up(kiosk, centre, ciphers, local, plans, now)
    if not same:
        with reading(centre) as there, writing(kiosk) as here:
            _note(*_sides(here, there, ciphers, local), kinds)
    return Exchanged(down, up, faces_of)


def _take_down(mine: Side, theirs: Side, plans: Mapping[str, Plan], now: datetime) -> tuple[dict[str, int], set[UUID]]:
    """Does what has to be done here; gives the rows that came or went, and whose templates are others now."""
    here, count, faces_of = mine.session, dict[str, int](), set[UUID]()
    for kind in _those(plans.keys()):
        plan, faces = plans[kind.name], kind.table is TemplateRow
        faces_of |= _owners(here, [*plan.gone_here, *plan.down]) if faces else set()
        taken = _move(theirs, mine, kind, plan.down, plan.gone_here)
        faces_of |= _owners(here, list(taken)) if faces else set()
        if taken or plan.gone_here:
            count[kind.name] = len(taken) + len(plan.gone_here)
    if site_pins.KIND in plans and (pins := site_pins.take_down(mine, theirs, plans[site_pins.KIND])):
        count[site_pins.KIND] = pins
    for person in faces_of:
        templates.refresh_means(here, mine.cipher, person, at=now)
    return count, faces_of


def _move(source: Side, target: Side, kind: Kind, wanted: Collection[UUID], gone: Collection[UUID]) -> set[UUID]:
    """Has one side take rows of the other, and deletes those that are gone there; gives the ids of those taken."""
    taken = shared.write(target, kind, shared.read(source, kind, wanted)) if wanted else set()
    shared.remove(target, kind, gone)
    return taken


def _digests(mine: Side, theirs: Side, kinds: Set[str]) -> dict[str, tuple[Mapping[UUID, str], Mapping[UUID, str]]]:
    """Digests of the rows here and at the centre, by kind."""
    both: dict[str, tuple[Mapping[UUID, str], Mapping[UUID, str]]] = {
        kind.name: (shared.digests(mine, kind), shared.digests(theirs, kind)) for kind in _those(kinds)
    }
    if site_pins.KIND in kinds:
        both[site_pins.KIND] = site_pins.of_door(mine), site_pins.of_centre(theirs.session)
    return both


def _owners(session: Session, images: list[UUID]) -> set[UUID]:
    owners: set[UUID] = set()
    for some in batches(images):
        owners |= set(session.scalars(select(TemplateRow.person_id).where(TemplateRow.id.in_(some))))
    return owners


def _send_up(
    kiosk: Engine,
    centre: Engine,
    ciphers: Ciphers,
    local: Mapping[UUID, UUID],
    plans: Mapping[str, Plan],
    now: datetime,
) -> dict[str, int]:
    count: dict[str, int] = {}
    if not any(plan.up or plan.gone_there for plan in plans.values()):
        return count
    with reading(kiosk) as here, writing(centre) as there:
        ledger.lock(there)
        mine, theirs = _sides(here, there, ciphers, local)
        for kind in _those(plans.keys()):
            plan = plans[kind.name]
            taken = _move(mine, theirs, kind, plan.up, plan.gone_there)
            if taken or plan.gone_there:
                count[kind.name] = len(taken) + len(plan.gone_there)
        if site_pins.KIND in plans and (pins := site_pins.send_up(mine, theirs, plans[site_pins.KIND])):
            count[site_pins.KIND] = pins
        if count:  # by which the other doors learn of it
            audit.note(there, "follow", at=now, actor=ACTOR, detail=dict(count))
    return count


def _sides(here: Session, there: Session, ciphers: Ciphers, local: Mapping[UUID, UUID]) -> tuple[Side, Side]:
    return Side(here, ciphers.here, local), Side(there, ciphers.there, {one: one for one in local.values()})


def _those(kinds: Set[str]) -> list[shared.Kind]:
    return [kind for kind in shared.KINDS if kind.name in kinds]


def _read_last(here: Session, there: Session, kinds: Set[str]) -> dict[str, dict[UUID, str]] | None:
    """What was the same last, by kind; None where that was another centre, or one that is behind: a backup of it."""
    found: dict[str, dict[UUID, str]] = {}
    columns = select(SyncedRow.kind, SyncedRow.row_id, SyncedRow.digest)
    for kind, id, digest in here.execute(columns.where(SyncedRow.kind.in_([*kinds, "centre"]))):
        found.setdefault(kind, {})[id] = digest
    centre = found.get("centre", {})
    chain = there.scalar(select(ChainRow.id))
    if chain is None or int(centre.get(chain, -1)) < 0 or int(centre[chain]) > _reach(there):
        return None
    return found


def _note(mine: Side, theirs: Side, kinds: Set[str]) -> None:
    """Keeps what is the same on both sides now."""
    here, there, both = mine.session, theirs.session, _digests(mine, theirs, kinds)
    same = {
        (kind, id): digest
        for kind, (ours, others) in both.items()
        for id, digest in others.items()
        if ours.get(id) == digest
    }
    chain = there.scalar(select(ChainRow.id))
    if chain is not None:
        same["centre", chain] = str(_reach(there))
    known = select(SyncedRow.kind, SyncedRow.row_id, SyncedRow.digest).where(SyncedRow.kind.in_([*both, "centre"]))
    before = {(kind, id): digest for kind, id, digest in here.execute(known)}
    for (kind, id), _ in before.items() - same.items():
        here.execute(delete(SyncedRow).where(SyncedRow.kind == kind, SyncedRow.row_id == id))
    new = [{"kind": kind, "row_id": id, "digest": digest} for (kind, id), digest in same.items() - before.items()]
    if new:
        here.execute(insert(SyncedRow), new)


def _reach(there: Session) -> int:
    """A number of the centre's that only a backup makes smaller."""
    return there.scalar(select(func.max(ProofRow.seq))) or 0
