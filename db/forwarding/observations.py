"""Forwarding: sightings and moods, which may change or go after they were sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, delete, or_, select, update
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.batches import batches
from db.engine import reading, writing
from db.forwarding.people import BATCH, People
from db.forwarding.rows import add_missing, mapped, may_go, pages, plain
from db.observations import moods
from db.privacy import retention
from db.schema.faces import WrongPairRow
from db.schema.moods import MoodRow
from db.schema.observations import SightingRow

_CROWD: Final = timedelta(hours=1)
"""Moods without a person have their hour only; they are sent when it is over, so that nothing tells who was in view."""


@dataclass(slots=True)
class Sent:
    """Sightings and moods of the last minutes as the other side has them, so that only what is new is sent."""

    since: datetime
    """Older ones are not kept here."""
    sightings: dict[UUID, tuple[Any, ...]] = field(default_factory=dict)
    """When it began, until when it lasted, its frames and its person, by id."""
    moods: dict[UUID, datetime] = field(default_factory=dict)

    def forget(self, since: datetime) -> None:
        """Leave out what began earlier."""
        self.since = since
        self.sightings = {id: told for id, told in self.sightings.items() if told[0] >= since}
        self.moods = {id: at for id, at in self.moods.items() if at >= since}

    def note(self, moods: Sequence[Mapping[str, Any]]) -> None:
        """Moods that the other side has."""
        self.moods |= {row["id"]: row["at"] for row in moods if row["at"] >= self.since}


@dataclass(frozen=True, slots=True)
class Unsent:
    """What is new here of the last minutes, and to be sent by `put`."""

    sightings: tuple[Mapping[str, Any], ...]
    seen: Mapping[UUID, tuple[Any, ...]]
    """Of these sightings, what `Sent` keeps."""
    moods: tuple[Mapping[str, Any], ...]
    felt: tuple[Mapping[str, Any], ...]
    """These moods, and those of people whom the other side does not know."""
    gone: tuple[UUID, ...]
    """Moods that were sent, and deleted here since."""

    @classmethod
    def of(cls, here: Session, people: People, sent: Sent) -> "Unsent":
        """At most `BATCH` rows of each."""
        columns = (SightingRow.id, SightingRow.first_at, SightingRow.last_at, SightingRow.frames, SightingRow.person_id)
        told = here.execute(select(*columns).where(SightingRow.first_at >= sent.since)).all()
        new = {id: tuple(row) for id, *row in told if sent.sightings.get(id) != tuple(row)}
        seen = plain(here, SightingRow, SightingRow.id.in_(list(new)[:BATCH]), limit=BATCH) if new else []
        ids = set(here.scalars(select(MoodRow.id).where(MoodRow.at >= sent.since, MoodRow.token.is_(None))))
        fresh = list(ids - sent.moods.keys())[:BATCH]
        felt = plain(here, MoodRow, MoodRow.id.in_(fresh), limit=BATCH) if fresh else []
        return cls(
            tuple(_without_face(row, people) for row in seen if may_go(row, people)),
            {row["id"]: new[row["id"]] for row in seen},
            tuple(mapped(row, {"person_id": people.known}) for row in felt if may_go(row, people)),
            tuple(felt),
            tuple(sent.moods.keys() - ids),
        )

    def __bool__(self) -> bool:
        return bool(self.sightings or self.moods or self.gone)

    @property
    def is_full(self) -> bool:
        """Whether there may be more."""
        return BATCH in (len(self.seen), len(self.felt))

    def put(self, there: Session) -> dict[str, int]:
        """Writes it on the other side; the caller holds the lock. Gives how many rows, as `Forwarded` counts them."""
        deleted = _delete_of_nobody(there, self.gone)
        sent, changed = _put_sightings(there, self.sightings)
        return {
            "sightings": sent,
            "changed": changed,
            "moods": _put_moods(there, self.moods) if self.moods else 0,
            "moods_deleted": deleted,
        }

    def note(self, sent: Sent) -> None:
        """Notes that it is written there, once that is committed."""
        sent.sightings |= self.seen
        sent.note(self.felt)
        for id in self.gone:
            del sent.moods[id]


def send_sightings(
    source: Engine,
    target: Engine,
    people: People,
    since: datetime | None,
    gone: Mapping[str, datetime],
) -> dict[str, int]:
    """Sends the sightings that began since then, and what changed of them; without faces. Gives how many of each.

    Args:
        gone: of the other side, since when it keeps what (`retention.gone_before`).
    """
    count = {"sightings": 0, "changed": 0}
    for rows in pages(source, SightingRow, SightingRow.first_at, *_sightings_since(since, gone)):
        wanted = [_without_face(row, people) for row in rows if may_go(row, people)]
        with writing(target) as there:
            ledger.lock(there)
            sent, changed = _put_sightings(there, wanted)
        count = {"sightings": count["sightings"] + sent, "changed": count["changed"] + changed}
    return count


def _without_face(row: Mapping[str, Any], people: People) -> dict[str, Any]:
    whose = {"person_id": people.known, "best_id": people.known, "runner_up_id": people.known}
    return mapped(row, whose) | dict.fromkeys(("embedding", "second", "portrait"))


def _put_sightings(there: Session, rows: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Gives how many were added, and how many changed."""
    if not rows:
        return 0, 0
    wrong = _wrong_names(there, [row["id"] for row in rows])
    wanted = [{**row, "person_id": None} if (row["id"], row["person_id"]) in wrong else row for row in rows]
    changed = _update_sightings(there, wanted)
    return add_missing(there, SightingRow, wanted), changed


