"""Retention: which sightings, faces and mood samples are too old, and their deletion."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db import audit
from db.batches import among
from db.records.privacy import Expired
from db.schema.audit import AuditRow, UndoRow
from db.schema.faces import CandidateRow
from db.schema.moods import MoodRow
from db.schema.observations import KeptViewRow, SightingRow

_KINDS: Final = ("visitors", "sightings", "moods")
STEP: Final = 500
"""Rows of a kind that are deleted at once, so that the door never waits long for the database."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Retention periods, in days."""

    visitors: int
    """Sightings of unknown people with their faces and moods, and candidates that nobody reviewed."""
    sightings: int
    """Sightings of enrolled people with their moods. The attendance ledger is never purged."""
    moods: int
    views: int = 0
    """The best views of sightings of enrolled people."""


def expired(session: Session, rules: Retention, now: datetime, *, most: int | None = None) -> Expired:
    """What a purge would delete now.

    Args:
        most: how far each kind is counted; where a count reaches it, there may be more. None counts all, which may read
            whole tables.
    """
    visitors, sightings, moods, captures, views = _conditions(rules, now)
    gone = select(SightingRow.id).where(or_(visitors, sightings)).limit(most)
    moods = or_(moods, MoodRow.sighting_id.in_(gone))
    return Expired(
        visitors=_count(session, SightingRow.id, visitors, most),
        faces=_count(session, SightingRow.id, and_(visitors, SightingRow.portrait.is_not(None)), most),
        sightings=_count(session, SightingRow.id, sightings, most),
        moods=_count(session, MoodRow.id, moods, most),
        captures=_count(session, CandidateRow.id, captures, most),
        views=_count(session, KeptViewRow.id, views, most),
    )


def delete_some(session: Session, rules: Retention, now: datetime) -> Expired:
    """Deletes some of the rows that are too old, about `STEP` of each kind; all counts are 0 when nothing is left."""
    session.execute(delete(UndoRow).where(UndoRow.until < now))
    visitors, sightings, moods, captures, views = _conditions(rules, now)
    unknown, known = (
        session.execute(select(SightingRow.id, SightingRow.portrait.is_not(None)).where(kind).limit(STEP)).all()
        for kind in (visitors, sightings)
    )
    gone = [id for id, _ in (*unknown, *known)]
    deleted_moods = _delete(session, MoodRow, select(MoodRow.id).where(MoodRow.sighting_id.in_(gone)))
    deleted_moods += _delete(session, MoodRow, select(MoodRow.id).where(moods).limit(STEP))
    session.execute(delete(SightingRow).where(SightingRow.id.in_(gone)).execution_options(synchronize_session=False))
    return Expired(
        visitors=len(unknown),
        faces=sum(has_face for _, has_face in unknown),
        sightings=len(known),
        moods=deleted_moods,
        captures=_delete(session, CandidateRow, select(CandidateRow.id).where(captures).limit(STEP)),
        views=_delete(session, KeptViewRow, select(KeptViewRow.id).where(views).limit(STEP)),
    )


def note(session: Session, rules: Retention, now: datetime, deleted: Expired, *, actor: str) -> None:
    """Writes into the audit log what a purge deleted, and up to when."""
    counts = {kind: getattr(deleted, kind) for kind in ("visitors", "sightings", "moods", "captures", "views")}
    before = {kind: (now - timedelta(days=getattr(rules, kind))).isoformat() for kind in _KINDS}
    audit.note(session, "purge", at=now, actor=actor, detail={**counts, "before": before})
    session.flush()


def last_purge(session: Session, now: datetime) -> datetime | None:
    """When data was purged last; None: never. A purge of after now was made while the clock was wrong."""
    return session.scalar(select(func.max(AuditRow.at)).where(AuditRow.action == "purge", AuditRow.at <= now))


def gone_before(session: Session) -> dict[str, datetime]:
    """Up to when visitors, sightings and moods were deleted here; nothing older may be sent here again."""
    found = dict.fromkeys(_KINDS, datetime.min.replace(tzinfo=UTC))
    for detail in audit.details(session, "purge"):
        for kind, before in detail.get("before", {}).items():
            found[kind] = max(found[kind], datetime.fromisoformat(before))
    return found


def _conditions(rules: Retention, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Which sightings of unknown people, sightings of enrolled people, mood samples, template candidates and kept views
    are too old."""
    days = (rules.visitors, rules.sightings, rules.moods, rules.views)
    visitors, sightings, moods, views = (now - timedelta(days=one) for one in days)
    return (
        and_(SightingRow.person_id.is_(None), _ended_before(visitors)),
        and_(SightingRow.person_id.is_not(None), _ended_before(sightings)),
        MoodRow.at < moods,
        CandidateRow.captured_at < visitors,
        KeptViewRow.at < views,
    )


def _ended_before(at: datetime) -> ColumnElement[bool]:
    """Sightings that ended before; their beginning, which has an index, was earlier still."""
    return and_(SightingRow.last_at < at, SightingRow.first_at < at)


def _delete(session: Session, row: type[MoodRow | CandidateRow | KeptViewRow], which: Select[UUID]) -> int:
    ids = session.scalars(which).all()
    session.execute(delete(row).where(among(row.id, ids)).execution_options(synchronize_session=False))
    return len(ids)


def _count(session: Session, key: InstrumentedAttribute[Any], where: ColumnElement[bool], most: int | None) -> int:
    found = select(key).where(where).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0
