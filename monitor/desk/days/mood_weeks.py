"""One person's moods week by week, each beside what was usual for them in the weeks before."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from db.observations import moods
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.moods import cells
from monitor.moods.cells import MoodCell
from monitor.moods.samples import numbered

WEEKS: Final = 13
"""So many weeks are shown, a quarter of a year."""
USUAL_WEEKS: Final = 8
"""What is usual comes from so many weeks before a week."""
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MoodWeek:
    """A week from Monday to Sunday."""

    monday: date
    cell: MoodCell
    usual: MoodCell
    """Of the weeks before; like `cell` it has no sightings where the person was not seen."""


def mood_weeks(session: Session, settings: Settings, person: UUID, last: date) -> tuple[MoodWeek, ...]:
    """The weeks up to the one of a day, the oldest first."""
    zone, needed = settings.zone, settings.mood_confidence
    newest = last - timedelta(days=last.weekday())
    mondays = [newest - number * _WEEK for number in reversed(range(WEEKS + USUAL_WEEKS))]
    starts = [Period(monday, monday).bounds(zone)[0] for monday in [*mondays, newest + _WEEK]]
    samples = numbered(moods.added_up(session, starts[0], starts[-1], people=[person]), zone)
    return tuple(
        MoodWeek(
            mondays[at],
            cells.total(samples.between(starts[at], starts[at + 1]), needed),
            cells.total(samples.between(starts[at - USUAL_WEEKS], starts[at]), needed),
        )
        for at in range(USUAL_WEEKS, len(mondays))
    )
