"""The people enrolled, and what the database has about each. Every function blocks: call it in workers only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Unpack
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.engine import reading
from db.faces import candidates, templates
from db.faces.pictures import pictures
from db.people import consents, listing, look_alikes, pages, people, pins
from db.records.faces import Template
from db.records.pages import Page, Want
from db.records.people import Consent, Person, PersonSummary
from enroll.faces.similarity_limits import fit_of_each
from enroll.imports.run import import_batch, open_batch
from enroll.people.report import PersonReport
from enroll.people.store import Enrolment
from monitor.attendance.days import Period
from monitor.attendance.summary import DaySummary
from monitor.config import QualityLimits, Settings
from monitor.desk.actor import Actor
from monitor.desk.days.attendance import attendance_of
from monitor.desk.days.moods import person_moods
from monitor.domain import RgbImage
from monitor.moods.cells import MoodChange
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.jpeg import decode_jpeg
from monitor.vision.matching.joined import comparable, is_joined

HISTORY_DAYS = 14


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """How long the list is. Counting reads every person, so the list is shown before."""

    found: int
    """People whom the filter finds."""
    active: int
    """Active people in the database."""
    consent_missing: int
    """Of these, who was not asked yet whether they agree to be recognised, or to moods."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonDetails:
    """What the People screen shows of one person."""

    person: Person
    face_consent: Consent | None
    """The newest decision; None when nobody asked the person."""
    mood_consent: Consent | None
    templates: tuple[Template, ...]
    portrait: RgbImage | None
    look_alikes: tuple[tuple[str, float], ...]
    """Name and similarity, the most alike first."""
    days: tuple[DaySummary, ...]
    """The last two weeks, newest first."""
    moods: tuple[tuple[str, float], ...]
    """Shares over the last two weeks; empty without individual moods."""
    change: MoodChange | None
    """Today's mood against the person's own baseline."""
    door_pin: bool = False
    """Whether they can check in with their number and a PIN."""
    waiting: int = 0
    """Captures from the door that wait for a review."""

    @property
    def grown(self) -> int:
        """How many images were captures from the door."""
        return sum(one.sighting is not None for one in self.templates)


@dataclass(frozen=True, slots=True)
class EnrolledImage:
    """An enrolled image and how well it fits the person's others."""

    template: Template
    fit: float | None
    """Cosine to the mean of the others; None for the only one, or for one of another encoder."""
    both: bool
    """Whether both encoders have seen the image."""


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """What is kept about one person, without attendance and moods."""

    person: Person
    images: tuple[EnrolledImage, ...]
    """The oldest first."""
    consents: tuple[Consent, ...]
    """Every decision, the oldest first."""
    look_alikes: tuple[tuple[str, float], ...]
    """Name and similarity, the most alike first."""


def people_page(
    engine: Engine, search: str, want: Want, stop: Event, *, consent_missing: bool = False
) -> Page[PersonSummary]:
    """People by name in whose name, number or group the text occurs. Raises: DatabaseError.

    Args:
        consent_missing: only active people whom nobody asked about one of the consents; so also in the functions below.
        stop: set when the answer is no longer wanted; so also in the functions below.
    """
    with reading(engine, stop) as session:
        return pages.people_page(session, want, search=search, consent_missing=consent_missing)


def people_counts(
    engine: Engine, search: str, found: int | None, stop: Event, *, consent_missing: bool = False
) -> PeopleCounts:
    """How many people the filter finds, unless that is known, and how many are active. Raises: DatabaseError."""
    with reading(engine, stop) as session:
        if found is None:
            found = pages.count_matching(session, search, consent_missing=consent_missing)
        missing = pages.count_matching(session, "", consent_missing=True)
        return PeopleCounts(found, people.count_people(session), missing)


