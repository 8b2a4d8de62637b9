"""What happened on a day, for the board as it was at any minute of it, and what other settings would have said then.

The board itself: `day_board.board_page`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from db.engine import reading
from db.faces import templates
from db.people import look_alikes
from enroll.evaluation.what_if import WhatIf, what_if
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.desk.days.day_log import attendees, day_log
from monitor.desk.days.events import events
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.matching.gallery import extra_margin


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry of the ledger, when it was written."""

    at: datetime
    """When the ledger knew of it, in UTC."""
    kind: str
    """check_in, check_out, void or correction."""
    name: str


def moments(engine: Engine, settings: Settings, day: date) -> tuple[Moment, ...]:
    """What was written on a day about that day, the oldest first. Raises: DatabaseError."""
    period = Period(day, day)
    start, end = period.bounds(settings.zone)
    found = (
        Moment(max(one.event.at, one.event.recorded_at), one.event.kind, one.person.name)
        for one in events(engine, settings, period)
    )
    return tuple(sorted((one for one in found if start <= one.at < end), key=lambda one: one.at))


def after(known: Sequence[Moment], at: datetime) -> Moment | None:
    """The first one after an instant."""
    return next((one for one in known if one.at > at), None)


def until(known: Sequence[Moment], at: datetime) -> Sequence[Moment]:
    """Those not after an instant, the newest first."""
    return [one for one in reversed(known) if one.at <= at]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What other settings would have said of a day at a minute."""

    late: tuple[str, ...]
    """Who would be late, and was not."""
    on_time: tuple[str, ...]
    """Who was late, and would not be."""
    faces: WhatIf
    """The faces of that day until then under the other threshold."""


def otherwise(
    engine: Engine, settings: Settings, day: date, at: datetime, *, moved: timedelta, target: float
) -> Otherwise:
    """What the board at a minute would have said. Nothing is changed. Raises: DatabaseError.

    Args:
        moved: by how much every shift is later, or earlier.
        target: the share of strangers that may be named, 0 to 1.
    """
    with reading(engine) as session:
        log = day_log(session, settings, day, known_at=at)
        was = attendees(log, at).days.values()
        then = attendees(replace(log, calendars=log.calendars.moved(moved)), at).days
        late = {one.person.id for one in was if one.summary.late}
        alike, wrong = look_alikes.by_person(session), look_alikes.wrongly_named(session)
        faces = what_if(
            session,
            Period(day, day).bounds(settings.zone)[0],
            at,
            before=settings.target_fpir,
            after=target,
            margin=settings.match_margin,
            size=max(1, templates.count_means(session, ENCODER_NAME)[0]),
            extra_margins={
                id: extra_margin(len(alike.get(id, ())), wrong.get(id, 0)) for id in alike.keys() | wrong.keys()
            },
        )
    lines = sorted(then.values(), key=lambda one: one.person.name)
    return Otherwise(
        tuple(one.person.name for one in lines if one.summary.late and one.person.id not in late),
        tuple(one.person.name for one in lines if not one.summary.late and one.person.id in late),
        faces,
    )
