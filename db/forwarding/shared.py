"""Rows that every door of a site shares with the centre: face templates, portraits, shifts, holidays, leave, mistakes.

Three states are compared by id: here, there, and what was the same on both sides last (`SyncedRow`). A row that one
side lacks is new where it was never the same, and deleted otherwise; what was changed on one side goes to the other;
where both changed it, the centre's counts; a change outlives a deletion.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.batches import among, batches
from db.crypto import TemplateCipher, owner
from db.errors import DatabaseDamaged
from db.proof import contents, entries
from db.proof.contents import canonical
from db.schema.base import Base
from db.schema.calendar import HolidayRow, LeaveRow, ShiftRow
from db.schema.faces import PortraitRow, TemplateRow, WrongPairRow
from db.schema.observations import SightingRow


@dataclass(frozen=True)
class Side:
    """A database, and the key of its faces."""

    session: Session
    cipher: TemplateCipher
    centre: Mapping[UUID, UUID]
    """Ids of people at the centre by their ids in this database."""
    is_centre: bool = False
    whose: frozenset[UUID] | None = None
    """Of whom faces and PINs are looked at, by their ids at the centre; None for everybody."""

    @cached_property
    def local(self) -> dict[UUID, UUID]:
        """Ids of people in this database by their ids at the centre."""
        return {centre: own for own, centre in self.centre.items()}

    def looks_at(self, person: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
        """Whether the faces and the PIN of the person in this column are looked at."""
        return true() if self.whose is None else among(person, {self.local.get(one, one) for one in self.whose})


@dataclass(frozen=True, slots=True)
class Kind:
    """A table whose rows are shared."""

    name: str
    table: type[Base]
    key: str = "id"
    fixed: bool = False
    """Whether a row never changes."""


KINDS: Final = (
    Kind("template", TemplateRow),
    Kind("portrait", PortraitRow, key="person_id"),
    Kind("shift", ShiftRow),
    Kind("holiday", HolidayRow),
    Kind("leave", LeaveRow),
    Kind("wrong pair", WrongPairRow, fixed=True),
)
_PEOPLE: Final = ("person_id", "other_id")


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done so that both sides are the same; ids as the centre has them."""

    down: frozenset[UUID]
    up: frozenset[UUID]
    gone_here: frozenset[UUID]
    """To be deleted here, because they were deleted there."""
    gone_there: frozenset[UUID]


def plan(last: Mapping[UUID, str], here: Mapping[UUID, str], there: Mapping[UUID, str]) -> Plan:
    """Compares three states of a table, digests by id."""
    down, up, gone_here, gone_there = (set[UUID]() for _ in range(4))
    for id in here.keys() | there.keys():
        mine, theirs, before = here.get(id), there.get(id), last.get(id)
        if mine == theirs:
            continue
        if mine is None:
            (gone_there if theirs == before else down).add(id)
        elif theirs is None:
            (gone_here if mine == before else up).add(id)
        else:
            (up if theirs == before else down).add(id)
    return Plan(frozenset(down), frozenset(up), frozenset(gone_here), frozenset(gone_there))


def digests(side: Side, kind: Kind) -> dict[UUID, str]:
    """A digest of each row, by its id at the centre; rows of people whom the centre does not know are left out."""
    if kind.fixed:
        known = {None, *side.centre}
        query = select(getattr(kind.table, kind.key), *_people(kind))
        return {id: "" for id, *people in side.session.execute(query) if known.issuperset(people)}
    if kind.table is TemplateRow:
        columns = select(TemplateRow.id, TemplateRow.person_id, TemplateRow.second.is_not(None))
        found = side.session.execute(columns.where(side.looks_at(TemplateRow.person_id))).all()
        return {id: str(int(second)) for id, person, second in found if person in side.centre}
    return {
        id: hashlib.sha256(canonical([str(value) for value in row.values()]).encode()).hexdigest()
        for id, row in read(side, kind, side.whose if kind.table is PortraitRow else None).items()
    }


