"""What a database needs now and then: backups, roll-ups, and the deletion of what is past its time. It blocks."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from db import audit, backup, migrate
from db.engine import reading, scrub, writing
from db.errors import DatabaseError, DatabaseUnavailable
from db.privacy import retention
from db.privacy.retention import Retention
from db.records import Expired
from monitor.config import Settings
from monitor.desk.days.moods import roll_up_moods

LOOK_EVERY: Final = 600.0
"""Seconds between two looks whether something is due."""
FIRST_LOOK: Final = 60.0
"""Seconds from the start of Muster to the first look; shorter runs make no backup."""
_PURGE_EVERY: Final = timedelta(days=1)
_NAMED: Final = "muster-%Y%m%d-%H%M%S.sqlite3"
"""Name of a backup, by its time in UTC."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one look at the database led to."""

    backup: Path | None
    purged: Expired | None


def look_after(engine: Engine, settings: Settings, at: datetime) -> Done:
    """Makes the backup, the roll-ups of moods and the purge that are due; the door can write between their steps.

    Raises:
        DatabaseError: one of them failed; the database is as it was.
    """
    made = _back_up_when_due(engine, settings, at)
    roll_up_moods(engine, settings, at)
    with reading(engine) as session:
        last = retention.last_purge(session)
    if last is not None and at - last < _PURGE_EVERY:
        return Done(made, None)
    return Done(made, purge_in_steps(engine, settings, at=at, actor="muster"))


def back_up(engine: Engine, folder: Path, *, at: datetime, actor: str) -> Path:
    """Copies the database to a new file in the folder, and says so in the audit log. Raises: DatabaseError."""
    file = folder / at.astimezone(UTC).strftime(_NAMED)
    backup.back_up(engine, file)
    note_backup(engine, file, at=at, actor=actor)
    return file


def note_backup(engine: Engine, file: Path, *, at: datetime, actor: str) -> None:
    """Writes into the audit log that a backup was made. Raises: DatabaseError."""
    with writing(engine) as session:
        audit.note(session, "back up", at=at, actor=actor, detail={"file": str(file)})


def backup_folder(engine: Engine, settings: Settings) -> Path:
    """Where the backups that Muster makes by itself are."""
    beside = Path(migrate.where(engine)).absolute().parent / "backups"
    return Path(settings.backup_folder).expanduser() if settings.backup_folder else beside


def backups(folder: Path) -> list[tuple[datetime, Path]]:
    """Time (UTC) and file of each backup in the folder, the oldest first."""
    found = []
    for file in folder.glob("muster-*.sqlite3"):
        with suppress(ValueError):
            found.append((datetime.strptime(file.name, _NAMED).replace(tzinfo=UTC), file))
    return sorted(found)


def expired(engine: Engine, settings: Settings, now: datetime) -> Expired:
    """What `purge` would delete. Raises: DatabaseError."""
    with reading(engine) as session:
        return retention.expired(session, retention_of(settings), now)


def purge(
    engine: Engine,
    settings: Settings,
    on_progress: Callable[[int], None] = lambda done: None,
    *,
    at: datetime,
    actor: str,
) -> tuple[Expired, bool]:
    """Delete what is past its time, also from the file's free pages. Raises: DatabaseError.

    Args:
        on_progress: called with the number of rows deleted so far.

    Returns:
        What was deleted, and whether the free pages are empty; they are not while another program uses the database.
    """
    return purge_in_steps(engine, settings, on_progress, at=at, actor=actor), scrub(engine)


def purge_in_steps(
    engine: Engine,
    settings: Settings,
    on_progress: Callable[[int], None] = lambda done: None,
    *,
    at: datetime,
    actor: str,
) -> Expired:
    """Delete what is past its time in small transactions, between which the door can write. Raises: DatabaseError."""
    rules, deleted = retention_of(settings), Expired(0, 0, 0, 0)
    while True:
        with writing(engine) as session:
            some = retention.delete_some(session, rules, at)
            deleted += some
            on_progress(deleted.rows)
            if not some.rows:
                retention.note(session, rules, at, deleted, actor=actor)
                return deleted


def retention_of(settings: Settings) -> Retention:
    """How long each kind of data is kept."""
    return Retention(
        settings.keep_visitors_days, settings.keep_sightings_days, settings.keep_moods_days, settings.keep_views_days
    )


def _back_up_when_due(engine: Engine, settings: Settings, at: datetime) -> Path | None:
    if not settings.backup_every_hours or engine.dialect.name != "sqlite":
        return None
    folder = backup_folder(engine, settings)
    made = backups(folder)
    if made and at - made[-1][0] < timedelta(hours=settings.backup_every_hours):
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise DatabaseUnavailable(f"No backup can be made in {folder}: {error.strerror}.") from None
    if free < 2 * (backup.size(engine) or 0):
        raise DatabaseError(
            f"No backup was made: {folder} has {free / 1e9:.1f} GB left, less than twice the database; make room."
        )
    file = back_up(engine, folder, at=at, actor="muster")
    for _, old in backups(folder)[: -settings.backup_keep]:
        with suppress(OSError):
            os.unlink(old)
    return file
