"""Makes a door and the centre know the same of the rows that a site shares, and notes what that was.

What both had the same when they last met tells which side changed or deleted a row since.
"""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
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
from db.schema.doors import SyncedRow
from db.schema.faces import TemplateRow
from db.schema.proof import ChainRow, ProofRow

ACTOR: Final = "muster db follow"
"""Who did it, in the audit logs."""
ALL: Final = frozenset({site_pins.KIND, *(kind.name for kind in shared.KINDS)})
"""The names of all kinds."""
_KINDS: Final = {kind.name: kind for kind in shared.KINDS}
_FACES: Final = "template"
_CENTRE: Final = "centre"
"""Of `SyncedRow`: with which centre, and how far it was."""

_Ids: TypeAlias = Mapping[str, Set[UUID]]
_Digests: TypeAlias = Mapping[str, Mapping[UUID, str]]
"""By kind and by id at the centre."""


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
    with reading(centre) as there, reading(kiosk) as here:  # at the door nobody waits for it
        mine, theirs = _sides(here, there, ciphers, local)
        last = _read_last(here, _mark(there), kinds)
        kinds, last = (ALL, {}) if last is None else (kinds, last)
        ours, others = _digests(mine, kinds), _digests(theirs, kinds)
        plans = _plans(last, ours, others)
        rows = {kind: _read(theirs, kind, plan.down) for kind, plan in plans.items()}
        mark = _mark(there)
    same: _Digests = {kind: dict(ours[kind].items() & others[kind].items()) for kind in plans}
    coming = [kind for kind, plan in plans.items() if plan.down or plan.gone_here]
    down, faces_of = dict[str, int](), set[UUID]()
    if coming or any(digests != last.get(kind, {}) for kind, digests in same.items()):
        with writing(kiosk) as here:
            mine = Side(here, ciphers.here, local)
            now_ours = _digests(mine, coming)  # somebody may have written here meanwhile
            ours, plans = ours | now_ours, plans | _plans(last, now_ours, others)
            taken, faces_of = _take_down(mine, {kind: plans[kind] for kind in coming}, rows, now)
            down = _count(taken, {kind: plans[kind].gone_here for kind in coming})
            same = _with(same, others, taken)
            _note(here, same, mark)
    sent = _send_up(kiosk, centre, ciphers, local, plans, now)
    if sent:
        with reading(centre) as there:
            mark = _mark(there)
        with writing(kiosk) as here:
            _note(here, _with(same, ours, sent), mark)
    return Exchanged(down, _count(sent, {kind: plan.gone_there for kind, plan in plans.items()}), faces_of)


def _plans(last: _Digests, ours: _Digests, others: _Digests) -> dict[str, Plan]:
    return {kind: shared.plan(last.get(kind, {}), mine, others[kind]) for kind, mine in ours.items()}


def _take_down(
    mine: Side, plans: Mapping[str, Plan], rows: Mapping[str, Mapping[UUID, Any]], now: datetime
) -> tuple[_Ids, set[UUID]]:
    """Does what has to be done here; gives the rows that were taken, and whose templates are others now.

    Args:
        rows: of the centre, by kind.
    """
    here, taken, faces_of = mine.session, dict[str, set[UUID]](), set[UUID]()
    for kind, plan in plans.items():
        known = {id: row for id, row in rows[kind].items() if id in plan.down}
        if kind == _FACES:
            faces_of |= _owners(here, [*plan.gone_here, *known])
        taken[kind] = _write(mine, kind, known, plan.gone_here)
        if kind == _FACES:
            faces_of |= _owners(here, list(taken[kind]))
    for person in faces_of:
        templates.refresh_means(here, mine.cipher, person, at=now)
    return taken, faces_of


def _send_up(
    kiosk: Engine,
    centre: Engine,
    ciphers: Ciphers,
    local: Mapping[UUID, UUID],
    plans: Mapping[str, Plan],
    now: datetime,
) -> _Ids:
    """Does what has to be done at the centre; gives the rows that were taken there, of each kind that changed there."""
    going = {kind: plan for kind, plan in plans.items() if plan.up or plan.gone_there}
    if not going:
        return {}
    with reading(kiosk) as here, writing(centre) as there:
        ledger.lock(there)
        mine, theirs = _sides(here, there, ciphers, local)
        sent = {kind: _write(theirs, kind, _read(mine, kind, plan.up), plan.gone_there) for kind, plan in going.items()}
        count = _count(sent, {kind: plan.gone_there for kind, plan in going.items()})
        if count:  # by which the other doors learn of it
            audit.note(there, "follow", at=now, actor=ACTOR, detail=dict(count))
    return {kind: sent[kind] for kind in count}


