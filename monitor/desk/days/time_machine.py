"""What happened on a day, for the board as it was at any minute of it. The board itself: `day_board.board_page`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.desk.days.events import events


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
