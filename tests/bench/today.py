"""What Today costs with 5,000 people who have a shift of their own: `PYTHONPATH=. python tests/bench/today.py`.

Prints milliseconds of processor time: the day loaded for the first time, loaded anew, and shown again a minute later;
with a shift each and, to compare, with one shift for all. The best of several, since other programs run beside it.
"""

import argparse
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import process_time
from typing import Any

from db.attendance import shifts
from db.calendar import Shift
from db.engine import open_database, writing
from db.ids import new_id
from db.people import people
from db.records.pages import Want
from monitor.config import Settings
from monitor.desk.days.day_board import BoardPage, BoardQuery, board_page

PEOPLE, TRIES = 5_000, 7
NOW = datetime(2026, 7, 14, 10, 30, tzinfo=UTC)


def fill(file: Path, *, own: bool) -> None:
    """The people, each with a shift or all with one."""
    engine, start = open_database(str(file)), NOW - timedelta(days=200)
    said: dict[str, Any] = {"at": start, "actor": "bench"}
    with writing(engine) as session:
        ids = [people.add_person(session, f"Person {n:04}", group="Office", **said).id for n in range(PEOPLE)]
        for number, person in enumerate(ids if own else [None]):
            shifts.add(session, Shift(new_id(), frozenset(range(5)), time(6 + number % 4), time(17), person), **said)
    engine.dispose()


def measure(file: Path) -> list[float]:
    """Milliseconds of the first load, of one anew, and of one a minute later."""
    engine, settings = open_database(str(file), read_only=True), Settings(db=str(file), time_zone="UTC")

    def page(now: datetime, before: BoardPage | None = None) -> BoardPage:
        asked = BoardQuery(NOW.date(), now, "", "status", reverse=False)
        return board_page(engine, settings, asked, Want(40, index=0), before)

    first, loaded = _timed(lambda: page(NOW))
    anew = min(_timed(lambda: page(NOW))[0] for _ in range(TRIES))
    again = min(_timed(lambda: page(NOW + timedelta(minutes=1), loaded))[0] for _ in range(TRIES))
    return [first, anew, again]


def _timed(work: Callable[[], BoardPage]) -> tuple[float, BoardPage]:
    start = process_time()
    page = work()
    return 1000 * (process_time() - start), page


def main() -> None:
    parser = argparse.ArgumentParser(description="What Today costs with 5,000 people who have a shift of their own.")
    parser.add_argument("--keep", type=Path, help="a folder for the databases, which are made once")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for own, said in ((True, "a shift each"), (False, "one shift for all")):
            file = Path(given.keep or folder, f"today-{own}.sqlite3")
            if not file.exists():
                fill(file, own=own)
            first, anew, again = measure(file)
            print(f"{said}: first {first:.0f} ms, anew {anew:.0f} ms, a minute later {again:.0f} ms", flush=True)


if __name__ == "__main__":
    main()
