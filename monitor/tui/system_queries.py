"""What the system screen asks. It blocks: call it in workers only."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from db import audit, backup, kiosks, ledger, migrate, moods, people, sightings
from db.engine import reading
from db.records import AuditEntry, Kiosk, LedgerCheck

AUDIT_LINES = 200


@dataclass(frozen=True, slots=True)
class SystemView:
    """The state of the database and of all kiosks."""

    database: str
    """Without its password."""
    bytes: int | None
    """None for PostgreSQL."""
    free_bytes: int | None
    people: int
    events: int
    moods: int
    visitors: int
    kiosks: tuple[Kiosk, ...]
    audit: tuple[AuditEntry, ...]
    names: dict[str, str]
    """Of the people in the audit log, by id."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the whole database found."""

    ledger: LedgerCheck
    problems: tuple[str, ...]


def system_view(engine: Engine) -> SystemView:
    """Counts, kiosks and the newest audit entries. Raises: DatabaseError."""
    with reading(engine) as session:
        entries = tuple(audit.newest(session, limit=AUDIT_LINES))
        names = {str(one.person.id): one.person.name for one in people.list_people(session)} if entries else {}
        counts = people.count_people(session), ledger.count(session), moods.count(session)
        visitors = sightings.count_visitors(session)
        doors = tuple(kiosks.all_kiosks(session))
    return SystemView(
        engine.url.render_as_string(hide_password=True), backup.size(engine), _free(engine), *counts, visitors,
        doors, entries, names,
    )  # fmt: skip


def verify(engine: Engine) -> Verdict:
    """Recompute the ledger's chain and check the file. Raises: DatabaseError."""
    with reading(engine) as session:
        check = ledger.verify(session)
    return Verdict(check, tuple(backup.problems(engine)))


def back_up(engine: Engine, folder: Path, at: datetime) -> Path:
    """Copy the database to a new file in the folder. Raises: DatabaseError."""
    file = folder / f"muster-{at:%Y%m%d-%H%M%S}.sqlite3"
    backup.back_up(engine, file)
    return file


def _free(engine: Engine) -> int | None:
    """Bytes left on the database's disk; None for PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return None
    return shutil.disk_usage(Path(migrate.where(engine)).parent).free
