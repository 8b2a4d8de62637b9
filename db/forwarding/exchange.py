"""Makes a door and the centre know the same of the rows that a site shares, and notes what that was.

What both had the same when they last met tells which side changed or deleted a row since.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, and_, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from db import audit
from db.attendance import ledger
from db.batches import among, batches
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
OF_ONE: Final = frozenset({"template", "portrait", site_pins.KIND})
"""The kinds of which only some people's rows may be looked at."""
_KINDS: Final = {kind.name: kind for kind in shared.KINDS}
_FACES: Final = "template"
_MOST_NAMED: Final = 50
"""Of the faces of more people at once it is not noted whose they are; the other doors look at everybody's then."""
_CENTRE: Final = "centre"
"""Of `SyncedRow`: with which centre, and how far it was."""

_Ids: TypeAlias = Mapping[str, Set[UUID]]
_Digests: TypeAlias = Mapping[str, Mapping[UUID, str]]
"""By kind and by id at the centre."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A door and the centre in a round."""

    kiosk: Engine
    centre: Engine
    here: TemplateCipher
    """The key of the door's faces."""
    there: TemplateCipher
    """The site key."""
    now: datetime


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
    pair: Pair, local: Mapping[UUID, UUID], kinds: Set[str] = ALL, whose: frozenset[UUID] | None = None
) -> Exchanged:
    """Brings and sends rows, so that both sides have the same.

    Args:
        local: ids of people at the centre by their ids here.
        kinds: the names of the kinds that are looked at.
        whose: of whom faces and PINs are looked at, by their ids at the centre; None for everybody.

    Raises: DatabaseError.
    """
    with reading(pair.centre) as there, reading(pair.kiosk) as here:  # at the door nobody waits for it
        known = _is_known(here, _mark(there))
        kinds, whose = (kinds, whose) if known else (ALL, None)
        mine, theirs = _sides(pair, here, there, local, whose)
        ours, others = _digests(mine, kinds), _digests(theirs, kinds)
        only = None if whose is None else _ids(ours, others)
        last = _last(here, kinds, only) if known else {}
        plans = _plans(last, ours, others)
        rows = {kind: _read(theirs, kind, plan.down) for kind, plan in plans.items()}
        mark = _mark(there)
    same: _Digests = {kind: dict(ours[kind].items() & others[kind].items()) for kind in plans}
    coming = [kind for kind, plan in plans.items() if plan.down or plan.gone_here]
    down, faces_of = dict[str, int](), set[UUID]()
    if coming or any(digests != last.get(kind, {}) for kind, digests in same.items()):
        with writing(pair.kiosk) as here:
            mine = Side(here, pair.here, local, whose=whose)
            now_ours = _digests(mine, coming)  # somebody may have written here meanwhile
            ours, plans = ours | now_ours, plans | _plans(last, now_ours, others)
            taken, faces_of = _take_down(mine, {kind: plans[kind] for kind in coming}, rows, pair.now)
            down = _count(taken, {kind: plans[kind].gone_here for kind in coming})
            same = _with(same, others, taken)
            _note(here, same, mark, only)
    sent = _send_up(pair, local, plans)
    if sent:
        with reading(pair.centre) as there:
            mark = _mark(there)
        with writing(pair.kiosk) as here:
            _note(here, _with(same, ours, sent), mark, only)
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
            faces_of |= {*_owners(here, [*plan.gone_here, *known]).values()}
        taken[kind] = _write(mine, kind, known, plan.gone_here)
        if kind == _FACES:
            faces_of |= {*_owners(here, [*taken[kind]]).values()}
    for person in faces_of:
        templates.refresh_means(here, mine.cipher, person, at=now)
    return taken, faces_of


def _send_up(pair: Pair, local: Mapping[UUID, UUID], plans: Mapping[str, Plan]) -> _Ids:
    """Does what has to be done at the centre; gives the rows that were taken there, of each kind that changed there."""
    going = {kind: plan for kind, plan in plans.items() if plan.up or plan.gone_there}
    if not going:
        return {}
    with reading(pair.kiosk) as here, writing(pair.centre) as there:
        ledger.lock(there)
        mine, theirs = _sides(pair, here, there, local)
        gone = {kind: plan.gone_there for kind, plan in going.items()}
        owners = _owners(there, [*gone.get(_FACES, ())])
        sent = {kind: _write(theirs, kind, _read(mine, kind, plan.up), plan.gone_there) for kind, plan in going.items()}
        owners |= _owners(there, [*sent.get(_FACES, ())])
        for person, count in _by_person(sent, gone, owners).items():  # by which the other doors learn of it
            audit.note(there, "follow", at=pair.now, actor=ACTOR, person=person, detail=count)
    return {kind: sent[kind] for kind in _count(sent, gone)}


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


