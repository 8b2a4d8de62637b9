"""How many facts a second the recorder writes into SQLite: one after the other, and many that wait.

    PYTHONPATH=. python tests/bench/recorder.py [--people 500] [--facts 5000]

The people have shifts and pass the door as in `tests/monitor/desk/days/site_year.py`. Each fact is in the journal
before it is taken, and its transaction is on the disk before it is told.
"""

import argparse
import threading
import time
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from db.engine import open_database
from db.ids import new_id
from db.proof.heads import open_with
from monitor.config import Settings
from monitor.domain import Candidate, KioskEvent, Match, Phase, Sighting
from monitor.recording.journal import Journal
from monitor.recording.recorder import Recorder
from tests.monitor.desk.days.site_year import GROUPS, ZONE, live
from tests.monitor.desk.days.test_site_year import FIRST, FREE, build
from tests.monitor.recording.arrivals import CIPHER, HAPPY


def main() -> None:
    parser = argparse.ArgumentParser(description="Facts a second through the recorder.")
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--facts", type=int, default=5000)
    given = parser.parse_args()
    for name, waits in (("one after the other", True), ("all at once", False)):
        facts = given.facts // 10 if waits else given.facts
        with TemporaryDirectory(prefix="muster-recorder-") as folder:
            wall, cpu = measure(Path(folder), given.people, facts, waits=waits)
        print(f"{name}: {facts} facts, {facts / wall:.0f} a second, {1000 * cpu / facts:.2f} ms of processor time each")


def measure(folder: Path, count: int, facts: int, *, waits: bool) -> tuple[float, float]:
    """Seconds by the clock and of the processor until all facts are told; `waits`: for each before the next."""
    random, groups = Random(1), list(GROUPS)
    days = timedelta(days=7 + 2 * facts // count)
    lives = [live(groups[number % len(groups)], FIRST, FIRST + days, FREE, random) for number in range(count)]
    engine = open_database(str(folder / "muster.sqlite3"))
    members = build(engine, lives)
    open_with(engine, CIPHER, folder)
    written = threading.Semaphore(0)

    def publish(event: KioskEvent) -> None:
        if str(event.kind) == "sighting":
            written.release()

    seen = sorted((one[0], number) for number, life in enumerate(lives) for one in life.passages)[:facts]
    settings = Settings(db=str(engine.url), time_zone=ZONE.key, consent="assumed")
    journal = Journal(folder / "journal", CIPHER)
    recorder = Recorder(engine, CIPHER, settings, publish=publish, clock=lambda: seen[-1][0], journal=journal)
    began, used = time.perf_counter(), time.process_time()
    for at, who in seen:
        match = Match(Candidate(members[who].id, members[who].name, 0.8), None, 0.5, accepted=True)
        until = at + timedelta(seconds=1)
        recorder.record(Sighting(new_id(), Phase.OPENED, 1, at, until, match, HAPPY, frames=5))
        if waits:
            written.acquire()
    for _ in () if waits else seen:
        written.acquire()
    took = time.perf_counter() - began, time.process_time() - used
    recorder.close()
    engine.dispose()
    return took


if __name__ == "__main__":
    main()
