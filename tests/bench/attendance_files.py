"""How long the month's table and a large workbook take: `python tests/bench/attendance_files.py`.

Makes 1,000 people with a shift, two entries a working day; prints CPU seconds and the most memory of each command.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import select

from db.attendance import kiosks, ledger, shifts
from db.calendar import Shift
from db.engine import open_database, writing
from db.ids import new_id
from db.people import people
from db.schema.attendance import EventRow
from db.schema.people import SubjectRow

PEOPLE, DAYS = 1000, 91
FIRST = date(2026, 6, 1)
COMMANDS = (
    ("table of a month by person", ("--month", "2026-07", "--by", "person")),
    ("workbook of 91,000 rows", ("--from", "2026-06-01", "--to", "2026-08-30", "--output", "days.xlsx", "--force")),
    ("CSV of 91,000 rows", ("--from", "2026-06-01", "--to", "2026-08-30", "--output", "days.csv", "--force")),
)


def fill(file: str) -> None:
    """The people and their entries."""
    engine = open_database(file)
    start = datetime(2026, 5, 1, tzinfo=UTC)
    with writing(engine) as session:
        door = kiosks.register(session, "door", site="HQ", role="auto", time_zone="UTC", at=start).id
        shifts.add(session, Shift(new_id(), frozenset(range(5)), time(9), time(17)), at=start, actor="bench")
        ids = [
            people.add_person(session, f"Person {n:04}", at=start, actor="bench", group=f"Group {n % 8}").id
            for n in range(PEOPLE)
        ]
        session.flush()
        found = session.execute(select(SubjectRow.person_id, SubjectRow.id))
        subjects = {person: pseudonym for person, pseudonym in found}  # noqa: C416 - rows are no pairs to `dict`
        rows = []
        for day in (FIRST + timedelta(days=n) for n in range(DAYS)):
            if day.weekday() < 5:
                for index, person in enumerate(ids):
                    at = datetime.combine(day, time(8, 50, tzinfo=UTC)) + timedelta(minutes=index % 20)
                    for kind, when in (("check_in", at), ("check_out", at + timedelta(hours=8, minutes=index % 30))):
                        rows.append(
                            EventRow(
                                id=new_id(), kind=kind, subject=subjects[person], at=when, time_zone="UTC",
                                kiosk_id=door, method="face", actor="door", recorded_at=when,
                            )
                        )  # fmt: skip
        ledger.chain(session, rows)
    engine.dispose()


def run(words: list[str], folder: str) -> tuple[float, float]:
    """CPU seconds and MB of a Python process."""
    around = {"PYTHONPATH": str(Path.cwd()), "MUSTER_TIME_ZONE": "UTC"}
    with Path(folder, "out.txt").open("w") as out:
        child = subprocess.Popen([sys.executable, *words], stdout=out, stderr=out, env=around, cwd=folder)
        _, status, used = os.wait4(child.pid, 0)
    if status:
        sys.exit(Path(folder, "out.txt").read_text())
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description="What reports of a month and of 91,000 rows cost.")
    parser.add_argument("--fill", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fill:
        fill(given.fill)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "large.sqlite3")
        run(
            [str(Path(__file__).resolve()), "--fill", file], folder
        )  # its own process: a child begins with its parent's memory
        print("nothing but the start: {:.2f} s CPU, {:.0f} MB".format(*run(["-m", "monitor.cli", "--help"], folder)))
        run(["-m", "monitor.cli", "attendance", "--db", file], folder)  # compiles what an installed Muster has compiled
        for name, words in COMMANDS:
            seconds, memory = run(["-m", "monitor.cli", "attendance", "--db", file, *words], folder)
            print(f"{name}: {seconds:.2f} s CPU, {memory:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
