"""The people of a day board: the database counts and finds those who did not come, because there may be a million."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, cast, false, func, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db.people import pages, people
from db.people.pages import BY_GROUP, BY_NAME, Order
from db.records.attendance import Expectation
from db.records.pages import Page, Want
from db.records.people import Person
from db.schema.people import PersonRow


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Which people of a day are wanted."""

    expectation: Expectation
    came: Collection[UUID]
    """Everybody who came or left on the day."""
    search: str = ""
    """Occurs in the name or the group, as `db.schema.folding.folded` makes it; empty for everybody."""
    statuses: Collection[str] = ()
    """The search also finds everybody of whom this is said."""


def count_listed(session: Session, expectation: Expectation, search: str = "") -> dict[str, int]:
    """How many people are on the list of the day, by what is said of them when they do not come, whether they came or
    not; without those whose own calendar decides.

    Args:
        search: only those in whose name or group this occurs.
    """
    found = people.found_by(search, number=False) if search else true()
    query = select(PersonRow.group, func.count()).where(_is_listed(expectation), found).group_by(PersonRow.group)
    if expectation.people:
        query = query.where(~_among(expectation.people))
    counts: dict[str, int] = {}
    for group, number in session.execute(query):
        said = expectation.groups.get(group or "", expectation.others)
        counts[said] = counts.get(said, 0) + number
    return counts


def missing_page(session: Session, which: BoardFilter, want: Want, *, status: str | None = None) -> Page[Person]:
    """People on the list who did not come, by name.

    Args:
        status: only those of whom this is said.
    """
    conditions = [_is_on_list(which.expectation), ~_among(which.came)]
    if which.search:
        conditions.append(_is_found(which))
    if status is not None:
        conditions.append(_has_status(which.expectation, [status]))
    return pages.persons_page(session, want, BY_NAME, and_(*conditions))


def board_page(
    session: Session,
    which: BoardFilter,
    want: Want,
    *,
    also: Collection[UUID],
    only_also: bool,
    by_group: bool,
    descending: bool,
) -> Page[Person]:
    """People on the list, whether they came or not, by name, or by group and then by name.

    Args:
        also: more people, whom the search need not find: those who came and whom it finds, or who are not on the list.
        only_also: nobody else is wanted.
    """
    order = BY_GROUP if by_group else BY_NAME
    if descending:
        order = Order(order.columns, order.key, descending=True)
    where = _among(also)
    if not only_also:
        listed = _is_on_list(which.expectation)
        where = or_(where, and_(listed, _is_found(which)) if which.search else listed)
    return pages.persons_page(session, want, order, where)


def _is_found(which: BoardFilter) -> ColumnElement[bool]:
    found = people.found_by(which.search, number=False)
    if not which.statuses:
        return found
    return or_(found, and_(_has_status(which.expectation, which.statuses), ~_among(which.came)))


def _is_listed(expectation: Expectation) -> ColumnElement[bool]:
    """Active people who were there by the day."""
    before = expectation.listed_before
    return false() if before is None else and_(PersonRow.active, PersonRow.created_at < before)


def _is_on_list(expectation: Expectation) -> ColumnElement[bool]:
    """`monitor.attendance.days.is_listed` as a condition: also people of whom something is said on the day."""
    if not expectation.people:
        return _is_listed(expectation)
    own = _among(expectation.people)
    return or_(and_(_is_listed(expectation), ~own), own)


def _has_status(expectation: Expectation, statuses: Collection[str]) -> ColumnElement[bool]:
    """`monitor.attendance.expected.status_of` as a condition."""
    groups = [group for group, said in expectation.groups.items() if said in statuses]
    of_group: ColumnElement[bool] = PersonRow.group.in_(groups)
    if expectation.others in statuses:
        of_group = or_(of_group, PersonRow.group.is_(None), PersonRow.group.not_in(list(expectation.groups)))
    else:
        of_group = and_(PersonRow.group.is_not(None), of_group)
    own = _among([person for person, said in expectation.people.items() if said in statuses])
    return or_(and_(of_group, ~_among(expectation.people)), own) if expectation.people else of_group


def _among(ids: Collection[UUID]) -> ColumnElement[bool]:
    """One of these people, who are one parameter: SQLite takes 32,766, and reads thousands in the statement slowly."""
    if not ids:
        return false()
    listed = _JsonTexts(json.dumps([one.hex for one in ids])).table_valued("value")
    return PersonRow.id.in_(select(cast(listed.c.value, PersonRow.id.type)))


class _JsonTexts(FunctionElement[str]):
    """The texts of a JSON list, as rows."""

    inherit_cache = True


@compiles(_JsonTexts, "sqlite")
def _in_sqlite(element: _JsonTexts, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_JsonTexts, "postgresql")
def _in_postgresql(element: _JsonTexts, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS JSON))"
