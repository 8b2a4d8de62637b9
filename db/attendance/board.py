"""The people of a day board: the database counts and finds those who did not come, because there may be a million."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.batches import among
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
        query = query.where(~among(PersonRow.id, expectation.people))
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
    conditions = [_is_on_list(which.expectation, status and [status]), ~among(PersonRow.id, which.came)]
    if which.search:
        conditions.append(_is_found(which))
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
    where = among(PersonRow.id, also)
    if not only_also:
        listed = _is_on_list(which.expectation)
        where = or_(where, and_(listed, _is_found(which)) if which.search else listed)
    return pages.persons_page(session, want, order, where)


def _is_found(which: BoardFilter) -> ColumnElement[bool]:
    found = people.found_by(which.search, number=False)
    if not which.statuses:
        return found
    return or_(found, and_(_has_status(which.expectation, which.statuses), ~among(PersonRow.id, which.came)))


def _is_listed(expectation: Expectation) -> ColumnElement[bool]:
    """Active people who were there by the day."""
    before = expectation.listed_before
    return false() if before is None else and_(PersonRow.active, PersonRow.created_at < before)


def _is_on_list(expectation: Expectation, statuses: Collection[str] | None = None) -> ColumnElement[bool]:
    """`monitor.attendance.days.is_listed` as a condition: also people of whom something is said on the day.

    Args:
        statuses: only those of whom one of these is said.
    """
    listed, own = _is_listed(expectation), expectation.people
    if statuses is not None:
        listed = and_(listed, _group_has_status(expectation, statuses))
    if not own:
        return listed
    said = own if statuses is None else [person for person, one in own.items() if one in statuses]
    if len(said) < len(own):  # else all of them are found anyway
        listed = and_(listed, ~among(PersonRow.id, own))
    return or_(listed, among(PersonRow.id, said))


def _has_status(expectation: Expectation, statuses: Collection[str]) -> ColumnElement[bool]:
    """`monitor.attendance.expected.status_of` as a condition."""
    of_group, own = _group_has_status(expectation, statuses), expectation.people
    if not own:
        return of_group
    said = [person for person, one in own.items() if one in statuses]
    return or_(and_(of_group, ~among(PersonRow.id, own)), among(PersonRow.id, said))


def _group_has_status(expectation: Expectation, statuses: Collection[str]) -> ColumnElement[bool]:
    """Of those whose group decides."""
    groups = [group for group, said in expectation.groups.items() if said in statuses]
    of_group: ColumnElement[bool] = PersonRow.group.in_(groups)
    if expectation.others in statuses:
        return or_(of_group, PersonRow.group.is_(None), PersonRow.group.not_in(list(expectation.groups)))
    return and_(PersonRow.group.is_not(None), of_group)