def _owners(session: Session, images: list[UUID]) -> dict[UUID, UUID]:
    """Whose each of these images is."""
    owners: dict[UUID, UUID] = {}
    for some in batches(images):
        query = select(TemplateRow.id, TemplateRow.person_id).where(TemplateRow.id.in_(some))
        owners |= dict(session.execute(query).all())
    return owners


def _by_person(
    taken: _Ids, gone: Mapping[str, Set[UUID]], owners: Mapping[UUID, UUID]
) -> dict[UUID | None, dict[str, int]]:
    """How many faces and PINs of each person came or went; under None the other kinds, and all of it for many people.

    Args:
        owners: of the images.
    """
    found: dict[UUID | None, Counter[str]] = {}
    for kind in taken:
        for id in (*taken[kind], *gone[kind]):
            person = owners.get(id) if kind == _FACES else id if kind in OF_ONE else None
            found.setdefault(person, Counter())[kind] += 1
    if len(found) > _MOST_NAMED:
        return {None: _count(taken, gone)}
    return {person: dict(count) for person, count in found.items()}


def _sides(
    pair: Pair, here: Session, there: Session, local: Mapping[UUID, UUID], whose: frozenset[UUID] | None = None
) -> tuple[Side, Side]:
    centre = Side(there, pair.there, {one: one for one in local.values()}, is_centre=True, whose=whose)
    return Side(here, pair.here, local, whose=whose), centre


def _note(here: Session, same: _Digests, mark: tuple[UUID, int] | None, only: _Ids | None) -> None:
    """Keeps what is the same on both sides now; `only` as in `_last`."""
    both = {(kind, id): digest for kind, digests in same.items() for id, digest in digests.items()}
    if mark:
        both[_CENTRE, mark[0]] = str(mark[1])
    known = _last(here, {*same, _CENTRE}, None if only is None else _ids(same, only))
    before = {(kind, id): digest for kind, digests in known.items() for id, digest in digests.items()}
    for (kind, id), _ in before.items() - both.items():
        here.execute(delete(SyncedRow).where(SyncedRow.kind == kind, SyncedRow.row_id == id))
    new = [{"kind": kind, "row_id": id, "digest": digest} for (kind, id), digest in both.items() - before.items()]
    if new:
        here.execute(insert(SyncedRow), new)


def _ids(one: Mapping[str, Iterable[UUID]], other: Mapping[str, Iterable[UUID]]) -> dict[str, set[UUID]]:
    """Of rows of one side, or of the other."""
    return {kind: {*one[kind], *other[kind]} for kind in one}


def _is_known(here: Session, mark: tuple[UUID, int] | None) -> bool:
    """Whether this door met this centre already; not one that is behind: a backup of it."""
    met = here.get(SyncedRow, (_CENTRE, mark[0])) if mark else None
    return mark is not None and met is not None and int(met.digest) <= mark[1]


def _last(here: Session, kinds: Collection[str], only: _Ids | None) -> dict[str, dict[UUID, str]]:
    """What was the same last, by kind.

    Args:
        only: the rows that are looked at of the kinds of `OF_ONE`; None for all.
    """
    condition: ColumnElement[bool] = SyncedRow.kind.in_(kinds)
    if only is not None:
        some = (and_(SyncedRow.kind == kind, among(SyncedRow.row_id, only[kind])) for kind in OF_ONE & {*kinds})
        condition = or_(SyncedRow.kind.in_({*kinds} - OF_ONE), *some)
    found: dict[str, dict[UUID, str]] = {}
    for kind, id, digest in here.execute(select(SyncedRow.kind, SyncedRow.row_id, SyncedRow.digest).where(condition)):
        found.setdefault(kind, {})[id] = digest
    return found


def _mark(there: Session) -> tuple[UUID, int] | None:
    """Which database it is, and a number of it that only a backup makes smaller; None for one without a chain yet."""
    found = there.execute(select(ChainRow.id, select(func.max(ProofRow.seq)).scalar_subquery())).first()
    return None if found is None else (found[0], found[1] or 0)
