"""What an arrival is decided by: who is named, their passages and shifts, and until when they were in view.

A door reads it for each arrival (`Arrivals`), or once for those that share a transaction (`ReadTogether`). Who writes
many arrivals of the past reads it once (`ManyArrivals`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from db.attendance import ledger
from db.observations import sightings
from db.people import people
from db.records.attendance import AttendanceEvent, Presence
from db.records.observations import SightingRecord
from db.records.people import Person, PersonConsents
from monitor.attendance.door import Arrival, decide
from monitor.attendance.passages import Passage
from monitor.attendance.person_calendar import Calendar, Calendars
from monitor.config import Settings
from monitor.domain import Sighting
from monitor.recording.calendars import load_calendars
from monitor.recording.passages import load_passages

DAYS_BACK: Final = timedelta(days=3)
"""How far back a decision reads events: a stay may last over a long shift and the hours around it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What an arrival is, and what it was decided by."""

    kind: Presence | None
    """None for an arrival that is no passage, or the same as the one before."""
    before: Sequence[Passage]
    """What counts of the person's passages of the last days, by time."""


class Arrivals:
    """Reads the database anew for each arrival, so what others have written meanwhile counts."""

    def named(self, session: Session, ids: Sequence[UUID]) -> Mapping[UUID, PersonConsents]:
        """The people with these ids, as they are now; without those who were erased."""
        return people.with_consents(session, ids)

    def decide(
        self, session: Session, settings: Settings, person: Person, arrival: Arrival, clock_off: timedelta
    ) -> Decision:
        """What the arrival is.

        Args:
            clock_off: how far the door's clock jumped.
        """
        at, real = arrival.at, arrival.at - clock_off
        day = real.astimezone(settings.zone).date()
        calendars = load_calendars(session, settings, day, day, person)
        first, last = min(real, at) - DAYS_BACK, max(real, at) + calendars.rules.cool_down
        before = load_passages(session, calendars, first, last, of=[person.id]).get(person.id, ())
        return Decision(decide(arrival, before, calendars.of(person), calendars.rules), before)

    def sighting(self, session: Session, id: UUID) -> SightingRecord | None:
        """What is written of a sighting."""
        return sightings.get(session, id)

    def event(self, session: Session, id: UUID) -> AttendanceEvent | None:
        """The attendance event with this id."""
        return ledger.get(session, id)

    def last_seen(self, session: Session, person: UUID, sighting: UUID, at: datetime) -> datetime | None:
        """Until when the person was in view in other sightings that began in the days before."""
        return sightings.last_seen(session, person, at - DAYS_BACK, at, other_than=sighting)

    def noted(self, sighting: UUID, person: UUID | None) -> None:
        """Told that something was written of a sighting, of this person."""

    def written(self, sighting: Sighting | None, person: UUID, event: AttendanceEvent | None) -> None:
        """Told what an arrival left behind."""


@dataclass(slots=True)
class _ReadBefore(Arrivals):
    """Knows people, passages and calendars before the arrivals come, in a transaction in which nobody else writes."""

    calendars: Calendars
    known: Mapping[UUID, PersonConsents]
    passages: dict[UUID, list[Passage]] = field(default_factory=dict)
    """By time."""
    _noted: set[UUID] = field(default_factory=set)
    """Ids of sightings and events that are written since."""
    _calendar: dict[UUID, Calendar] = field(default_factory=dict)

    def read(self, session: Session, first: datetime, last: datetime, of: Sequence[UUID] | None = None) -> None:
        """Read the passages that decide arrivals from the first to the last instant, of these people or of all."""
        after = last + self.calendars.rules.cool_down
        found = load_passages(session, self.calendars, first - DAYS_BACK, after, of=of)
        self.passages = {person: list(theirs) for person, theirs in found.items()}

    def sighting(self, session: Session, id: UUID) -> SightingRecord | None:
        return None if self._is_new(id) else sightings.get(session, id)

    def event(self, session: Session, id: UUID) -> AttendanceEvent | None:
        return None if self._is_new(id) else ledger.get(session, id)

    def _is_new(self, id: UUID) -> bool:
        """Whether nothing is written under this id."""
        return id not in self._noted

    def named(self, session: Session, ids: Sequence[UUID]) -> Mapping[UUID, PersonConsents]:
        others = [id for id in ids if id not in self.known]
        return {id: self.known[id] for id in ids if id in self.known} | people.with_consents(session, others)

    def decide(
        self, session: Session, settings: Settings, person: Person, arrival: Arrival, clock_off: timedelta
    ) -> Decision:
        times = arrival.at, arrival.at - clock_off
        since, until = min(times) - DAYS_BACK, max(times) + self.calendars.rules.cool_down
        before = [one for one in self.passages.get(person.id, ()) if since <= one.at < until]
        if person.id not in self._calendar:
            self._calendar[person.id] = self.calendars.of(person)
        return Decision(decide(arrival, before, self._calendar[person.id], self.calendars.rules), before)


