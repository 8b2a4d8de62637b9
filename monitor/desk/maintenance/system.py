"""What the system screen asks. It blocks: call it in workers only."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit, backup, changes, migrate
from db.attendance import kiosks, ledger
from db.changes import Heads
from db.crypto import TemplateCipher
from db.engine import reading
from db.observations import moods, sightings
from db.people import expected_misses, pages, people
from db.privacy import retention
from db.records.attendance import AttendanceEvent, Kiosk
from db.records.faces import ExpectedMiss
from db.records.pages import Page, Want
from db.records.privacy import AuditEntry, Expired
from db.verification import verdict
from db.verification.verdict import Verdict
from monitor.config import Settings
from monitor.desk.maintenance.gallery_check import ACTION
from monitor.desk.maintenance.upkeep import backup_folder, backups, retention_of
from monitor.doctor.check import Check, Status
from monitor.doctor.connections import connections
from monitor.doctor.run import check_window, run_checks
from monitor.domain import RgbImage
from monitor.errors import UsageError
from monitor.sources.camera import CameraInfo, list_cameras
from monitor.sources.source import FrameSource, open_source
from monitor.text import local_time

__all__ = ("Check", "Machine", "Status", "SystemView", "Verdict", "how_far", "system_view", "verify")

WORST: Final = 3
"""So many people are named of those who will be missed most often."""
LASTS: Final = timedelta(minutes=1)
"""How long the counts of moods and of rows past their time are shown before they are counted again, which reads whole
tables."""

MOST_COUNTED: Final = 10_000
"""Rows of a kind past their time that are counted for the screen; of five years that nobody purged, all would take
seconds."""


def _turn_needed(pictures: Sequence[RgbImage]) -> int:
    from monitor.vision.detection.turns import turn_of_camera
    from monitor.vision.detector import FaceDetector

    return turn_of_camera(FaceDetector().glance, pictures)


@dataclass(frozen=True, slots=True)
class Machine:
    """What the system screen asks of the machine; each call may block."""

    checks: Callable[[Settings, Path | None], Iterator[Check]] = run_checks
    cameras: Callable[[], tuple[CameraInfo, ...]] = list_cameras
    open_source: Callable[[str], FrameSource] = open_source
    turn_needed: Callable[[Sequence[RgbImage]], int] = _turn_needed
    """Degrees clockwise by which people on pictures of one camera stand upright."""
    terminal: Callable[[], Iterator[Check]] = check_window
    """The checks whose result changes with the size of the window."""


@dataclass(frozen=True, slots=True)
class SystemView:
    """The state of the database and of all kiosks."""

    database: str
    """Its URL without the password."""
    bytes: int | None
    """None for PostgreSQL."""
    free_bytes: int | None
    people: int
    events: int
    moods: int
    visitors: int
    last_backup: datetime | None
    """The newest backup, by Muster itself or by hand."""
    kiosks: tuple[Kiosk, ...]
    expired: Expired
    """Rows past their time; a kind of which there are `MOST_COUNTED` has more."""
    at: datetime
    """When those, and the moods, were counted."""
    heads: Heads
    audit: Page[AuditEntry]
    names: dict[str, str]
    """Names of the people in that part of the audit log, by id."""
    examined: AuditEntry | None = None
    """When the gallery examined itself last, and what it found."""
    worst: tuple[tuple[str, ExpectedMiss], ...] = ()
    """Who will probably be missed most often, with their names, the worst served first."""
    connections: tuple[Check, ...] = ()
    """Whom this kiosk tells what happens, and whether they take it."""
    consent_missing: int = 0
    """Active people whom nobody asked about one of the consents."""
    events_of: Mapping[UUID, AttendanceEvent] = field(default_factory=dict)
    """The rows of the ledger that this part of the audit log is about, and what these correct or void, by id."""


def system_view(
    engine: Engine,
    settings: Settings,
    now: datetime,
    want: Want,
    before: SystemView | None = None,
    *,
    recount: bool = True,
) -> SystemView:
    """Counts, kiosks, and a part of the audit log. Raises: DatabaseError.

    Args:
        before: loaded earlier; of that, what cannot have changed is not counted again.
        recount: False where only another part of the audit log is wanted.
    """
    with reading(engine) as session:
        heads = changes.heads(session)
        entries = pages.audit_page(session, want)
        known = pages.names(session, [entry.person for entry in entries.items if entry.person])
        names = {str(person): name for person, name in known.items()}
        if before is not None and not recount:
            return replace(before, audit=entries, names=names, events_of=_events_of(session, entries.items))
        same = before if before and before.heads.people == heads.people else None
        recent = same if same and timedelta() <= now - same.at < LASTS else None
        return SystemView(
            database=engine.url.render_as_string(hide_password=True),
            bytes=backup.size(engine),
            free_bytes=_free(engine),
            people=same.people if same else people.count_people(session),
            events=ledger.count(session),
            moods=recent.moods if recent else moods.count(session),
            visitors=sightings.count_visitors(session),
            last_backup=_last_backup(session, engine, settings),
            kiosks=tuple(kiosks.all_kiosks(session)),
            expired=recent.expired
            if recent
            else retention.expired(session, retention_of(settings), now, most=MOST_COUNTED),
            at=recent.at if recent else now,
            heads=heads,
            audit=entries,
            names=names,
            examined=audit.latest(session, ACTION),
            worst=_worst(session),
            connections=tuple(connections(session, settings, now)),
            consent_missing=pages.count_matching(session, "", consent_missing=True),
            events_of=_events_of(session, entries.items),
        )


def verify(
    engine: Engine,
    cipher: TemplateCipher | None = None,
    heads_file: Path | None = None,
    *,
    known_head: str | None = None,
    full: bool = False,
    now: datetime | None = None,
) -> Verdict:
    """Check the chains, what they prove, noted heads, sealed values and the file (`db.verification.verdict`).

    Args:
        full: read every event, and not only those behind the last check that found all whole.
        now: notes that all was whole then, for the next check to go on from; None notes nothing.

    Raises:
        UsageError: `known_head` is not a hash of the ledger.
        DatabaseError: the database cannot be read.
    """
    if known_head is not None and not re.fullmatch("[0-9a-f]{64}", known_head):
        raise UsageError(f"{known_head!r} is not a ledger hash; give the 64 hexadecimal digits of 'muster db verify'.")
    return verdict.verify(engine, cipher, heads_file, known_head=known_head, full=full, now=now)


def how_far(found: Verdict, zone: tzinfo) -> str | None:
    """Which events a check did not read, and what finds a change of them; None where it read all."""
    if found.since is None:
        return None
    again, last = found.ledger.again, found.ledger.before
    at = local_time(found.since, zone)
    if len(again) == last:
        return f"Events 1 to {last:,} were verified on {at}; they were read again now."
    return (
        f"Events 1 to {last:,} were verified on {at}. They were only counted now, but for {again.start:,} to "
        f"{again.stop - 1:,}, which were read again; 'muster db verify --full' reads all."
    )


def _events_of(session: Session, entries: Sequence[AuditEntry]) -> dict[UUID, AttendanceEvent]:
    found = ledger.by_id(session, [entry.event for entry in entries if entry.event])
    return {**ledger.by_id(session, [one.target for one in found.values() if one.target]), **found}


def _worst(session: Session) -> tuple[tuple[str, ExpectedMiss], ...]:
    found = expected_misses.worst(session, WORST)
    known = pages.names(session, [one.person for one in found])
    return tuple((known[one.person], one) for one in found if one.person in known)


def _last_backup(session: Session, engine: Engine, settings: Settings) -> datetime | None:
    """Of those in the folder, or made by hand, which the audit log knows."""
    made = [at for at, _ in backups(backup_folder(engine, settings))]
    by_hand = audit.latest(session, "back up")
    return max([*made, *([by_hand.at] if by_hand else [])], default=None)


def _free(engine: Engine) -> int | None:
    """Bytes left on the database's disk; None for PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return None
    return shutil.disk_usage(Path(migrate.where(engine)).parent).free
