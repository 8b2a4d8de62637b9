"""What the people screen asks and changes. All of it blocks: call it in workers only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import candidates, templates
from db.people import consents, pages, people, pins
from db.privacy import erasure
from db.records import Consent, Page, Person, PersonSummary, Template, Want
from enroll.imports.run import import_pile, open_pile
from enroll.people.export_and_erase import erase
from enroll.people.manage import change
from enroll.people.report import PersonReport
from enroll.people.store import Details, refresh_template
from monitor.attendance.days import Period
from monitor.attendance.pin import hash_pin
from monitor.attendance.rules import DaySummary
from monitor.config import QualityLimits, Settings
from monitor.desk.attendance import attendance_of
from monitor.desk.moods import person_moods
from monitor.desk.today import DESK, shares_of
from monitor.domain import RgbImage
from monitor.moods.cells import Change
from monitor.vision.jpeg import decode_jpeg

HISTORY_DAYS = 14
Property: TypeAlias = Literal["rename", "number", "group", "notes"]
"""What `change_person` changes."""


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """How long the list is; it takes a look at everybody, so the rows do not wait for it."""

    found: int
    """Whom the filter finds."""
    active: int
    """Active people in the database."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonDetails:
    """All that the screen shows of one person."""

    person: Person
    face_consent: Consent | None
    """The newest decision; None when they were not asked."""
    mood_consent: Consent | None
    templates: tuple[Template, ...]
    portrait: RgbImage | None
    look_alikes: tuple[tuple[str, float], ...]
    """Name and similarity, the most alike first."""
    days: tuple[DaySummary, ...]
    """The last two weeks, newest first."""
    moods: tuple[tuple[str, float], ...]
    """Shares over the last two weeks; empty without individual moods."""
    change: Change | None
    """Today against the person's own baseline."""
    door_pin: bool = False
    """Whether they can check in with their number and a PIN."""
    waiting: int = 0
    """Captures from the door that wait for a review."""

    @property
    def grown(self) -> int:
        """Images that were captures from the door."""
        return sum(one.sighting is not None for one in self.templates)


def people_page(engine: Engine, search: str, want: Want, stop: Event) -> Page[PersonSummary]:
    """People by name in whose name, number or group the text occurs. Raises: DatabaseError.

    Args:
        stop: set when the answer is no longer wanted, here and below.
    """
    with reading(engine, stop) as session:
        return pages.people_page(session, want, search=search)


def people_counts(engine: Engine, search: str, found: int | None, stop: Event) -> PeopleCounts:
    """How many people the filter finds, unless that is known, and how many are active. Raises: DatabaseError."""
    with reading(engine, stop) as session:
        if found is None:
            found = pages.count_matching(session, search)
        return PeopleCounts(found, people.count_people(session))


def choice_of_people(engine: Engine, search: str, but: UUID | None, want: Want, stop: Event) -> Page[Person]:
    """People to choose from, by name, without one of them. Raises: DatabaseError."""
    with reading(engine, stop) as session:
        return pages.persons_page(session, want, pages.BY_NAME, pages.matching(search, but=but))


def count_choice(engine: Engine, search: str, but: UUID | None, stop: Event) -> int:
    """How many people there are to choose from. Raises: DatabaseError."""
    with reading(engine, stop) as session:
        return pages.count_matching(session, search, but)


def person_details(
    engine: Engine, cipher: TemplateCipher, settings: Settings, person: UUID, now: datetime
) -> PersonDetails:
    """Everything about one person. Raises: DatabaseError."""
    today = now.astimezone(settings.zone).date()
    period = Period(today - timedelta(days=HISTORY_DAYS - 1), today)
    with reading(engine) as session:
        who = people.get_person(session, person)
        images = templates.list_templates(session, person)
        decided = {one.kind: one for one in consents.history(session, person)}  # the newest last
        shares, change = _moods(session, settings, person, period)
        return PersonDetails(
            person=who,
            face_consent=decided.get("face"),
            mood_consent=decided.get("mood"),
            templates=tuple(images),
            portrait=_portrait(session, cipher, person, images),
            look_alikes=_alike(session, person),
            days=tuple(day.summary for day in reversed(attendance_of(session, settings, who, period, now))),
            moods=shares,
            change=change,
            door_pin=_has_pin(session, who),
            waiting=len(candidates.waiting(session, person)),
        )


