"""How far the clocks of a time zone are from UTC, for the views on SQLite, which knows no time zones."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.schema.attendance import ZoneOffsetRow

_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2060, 1, 1, tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)


def know(session: Session, time_zone: str) -> None:
    """Keeps the offsets of a time zone, once; on PostgreSQL nothing, which knows them."""
    if session.get_bind().dialect.name != "sqlite":
        return
    known = select(ZoneOffsetRow.start).where(ZoneOffsetRow.time_zone == time_zone).limit(1)
    if session.scalar(known) is None and (found := offsets(time_zone)):
        rows = [{"time_zone": time_zone, "start": start, "minutes": far} for start, far in found]
        session.execute(insert(ZoneOffsetRow), rows)


@lru_cache(maxsize=16)
def offsets(time_zone: str) -> tuple[tuple[datetime, int], ...]:
    """From which instant on (UTC) clocks are how many minutes ahead of UTC, from 2000 to 2060; empty of no zone."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ()
    found, day = [(_FIRST, _ahead(zone, _FIRST))], _FIRST
    while day < _LAST:
        before, day = day, day + timedelta(days=1)
        if _ahead(zone, day) != found[-1][1]:
            low, high = before, day
            while high - low > _MINUTE:
                middle = low + (high - low) // 2 // _MINUTE * _MINUTE
                low, high = (middle, high) if _ahead(zone, middle) == found[-1][1] else (low, middle)
            found.append((high, _ahead(zone, high)))
    return tuple(found)


def _ahead(zone: ZoneInfo, at: datetime) -> int:
    return (at.astimezone(zone).utcoffset() or timedelta()) // _MINUTE