@dataclass(slots=True)
class ReadTogether(_ReadBefore):
    """Reads once for arrivals that share a transaction, in which nobody else can write into SQLite.

    Who comes again in it is read anew, because their first arrival changed what the second is decided by.
    """

    new: set[UUID] = field(default_factory=set)
    """Ids under which nothing was written before."""
    views: Mapping[UUID, tuple[datetime, datetime]] = field(default_factory=dict)
    """Of people who were in view: when their newest sighting began, and until when they were seen."""
    _sightings: dict[UUID, set[UUID]] = field(default_factory=dict)
    """Sightings of a person of which something is written since."""
    _again: set[UUID] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        session: Session,
        settings: Settings,
        ids: Collection[UUID],
        first: datetime,
        last: datetime,
        *,
        seen: Collection[UUID],
        events: Collection[UUID],
    ) -> "ReadTogether":
        """What decides the arrivals of these people from the first to the last instant.

        Args:
            seen: ids of sightings that are to be written.
            events: ids of attendance events that may be written.

        Raises: DatabaseError.
        """
        start, end = (at.astimezone(settings.zone).date() for at in (first, last))
        found = cls(load_calendars(session, settings, start, end), people.with_consents(session, list(ids)))
        found.read(session, first, last, of=list(found.known))
        found.new = {*seen, *events} - sightings.there(session, seen) - ledger.by_id(session, events).keys()
        found.views = sightings.seen_last(session, found.known, first - DAYS_BACK, last)
        return found

    def _is_new(self, id: UUID) -> bool:
        return id in self.new and id not in self._noted

    def decide(
        self, session: Session, settings: Settings, person: Person, arrival: Arrival, clock_off: timedelta
    ) -> Decision:
        reader = Arrivals if person.id in self._again else _ReadBefore
        return reader.decide(self, session, settings, person, arrival, clock_off)

    def last_seen(self, session: Session, person: UUID, sighting: UUID, at: datetime) -> datetime | None:
        began, until = self.views.get(person, (at, None))
        if began > at or sighting not in self.new or not self._sightings.get(person, set()) <= {sighting}:
            return Arrivals.last_seen(self, session, person, sighting, at)
        return until

    def noted(self, sighting: UUID, person: UUID | None) -> None:
        self._noted.add(sighting)
        if person is not None:
            self._sightings.setdefault(person, set()).add(sighting)

    def written(self, sighting: Sighting | None, person: UUID, event: AttendanceEvent | None) -> None:
        self._again.add(person)
        if event is not None:
            self._noted.add(event.id)


@dataclass(slots=True)
class ManyArrivals(_ReadBefore):
    """Reads once for many arrivals, which come by time, each in a new sighting, with a clock that is right.

    Nobody else may write meanwhile; whoever writes something else in between calls `read`.
    """

    _seen: dict[UUID, datetime] = field(default_factory=dict)
    """Until when people were in view."""

    @classmethod
    def over(cls, session: Session, settings: Settings, first: date, last: date) -> "ManyArrivals":
        """What decides everybody's arrivals from the first day to the last. Raises: DatabaseError."""
        ids = [one.id for one in people.members(session)]
        return cls(load_calendars(session, settings, first, last), people.with_consents(session, ids))

    def last_seen(self, session: Session, person: UUID, sighting: UUID, at: datetime) -> datetime | None:
        seen = self._seen.get(person)
        return seen if seen is not None and seen >= at - DAYS_BACK else None

    def noted(self, sighting: UUID, person: UUID | None) -> None:
        self._noted.add(sighting)

    def written(self, sighting: Sighting | None, person: UUID, event: AttendanceEvent | None) -> None:
        if sighting is not None:
            self._seen[person] = max(sighting.last_at, self._seen.get(person, sighting.last_at))
        if event is None:
            return
        self._noted.add(event.id)
        if event.kind in ("check_in", "check_out"):
            passage = Passage(event.id, person, event.kind, event.at, event.kiosk, event.method)
            self.passages.setdefault(person, []).append(passage)