def _has_pin(session: Session, who: Person) -> bool:
    found = pins.find(session, who.number) if who.number else None
    return found is not None and found.pin_hash is not None


def _moods(
    session: Session, settings: Settings, person: UUID, period: Period
) -> tuple[tuple[tuple[str, float], ...], Change | None]:
    if settings.mood != "individual":
        return (), None
    cell, change = person_moods(session, settings, person, period)
    return shares_of(cell) or (), change


def _portrait(session: Session, cipher: TemplateCipher, person: UUID, images: Sequence[Template]) -> RgbImage | None:
    jpeg = templates.load_portrait(session, cipher, person)
    if jpeg is None and images:
        jpeg = templates.load_chip(session, cipher, images[0].id)
    return None if jpeg is None else decode_jpeg(jpeg)


def _alike(session: Session, person: UUID) -> tuple[tuple[str, float], ...]:
    found = pages.look_alikes_of(session, person)
    names = pages.names(session, [other for other, _ in found])
    return tuple((names[other], similarity) for other, similarity in found if other in names)


def change_person(engine: Engine, person: UUID, what: Property, value: str, at: datetime) -> str | None:
    """Change one property. Returns what the desk should know then, if anything. Raises: DatabaseError."""
    if what != "rename":
        change(engine, person, {what: value}, at=at, actor=DESK)
        return None
    with writing(engine) as session:
        name = people.rename(session, person, value, at=at, actor=DESK).name
        if len(people.find_by_name(session, name)) > 1:
            return "Renamed. Somebody else has this name, too: give them numbers, or merge them with M."
    return None


def set_door_pin(engine: Engine, person: UUID, pin: str, at: datetime) -> None:
    """Keep the hash of the PIN that somebody types at the door, or forget it when empty. Raises: DatabaseError."""
    kept = hash_pin(pin) if pin else None
    with writing(engine) as session:
        pins.set_pin(session, person, kept)
        audit.note(session, "door pin" if kept else "door pin removed", at=at, actor=DESK, person=person)


def set_active(engine: Engine, person: UUID, active: bool, at: datetime) -> None:
    """Deactivate or reactivate. Raises: DatabaseError."""
    with writing(engine) as session:
        people.set_active(session, person, active, at=at, actor=DESK)


def set_consents(engine: Engine, person: UUID, face: bool, mood_given: bool, at: datetime) -> None:
    """Write both decisions down, where they changed. Raises: DatabaseError."""
    with writing(engine) as session:
        if consents.current(session, person, "face") is not face:
            consents.set_consent(session, person, "face", face, at=at, actor=DESK)
        if consents.current(session, person, "mood") is not mood_given:
            consents.set_consent(session, person, "mood", mood_given, at=at, actor=DESK)


def merge_people(engine: Engine, cipher: TemplateCipher, source: UUID, into: UUID, at: datetime) -> None:
    """Make two people one, with a new template. Raises: DatabaseError."""
    with writing(engine) as session:
        erasure.merge(session, cipher, source, into, at=at, actor=DESK)
        refresh_template(session, cipher, people.get_person(session, into), at=at)


def erase_person(engine: Engine, person: Person, at: datetime) -> str:
    """Delete somebody for good, also from the file's free pages. Returns the receipt. Raises: DatabaseError."""
    done = erase(engine, person, at=at, actor=DESK)
    receipt = done.receipt
    gone = (
        f"Erased: {receipt.templates} images, {receipt.consents} consents, {receipt.sightings} sightings, "
        f"{receipt.mood_samples} moods. {receipt.events_kept} entries stay in the ledger without a name."
    )
    if done.traces_left:
        return f"{gone} Another program still holds the database's log: close it, then press U on the System screen."
    return f"{gone} Nothing was found in the database file any more." if done.files_searched else gone


def import_folder(
    engine: Engine,
    cipher: TemplateCipher,
    path: Path,
    consented: bool,
    limits: QualityLimits,
    at: datetime,
    on_progress: Callable[[int, int], None],
) -> list[PersonReport]:
    """Enrol everybody in a folder, archive or list. Raises: MusterError, DatabaseError."""
    details = Details(at, DESK, ("face", "mood") if consented else ())
    with open_pile(path) as pile:
        return list(import_pile(pile, engine, cipher, details, limits=limits, on_progress=on_progress))