def _digests(side: Side, kinds: Collection[str]) -> dict[str, Mapping[UUID, str]]:
    """Digests of the rows of one side, by kind."""
    found: dict[str, Mapping[UUID, str]] = {
        kind: shared.digests(side, _KINDS[kind]) for kind in _KINDS if kind in kinds
    }
    return found | ({site_pins.KIND: site_pins.digests(side)} if site_pins.KIND in kinds else {})


def _read(side: Side, kind: str, ids: Set[UUID]) -> Mapping[UUID, Any]:
    """These rows, opened, by their ids at the centre."""
    if not ids:
        return {}
    return site_pins.read(side, ids) if kind == site_pins.KIND else shared.read(side, _KINDS[kind], ids)


def _write(side: Side, kind: str, rows: Mapping[UUID, Any], gone: Set[UUID]) -> set[UUID]:
    """Has one side take rows of the other, and deletes those that are gone there; gives the ids of those taken."""
    if kind == site_pins.KIND:
        return site_pins.write(side, rows, gone)
    taken = shared.write(side, _KINDS[kind], rows)
    shared.remove(side, _KINDS[kind], gone)
    return taken


def _count(taken: _Ids, gone: Mapping[str, Set[UUID]]) -> dict[str, int]:
    """How many rows came or went, of the kinds of which any did."""
    return {kind: n for kind, ids in taken.items() if (n := len(ids) + len(gone[kind]))}


def _with(same: _Digests, digests: _Digests, taken: _Ids) -> dict[str, Mapping[UUID, str]]:
    """What is the same on both sides, when one of them has taken rows of which these are the digests."""
    return {**same, **{kind: {**same[kind], **{id: digests[kind][id] for id in ids}} for kind, ids in taken.items()}}


def _owners(session: Session, images: list[UUID]) -> set[UUID]:
    owners: set[UUID] = set()
    for some in batches(images):
        owners |= set(session.scalars(select(TemplateRow.person_id).where(TemplateRow.id.in_(some))))
    return owners


def _sides(here: Session, there: Session, ciphers: Ciphers, local: Mapping[UUID, UUID]) -> tuple[Side, Side]:
    centre = Side(there, ciphers.there, {one: one for one in local.values()}, is_centre=True)
    return Side(here, ciphers.here, local), centre


def _read_last(here: Session, mark: tuple[UUID, int] | None, kinds: Set[str]) -> dict[str, dict[UUID, str]] | None:
    """What was the same last, by kind; None where that was another centre, or one that is behind: a backup of it."""
    found: dict[str, dict[UUID, str]] = {}
    columns = select(SyncedRow.kind, SyncedRow.row_id, SyncedRow.digest)
    for kind, id, digest in here.execute(columns.where(SyncedRow.kind.in_([*kinds, _CENTRE]))):
        found.setdefault(kind, {})[id] = digest
    reach = int(found.pop(_CENTRE, {}).get(mark[0], -1)) if mark else -1
    return found if mark and 0 <= reach <= mark[1] else None


def _note(here: Session, same: _Digests, mark: tuple[UUID, int] | None) -> None:
    """Keeps what is the same on both sides now."""
    both = {(kind, id): digest for kind, digests in same.items() for id, digest in digests.items()}
    if mark:
        both[_CENTRE, mark[0]] = str(mark[1])
    known = select(SyncedRow.kind, SyncedRow.row_id, SyncedRow.digest).where(SyncedRow.kind.in_([*same, _CENTRE]))
    before = {(kind, id): digest for kind, id, digest in here.execute(known)}
    for (kind, id), _ in before.items() - both.items():
        here.execute(delete(SyncedRow).where(SyncedRow.kind == kind, SyncedRow.row_id == id))
    new = [{"kind": kind, "row_id": id, "digest": digest} for (kind, id), digest in both.items() - before.items()]
    if new:
        here.execute(insert(SyncedRow), new)


def _mark(there: Session) -> tuple[UUID, int] | None:
    """Which database it is, and a number of it that only a backup makes smaller; None for one without a chain yet."""
    found = there.execute(select(ChainRow.id, select(func.max(ProofRow.seq)).scalar_subquery())).first()
    return None if found is None else (found[0], found[1] or 0)
