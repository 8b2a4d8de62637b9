"""Rows as they go from one database to another, whatever table they are of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Table, insert, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.engine import reading
from db.forwarding.people import BATCH, People
from db.proof import contents, entries
from db.schema.base import Base


def pages(
    source: Engine,
    table: type[Base],
    time: InstrumentedAttribute[datetime] | None,
    *conditions: ColumnElement[bool],
) -> Iterator[list[dict[str, Any]]]:
    """All rows that fulfil the conditions, by time and id, without keeping a transaction open between pages.

    Args:
        time: the column with an index, so that only the rows since a time are read; None for a table without one.
    """
    key = table.__table__.c.id
    more: tuple[ColumnElement[bool], ...] = conditions
    while True:
        with reading(source) as here:
            rows = plain(here, table, *more, by=[key] if time is None else [time, key], limit=BATCH)
        if rows:
            yield rows
            last = rows[-1]
            behind = key > last["id"]
            if time is None:
                more = (*conditions, behind)
            else:
                more = (*conditions, time >= last[time.key], or_(time > last[time.key], behind))
        if len(rows) < BATCH:
            return


def plain(
    session: Session, table: type[Base], *conditions: Any, by: Sequence[Any] = (), limit: int
) -> list[dict[str, Any]]:
    """Rows as plain values, by these columns or by id."""
    columns = table.__table__.columns
    query = select(*columns).where(*conditions).order_by(*(by or [columns.id])).limit(limit)
    return [dict(row) for row in session.execute(query).mappings()]


def mapped(row: Mapping[str, Any], columns: Mapping[str, Callable[[UUID | None], UUID | None]]) -> dict[str, Any]:
    """The row with people as the other side calls them."""
    return dict(row) | {name: known(row[name]) for name, known in columns.items()}


def add_missing(there: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Adds the rows whose ids are not there; the caller holds the lock."""
    new = missing(there, table, rows)
    if new:
        there.execute(insert(cast(Table, table.__table__)), new)
        if table in contents.KIND_OF:
            entries.touch(there, contents.KIND_OF[table], [row["id"] for row in new])
    return len(new)


def missing(there: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows whose ids are not there."""
    if not rows:
        return []
    key = table.__table__.c.id
    known = set(there.scalars(select(key).where(key.in_([row["id"] for row in rows]))))
    return [dict(row) for row in rows if row["id"] not in known]


def may_go(row: Mapping[str, Any], people: People) -> bool:
    """Not what belongs to somebody whom the other side has erased."""
    return row["person_id"] is None or people.known(row["person_id"]) is not None
