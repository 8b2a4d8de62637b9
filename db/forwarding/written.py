"""What was written of people, by the proof's entries: a round looks at these people and rows only.

Every row that is proved (`db.proof.contents`) has an entry when it is written, and what changes another shared row
(`db.forwarding.shared`) has one of the audit log.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, func, select
from sqlalchemy.orm import Session

from db.forwarding import site_pins
from db.forwarding.changes import CHANGES
from db.forwarding.exchange import ALL
from db.schema.audit import AuditRow
from db.schema.people import ConsentRow, SubjectRow
from db.schema.proof import ProofRow, SaltRow

_MOST: Final = 500
"""Of more entries nothing is said: to compare both sides costs less."""
_PIN: Final = frozenset({site_pins.KIND})
_FACE: Final = frozenset({"template", "portrait"})
_SHIFT, _LEAVE, _HOLIDAY = frozenset({"shift"}), frozenset({"leave"}), frozenset({"holiday"})
_NONE: Final = frozenset[str]()
_KINDS: Final = {
    "add": _FACE, "add template": _FACE, "delete template": _FACE, "accept capture": _FACE, "name visitor": _FACE,
    "add shift": _SHIFT, "end shift": _SHIFT, "remove shift": _SHIFT, "add leave": _LEAVE, "remove leave": _LEAVE,
    "add holiday": _HOLIDAY, "remove holiday": _HOLIDAY, "number": _PIN, "set pin": _PIN, "remove pin": _PIN,
    "rename": _NONE, "group": _NONE, "notes": _NONE, "activate": _NONE, "deactivate": _NONE, "consent": _NONE,
    "not live": _NONE, "wrong pin": _NONE, "unlock desk": _NONE, "back up": _NONE, "export report": _NONE,
    "reject capture": _NONE, "quarantine capture": _NONE, "opened": _NONE, "opener refused": _NONE,
    "opener failed": _NONE, "open by hand": _NONE, "clock jumped": _NONE, "start roll call": _NONE,
    "end roll call": _NONE, "erase": _NONE, "merge": ALL,
}  # fmt: skip
"""The shared rows that each action of the audit log may change. An action that is not here may change anything."""

_ROWS: Final = {
    "person": _PIN, "subject": _FACE, "consent": _NONE, "ended": _NONE, "kiosk": _NONE, "shift": _SHIFT,
    "leave": _LEAVE, "holiday": _HOLIDAY,
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

    def __bool__(self) -> bool:
        return self != Written()


EVERYTHING: Final = Written(None, None, True, ALL)
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
    several = select(SubjectRow.person_id).group_by(SubjectRow.person_id).having(func.count() > 1)
    moved = {row.whose for row in rows if row.subject is not None}
    merged = any(row.action == "merge" for row in rows) or (
        bool(moved) and session.scalar(several.where(SubjectRow.person_id.in_(moved)).limit(1)) is not None
    )
    return Written(
        frozenset(row.whose for row in rows if row.whose and (row.kind != "audit" or row.action in CHANGES)),
        frozenset(UUID(one) for row in rows if row.action == "erase" for one in row.detail.get("pseudonyms", ())),
        merged,
        ALL if merged else frozenset().union(*(some for some in kinds if some)),
    )


def _kinds(row: Row[Any]) -> frozenset[str] | None:
    if row.kind != "audit":
        return _ROWS.get(row.kind)
    if row.action == "follow":
        return frozenset(row.detail) & ALL
    return frozenset({"wrong pair"}) if row.event_id is not None else _KINDS.get(row.action)
