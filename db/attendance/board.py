"""The people of a day board: the database counts and finds those who did not come, because there may be a million."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, func, null, or_, select, true
from sqlalchemy.orm import Session

from db.attendance import shifts
from db.batches import among
from db.people import pages, people
from db.people.pages import BY_GROUP, BY_NAME, Order
from db.records.attendance import Expectation, OwnShifts
from db.records.pages import Page, Want
from db.records.people import Person
from db.schema.calendar import ShiftRow
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
    query = select(PersonRow.group, _own_rank(expectation.own).label("own_rank"), func.count())
    query = query.where(_is_listed(expectation), found).group_by(PersonRow.group)
    if expectation.own:
        query = query.group_by("own_rank")
    if expectation.people:
        query = query.where(~among(PersonRow.id, expectation.people))
    counts: dict[str, int] = {}
    for group, rank, number in session.connection().execute(query):  # as in `ledger_entries.entries`
        if expectation.own and rank is not None:
            said = expectation.own.said[rank]
        else:
            said = expectation.groups.get(group or "", expectation.others)
        counts[said] = counts.get(said, 0) + number
    return counts


def missing_page(
    session: Session, which: BoardFilter, want: Want, *, status: str | None = None, in_order: bool = False
) -> Page[Person]:
    """People on the list who did not come, by name.

    Args:
        status: only those of whom this is said.
        in_order: as in `pages.persons_page`.
    """
    conditions = [_is_on_list(which.expectation, status and [status]), ~among(PersonRow.id, which.came)]
    if which.search:
        conditions.append(_is_found(which))
    return pages.persons_page(session, want, BY_NAME, and_(*conditions), in_order=in_order)


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
        listed = and_(listed, _shifts_have_status(expectation, statuses))
    if not own:
        return listed
    said = own if statuses is None else [person for person, one in own.items() if one in statuses]
    if len(said) < len(own):  # else all of them are found anyway
        listed = and_(listed, ~among(PersonRow.id, own))
    return or_(listed, among(PersonRow.id, said))


def _has_status(expectation: Expectation, statuses: Collection[str]) -> ColumnElement[bool]:
    """`monitor.attendance.expected.status_of` as a condition."""
    of_group, own = _shifts_have_status(expectation, statuses), expectation.people
    if not own:
        return of_group
    said = [person for person, one in own.items() if one in statuses]
    return or_(and_(of_group, ~among(PersonRow.id, own)), among(PersonRow.id, said))


def _shifts_have_status(expectation: Expectation, statuses: Collection[str]) -> ColumnElement[bool]:
    """Of those whose own shifts decide, or else their group."""
    of_group, own = _group_has_status(expectation, statuses), expectation.own
    if own is None:
        return of_group
    rank = _own_rank(own)
    return or_(
        rank.in_([rank for rank, said in enumerate(own.said) if said in statuses]), and_(rank.is_(None), of_group)
    )


def _own_rank(own: OwnShifts | None) -> ColumnElement[Any]:
    """For each person the place in `own.said`; NULL for those without a valid shift of their own."""
    if own is None:
        return null()
    overdue = [and_(ShiftRow.grace_minutes == grace, ShiftRow.start <= start) for grace, start in own.overdue.items()]
    on_weekday = ShiftRow.weekdays.bitwise_and(1 << own.day.weekday()) != 0
    rank = case((~on_weekday, 0), (or_(false(), *overdue), 2), else_=1)
    theirs = select(func.max(rank)).where(ShiftRow.person_id == PersonRow.id, shifts.valid_on(own.day))
    return theirs.correlate(PersonRow).scalar_subquery()


def _group_has_status(expectation: Expectation, statuses: Collection[str]) -> ColumnElement[bool]:
    """Of those whose group decides."""
    if expectation.others not in statuses:
        groups = [group for group, said in expectation.groups.items() if said in statuses]
        return PersonRow.group.in_(groups) if groups else false()
    others = [group for group, said in expectation.groups.items() if said not in statuses]
    return or_(PersonRow.group.is_(None), PersonRow.group.not_in(others)) if others else true()
