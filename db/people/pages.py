"""Pages of long lists, found by key: the last of a million rows costs what the first one does.

A place in a list is a landmark: a row's id, and how many rows before it are wanted. It stays right while other rows
come and go. Where no landmark is known (somebody drags the scroll bar), the row's number is used instead.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db import audit
from db.batches import among
from db.people import people
from db.people.listing import matching, summaries
from db.records.pages import Page, Want
from db.records.people import Person, PersonSummary
from db.records.privacy import AuditEntry
from db.schema.audit import AuditRow
from db.schema.people import PersonRow

Other = TypeVar("Other")
Compare: TypeAlias = Callable[[Any, Any], Any]
FEW = 5_000
"""A filtered list of at most this many rows is sorted; in a longer one the order's index soon finds enough rows."""


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted; the last column is its key, so that no two rows are equal."""

    columns: tuple[ColumnElement[Any], ...]
    key: InstrumentedAttribute[UUID]
    descending: bool = False

    def by(self, *, backwards: bool = False) -> list[ColumnElement[Any]]:
        """For ORDER BY."""
        return [column.desc() if self.descending != backwards else column.asc() for column in self.columns]

    def before(self, values: Sequence[Any]) -> ColumnElement[bool]:
        """Which rows come before the one with these values."""
        return self._beyond(values, operator.gt if self.descending else operator.lt, also_equal=False)

    def from_on(self, values: Sequence[Any]) -> ColumnElement[bool]:
        """The row with these values and those after it."""
        return self._beyond(values, operator.lt if self.descending else operator.gt, also_equal=True)

    def _beyond(self, values: Sequence[Any], than: Compare, *, also_equal: bool) -> ColumnElement[bool]:
        """Row values compared column by column: SQLite looks `(a, b) > (x, y)` up in no index of expressions."""
        or_equal = {operator.gt: operator.ge, operator.lt: operator.le}[than]
        pairs = [(column, literal(value, column.type)) for value, column in zip(values, self.columns, strict=True)]
        column, value = pairs[-1]
        condition: ColumnElement[bool] = (or_equal if also_equal else than)(column, value)
        for column, value in reversed(pairs[:-1]):
            condition = and_(or_equal(column, value), or_(than(column, value), condition))
        return condition


BY_NAME = Order((PersonRow.search_text.expression, PersonRow.id.expression), PersonRow.id)
BY_GROUP = Order((PersonRow.sort_group.expression, *BY_NAME.columns), PersonRow.id)
NEWEST_ENTRY = Order((AuditRow.at.expression, AuditRow.id.expression), AuditRow.id, descending=True)


def people_page(
    session: Session, want: Want, *, search: str = "", consent_missing: bool = False
) -> Page[PersonSummary]:
    """People by name; `search` looks in names, numbers and groups."""
    found = persons_page(session, want, BY_NAME, *matching(search, consent_missing=consent_missing))
    return _like(found, summaries(session, found.items))


def persons_page(
    session: Session, want: Want, order: Order, *where: ColumnElement[bool], in_order: bool = False
) -> Page[Person]:
    """People in this order, those who fit the conditions.

    Args:
        in_order: they are looked for in the order, also where few fit: for conditions that take long for each person.
    """
    found = page(session, select(PersonRow).where(*where), order, want, in_order=in_order)
    return _like(found, [people.record(row) for row in found.items])


def audit_page(session: Session, want: Want) -> Page[AuditEntry]:
    """The audit log, newest first."""
    found = page(session, select(AuditRow), NEWEST_ENTRY, want)
    return _like(found, [audit.record(row) for row in found.items])


def found_ids(session: Session, search: str, *, consent_missing: bool = False) -> list[UUID]:
    """The ids of everybody whom `matching` finds."""
    return list(session.scalars(select(PersonRow.id).where(*matching(search, consent_missing=consent_missing))))


def names(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of these people, without those who were erased."""
    return dict(session.execute(select(PersonRow.id, PersonRow.name).where(among(PersonRow.id, ids))).all())


