"""Mood samples. In aggregate mode nothing in a sample leads to a person."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.ids import new_id
from db.records import MoodSample
from db.schema import MoodRow

COLUMNS: Final = (
    MoodRow.angry,
    MoodRow.disgust,
    MoodRow.fear,
    MoodRow.happy,
    MoodRow.sad,
    MoodRow.surprise,
    MoodRow.neutral,
)
"""The probabilities in FER2013's order."""


def add(session: Session, kiosk: UUID, sample: MoodSample) -> None:
    """Adds a sample. One with a token gets a random id, because a UUIDv7 tells when it was made."""
    angry, disgust, fear, happy, sad, surprise, neutral = sample.probabilities
    row = MoodRow(
        id=uuid4() if sample.token else new_id(),
        at=sample.at,
        kiosk_id=kiosk,
        person_id=sample.person,
        sighting_id=sample.sighting,
        group=sample.group,
        token=sample.token,
        label=sample.label,
        angry=angry,
        disgust=disgust,
        fear=fear,
        happy=happy,
        sad=sad,
        surprise=surprise,
        neutral=neutral,
    )
    session.add(row)


def unname(session: Session, sighting: UUID) -> None:
    """Takes the person off the samples of a sighting that was named wrongly."""
    session.execute(update(MoodRow).where(MoodRow.sighting_id == sighting).values(person_id=None, group=None))


def between(
    session: Session, start: datetime, end: datetime, *, person: UUID | None = None, group: str | None = None
) -> Iterator[MoodSample]:
    """Samples with start <= at < end by time; rows are read as they are needed."""
    query = (
        select(
            MoodRow.at,
            MoodRow.person_id,
            MoodRow.sighting_id,
            MoodRow.group,
            MoodRow.token,
            MoodRow.label,
            *COLUMNS,
        )
        .where(MoodRow.at >= start, MoodRow.at < end)
        .order_by(MoodRow.at, MoodRow.id)
        .execution_options(yield_per=2000)
    )
    if person is not None:
        query = query.where(MoodRow.person_id == person)
    if group is not None:
        query = query.where(MoodRow.group == group)
    for at, who, sighting, of_group, token, label, *probabilities in session.execute(query):
        yield MoodSample(at, who, sighting, of_group, token, label, tuple(probabilities))


def latest(session: Session, start: datetime, end: datetime) -> dict[UUID, str]:
    """The label of each person's newest sample with start <= at < end."""
    query = select(MoodRow.person_id, MoodRow.label).where(MoodRow.at >= start, MoodRow.at < end).order_by(MoodRow.at)
    return {person: label for person, label in session.execute(query) if person is not None}


def count(session: Session) -> int:
    """How many samples are kept."""
    return session.scalar(select(func.count()).select_from(MoodRow)) or 0
