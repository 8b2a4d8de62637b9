"""How long `muster db verify` takes on a long ledger: the first time, again, and with --full.

    python tests/bench/verify.py --events 2000000 --keep FOLDER

Makes a SQLite database of 500 people with so many events, each with its hash and its code, once for each FOLDER.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Engine, insert, select

from db.attendance import kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import open_database, reading, writing
from db.people import people
from db.proof import heads
from db.proof.heads import HEADS_FILE, open_with
from db.proof.key import of_engine
from db.schema.attendance import EventRow
from db.schema.people import SubjectRow
from db.verification.verdict import verify

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
CIPHER = TemplateCipher(bytes(range(32)))


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a check of a long ledger takes.")
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--keep", type=Path, help="a folder for the database, which is made once")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="muster-verify-") as folder:
        place = given.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        engine = open_database(str(place / "ledger.sqlite3"))
        open_with(engine, CIPHER, place)
        with reading(engine) as session:
            there = ledger.count(session)
        if not there:
            build(engine, given.events)
        (place / HEADS_FILE).unlink(missing_ok=True)
        heads.note(engine, AT)
        for name, full in (("first", False), ("again", False), ("--full", True)):
            clock, cpu = time.perf_counter(), time.process_time()
            found = verify(engine, CIPHER, place / HEADS_FILE, full=full, now=AT)
            took, own = time.perf_counter() - clock, time.process_time() - cpu
            assert not found.problems, found.problems
            print(f"{name:<8}{found.ledger.events:>12,} events{took:8.1f} s of the clock{own:8.1f} s CPU", flush=True)
        engine.dispose()


def build(engine: Engine, events: int) -> None:
    """So many events of 500 people."""
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=AT).id
        for number in range(500):
            people.add_person(session, f"Person {number:03}", at=AT, actor="bench")
        session.flush()
        subjects = list(session.scalars(select(SubjectRow.id)))
    prover = of_engine(engine)
    assert prover is not None
    previous = ledger.GENESIS
    for start in range(1, events + 1, 100_000):
        rows = [_row(seq, subjects[seq % 500], kiosk) for seq in range(start, min(start + 100_000, events + 1))]
        for row in rows:
            row["previous_hash"] = previous
            row["hash"] = previous = ledger.chain_hash(EventRow(**row), int(str(row["seq"])), previous)
            row["mac"] = prover.key.of_event(previous)
        with writing(engine) as session:
            session.execute(insert(EventRow.__table__), rows)  # type: ignore[arg-type]


def _row(seq: int, subject: UUID, kiosk: UUID) -> dict[str, object]:
    at = AT + timedelta(seconds=7 * seq)
    return {
        "seq": seq, "id": uuid4(), "kind": "check_in" if seq % 2 else "check_out", "subject": subject, "at": at,
        "time_zone": "Europe/Berlin", "kiosk_id": kiosk, "method": "face", "actor": "door", "sighting_id": uuid4(),
        "target_id": None, "corrected_kind": None, "recorded_at": at, "clock_suspect": False,
    }  # fmt: skip


if __name__ == "__main__":
    main()