def _sightings_since(since: datetime | None, gone: Mapping[str, datetime]) -> list[ColumnElement[bool]]:
    """Those that began since then, without those that the other side has deleted because of their age."""
    kept = [
        or_(SightingRow.person_id.is_not(None), SightingRow.last_at >= gone["visitors"]),
        or_(SightingRow.person_id.is_(None), SightingRow.last_at >= gone["sightings"]),
    ]
    return kept if since is None else [*kept, SightingRow.first_at >= since]


def _update_sightings(there: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Sightings that went on, or whose name was taken off or given, since they were sent."""
    columns = (SightingRow.id, SightingRow.last_at, SightingRow.frames, SightingRow.person_id)
    query = select(*columns).where(SightingRow.id.in_([row["id"] for row in rows]))
    known = {row.id: tuple(row)[1:] for row in there.execute(query)}
    changed = [
        row for row in rows if known.get(row["id"], ()) not in ((), (row["last_at"], row["frames"], row["person_id"]))
    ]
    for row in changed:
        there.execute(update(SightingRow).where(SightingRow.id == row["id"]).values(**row))
        if row["person_id"] is None:
            moods.unname(there, row["id"])
    return len(changed)


def _wrong_names(there: Session, seen: Sequence[UUID]) -> set[tuple[UUID | None, UUID]]:
    """Names that somebody on the other side took off these sightings: they do not come back."""
    query = select(WrongPairRow.sighting_id, WrongPairRow.person_id).where(WrongPairRow.sighting_id.in_(seen))
    return {(sighting, person) for sighting, person in there.execute(query)}


def send_moods(
    source: Engine,
    target: Engine,
    people: People,
    since: datetime,
    now: datetime,
    noted: Sent | None,
) -> int:
    """Sends the moods since then, those of nobody in particular when their hour is over; gives how many."""
    sent = 0
    over = or_(MoodRow.token.is_(None), MoodRow.at <= now - _CROWD)
    for rows in pages(source, MoodRow, MoodRow.at, over, MoodRow.at >= since):
        wanted = [mapped(row, {"person_id": people.known}) for row in rows if may_go(row, people)]
        with writing(target) as there:
            ledger.lock(there)
            sent += _put_moods(there, wanted)
        if noted is not None:
            noted.note(wanted)
    return sent


def _put_moods(there: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Adds those whose sighting is there; gives how many."""
    seen = [row["sighting_id"] for row in rows if row["sighting_id"] is not None]
    kept = {None, *there.scalars(select(SightingRow.id).where(SightingRow.id.in_(seen)))}
    wrong = _wrong_names(there, seen)
    nobody = {"person_id": None, "group_name": None}
    theirs = [
        {**row, **(nobody if (row["sighting_id"], row["person_id"]) in wrong else {})}
        for row in rows
        if row["sighting_id"] in kept
    ]
    return add_missing(there, MoodRow, theirs)


def take_back_moods(source: Engine, target: Engine, since: datetime) -> int:
    """Deletes moods there that were sent and deleted here since: of somebody who was named later, and refused them.

    Moods that grew too old here stay there. Returns how many were deleted.

    Args:
        since: of sightings that began earlier, nothing is taken back.
    """
    with reading(source) as here:
        since = max(since, retention.gone_before(here)["moods"])
        named = select(SightingRow.id).where(SightingRow.person_id.is_not(None), SightingRow.first_at >= since)
        seen = here.scalars(named).all()
    deleted = 0
    for some in batches(seen):
        theirs = select(MoodRow.id).where(MoodRow.sighting_id.in_(some), MoodRow.at >= since)
        with reading(source) as here:
            kept = set(here.scalars(theirs))
        with writing(target) as there:
            ledger.lock(there)
            deleted += _delete_of_nobody(there, [id for id in there.scalars(theirs) if id not in kept])
    return deleted


def _delete_of_nobody(there: Session, ids: Sequence[UUID]) -> int:
    """Deletes those of these moods that are nobody's; gives how many."""
    deleted = 0
    for some in batches(ids):
        gone: Any = there.execute(delete(MoodRow).where(MoodRow.id.in_(some), MoodRow.person_id.is_(None)))
        deleted += gone.rowcount
    return deleted
