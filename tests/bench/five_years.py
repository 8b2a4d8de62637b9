"""What a database of five years costs: arrivals at the door, the System screen, moods, a month, forwarding, a purge.

    python tests/bench/five_years.py --people 1000 --days 1000 --keep FILE

Makes 2 million attendance events, 5 million sightings and 5 million mood samples on SQLite, once for each FILE, and
prints milliseconds of the process's own time (CPU) and of the clock beside each promise. What the FILE gets in a run
stays in it: each run opens the door on the day after the last one.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import numpy as np
from sqlalchemy import Engine, func, select

from db.attendance import kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import open_database, reading, writing
from db.ids import new_id
from db.people import people
from db.people.listing import list_people
from db.privacy import retention
from db.records.pages import Want
from db.schema.observations import SightingRow
from monitor.config import Settings
from monitor.desk.days.attendance import attendance
from monitor.desk.days.month import month_of
from monitor.desk.days.moods import Range, mood_view, roll_up_moods
from monitor.desk.maintenance.system import system_view
from monitor.desk.maintenance.upkeep import retention_of
from monitor.domain import Candidate, Match, MoodScores, Phase, Sighting
from monitor.recording import transactions

YEARS = timedelta(days=1826)
END = datetime(2026, 3, 2, tzinfo=UTC)
"""The day on which the door opens again; a Monday."""
_ID = "printf('%012x', 1600000000000 + {n}) || '70008' || printf('%015x', {n})"
HAPPY = MoodScores((0.0, 0.0, 0.1, 0.9, 0.0, 0.0, 0.0), 0.45)


def main() -> None:
    parser = argparse.ArgumentParser(description="What a database of five years costs.")
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=1_000, help="working days in the five years")
    parser.add_argument("--keep", type=Path, help="a file for the database, which is made once")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="muster-years-") as folder:
        file = given.keep or Path(folder) / "years.sqlite3"
        if not file.exists():
            begun = time.perf_counter()
            build(file, given.people, given.days)
            print(f"made in {time.perf_counter() - begun:.0f} s, {file.stat().st_size / 1e9:.1f} GB", flush=True)
        print("                                     CPU ms    clock ms    promised", flush=True)
        measure(file)


def build(file: Path, count: int, days: int) -> None:
    """A database of so many people, and so many working days in five years: 2 events, 5 sightings and 5 moods a day."""
    engine = open_database(str(file))
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="", role="auto", time_zone="UTC", at=END).id
        for number in range(count):
            people.add_person(
                session, f"Person {number:05}", number=str(number), group=f"Group {number % 12}",
                at=END - YEARS, actor="bench",
            )  # fmt: skip
    engine.dispose()
    with sqlite3.connect(file, isolation_level=None) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("PRAGMA journal_mode=OFF")
        raw.execute("PRAGMA cache_size=-500000")
        tables = "('sighting', 'mood_sample', 'attendance_event')"
        indices = raw.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN {tables}"
        ).fetchall()
        for name, _ in indices:
            raw.execute(f"DROP INDEX {name}")
        raw.execute("BEGIN")
        raw.execute("CREATE TEMP TABLE who AS SELECT rowid - 1 AS n, id, group_name FROM person ORDER BY rowid")
        raw.execute("CREATE TEMP TABLE day (n INTEGER, at TEXT)")
        for number in range(days):
            raw.execute("INSERT INTO day VALUES (?, ?)", (number, _day(number, days).isoformat(sep=" ")[:19]))
        raw.execute("CREATE TEMP TABLE visit AS VALUES (0), (1), (2), (3), (4)")
        row = f"((day.n * 5 + visit.column1) * {count} + who.n)"
        at = "strftime('%Y-%m-%d %H:%M:%S', day.at, (27000 + visit.column1 * 7200 + who.n * 3) || ' seconds')"
        joined = "FROM day CROSS JOIN visit CROSS JOIN who"
        id = _ID.format(n=row)
        raw.execute(
            "INSERT INTO sighting (id, kiosk_id, track, first_at, last_at, frames, person_id, best_id, similarity,"
            f" threshold) SELECT {id}, ?, 1, {at} || '.000000', {at} || '.900000', 30, who.id, who.id, 0.8, 0.5"
            f" {joined}",
            (kiosk.hex,),
        )
        raw.execute(
            "INSERT INTO mood_sample (id, at, kiosk_id, person_id, sighting_id, group_name, label, angry, disgust,"
            f" fear, happy, sad, surprise, neutral)"
            f" SELECT {id}, {at} || '.900000', ?, who.id, {id}, who.group_name, 'happy',"
            f" 0, 0, 0, 0.9, 0, 0, 0.1 {joined}",
            (kiosk.hex,),
        )
        raw.executemany(
            "INSERT INTO attendance_event (seq, id, kind, subject, at, time_zone, kiosk_id, method, actor, recorded_at,"
            " clock_suspect, previous_hash, hash) VALUES (?, ?, ?, ?, ?, 'UTC', ?, 'face', 'door', ?, 0, ?, ?)",
            _events(raw, kiosk, days),
        )
        raw.execute("COMMIT")
        for _, sql in indices:
            raw.execute(sql)


def _day(day: int, days: int) -> datetime:
    return (END - YEARS + day * (YEARS - timedelta(days=1)) / max(days - 1, 1)).replace(
        hour=0, minute=0, second=0, microsecond=0, tzinfo=None
    )


def _events(raw: sqlite3.Connection, kiosk: UUID, days: int) -> Iterator[tuple[object, ...]]:
    subjects = [
        UUID(row[0])
        for row in raw.execute("SELECT s.id FROM ledger_subject s JOIN person p ON p.id = s.person_id ORDER BY p.rowid")
    ]
    seq, previous = 0, ledger.GENESIS
    for day in range(days):
        for kind, hour in (("check_in", 7.5), ("check_out", 15.5)):
            for number, subject in enumerate(subjects):
                seq += 1
                at = _day(day, days) + timedelta(hours=hour, seconds=3 * number)
                row = SimpleNamespace(
                    id=UUID(int=(0x1900 << 112) + seq), kind=kind, subject=subject, at=at.replace(tzinfo=UTC),
                    time_zone="UTC", kiosk_id=kiosk, method="face", actor="door", sighting_id=None, target_id=None,
                    corrected_kind=None, recorded_at=at.replace(tzinfo=UTC), clock_suspect=False,
                )  # fmt: skip
                own = ledger.chain_hash(row, seq, previous)  # type: ignore[arg-type]
                instant = f"{at.isoformat(sep=' ')}.000000"
                yield seq, row.id.hex, kind, subject.hex, instant, kiosk.hex, instant, previous, own
                previous = own


def measure(file: Path) -> None:
    engine = open_database(str(file))
    settings = Settings(
        db=f"sqlite:///{file}", time_zone="UTC", keep_visitors_days=2500, keep_sightings_days=2500, keep_moods_days=2500
    )
    with reading(engine) as session:
        everybody = [one.person for one in list_people(session)]
        kiosk = kiosks.all_kiosks(session)[0].id
        last = session.scalar(select(func.max(SightingRow.first_at))) or END
    context = transactions.WriteContext(kiosk, settings, TemplateCipher(bytes(32)))
    arrivals = iter(everybody)
    opens = last.replace(hour=7, minute=0) + timedelta(days=1)

    def arrive() -> None:
        who = next(arrivals)
        match = Match(Candidate(who.id, who.name, 0.8), None, 0.5, accepted=True)
        seen = Sighting(new_id(), Phase.OPENED, 1, opens, opens, match, HAPPY, frames=3)
        with writing(engine) as session:
            assert len(transactions.write(session, context, seen, new_id(), opens)) == 2

    for _ in range(20):
        arrive()
    _say("an arrival, written", arrive, "8", times=100)
    now = opens + timedelta(hours=1)
    first = system_view(engine, settings, now, Want(50))
    _say("System, first look", lambda: system_view(engine, settings, now, Want(50)), "200")
    _say("System, news", lambda: system_view(engine, settings, now, Want(50), first), "20", times=5)
    unpurged = Settings(db=settings.db)
    _say("System, first look, unpurged", lambda: system_view(engine, unpurged, now, Want(50)), "200")
    _say("moods rolled up, days not yet", lambda: roll_up_moods(engine, settings, now), "-")
    for span, promised in ((Range.WEEK, "100"), (Range.MONTH, "150"), (Range.QUARTER, "200")):
        _say(f"mood of a {span}, first look", partial(mood_view, engine, settings, span, now), promised)
    month = month_of((now - timedelta(days=31)).date())
    _say("attendance of a month", lambda: attendance(engine, settings, month, now), "800")
    _say("purge, one step", lambda: _purge(engine, unpurged, now), "100", times=5)
    engine.dispose()


def _purge(engine: Engine, settings: Settings, now: datetime) -> None:
    with writing(engine) as session:
        assert retention.delete_some(session, retention_of(settings), now).rows


def _say(name: str, work: Callable[[], object], promised: str, *, times: int = 1) -> None:
    clocks, own = [], []
    for _ in range(times):
        at, cpu = time.perf_counter(), time.process_time()
        work()
        clocks.append(time.perf_counter() - at)
        own.append(time.process_time() - cpu)
    print(f"{name:<36}{1000 * np.median(own):7.1f}{1000 * np.median(clocks):12.1f}{promised:>12}", flush=True)


if __name__ == "__main__":
    main()
