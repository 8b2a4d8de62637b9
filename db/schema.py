"""The tables. Columns of faces (embeddings, pictures) are sealed by `db.crypto`."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    event,
    false,
    text,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import DeclarativeBase, Mapped, attributes, mapped_column

from db.names import folded, search_text
from db.types import FoldedText, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        datetime: UtcDateTime(),
        date: Date(),
        time: Time(),
        UUID: Uuid(),
        str: Text(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
    }


def _search_text(context: DefaultExecutionContext) -> str:
    given = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return search_text(given["name"], given.get("number"), given.get("group_name"))


def _sort_group(context: DefaultExecutionContext) -> str:
    return folded(context.get_current_parameters().get("group_name") or "")  # type: ignore[no-untyped-call]


class PersonRow(Base):
    __tablename__ = "person"
    # Lists are paged by the last two orders, see `db.people.pages`. A search by name reads the first of them only.
    __table_args__ = (
        Index(None, "name"),
        Index(None, "group_name"),
        Index(None, "search_text", "id"),
        Index(None, "sort_group", "search_text", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    number: Mapped[str | None] = mapped_column(unique=True)
    group: Mapped[str | None] = mapped_column("group_name")
    active: Mapped[bool]
    notes: Mapped[str]
    created_at: Mapped[datetime]
    pin_hash: Mapped[str | None]
    search_text: Mapped[str] = mapped_column(FoldedText, default=_search_text, server_default="", deferred=True)
    """Name, group and number as `db.names.search_text` folds them."""
    sort_group: Mapped[str] = mapped_column(FoldedText, default=_sort_group, server_default="", deferred=True)
    """The group, folded; empty without one."""


@event.listens_for(PersonRow, "before_update")
def _fold_again(_mapper: Any, _connection: Any, row: PersonRow) -> None:
    if any(attributes.get_history(row, source).has_changes() for source in ("name", "number", "group")):
        row.search_text = search_text(row.name, row.number, row.group)
        row.sort_group = folded(row.group or "")


class SubjectRow(Base):
    """Who is meant by a pseudonym of the ledger; without this row, nobody can tell.

    A person who took over another's events (merge) has several.
    """

    __tablename__ = "ledger_subject"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    merged: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it came with somebody who was merged: new events get another, so that a merge can be taken back."""