def people_found(engine: Engine, search: str, *, consent_missing: bool = False) -> list[UUID]:
    """The ids of everybody whom the filter finds. Raises: DatabaseError."""
    with reading(engine) as session:
        return pages.found_ids(session, search, consent_missing=consent_missing)


def choice_of_people(engine: Engine, search: str, but: UUID | None, want: Want, stop: Event) -> Page[Person]:
    """People to choose from, by name, without one of them. Raises: DatabaseError."""
    with reading(engine, stop) as session:
        return pages.persons_page(session, want, pages.BY_NAME, *listing.matching(search, but=but))


def count_choice(engine: Engine, search: str, but: UUID | None, stop: Event) -> int:
    """How many people there are to choose from. Raises: DatabaseError."""
    with reading(engine, stop) as session:
        return pages.count_matching(session, search, but)


def person_record(engine: Engine, cipher: TemplateCipher, person: UUID) -> PersonRecord:
    """What is kept about one person. Raises: DatabaseError."""
    with reading(engine) as session:
        members = templates.load_members(session, cipher, person, ENCODER_NAME)
        fits: dict[UUID, float] = {}
        if len(members) > 1:
            found = fit_of_each(comparable([member.embedding for member in members]))
            fits = {member.template.id: float(fit) for member, fit in zip(members, found, strict=True)}
        both = {member.template.id for member in members if is_joined(member.embedding)}
        listed = templates.list_templates(session, person)
        images = [EnrolledImage(one, fits.get(one.id), one.id in both) for one in listed]
        return PersonRecord(
            people.get_person(session, person),
            tuple(images),
            tuple(consents.history(session, person)),
            _alike(session, person),
        )


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
        pin = pins.find(session, who.number) if who.number else None
        shares, change = _moods(session, settings, person, period)
        jpeg = pictures(session, cipher, [person]).get(person)
        return PersonDetails(
            person=who,
            face_consent=decided.get("face"),
            mood_consent=decided.get("mood"),
            templates=tuple(images),
            portrait=None if jpeg is None else decode_jpeg(jpeg),
            look_alikes=_alike(session, person),
            days=tuple(reversed(attendance_of(session, settings, who, period, now))),
            moods=shares,
            change=change,
            door_pin=pin is not None and pin.pin_hash is not None,
            waiting=len(candidates.waiting(session, person)),
        )


def _moods(
    session: Session, settings: Settings, person: UUID, period: Period
) -> tuple[tuple[tuple[str, float], ...], MoodChange | None]:
    if settings.mood != "individual":
        return (), None
    cell, change = person_moods(session, settings, person, period)
    return cell.label_shares or (), change


def portraits(engine: Engine, cipher: TemplateCipher, persons: Sequence[UUID]) -> dict[UUID, RgbImage]:
    """The portraits of these people, uint8 (h, w, 3); those who have none are left out. Raises: DatabaseError."""
    with reading(engine) as session:
        found = pictures(session, cipher, persons)
    decoded = ((person, decode_jpeg(jpeg)) for person, jpeg in found.items())
    return {person: rgb for person, rgb in decoded if rgb is not None}


def _alike(session: Session, person: UUID) -> tuple[tuple[str, float], ...]:
    found = look_alikes.of_person(session, person)
    names = pages.names(session, [other for other, _ in found])
    return tuple((names[other], similarity) for other, similarity in found if other in names)


def import_folder(
    engine: Engine,
    cipher: TemplateCipher,
    path: Path,
    group: str,
    consented: bool,
    limits: QualityLimits,
    on_progress: Callable[[int, int], None],
    **by: Unpack[Actor],
) -> list[PersonReport]:
    """Enrol everybody in a folder, archive or list. Raises: MusterError.

    Args:
        group: of those to whom the files give none; empty for no group.
    """
    details = Enrolment(**by, consent=("face", "mood") if consented else ())
    with open_batch(path, group=group.strip() or None) as batch:
        return list(import_batch(batch, engine, cipher, details, limits=limits, on_progress=on_progress))
