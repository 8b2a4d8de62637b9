"""Run by the ledger's tests as another program: appends check-ins and prints each id once it is committed.

Usage: python -m tests.db.attendance.ledger_writer DATABASE PERSON KIOSK COUNT
"""

import sys
from datetime import UTC, datetime
from uuid import UUID

from db.attendance import ledger
from db.engine import open_database, writing
from db.ids import new_id
from db.records.attendance import NewEvent


def main(url: str, person: str, kiosk: str, count: str) -> None:
    engine = open_database(url)
    for _ in range(int(count)):
        event = NewEvent(
            id=new_id(),
            kind="check_in",
            person=UUID(person),
            at=datetime.now(UTC),
            time_zone="UTC",
            kiosk=UUID(kiosk),
            method="face",
            actor="door",
            recorded_at=datetime.now(UTC),
        )
        with writing(engine) as session:
            ledger.append(session, event)
        print(event.id, flush=True)


main(*sys.argv[1:])
