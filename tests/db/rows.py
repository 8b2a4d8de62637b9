"""Enrolled images that tests write, and rows of the ledger, the audit log and the mood samples that they read back."""

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit
from db.attendance import ledger
from db.crypto import TemplateCipher
from db.faces import templates
from db.observations.moods import COLUMNS
from db.privacy import retention
from db.privacy.retention import Retention
from db.records.attendance import AttendanceEvent
from db.records.faces import Template
from db.records.moods import MoodSample
from db.records.privacy import AuditEntry, Expired
from db.schema.audit import AuditRow
from db.schema.moods import MoodRow


def enrol_image(
    session: Session, cipher: TemplateCipher, person: UUID, embedding: NDArray[np.float32], at: datetime, *,
    image: str = "a" * 64, source: str = "a.jpg", chip: bytes | None = None,
) -> Template:  # fmt: skip
    """An image of the person, of the encoder "test-1"."""
    return templates.add_template(
        session, cipher, person, content_hash=image, encoder="test-1", embedding=embedding, quality={"sharpness": 0.7},
        source=source, at=at, chip_jpeg=chip,
    )  # fmt: skip


def newest_events(session: Session, *, limit: int = 100) -> list[AttendanceEvent]:
    """Attendance events in the ledger's order, newest first."""
    start, end = datetime(1970, 1, 1, tzinfo=UTC), datetime(2970, 1, 1, tzinfo=UTC)
    return ledger.between(session, start, end)[: -limit - 1 : -1]


def newest_entries(session: Session, *, limit: int = 200, person: UUID | None = None) -> list[AuditEntry]:
    """Entries of the audit log, newest first; of one person or of all."""
    query = select(AuditRow).order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit)
    if person is not None:
        query = query.where(AuditRow.person_id == person)
    return [audit.record(row) for row in session.scalars(query)]


def mood_samples(session: Session, start: datetime, end: datetime) -> list[MoodSample]:
    """Samples with start <= at < end, by time."""
    columns = MoodRow.at, MoodRow.person_id, MoodRow.sighting_id, MoodRow.group, MoodRow.token, MoodRow.label
    query = select(*columns, *COLUMNS).where(MoodRow.at >= start, MoodRow.at < end).order_by(MoodRow.at, MoodRow.id)
    return [MoodSample(*row[:6], tuple(row[6:])) for row in session.execute(query)]


def purge(session: Session, rules: Retention, now: datetime, *, actor: str) -> Expired:
    """Deletes what is too old, as `purge_in_steps` of the desk does, but in the caller's transaction."""
    deleted = Expired(0, 0, 0, 0)
    while (some := retention.delete_some(session, rules, now)).rows:
        deleted += some
    retention.note(session, rules, now, deleted, actor=actor)
    return deleted
