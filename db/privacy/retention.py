"""Retention: which sightings, faces and mood samples are too old, and their deletion."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db import audit
from db.records import Expired
from db.schema import AuditRow, CandidateRow, MoodRow, SightingRow

_KINDS: Final = ("visitors", "sightings", "moods")


@dataclass(frozen=True, slots=True)
class Retention:
    """Retention periods, in days."""

    visitors: int
    """Sightings of unknown people with their faces and moods, and candidates that nobody reviewed."""
    sightings: int
    """Sightings of enrolled people with their moods. The attendance ledger is never purged."""
    moods: int


def expired(session: Session, rules: Retention, now: datetime) -> Expired:
    """What a purge would delete now."""
    visitors, sightings, moods = _conditions(rules, now)
    return Expired(
        visitors=_count(session, SightingRow.id, visitors),
        faces=_count(session, SightingRow.id, and_(visitors, SightingRow.portrait.is_not(None))),
        sightings=_count(session, SightingRow.id, sightings),
        moods=_count(session, MoodRow.id, moods),
        captures=_count(session, CandidateRow.id, _unreviewed(rules, now)),
    )


def purge(session: Session, rules: Retention, now: datetime, *, actor: str) -> Expired:
    """Deletes what is too old; the audit log gets the numbers and the limits."""
    visitors, sightings, moods = _conditions(rules, now)
    found = expired(session, rules, now)
    captures = _unreviewed(rules, now)
    for row, condition in ((MoodRow, moods), (SightingRow, or_(visitors, sightings)), (CandidateRow, captures)):
        session.execute(delete(row).where(condition).execution_options(synchronize_session=False))
    counts = {kind: getattr(found, kind) for kind in ("visitors", "sightings", "moods", "captures")}
    before = {kind: (now - timedelta(days=getattr(rules, kind))).isoformat() for kind in _KINDS}
    audit.note(session, "purge", at=now, actor=actor, detail={**counts, "before": before})
    session.flush()
    return found


def gone_before(session: Session) -> dict[str, datetime]:
    """Up to when visitors, sightings and moods were deleted here; nothing older may be sent here again."""
    found = dict.fromkeys(_KINDS, datetime.min.replace(tzinfo=UTC))
    for detail in session.scalars(select(AuditRow.detail).where(AuditRow.action == "purge")):
        for kind, before in detail.get("before", {}).items():
            found[kind] = max(found[kind], datetime.fromisoformat(before))
    return found


def _conditions(
    rules: Retention, now: datetime
) -> tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[bool]]:
    """Which sightings of unknown people, sightings of enrolled people, and mood samples are too old."""
    visitors = and_(SightingRow.person_id.is_(None), SightingRow.last_at < now - timedelta(days=rules.visitors))
    sightings = and_(SightingRow.person_id.is_not(None), SightingRow.last_at < now - timedelta(days=rules.sightings))
    gone = select(SightingRow.id).where(or_(visitors, sightings))
    moods = or_(MoodRow.at < now - timedelta(days=rules.moods), MoodRow.sighting_id.in_(gone))
    return visitors, sightings, moods


def _unreviewed(rules: Retention, now: datetime) -> ColumnElement[bool]:
    return CandidateRow.captured_at < now - timedelta(days=rules.visitors)


def _count(session: Session, key: InstrumentedAttribute[Any], where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(key)).where(where)) or 0