def read(side: Side, kind: Kind, ids: Iterable[UUID] | None = None) -> dict[UUID, dict[str, Any]]:
    """Rows as the centre names people, opened, by their ids at the centre; what is damaged is left out."""
    table = kind.table.__table__
    conditions: list[Any] = [None]
    if ids is not None:
        wanted = [side.local.get(id, id) for id in ids] if kind.key == "person_id" else list(ids)
        conditions = [table.c[kind.key].in_(some) for some in batches(wanted)]
    found: dict[UUID, dict[str, Any]] = {}
    for condition in conditions:
        query = select(*table.columns) if condition is None else select(*table.columns).where(condition)
        for row in side.session.execute(query).mappings():
            people = [row[column.key] for column in _people(kind)]
            if not {one for one in people if one is not None} <= side.centre.keys():
                continue
            try:
                opened = _faces(kind, row, side.cipher.open)
            except DatabaseDamaged:
                continue
            named = {c.key: side.centre.get(row[c.key]) for c in _people(kind)}
            values = {**row, **opened, **named}
            found[values[kind.key]] = values
    return found


def write(side: Side, kind: Kind, rows: Mapping[UUID, Mapping[str, Any]]) -> set[UUID]:
    """Puts rows that `read` gave in the place of those with their ids, sealed with this side's key.

    Returns:
        The ids of those that were taken; left out are an image that the person has already, and people unknown here.
        A row of which the successor is left out stays.
    """
    table: Any = kind.table.__table__
    taken: dict[UUID, dict[str, Any]] = {}
    for id, row in rows.items():
        named = {c.key: side.local.get(row[c.key]) for c in _people(kind)}
        if any(row[name] is not None and known is None for name, known in named.items()):
            continue
        values = {**row, **named}
        if not _fits(side.session, kind, values):
            continue
        remove(side, kind, [id])
        taken[id] = values | _faces(kind, values, side.cipher.seal)
        side.session.execute(insert(table), [taken[id]])
    return set(taken)


def remove(side: Side, kind: Kind, ids: Iterable[UUID]) -> None:
    """Deletes rows by their ids at the centre."""
    wanted = [side.local.get(id, id) for id in ids] if kind.key == "person_id" else list(ids)
    table: Any = kind.table.__table__
    for some in batches(wanted):
        side.session.execute(delete(table).where(table.c[kind.key].in_(some)))
    if kind.table in contents.KIND_OF:
        entries.touch(side.session, contents.KIND_OF[kind.table], wanted)


def _people(kind: Kind) -> list[Any]:
    return [column for name, column in kind.table.__table__.columns.items() if name in _PEOPLE]


def _fits(session: Session, kind: Kind, values: dict[str, Any]) -> bool:
    """Whether the row may stand beside those that are there; makes room for a holiday of the same day."""
    if kind.table is TemplateRow:
        same = select(TemplateRow.id).where(
            TemplateRow.person_id == values["person_id"],
            TemplateRow.content_hash == values["content_hash"],
            TemplateRow.id != values["id"],
        )
        return session.scalar(same) is None
    if kind.table is HolidayRow:
        same_day = HolidayRow.day == values["on_day"]
        entries.touch(session, "holiday", session.scalars(select(HolidayRow.id).where(same_day)).all())
        session.execute(delete(HolidayRow).where(same_day))
    if kind.table is WrongPairRow and values["sighting_id"] is not None:
        known = session.scalar(select(SightingRow.id).where(SightingRow.id == values["sighting_id"]))
        values["sighting_id"] = known
    return True


def _faces(kind: Kind, row: Mapping[Any, Any], do: Callable[[bytes, str], bytes]) -> dict[str, Any]:
    """The sealed columns, each opened or sealed with what it is bound to."""
    if kind.table is PortraitRow:
        return {"jpeg": do(row["jpeg"], owner(PortraitRow.jpeg, row["person_id"]))}
    if kind.table is not TemplateRow:
        return {}
    sealed = {one: row[one.key] for one in (TemplateRow.embedding, TemplateRow.second, TemplateRow.chip)}
    ids = row["person_id"], row["id"]
    return {one.key: None if value is None else do(value, owner(one, *ids)) for one, value in sealed.items()}
