"""A year of a site before a recorder that runs through: every day is the other count's, and nothing grows.

The passages of a day come as fast as they are written, so that many share a transaction.

By default a few people and weeks; `MUSTER_WHOLE_SITE=1` tries 500 people for a year, `MUSTER_WHOLE_SITE=50` fifty.
With `MUSTER_SITE_FOLDER` the year is kept there: a run ends after `MUSTER_SITE_SECONDS`, and the next one goes on.
"""

import gc
import os
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import Engine

from db import audit
from db.engine import open_database, reading, writing
from db.ids import new_id
from db.people import listing
from db.proof import heads
from db.proof.heads import HEADS_FILE, open_with
from db.records.people import Person
from db.verification.verdict import verify
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.desk.days.attendance import attendance
from monitor.desk.maintenance.upkeep import look_after
from monitor.domain import Candidate, KioskEvent, Match, Phase, Sighting
from monitor.recording.journal import Journal
from monitor.recording.recorder import Recorder
from tests.monitor.desk.days.site_year import GROUPS, ZONE, Life, live
from tests.monitor.desk.days.test_site_year import FREE, build, told_of
from tests.monitor.recording.arrivals import CIPHER, HAPPY

WHOLE = int(os.environ.get("MUSTER_WHOLE_SITE", "0"))
PEOPLE = 500 if WHOLE == 1 else WHOLE or 6
FIRST = date(2025, 11, 3)
DAYS = 364 if WHOLE else 28
KEPT = os.environ.get("MUSTER_SITE_FOLDER")
SECONDS = float(os.environ.get("MUSTER_SITE_SECONDS", "inf"))
SETTLED = 14 if KEPT or not WHOLE else 60
"""Days of a run after which nothing may grow any more."""
DAY = timedelta(days=1)


class Clock:
    """Shows the time of the last passage that is played."""

    def __init__(self) -> None:
        self.now = datetime.combine(FIRST, datetime.min.time(), ZONE)

    def __call__(self) -> datetime:
        return self.now


class Door:
    """A recorder, and the wait for what it wrote."""

    def __init__(self, engine: Engine, settings: Settings, clock: Clock, folder: Path) -> None:
        self._written = threading.Semaphore(0)
        journal = Journal(folder / "journal", CIPHER)
        self.recorder = Recorder(engine, CIPHER, settings, publish=self._publish, clock=clock, journal=journal)

    def _publish(self, event: KioskEvent) -> None:
        if str(event.kind) == "sighting":
            self._written.release()

    def see(self, passages: Sequence[tuple[datetime, Person]]) -> None:
        """All of them at once, as fast as they are written."""
        for at, person in passages:
            match = Match(Candidate(person.id, person.name, 0.8), None, 0.5, accepted=True)
            until = at + timedelta(seconds=1)
            self.recorder.record(Sighting(new_id(), Phase.OPENED, 1, at, until, match, HAPPY, frames=5))
        for _ in passages:
            assert self._written.acquire(timeout=60)


@dataclass(frozen=True, slots=True)
class Size:
    """Of this process."""

    megabytes: float
    handles: int
    threads: int


def size() -> Size:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Size(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(os.listdir("/proc/self/fd")), threading.active_count())


def by_day(lives: list[Life], members: list[Person]) -> dict[date, list[tuple[datetime, int, Person]]]:
    """Who stands before the door, by the day of the site and in the order of time."""
    days: dict[date, list[tuple[datetime, int, Person]]] = defaultdict(list)
    for number, life in enumerate(lives):
        for at in (*(one[0] for one in life.passages), *(one[0] for one in life.doubles)):
            days[at.astimezone(ZONE).date()].append((at, number, members[number]))
    return {day: sorted(seen, key=lambda one: one[:2]) for day, seen in days.items()}


def names_of(engine: Engine) -> list[Person]:
    """Whom an earlier run enrolled, as `build` gave them."""
    with reading(engine) as session:
        return [one.person for one in listing.list_people(session)]


def compare(engine: Engine, settings: Settings, lives: dict[UUID, Life], day: date, now: datetime) -> None:
    found = list(attendance(engine, settings, Period(day, day), now))
    assert len(found) == len(lives)
    for one in found:
        told = lives[one.person.id].days[day]
        assert asdict(told_of(one)) == asdict(told), (one.person.name, day, one.summary.pieces)


@pytest.fixture
def folder(migrated: Path, tmp_path: Path) -> Path:
    """With a database: a new one, or the one with which an earlier run began."""
    found = Path(KEPT) if KEPT else tmp_path
    found.mkdir(exist_ok=True)
    if not (found / "muster.sqlite3").exists():
        shutil.copy(migrated, found / "muster.sqlite3")
    return found


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="counts memory and handles as Linux does")
@pytest.mark.timeout(0 if WHOLE else 600)
def test_each_day_is_the_other_count_and_memory_handles_and_threads_stay(folder: Path) -> None:
    random, groups, clock = Random(2026), list(GROUPS), Clock()
    engine, until = open_database(str(folder / "muster.sqlite3")), time.monotonic() + SECONDS
    done = folder / "days"
    begun = int(done.read_text()) if done.exists() else 0
    last = FIRST + (DAYS + 7) * DAY
    lives = [live(groups[number % len(groups)], FIRST, last, FREE, random) for number in range(PEOPLE)]
    members = build(engine, lives) if not begun else names_of(engine)
    named = {person.id: life for person, life in zip(members, lives, strict=True)}
    settings = Settings(db=str(engine.url), time_zone=ZONE.key, backup_every_hours=0, kiosk="A")
    open_with(engine, CIPHER, folder)
    clock.now += begun * DAY
    with writing(engine) as session:  # the people are of months ago: else the clock would be taken for a wrong one
        audit.note(session, "settings", at=clock.now - DAY, actor="desk")
    door = Door(engine, settings, clock, folder)
    settled, number, days = None, begun, by_day(lives, members)
    for number in range(begun, DAYS):
        day = FIRST + number * DAY
        seen = [(at, person) for at, _, person in days.get(day, ())]
        clock.now = seen[-1][0] if seen else clock.now
        door.see(seen)
        clock.now = datetime.combine(day + DAY, datetime.min.time(), ZONE)
        look_after(engine, settings, clock.now)
        heads.note(engine, clock.now)
        if number >= 2:
            compare(engine, settings, named, day - 2 * DAY, clock.now)
        if number == begun + SETTLED:
            settled = size()
        done.write_text(f"{number + 1}")
        if time.monotonic() > until:
            break
    end = size()
    door.recorder.close()
    print(f"{PEOPLE} people, days {begun} to {number}: {settled} after {SETTLED} days, {end} at the end")
    assert verify(engine, CIPHER, folder / HEADS_FILE).problems == ()
    engine.dispose()
    if settled is None:
        assert KEPT, "too few days"
        return
    assert max(end.handles - settled.handles, end.threads - settled.threads) <= 0
    assert end.megabytes <= settled.megabytes * 1.05
