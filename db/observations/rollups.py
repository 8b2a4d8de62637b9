"""Roll-ups of moods: whole days counted once, by person and by hour and group, so that months need not be added up.

A trigger of the database deletes a day's roll-ups in the transaction that adds, changes or deletes one of its samples,
whoever does it. So what is here is right, and what is missing is counted from the samples.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, String, cast, delete, func, insert, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.batches import among
from db.ids import new_id
from db.observations import moods
from db.records.moods import RolledCells, RolledDay, RolledVisits
from db.schema.moods import MoodDayRow, MoodHourRow, RolledDayRow
from db.schema.types import raw, uuid_of

_MOODS: Final = tuple(column.key for column in moods.COLUMNS)
_COUNTED: Final = ("sightings", "judged", *_MOODS, *(f"{mood}_count" for mood in (*_MOODS, "unsure")))
_DAY: Final = ("day", "starts", "ends", "zone", "confidence", "stamp")
_MONDAY: Final = 3
"""The weekday of day 0, 1 January 1970."""


@dataclass(frozen=True, slots=True)
class Days:
    """Days from the first to the last, as far as they were rolled up in this way."""

    first: int
    """Local days since 1970."""
    last: int
    zone: str
    confidence: float

    def which(self) -> list[ColumnElement[bool]]:
        row = RolledDayRow
        return [row.day.between(self.first, self.last), row.zone == self.zone, row.confidence == self.confidence]

    def of(self, day: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
        return day.in_(select(RolledDayRow.day).where(*self.which()))


def rolled(session: Session, days: Days) -> list[RolledDay]:
    """Those of the days that are rolled up, in their order."""
    query = select(RolledDayRow).where(*days.which()).order_by(RolledDayRow.day)
    return [RolledDay(*(getattr(row, name) for name in _DAY)) for row in session.scalars(query)]


def wait_for_writers(session: Session) -> None:
    """Keeps others from writing samples until the transaction's end, so that a day is counted whole."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE mood_sample IN SHARE MODE"))


def keep(session: Session, day: RolledDay, people: RolledCells, others: RolledCells) -> None:
    """Keeps the roll-ups of a day, in the place of those that were there.

    Args:
        people: whose keys are (person, token, group, hours), hours as bits.
        others: whose keys are ("day" | "group" | "hour", hour, group).
    """
    forget(session, [day.day])
    values = {name: getattr(replace(day, stamp=new_id()), name) for name in _DAY}
    session.execute(insert(RolledDayRow), [values])
    for row, keys, cells in (
        (MoodDayRow, ("person_id", "token", "group", "hours"), people),
        (MoodHourRow, ("kind", "hour", "group"), others),
    ):
        columns: list[Sequence[Any]] = [cells.sightings.tolist(), cells.judged.tolist()]
        columns += [*cells.mean_sums.tolist(), *cells.labels.tolist()]
        named = (dict(zip((*keys, *_COUNTED), (*key, *rest), strict=True))
                 for key, *rest in zip(cells.keys, *columns, strict=True))  # fmt: skip
        rows = [{"day": day.day, "number": number} | each for number, each in enumerate(named)]
        if rows:
            session.execute(insert(row), rows)


def forget(session: Session, given: Iterable[int] | None = None) -> None:
    """Deletes the roll-ups of these days; of all without any."""
    query = delete(RolledDayRow)
    session.execute(query if given is None else query.where(RolledDayRow.day.in_(list(given))))


def by_person(session: Session, days: Days, people: Sequence[UUID] | None = None) -> RolledCells:
    """The moods of each person, by (person,): None for samples without one; or only of these people."""
    query = _summed(MoodDayRow, raw(MoodDayRow.person_id)).where(days.of(MoodDayRow.day))
    if people is not None:
        query = query.where(among(MoodDayRow.person_id, people))
    found = _cells(session.connection().execute(query.group_by(MoodDayRow.person_id)).all())
    return replace(found, keys=[(key and uuid_of(key),) for (key,) in found.keys])


def by_day(session: Session, days: Days) -> RolledCells:
    """The moods of each day, by (day,)."""
    return _others(session, "day", days, MoodHourRow.day)


def by_group(session: Session, days: Days) -> RolledCells:
    """The moods of each group, by (group,)."""
    return _others(session, "group", days, MoodHourRow.group)


def by_weekday_hour(session: Session, days: Days) -> RolledCells:
    """The moods of each hour of the week, by (hours since Monday 0:00,)."""
    return _others(session, "hour", days, (MoodHourRow.day + _MONDAY) % 7 * 24 + MoodHourRow.hour)


def visits(session: Session, days: Days) -> RolledVisits:
    """Who was seen on which day. The database joins the people of a group, because to read a row each takes longer."""
    person = func.coalesce(cast(MoodDayRow.person_id, String), "")
    together = func.aggregate_strings(person + ":" + cast(MoodDayRow.hours, String), ",")
    query = select(MoodDayRow.day, MoodDayRow.group, MoodDayRow.token, together).where(days.of(MoodDayRow.day))
    rows = session.connection().execute(query.group_by(MoodDayRow.day, MoodDayRow.group, MoodDayRow.token)).all()
    some = [[each.partition(":") for each in people.split(",")] for *_, people in rows]
    persons = [person or None for group in some for person, _, _ in group]
    often = np.array([len(group) for group in some], np.int64)
    names: list[Hashable] = []

    def places(column: Sequence[Any], name: Callable[[Any], Hashable] = lambda given: given) -> NDArray[np.int64]:
        new = [each for each in dict.fromkeys(column) if each is not None]
        place = {None: -1} | {each: len(names) + number for number, each in enumerate(new)}
        names.extend(name(each) for each in new)
        return np.array([place[each] for each in column], np.int64)

    return RolledVisits(
        names,
        day=np.repeat(np.array([row[0] for row in rows], np.int64), often),
        person=places(persons, uuid_of),
        token=np.repeat(places([row[2] for row in rows]), often),
        group=np.repeat(places([row[1] for row in rows]), often),
        hours=np.array([int(hours) for group in some for _, _, hours in group], np.int64),
    )


def _others(session: Session, kind: Literal["day", "group", "hour"], days: Days, key: Any) -> RolledCells:
    query = _summed(MoodHourRow, key).where(days.of(MoodHourRow.day), MoodHourRow.kind == kind)
    return _cells(session.connection().execute(query.group_by(key)).all())


def _summed(row: type[MoodDayRow | MoodHourRow], key: Any) -> Select[Any]:
    return select(key, *(func.sum(getattr(row, name)) for name in _COUNTED))


def _cells(rows: Sequence[Any]) -> RolledCells:
    count = len(_MOODS)
    values = np.array([[float(each) for each in row[1:]] for row in rows], np.float64).reshape(-1, len(_COUNTED)).T
    sightings, judged = values[:2].astype(np.int64)
    return RolledCells(
        [(row[0],) for row in rows], sightings, judged, values[2 : 2 + count],
        values[2 + count :].astype(np.int64),
    )  # fmt: skip
