"""What is kept about whom, where, and for how long: `muster doctor --privacy`."""

import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, func, select

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
    enrolled, erased, removed = "enrolled people", "until the person is erased", "until the PIN is removed"
    visitors, moods = f"{settings.keep_visitors_days} days", f"{settings.keep_moods_days} days"
    known, unknown = SightingRow.person_id.is_not(None), SightingRow.person_id.is_(None)
    kinds: list[tuple[str, str, type[Base], ColumnElement[bool] | None, bool, str]] = [
        ("names, numbers, groups and notes", enrolled, PersonRow, None, False, erased),
        ("hashes of PINs", enrolled, PersonRow, PersonRow.pin_hash.is_not(None), True, removed),
        ("hashes of PINs for the other doors", enrolled, SitePinRow, None, True, removed),
        ("face templates and their images", enrolled, TemplateRow, None, True, erased),
        ("portraits", enrolled, PortraitRow, None, True, erased),
        ("views that wait for a review", enrolled, CandidateRow, None, True, visitors),
        ("pictures of why the door named somebody", enrolled, KeptViewRow, None, True,
         f"{settings.keep_views_days} days"),
        ("expected misses", enrolled, ExpectedMissRow, None, False, erased),
        ("leave, sick days among it", enrolled, LeaveRow, None, False, erased),
        ("shifts of their own", enrolled, ShiftRow, ShiftRow.person_id.is_not(None), False, erased),
        ("decisions about consent", enrolled, ConsentRow, None, False, erased),
        ("sightings", enrolled, SightingRow, known, False, f"{settings.keep_sightings_days} days"),
        ("sightings", "unknown people", SightingRow, unknown, False, visitors),
        ("faces", "unknown people", SightingRow, SightingRow.embedding.is_not(None), True, visitors),
        ("what undo needs", enrolled, UndoRow, None, False, erased),
        ("roll calls", "people inside", RollCallMarkRow, None, False,
         f"{settings.keep_sightings_days} days, until the next one"),
        ("moods", enrolled, MoodRow, MoodRow.person_id.is_not(None), False, moods),
        ("moods added up by day", enrolled, MoodDayRow, MoodDayRow.person_id.is_not(None), False,
         "as long as the moods"),
        ("names and hashes of PINs", "people at the desk", DeskUserRow, None, False, "until they are removed"),
        ("moods", "nobody in particular", MoodRow, MoodRow.person_id.is_(None), False, moods),
        ("attendance", "pseudonyms of enrolled people", EventRow, None, False,
         "for ever; erasing a person takes the name off"),
        ("passages at other doors", "pseudonyms of enrolled people", SiteEventRow, None, False, f"{KEPT.days} days"),
        ("who changed what (audit log)", "the desk and enrolled people", AuditRow, None, False,
         "for ever; details go when the person is erased"),
    ]  # fmt: skip
    found = []
    with reading(engine) as session:
        for what, about, table, condition, sealed, until in kinds:
            count = select(func.count()).select_from(table).where(*([] if condition is None else [condition]))
            found.append(Kept(what, about, session.scalar(count) or 0, sealed, until))
    return found


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
