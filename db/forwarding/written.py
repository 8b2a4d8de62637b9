"""What was written of people, by the proof's entries: a round looks at these people and rows only.

Every row that is proved (`db.proof.contents`) has an entry when it is written, and what changes another shared row
(`db.forwarding.shared`) has one of the audit log.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, func, select
from sqlalchemy.orm import Session

from db.forwarding.changes import CHANGES
from db.forwarding.exchange import ALL, OF_ONE
from db.schema.audit import AuditRow
from db.schema.people import ConsentRow, SubjectRow
from db.schema.proof import ProofRow, SaltRow

_MOST: Final = 500
"""Of more entries nothing is said: to compare both sides costs less."""
_KINDS: Final = {
    action: frozenset(kinds)
    for kinds, actions in {
        ("template", "portrait"): ("add", "add template", "delete template", "accept capture", "name visitor"),
        ("shift",): ("add shift", "end shift", "remove shift"),
        ("leave",): ("add leave", "remove leave"),
        ("holiday",): ("add holiday", "remove holiday"),
        ("pin",): ("number", "set pin", "remove pin"),
        tuple(ALL): ("merge",),
        (): (
            *("rename", "group", "notes", "activate", "deactivate", "consent", "erase", "reject capture"),
            *("quarantine capture", "not live", "wrong pin", "unlock desk", "back up", "export report", "opened"),
            *("opener refused", "opener failed", "open by hand", "clock jumped", "start roll call", "end roll call"),
            *("add desk user", "remove desk user", "add key", "revoke key"),
        ),
    }.items()
    for action in actions
}
"""The shared rows that each action of the audit log may change. An action that is not here may change anything."""

_ROWS: Final[Mapping[str, Set[str]]] = {
    "person": {"pin"}, "subject": {"template", "portrait"}, "consent": set(), "ended": set(), "kiosk": set(),
    "shift": {"shift"}, "leave": {"leave"}, "holiday": {"holiday"}, "user": set(), "key": set(),
}  # fmt: skip
"""The shared rows that may be others after a proved row of a kind was written; any for a kind that is not here."""

_ENTRIES: Final = (
    select(
        *(ProofRow.kind, AuditRow.action, AuditRow.event_id, AuditRow.detail, SubjectRow.id.label("subject")),
        func.coalesce(AuditRow.person_id, SubjectRow.person_id, ConsentRow.person_id, SaltRow.person_id).label("whose"),
    )
    .join(AuditRow, and_(ProofRow.kind == "audit", AuditRow.id == ProofRow.row_id), isouter=True)
    .join(SubjectRow, and_(ProofRow.kind == "subject", SubjectRow.id == ProofRow.row_id), isouter=True)
    .join(ConsentRow, and_(ProofRow.kind == "consent", ConsentRow.id == ProofRow.row_id), isouter=True)
    .join(SaltRow, and_(ProofRow.kind == "person", SaltRow.owner == ProofRow.row_id), isouter=True)
    .where(ProofRow.seq > bindparam("after"), ProofRow.seq <= bindparam("upto"))
)


@dataclass(frozen=True, slots=True)
class Written:
    """Since a round, on one side."""

    people: frozenset[UUID] | None = frozenset()
    """Everybody for None; whose row, pseudonym, consent, name, number, group, notes or state is new or other."""
    erased: frozenset[UUID] | None = frozenset()
    """Pseudonyms of who was erased; of everybody who ever was for None."""
    merged: bool = False
    """Whether somebody has another's pseudonym since."""
    kinds: frozenset[str] = frozenset()
    """Of which shared rows some may be new, other or gone."""
    faces: frozenset[UUID] | None = frozenset()
    """Whose faces and PINs these are; maybe anybody's for None."""

    def __bool__(self) -> bool:
        return self != Written()


EVERYTHING: Final = Written(None, None, True, ALL, None)
"""To be compared as a whole."""


def between(session: Session, before: tuple[int, ...], now: tuple[int, ...]) -> Written:
    """By the entries between two `follow.head`s of a database; `EVERYTHING` where they do not tell."""
    if before[1:] == now[1:]:
        return Written()
    if not len(before) == len(now) == 2 or not 0 < now[1] - before[1] <= _MOST:
        return EVERYTHING
    after, upto = before[1], now[1]
    rows = session.execute(_ENTRIES, {"after": after, "upto": upto}).all()
    kinds = [_kinds(row) for row in rows]
    if len(rows) != upto - after or None in kinds:
        return EVERYTHING
    merged = any(row.action == "merge" for row in rows) or _have_several(
        session, {row.whose for row in rows if row.subject is not None}
    )
    faces = {_owner(row) for row, some in zip(rows, kinds, strict=True) if some and some & OF_ONE}
    return Written(
        frozenset(row.whose for row in rows if row.whose and (row.kind != "audit" or row.action in CHANGES)),
        frozenset(UUID(one) for row in rows if row.action == "erase" for one in row.detail.get("pseudonyms", ())),
        merged,
        ALL if merged else frozenset().union(*(some for some in kinds if some)),
        None if merged or None in faces else frozenset(one for one in faces if one),
    )


def _have_several(session: Session, people: Set[UUID]) -> bool:
    """Whether any of them has several pseudonyms: was merged, maybe elsewhere."""
    several = select(SubjectRow.person_id).group_by(SubjectRow.person_id).having(func.count() > 1).limit(1)
    return bool(people) and session.scalar(several.where(SubjectRow.person_id.in_(people))) is not None


def _owner(row: Row[Any]) -> UUID | None:
    """Whose faces and PIN an entry speaks of; None where it does not tell: who gets a moved image is not in it."""
    moved = row.kind == "audit" and row.detail.get("moved")
    return None if moved else row.whose


def _kinds(row: Row[Any]) -> Set[str] | None:
    """The shared rows that may be others since an entry; None where it does not tell."""
    if row.kind != "audit":
        return _ROWS.get(row.kind)
    if row.action == "follow":
        return ALL.intersection(row.detail)
    return {"wrong pair"} if row.event_id is not None else _KINDS.get(row.action)
