"""Makes a door and the centre know the same of the rows that a site shares, and notes what that was.

What both had the same when they last met tells which side changed or deleted a row since.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
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
from db.forwarding.shared import Plan, Side
from db.schema.faces import TemplateRow
from db.schema.forwarding import SyncedRow
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


@dataclass(slots=True)
class Exchanged:
    """What a comparison of the shared rows found, and what was done."""

    plans: dict[str, Plan] = field(default_factory=dict)
    """What had to be done, by kind."""
    down: dict[str, int] = field(default_factory=dict)
    """Rows that came or went here, by kind."""
    up: dict[str, int] = field(default_factory=dict)
    """Rows that came or went at the centre, by kind."""
    faces_of: set[UUID] = field(default_factory=set)
    """People here whose templates are others now."""
    same: bool = True
    """Whether both sides have what they had the same last, and nothing else."""


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
    found = _take_down(kiosk, centre, ciphers, local, now, kinds)
    found.up = _send_up(kiosk, centre, ciphers, local, found.plans, now)
    if not found.same:
        with reading(centre) as there, writing(kiosk) as here:
            _note(*_sides(here, there, ciphers, local), found.plans.keys())
    return found


def _take_down(
    kiosk: Engine,
    centre: Engine,
    ciphers: Ciphers,
    local: Mapping[UUID, UUID],
    now: datetime,
    kinds: Set[str],
) -> Exchanged:
    """Compares the rows, and does what has to be done here."""
    found = Exchanged()
    with reading(centre) as there, writing(kiosk) as here:
        mine, theirs = _sides(here, there, ciphers, local)
        last = _read_last(here, there, kinds)
        kinds = ALL if last is None else kinds
        last = last or {}
        for kind in _those(kinds):
            ours, others = shared.digests(mine, kind), shared.digests(theirs, kind)
            plan = shared.plan(last.get(kind.name, {}), ours, others)
            found.plans[kind.name] = plan
            found.same &= ours == others == last.get(kind.name, {})
            if kind.table is TemplateRow:
                changed = [*plan.gone_here, *plan.down]
                found.faces_of |= _owners(here, changed)
            rows = shared.read(theirs, kind, plan.down) if plan.down else {}
            taken = shared.write(mine, kind, rows) if rows else set()
            shared.remove(mine, kind, plan.gone_here)
            if kind.table is TemplateRow:
                found.faces_of |= _owners(here, list(taken))
            if taken or plan.gone_here:
                found.down[kind.name] = len(taken) + len(plan.gone_here)
        if site_pins.KIND in kinds:
            ours, others = site_pins.of_door(mine), site_pins.of_centre(there)
            pins = shared.plan(last.get(site_pins.KIND, {}), ours, others)
            found.plans[site_pins.KIND] = pins
            found.same &= ours == others == last.get(site_pins.KIND, {})
            if taken_pins := site_pins.take_down(mine, theirs, pins):
                found.down[site_pins.KIND] = taken_pins
        for person in found.faces_of:
            templates.refresh_means(here, ciphers.here, person, at=now)
    return found


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
            taken = shared.write(theirs, kind, shared.read(mine, kind, plan.up)) if plan.up else set()
            shared.remove(theirs, kind, plan.gone_there)
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
    here, there = mine.session, theirs.session
    both = {kind.name: (shared.digests(mine, kind), shared.digests(theirs, kind)) for kind in _those(kinds)}
    if site_pins.KIND in kinds:
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