class TemplateRow(Base):
    """One enrolled image of a person (a member of their template)."""

    __tablename__ = "face_template"
    __table_args__ = (
        UniqueConstraint("person_id", "content_hash"),
        Index(None, "content_hash"),
        Index(None, "sighting_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    content_hash: Mapped[str] = mapped_column(String(64))
    """Keyed, as the source is, so that neither tells who is enrolled from which picture; see `db.proof.images`."""
    encoder: Mapped[str]
    embedding: Mapped[bytes]
    second: Mapped[bytes | None]
    """The second encoder's part of the embedding; None where only the first has seen the image."""
    chip: Mapped[bytes | None]
    quality: Mapped[dict[str, Any]]
    source: Mapped[str]
    created_at: Mapped[datetime]
    sighting_id: Mapped[UUID | None]
    """The sighting of the candidate that became this template; None for an image that somebody enrolled."""


class CandidateRow(Base):
    """A template candidate that waits for a review. Recognition never reads it; accepted, it becomes a template."""

    __tablename__ = "growth_capture"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    sighting_id: Mapped[UUID] = mapped_column(unique=True)
    captured_at: Mapped[datetime]
    encoder: Mapped[str]
    embedding: Mapped[bytes]
    second: Mapped[bytes | None]
    chip: Mapped[bytes]
    quality: Mapped[dict[str, Any]]
    similarity: Mapped[float]
    """Of the whole track to the template, at that moment."""
    lead: Mapped[float]
    """`similarity` minus the threshold."""
    nearest: Mapped[float]
    """Similarity to the most similar of the person's images: the lower, the more the candidate adds."""


class MeanTemplateRow(Base):
    """The template that the gallery compares with: the mean over a person's members."""

    __tablename__ = "mean_template"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    encoder: Mapped[str] = mapped_column(primary_key=True)
    embedding: Mapped[bytes]
    second: Mapped[bytes | None]
    """The mean over the members that have a second encoder's part."""
    members: Mapped[int]
    updated_at: Mapped[datetime]


class PortraitRow(Base):
    __tablename__ = "portrait"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    jpeg: Mapped[bytes]


class ConsentRow(Base):
    """One decision; of several decisions of one kind the newest counts."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "person_id", "kind", "at"), CheckConstraint("kind IN ('face', 'mood')", name="kind"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    given: Mapped[bool]
    at: Mapped[datetime]
    recorded_by: Mapped[str]


class LookAlikeRow(Base):
    """Two people whose templates are so alike that they need a stricter margin; person_id < other_id."""

    __tablename__ = "look_alike"
    __table_args__ = (CheckConstraint("person_id < other_id", name="ordered"), Index(None, "other_id"))

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    similarity: Mapped[float]
    found_at: Mapped[datetime]


class KioskRow(Base):
    __tablename__ = "kiosk"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    site: Mapped[str]
    role: Mapped[str] = mapped_column(String(8))
    time_zone: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class ZoneOffsetRow(Base):
    """How far a time zone's clocks are from UTC from an instant on; for the views on SQLite."""

    __tablename__ = "zone_offset"
    __table_args__ = ({"sqlite_with_rowid": False},)

    time_zone: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    minutes: Mapped[int]


class SightingRow(Base):
    """Somebody in view for a while. Embedding and portrait are kept only while nobody knows the face."""

    __tablename__ = "sighting"
    __table_args__ = (
        Index(None, "first_at"),
        Index(None, "person_id", "first_at"),
        Index(
            "ix_sighting_unknown",
            "first_at",
            "id",
            sqlite_where=text("person_id IS NULL AND embedding IS NOT NULL"),
            postgresql_where=text("person_id IS NULL AND embedding IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kiosk_id: Mapped[UUID] = mapped_column(ForeignKey("kiosk.id"))
    track: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    frames: Mapped[int]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    best_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    similarity: Mapped[float | None]
    runner_up_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    runner_up_similarity: Mapped[float | None]
    threshold: Mapped[float]
    second_similarity: Mapped[float | None]
    """The second encoder's cosine alone."""
    encoders: Mapped[str | None] = mapped_column(String(8))
    """Whose similarities these are: "dlib", "sface" or "both"; None, in sightings of old, is dlib's."""
    embedding: Mapped[bytes | None]
    second: Mapped[bytes | None]
    portrait: Mapped[bytes | None]


class KeptViewRow(Base):
    """One of the best views of a named sighting, by which its name can be checked; gone with the sighting."""

    __tablename__ = "kept_view"
    __table_args__ = (Index(None, "sighting_id"), Index(None, "at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sighting_id: Mapped[UUID] = mapped_column(ForeignKey("sighting.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    embedding: Mapped[bytes]
    second: Mapped[bytes | None]
    chip: Mapped[bytes]


class ExpectedMissRow(Base):
    """How often a person will probably not be recognised, as the gallery's last examination of itself found."""

    __tablename__ = "expected_miss"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime]
    passages: Mapped[int]
    misses: Mapped[float]
    """The share of passages, 0 to 1."""
    low: Mapped[float]
    high: Mapped[float]
    images: Mapped[int]


class EventRow(Base):
    """The ledger. Triggers refuse every change; each row carries the hash of the row before it."""

    __tablename__ = "attendance_event"
    __table_args__ = (
        Index(None, "subject", "at"),
        Index(None, "at"),
        Index(None, "target_id"),
        CheckConstraint("kind IN ('check_in', 'check_out', 'void', 'correction')", name="kind"),
        CheckConstraint("method IN ('face', 'pin', 'manual')", name="method"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[UUID]
    at: Mapped[datetime]
    time_zone: Mapped[str]
    kiosk_id: Mapped[UUID] = mapped_column(ForeignKey("kiosk.id"))
    method: Mapped[str] = mapped_column(String(8))
    actor: Mapped[str]
    sighting_id: Mapped[UUID | None]
    target_id: Mapped[UUID | None]
    corrected_kind: Mapped[str | None] = mapped_column(String(16))
    recorded_at: Mapped[datetime]
    clock_suspect: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the kiosk's clock had jumped when this was written, so that its times are in doubt."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    mac: Mapped[str | None] = mapped_column(String(80))
    """The id of the proof key, and the HMAC of `hash` with it; None in rows that were there before the key."""


class ProofRow(Base):
    """The chain of everything but events that decides who came when; see `db.proof.entries`. Append-only."""

    __tablename__ = "proof_entry"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    row_id: Mapped[UUID]
    owner: Mapped[UUID | None]
    """Whose it is: the `SaltRow.owner`, which leads to nobody once the person is erased."""
    public: Mapped[str | None] = mapped_column(String(64))
    personal: Mapped[str | None] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(String(16))
    mac: Mapped[str] = mapped_column(String(64))


class SaltRow(Base):
    """The salt of the keyed hashes of one person's parts of the proof; erased with them."""

    __tablename__ = "proof_salt"

    owner: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    salt: Mapped[bytes]


class RetiredKeyRow(Base):
    """A proof key of before a rotation, sealed with the key of now: what it proved can still be verified. One row more
    has the secret of `db.proof.images`."""

    __tablename__ = "proof_key"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    sealed: Mapped[bytes]


class PinTriesRow(Base):
    """Wrong PINs, for one number (kept as a keyed hash) or for a whole desk, since the last right one."""

    __tablename__ = "pin_tries"

    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    wrong: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class DeskUserRow(Base):
    """Somebody who works at the desk: the name stands in the ledger and the audit log beside what they did."""

    __tablename__ = "desk_user"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    pin_hash: Mapped[str]
    created_at: Mapped[datetime]


class ChainRow(Base):
    """The id of this database's chain, by which a database that receives events tells chains apart."""

    __tablename__ = "ledger_chain"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sends_as: Mapped[UUID | None]
    """The id under which a copy sends, whose original sends under `id`; None for a database that is not a copy."""


class ForwardedRow(Base):
    """Where an event stands in the chain of the database that it was forwarded from."""

    __tablename__ = "forwarded_event"
    __table_args__ = (Index(None, "event_id"),)

    origin: Mapped[UUID] = mapped_column(primary_key=True)
    """The other database's `ChainRow`."""
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("attendance_event.id"))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class SiteEventRow(Base):
    """A copy of another door's recent event, which the centre sent down. It is no part of the ledger here: the door
    that wrote it keeps it, and proves it; see `db.forwarding.site_events`."""

    __tablename__ = "site_event"
    __table_args__ = (Index(None, "subject", "recorded_at"), Index(None, "recorded_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    origin: Mapped[UUID]
    """The chain in which it stands first."""
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[UUID]
    at: Mapped[datetime]
    kiosk_id: Mapped[UUID]
    """The kiosk is in the database of its door, and in the centre's."""
    role: Mapped[str] = mapped_column(String(8))
    """The kiosk's."""
    method: Mapped[str] = mapped_column(String(8))
    target_id: Mapped[UUID | None]
    corrected_kind: Mapped[str | None] = mapped_column(String(16))
    recorded_at: Mapped[datetime]
    clock_suspect: Mapped[bool]


class SyncedRow(Base):
    """What was the same here and at the centre last: tells whether a row that one side lacks is new or deleted."""

    __tablename__ = "synced_row"

    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    """A kind of `db.forwarding.shared`; "centre": with which database, and how far it was; "events": up to which."""
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))


class SitePinRow(Base):
    """At the centre: a person's PIN as its door hashed it, with that door's pepper, sealed with the site key."""

    __tablename__ = "site_pin"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the hash, by which doors tell whether it changed."""
    sealed: Mapped[bytes]


class SitePepperRow(Base):
    """At a door: the pepper of another door, sealed with the key here, so that its PINs can be verified."""

    __tablename__ = "site_pepper"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    sealed: Mapped[bytes]


class DoorRow(Base):
    """A kiosk of a site and how far it is: at the centre all that send there, at a door its own row."""

    __tablename__ = "door"

    chain: Mapped[UUID] = mapped_column(primary_key=True)
    """Of its ledger."""
    kiosk: Mapped[str]
    version: Mapped[str]
    login: Mapped[str | None]
    """The user of the server as which it comes; None on SQLite."""
    waiting: Mapped[int]
    """Events that it had still to send; 0 after a round that went through."""
    waiting_since: Mapped[datetime | None]
    """When the first of these was written."""
    seen_at: Mapped[datetime]
    """Of its last round that reached the centre."""
    trouble: Mapped[str | None]
    """At the door: why it reaches the centre no more."""


class DoorKeyRow(Base):
    """At the centre: the key of a kiosk, which is a user of the server."""

    __tablename__ = "door_key"

    name: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class MoodRow(Base):
    """The mean probabilities of a few seconds. In aggregate mode no column leads to a person.

    Without a rowid, because the order of insertion would lead to one.
    """

    __tablename__ = "mood_sample"
    __table_args__ = (
        Index(None, "at"),
        Index(None, "person_id", "at"),
        Index(None, "sighting_id"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kiosk_id: Mapped[UUID] = mapped_column(ForeignKey("kiosk.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    sighting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sighting.id", ondelete="CASCADE"))
    group: Mapped[str | None] = mapped_column("group_name")
    token: Mapped[str | None] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(16))
    angry: Mapped[float]
    disgust: Mapped[float]
    fear: Mapped[float]
    happy: Mapped[float]
    sad: Mapped[float]
    surprise: Mapped[float]
    neutral: Mapped[float]


class CrowdSecretRow(Base):
    """The secret of a day from which the tokens of its moods are made; sealed, and deleted after the day."""

    __tablename__ = "crowd_secret"

    day: Mapped[date] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


class RolledDayRow(Base):
    """A day whose moods are rolled up. A trigger deletes it, and with it its roll-ups, in the transaction that adds,
    changes or deletes a sample of that day."""

    __tablename__ = "mood_rolled"

    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Local days since 1970."""
    starts: Mapped[datetime] = mapped_column(unique=True)
    ends: Mapped[datetime]
    zone: Mapped[str]
    confidence: Mapped[float]
    """The probability below which a mood was unsure."""
    stamp: Mapped[UUID]
    """Another one each time that the day is rolled up."""


class _Rolled:
    """What a roll-up counts, as `monitor.moods.tally.Tally` does."""

    day: Mapped[int] = mapped_column(ForeignKey("mood_rolled.day", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """In its day."""
    group: Mapped[str | None] = mapped_column("group_name")
    sightings: Mapped[int]
    judged: Mapped[int]
    angry: Mapped[float]
    disgust: Mapped[float]
    fear: Mapped[float]
    happy: Mapped[float]
    sad: Mapped[float]
    surprise: Mapped[float]
    neutral: Mapped[float]
    angry_count: Mapped[int]
    disgust_count: Mapped[int]
    fear_count: Mapped[int]
    happy_count: Mapped[int]
    sad_count: Mapped[int]
    surprise_count: Mapped[int]
    neutral_count: Mapped[int]
    unsure_count: Mapped[int]


class MoodDayRow(_Rolled, Base):
    """The moods of one person, or of one token, in one day."""

    __tablename__ = "mood_day"
    __table_args__ = (Index(None, "person_id", "day"), {"sqlite_with_rowid": False})

    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    token: Mapped[str | None] = mapped_column(String(16))
    hours: Mapped[int]
    """The local hours with a sample: bit 0 is midnight to one."""


class MoodHourRow(_Rolled, Base):
    """The moods of everybody together in one hour or one day, and of one group in one day."""

    __tablename__ = "mood_hour"
    __table_args__ = ({"sqlite_with_rowid": False},)

    kind: Mapped[str] = mapped_column(String(5))
    """"day", "group" or "hour"."""
    hour: Mapped[int | None]
    """Local; of "hour" only."""


class ShiftRow(Base):
    """When somebody is expected: a person, else a group, else everybody."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("person_id IS NULL OR group_name IS NULL", name="one_scope"),
        CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        CheckConstraint("grace_minutes >= 0 AND break_minutes >= 0", name="minutes"),
        CheckConstraint("every_weeks = 1 OR every_weeks > 1 AND valid_from IS NOT NULL", name="weeks"),
        Index(None, "person_id"),
        Index(None, "group_name"),
        Index(None, "valid_to"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    group: Mapped[str | None] = mapped_column("group_name")
    weekdays: Mapped[int]
    """Bit 0 is Monday, bit 6 Sunday."""
    start: Mapped[time] = mapped_column("starts")
    end: Mapped[time] = mapped_column("ends")
    grace_minutes: Mapped[int]
    break_minutes: Mapped[int]
    break_paid: Mapped[bool]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    every_weeks: Mapped[int]


class HolidayRow(Base):
    """A public holiday of the site; one a day."""

    __tablename__ = "holiday"
    __table_args__ = (CheckConstraint("half IN ('morning', 'afternoon')", name="half"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column("on_day", unique=True)
    name: Mapped[str]
    half: Mapped[str | None] = mapped_column(String(9))


class LeaveRow(Base):
    """A person's leave, both days included."""

    __tablename__ = "leave"
    __table_args__ = (
        CheckConstraint("half IN ('morning', 'afternoon')", name="half"),
        CheckConstraint("kind IN ('holiday', 'sick', 'training', 'unpaid', 'other')", name="kind"),
        CheckConstraint("first_day <= last_day", name="days"),
        Index(None, "person_id", "first_day"),
        Index(None, "last_day", "first_day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    first: Mapped[date] = mapped_column("first_day")
    last: Mapped[date] = mapped_column("last_day")
    kind: Mapped[str] = mapped_column(String(8))
    half: Mapped[str | None] = mapped_column(String(9))
    note: Mapped[str]


class AuditRow(Base):
    """Who did what. `detail` may name people and is emptied when they are erased."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "at"), Index(None, "person_id"), Index(None, "event_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    event_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]]


class UndoRow(Base):
    """What an act overwrote or deleted, for as long as it can be taken back."""

    __tablename__ = "undo"
    __table_args__ = (Index(None, "person_id"), Index(None, "until"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """The act's `AuditRow`."""
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    """Whose data it is; it goes with them."""
    until: Mapped[datetime | None]
    """When the purge deletes it; None: when the person is erased."""
    content: Mapped[dict[str, Any]]


class WrongPairRow(Base):
    """Somebody was taken for `person_id` and said "not me"; `other_id` is who they really were, if known."""

    __tablename__ = "wrong_pair"
    __table_args__ = (Index(None, "person_id"), Index(None, "other_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    other_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    sighting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sighting.id", ondelete="SET NULL"))
    event_id: Mapped[UUID]
    similarity: Mapped[float | None]
    at: Mapped[datetime]
    actor: Mapped[str]


class TemplateKeyRow(Base):
    """Which key the templates are encrypted with (its fingerprint, never the key); at most one row."""

    __tablename__ = "template_key"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    since: Mapped[datetime]


class DeliveryRow(Base):
    """A message that a webhook's receiver has not taken yet. It names nobody: who it is about is asked when it is sent.

    `id` is the message's own, the same at every try.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index(None, "webhook", "dead", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook: Mapped[str]
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    event_id: Mapped[UUID | None]
    """The event of the ledger; None for what is not in it, such as an unknown face."""
    door: Mapped[str]
    text: Mapped[str | None]
    created_at: Mapped[datetime]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    away: Mapped[bool]
    """Whether the last try got no answer at all, or one that promises a later success (429, 5xx)."""
    dead: Mapped[bool]
    """Nobody tries any more, until somebody says so."""
    error: Mapped[str | None]


class WebhookCursorRow(Base):
    """How far in the ledger each webhook is."""

    __tablename__ = "webhook_cursor"

    webhook: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    sent: Mapped[int]
    """Messages taken so far."""
    sent_at: Mapped[datetime | None]


class ApiKeyRow(Base):
    """A key of the HTTP interface: its hash, what it may read, and until when."""

    __tablename__ = "api_key"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the key, which is random and 256 bits long, so it needs no slow hash."""
    rights: Mapped[str]
    """Separated by commas."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class RollCallRow(Base):
    """A roll call: has everybody who was inside got out?"""

    __tablename__ = "roll_call"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    started_by: Mapped[str]
    ended_at: Mapped[datetime | None]


class RollCallMarkRow(Base):
    """Somebody who was inside when a roll call began, and whether they were found."""

    __tablename__ = "roll_call_mark"
    __table_args__ = (Index(None, "person_id"),)

    roll_call_id: Mapped[UUID] = mapped_column(ForeignKey("roll_call.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime | None]
    """When they came in."""
    found_at: Mapped[datetime | None]
    found_by: Mapped[str | None]