def page(session: Session, query: Select[Any], order: Order, want: Want, *, in_order: bool = False) -> Page[Any]:
    """A part of a query of one entity."""
    landmark = None
    if want.key is not None:
        landmark = session.execute(select(*order.columns).where(order.key == want.key)).one_or_none()
    if landmark is None and want.total is None and want.rough:
        return _beginning(session, query, order, want.count)
    total = want.total
    if total is None:
        total = count(session, query)
    if total == 0:
        return Page(0, 0, ())
    if query.whereclause is not None and total <= FEW and not in_order:
        few = query.with_only_columns(order.key).correlate(None)
        query = select(order.key.class_).where(order.key.in_(few))
    if landmark is None:
        first = max(0, min(want.index - want.back, total - want.count))
        return _sound(first, total, _numbered(session, query, order, first, want.count, total), want)
    rows = _rows(session, query.where(order.before(landmark)), order, want.back, backwards=True)
    first = want.index if want.total is not None else count(session, query.where(order.before(landmark)))
    first = max(0, first - len(rows)) if len(rows) == want.back else 0
    rows += _rows(session, query.where(order.from_on(landmark)), order, want.count - len(rows))
    return _sound(first, total, rows, want)


def _beginning(session: Session, query: Select[Any], order: Order, wanted: int) -> Page[Any]:
    """The first rows, without counting all: few that fit are looked for and sorted, of many the order's index
    finds enough soon."""
    if query.whereclause is not None:
        few = session.scalars(query.with_only_columns(order.key).limit(FEW + 1)).all()
        if len(few) <= FEW:
            among: ColumnElement[Any] = bindparam(None, few, expanding=True, literal_execute=True)
            query = select(order.key.class_).where(order.key.in_(among))
            return Page(0, len(few), tuple(session.scalars(query.order_by(*order.by()).limit(wanted))) if few else ())
    rows = _rows(session, query, order, wanted + 1)
    found = tuple(rows[:wanted])
    return Page(0, len(found), found, counted=len(rows) <= wanted)


def _rows(
    session: Session, query: Select[Any], order: Order, wanted: int, *, skipped: int = 0, backwards: bool = False
) -> list[Any]:
    """The first rows after so many, or the last ones before so many, in their order.

    Their keys are looked for first: of the rows that are passed over, only the order's index is read.
    """
    if wanted <= 0:
        return []
    keys = query.with_only_columns(order.key).order_by(*order.by(backwards=backwards)).offset(skipped).limit(wanted)
    found = select(order.key.class_).where(order.key.in_(keys.correlate(None)))
    return list(session.scalars(found.order_by(*order.by())))


def _sound(first: int, total: int, rows: list[Any], want: Want) -> Page[Any]:
    """A page whose numbers fit each other, also when rows went since the total was counted."""
    end = first + len(rows)
    return Page(first, max(end, total) if len(rows) == want.count else end, tuple(rows))


def count_matching(
    session: Session,
    search: str,
    but: UUID | None = None,
    *,
    group: str | None = None,
    consent_missing: bool = False,
) -> int:
    """How many people `matching` finds."""
    where = matching(search, but=but, group=group, consent_missing=consent_missing)
    return count(session, select(PersonRow).where(*where))


def count(session: Session, query: Select[Any]) -> int:
    """How many rows a query of one entity has."""
    return session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0


def _numbered(session: Session, query: Select[Any], order: Order, first: int, wanted: int, total: int) -> list[Any]:
    """Rows by their number, counted from whichever end is nearer."""
    if first <= total // 2:
        return _rows(session, query, order, wanted, skipped=first)
    wanted = min(wanted, total - first)
    return _rows(session, query, order, wanted, skipped=total - first - wanted, backwards=True)


def _like(found: Page[Any], items: Sequence[Other]) -> Page[Other]:
    return replace(found, items=tuple(items))
