"""Forwarding: sightings and moods, which may change or go after they were sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, delete, or_, select, update
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.batches import batches
from db.engine import reading, writing
from db.forwarding.people import People
from db.forwarding.rows import Add, add_missing, mapped, may_go, pages
from db.observations import moods
from db.privacy import retention
from db.schema.faces import WrongPairRow
from db.schema.moods import MoodRow
from db.schema.observations import SightingRow

_CROWD: Final = timedelta(hours=1)
"""Moods without a person have their hour only; they are sent when it is over, so that nothing tells who was in view."""


def send_sightings(
    source: Engine,
    target: Engine,
    people: People,
    since: datetime | None,
    gone: Mapping[str, datetime],
    batch: int,
    add: Add,
) -> None:
    """Sends the sightings that began since then, and what changed of them; without faces.

    Args:
        gone: of the other side, since when it keeps what (`retention.gone_before`).
    """
    whose = {"person_id": people.known, "best_id": people.known, "runner_up_id": people.known}
    for rows in pages(source, SightingRow, SightingRow.first_at, batch, *_sightings_since(since, gone)):
        without_face = dict.fromkeys(("embedding", "second", "portrait"))
        wanted = [mapped(row, whose) | without_face for row in rows if may_go(row, people)]
        with writing(target) as there:
            ledger.lock(there)
            wrong = _wrong_names(there, [row["id"] for row in wanted])
            wanted = [row | {"person_id": None} if (row["id"], row["person_id"]) in wrong else row for row in wanted]
            changed = _update_sightings(there, wanted)
            sent = add_missing(there, SightingRow, wanted)
        add(sightings=sent, changed=changed)


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
    source: Engine, target: Engine, people: People, since: datetime, now: datetime, batch: int, add: Add
) -> None:
    """Sends the moods since then, those of nobody in particular when their hour is over."""
    over = or_(MoodRow.token.is_(None), MoodRow.at <= now - _CROWD)
    for rows in pages(source, MoodRow, MoodRow.at, batch, over, MoodRow.at >= since):
        wanted = [mapped(row, {"person_id": people.known}) for row in rows if may_go(row, people)]
        with writing(target) as there:
            ledger.lock(there)
            seen = [row["sighting_id"] for row in wanted if row["sighting_id"] is not None]
            kept = {None, *there.scalars(select(SightingRow.id).where(SightingRow.id.in_(seen)))}
            wrong = _wrong_names(there, seen)
            nobody = {"person_id": None, "group_name": None}
            theirs = [
                row | (nobody if (row["sighting_id"], row["person_id"]) in wrong else {})
                for row in wanted
                if row["sighting_id"] in kept
            ]
            sent = add_missing(there, MoodRow, theirs)
        add(moods=sent)


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
            gone = [id for id in there.scalars(theirs.where(MoodRow.person_id.is_(None))) if id not in kept]
            for part in batches(gone):
                there.execute(delete(MoodRow).where(MoodRow.id.in_(part)))
        deleted += len(gone)
    return deleted
