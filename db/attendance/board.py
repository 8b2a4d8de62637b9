"""The people of a day board: the database counts and finds those who did not come, because there may be a million."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, case, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.people import pages, people
from db.people.pages import BY_GROUP, BY_NAME, Order
from db.records import Expectation, Page, Person, Want
from db.schema import PersonRow


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Which people of a day are wanted."""

    expectation: Expectation
    came: Collection[UUID]
    """Everybody who came or left on the day."""
    search: str = ""
    """Occurs in the name or the group, as `db.names.folded` makes it; empty for everybody."""
    or_absent: bool = False
    """Whether the search also finds everybody who is absent."""


def count_listed(session: Session, expectation: Expectation, search: str = "") -> tuple[int, int]:
    """How many people are on the list of the day, and how many of them are overdue, whether they came or not.

    Args:
        search: only those in whose name or group this occurs.
    """
    found = people.found_by(search, number=False) if search else true()
    query = select(func.count(), func.count(case((_is_overdue(expectation), 1)))).select_from(PersonRow)
    listed, overdue = session.execute(query.where(_is_listed(expectation), found)).one()
    return listed, overdue


def missing_page(session: Session, which: BoardFilter, want: Want, *, absent: bool | None = None) -> Page[Person]:
    """People on the list who did not come, by name.

    Args:
        absent: only who is absent (True), or only who is not (False).
    """
    conditions = [_is_listed(which.expectation), ~_among(which.came)]
    if which.search:
        conditions.append(_is_found(which))
    if absent is not None:
        # The condition is NULL for people without a group.
        conditions.append(_is_absent(which) if absent else _is_absent(which).is_not(true()))
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
        listed = _is_listed(which.expectation)
        where = or_(where, and_(listed, _is_found(which)) if which.search else listed)
    return pages.persons_page(session, want, order, where)


def _is_found(which: BoardFilter) -> ColumnElement[bool]:
    found = people.found_by(which.search, number=False)
    return or_(found, _is_absent(which)) if which.or_absent else found


def _is_absent(which: BoardFilter) -> ColumnElement[bool]:
    return and_(_is_overdue(which.expectation), ~_among(which.came))


def _is_listed(expectation: Expectation) -> ColumnElement[bool]:
    """`monitor.attendance.expected.is_listed` as a condition."""
    before = expectation.listed_before
    return false() if before is None else and_(PersonRow.active, PersonRow.created_at < before)


def _is_overdue(expectation: Expectation) -> ColumnElement[bool]:
    """`monitor.attendance.expected.is_overdue` as a condition."""
    of_group: ColumnElement[bool] = PersonRow.group.in_(expectation.overdue_groups)
    if expectation.others_overdue:
        of_group = or_(PersonRow.group.is_(None), PersonRow.group.not_in(expectation.other_groups))
    by_shift = or_(and_(of_group, ~_among(expectation.own_shifts)), _among(expectation.overdue_people))
    return and_(_is_listed(expectation), by_shift)


def _among(ids: Collection[UUID]) -> ColumnElement[bool]:
    """One of these people; the ids stand in the statement itself, because SQLite limits its parameters."""
    values: Any = bindparam(None, list(ids), expanding=True, literal_execute=True)
    return PersonRow.id.in_(values) if ids else false()
