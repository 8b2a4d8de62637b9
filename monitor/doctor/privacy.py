"""What is kept about whom, where, and for how long: `muster doctor --privacy`."""

import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.orm import Session

from db import migrate
from db.engine import reading
from db.forwarding.site_events import KEPT
from db.forwarding.site_key import SITE_KEY_FILE
from db.key_store import KEY_FILE
from db.proof.heads import HEADS_FILE
from db.schema.attendance import EventRow
from db.schema.audit import AuditRow, UndoRow
from db.schema.base import Base
from db.schema.calendar import LeaveRow, ShiftRow
from db.schema.doors import SitePinRow
from db.schema.faces import CandidateRow, ExpectedMissRow, PortraitRow, TemplateRow
from db.schema.forwarding import SiteEventRow
from db.schema.moods import MoodDayRow, MoodRow
from db.schema.observations import KeptViewRow, SightingRow
from db.schema.people import ConsentRow, DeskUserRow, PersonRow
from db.schema.programs import RollCallMarkRow
from monitor.config import DATA_FOLDER, LOG_FILE, Settings


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of data."""

    what: str
    about: str
    rows: int
    sealed: bool
    """Whether it can be read with the key only."""
    until: str


@dataclass(frozen=True, slots=True)
class Place:
    """A file that holds such data, or the key to it."""

    what: str
    file: str
    private: bool
    """Whether only its owner reads it."""


def kept(engine: Engine, settings: Settings) -> list[Kept]:
    """What the database holds about people. Raises: DatabaseError."""
    erased = "until the person is erased"
    known, unknown = SightingRow.person_id.is_not(None), SightingRow.person_id.is_(None)
    visitors = f"{settings.keep_visitors_days} days"
    with reading(engine) as session:
        return [
            Kept("names, numbers, groups and notes", "enrolled people", _count(session, PersonRow), False, erased),
            Kept("hashes of PINs", "enrolled people", _count(session, PersonRow, PersonRow.pin_hash.is_not(None)), True,
                 "until the PIN is removed"),
            Kept("hashes of PINs for the other doors", "enrolled people", _count(session, SitePinRow), True,
                 "until the PIN is removed"),
            Kept("face templates and their images", "enrolled people", _count(session, TemplateRow), True, erased),
            Kept("portraits", "enrolled people", _count(session, PortraitRow), True, erased),
            Kept("views that wait for a review", "enrolled people", _count(session, CandidateRow), True, visitors),
            Kept("pictures of why the door named somebody", "enrolled people", _count(session, KeptViewRow), True,
                 f"{settings.keep_views_days} days"),
            Kept("expected misses", "enrolled people", _count(session, ExpectedMissRow), False, erased),
            Kept("leave, sick days among it", "enrolled people", _count(session, LeaveRow), False, erased),
            Kept("shifts of their own", "enrolled people",
                 _count(session, ShiftRow, ShiftRow.person_id.is_not(None)), False, erased),
            Kept("decisions about consent", "enrolled people", _count(session, ConsentRow), False, erased),
            Kept("sightings", "enrolled people", _count(session, SightingRow, known), False,
                 f"{settings.keep_sightings_days} days"),
            Kept("sightings", "unknown people", _count(session, SightingRow, unknown), False, visitors),
            Kept("faces", "unknown people", _count(session, SightingRow, SightingRow.embedding.is_not(None)), True,
                 visitors),
            Kept("what undo needs", "enrolled people", _count(session, UndoRow), False, erased),
            Kept("roll calls", "people inside", _count(session, RollCallMarkRow), False,
                 f"{settings.keep_sightings_days} days, until the next one"),
            Kept("moods", "enrolled people", _count(session, MoodRow, MoodRow.person_id.is_not(None)), False,
                 f"{settings.keep_moods_days} days"),
            Kept("moods added up by day", "enrolled people",
                 _count(session, MoodDayRow, MoodDayRow.person_id.is_not(None)), False, "as long as the moods"),
            Kept("names and hashes of PINs", "people at the desk", _count(session, DeskUserRow), False,
                 "until they are removed"),
            Kept("moods", "nobody in particular", _count(session, MoodRow, MoodRow.person_id.is_(None)), False,
                 f"{settings.keep_moods_days} days"),
            Kept("attendance", "pseudonyms of enrolled people", _count(session, EventRow), False,
                 "for ever; erasing a person takes the name off"),
            Kept("passages at other doors", "pseudonyms of enrolled people", _count(session, SiteEventRow), False,
                 f"{KEPT.days} days"),
            Kept("who changed what (audit log)", "the desk and enrolled people", _count(session, AuditRow), False,
                 "for ever; details go when the person is erased"),
        ]  # fmt: skip


def places(engine: Engine, folder: Path, copies: Iterable[tuple[str, Path]] = ()) -> list[Place]:
    """The files on this machine.

    Args:
        folder: of the configuration and the key.
        copies: of the database, and what each is.
    """
    found = [
        ("template key", folder / KEY_FILE),
        *(("template key of before", file) for file in sorted(folder.glob(f"{KEY_FILE}.*"))),
        ("site key", folder / SITE_KEY_FILE),
        ("heads of the ledger", folder / HEADS_FILE),
        ("log", LOG_FILE),
    ]
    journals = DATA_FOLDER
    if engine.dialect.name == "sqlite":
        database = Path(migrate.where(engine))
        journals = database.absolute().parent
        found = [
            ("database", database),
            ("write-ahead log", database.with_name(f"{database.name}-wal")),
            *copies,
            *found,
        ]
    found += [("journal of what waits for the database", file) for file in sorted(journals.glob("*.journal*"))]
    return [Place(what, str(file), private) for what, file in found for private in _private(file)]


def _private(file: Path) -> Iterator[bool]:
    with suppress(OSError):
        yield not stat.S_IMODE(file.stat().st_mode) & 0o077


def _count(session: Session, table: type[Base], *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0
