"""What a database needs now and then: backups, roll-ups, and the deletion of what is past its time. It blocks."""

import glob
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
from db.attendance import ledger
from db.engine import reading, scrub, writing
from db.errors import DatabaseError, DatabaseUnavailable, NameTaken
from db.privacy import retention
from db.privacy.retention import Retention
from db.records.privacy import Expired
from monitor.config import Settings
from monitor.desk.days.moods import roll_up_moods

LOOK_EVERY: Final = 600.0
"""Seconds between two looks whether something is due."""
FIRST_LOOK: Final = 60.0
"""Seconds from the start of Muster to the first look; shorter runs make no backup."""
_PURGE_EVERY: Final = timedelta(days=1)
_NAMED: Final = "muster-%Y%m%d-%H%M%S.sqlite3"
"""Name of a backup, by its time in UTC."""
ASIDE_DAYS: Final = 30
"""So many days a database is kept that a backup took the place of."""
_ASIDE: Final = "-before-%Y%m%d-%H%M%S"
DOUBT: Final = "doubt clock"
"""How the audit log says that the clock may be wrong."""
_LONG_PAUSE: Final = timedelta(days=7)
"""Longest time without an entry after which the clock is believed at once."""
_BELIEVED_AFTER: Final = timedelta(days=1)
"""The clock is believed again once there is an entry that is older than this, and not older than the long pause."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one look at the database led to."""

    backup: Path | None
    purged: Expired | None


def look_after(engine: Engine, settings: Settings, at: datetime) -> Done:
    """Makes the backup, the roll-ups of moods and the purge that are due; the door can write between their steps.

    Raises:
        DatabaseError: one of them failed, or the clock may be wrong; the database is as it was.
    """
    _require_likely(engine, at)
    made = _back_up_when_due(engine, settings, at)
    roll_up_moods(engine, settings, at)
    with reading(engine) as session:
        last = retention.last_purge(session, at)
    if last is not None and at - last < _PURGE_EVERY:
        return Done(made, None)
    for put_aside, file in asides(engine):
        if timedelta(days=ASIDE_DAYS) < at - put_aside:
            with suppress(OSError):
                file.unlink()  # it holds the faces of people who were erased since
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
        audit.note(session, "back up", at=at, actor=actor, detail={"file": str(file.absolute())})


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


def aside_name(database: Path, at: datetime) -> str:
    """What the database is called once a backup took its place."""
    return f"{database.stem}{at.astimezone(UTC).strftime(_ASIDE)}{database.suffix}"


def asides(engine: Engine) -> list[tuple[datetime, Path]]:
    """Time (UTC) and file of each database that a backup took the place of; none on PostgreSQL."""
    if not _is_file(engine):
        return []
    database = Path(migrate.where(engine)).absolute()
    found = []
    for file in database.parent.glob(f"{glob.escape(database.stem)}-before-*{glob.escape(database.suffix)}"):
        with suppress(ValueError):
            stamp = file.name.removeprefix(database.stem).removesuffix(database.suffix)
            found.append((datetime.strptime(stamp, _ASIDE).replace(tzinfo=UTC), file))
    return sorted(found)


def copies(engine: Engine, settings: Settings) -> list[tuple[str, Path]]:
    """What copies of the database there are, and where; files that somebody moved are not known.

    Raises: DatabaseError.
    """
    kept = [file for _, file in backups(backup_folder(engine, settings))] if _is_file(engine) else []
    with reading(engine) as session:
        told = [Path(one["file"]) for one in audit.details(session, "back up") if "file" in one]
    backed_up = dict.fromkeys([*kept, *(file for file in told if file.is_file())])
    asided = (("database before a restore", file) for _, file in asides(engine))
    return [*(("backup", file) for file in backed_up), *asided]


def _is_file(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


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
    """`purge_in_steps`, also from the file's free pages; whether these are empty, which they are not while another
    program uses the database. Raises: DatabaseError.
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
    """Delete what is past its time in small transactions, between which the door can write. Raises: DatabaseError.

    Args:
        on_progress: called with the number of rows deleted so far.
    """
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


def _require_likely(engine: Engine, at: datetime) -> None:
    """Refuses a clock that stands long after all entries: a clock that lost its battery must delete nothing.

    What is written meanwhile has that clock's time, so only entries of a day ago tell that the clock goes on rightly.
    """
    with reading(engine) as session:
        times = [last(session, at - _BELIEVED_AFTER) for last in (audit.last_before, ledger.last_before)]
        noted = audit.latest(session, DOUBT, at)
    newest = max((time for time in times if time is not None), default=None)
    if newest is None or at - newest <= _LONG_PAUSE:
        return
    if noted is None or at - noted.at > _LONG_PAUSE:
        with writing(engine) as session:
            audit.note(session, DOUBT, at=at, actor="muster", detail={"newest": newest.isoformat()})
    raise DatabaseError(
        f"The clock says {at:%Y-%m-%d}, and the newest entry is of {newest:%Y-%m-%d}. Set the clock if it is wrong. "
        "Until then, or for one day, Muster deletes nothing and makes no backup."
    )


def _back_up_when_due(engine: Engine, settings: Settings, at: datetime) -> Path | None:
    if not settings.backup_every_hours or not _is_file(engine):
        return None
    folder = backup_folder(engine, settings)
    made = [one for one in backups(folder) if one[0] <= at]  # one of later was made while the clock was wrong
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
    try:
        file = back_up(engine, folder, at=at, actor="muster")
    except NameTaken:  # another program that has the database open made it in this second
        return None
    for _, old in [*made, (at, file)][: -settings.backup_keep]:
        with suppress(OSError):
            os.unlink(old)
    return file
