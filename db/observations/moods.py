"""Mood samples. In aggregate mode nothing in a sample leads to a person."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import ColumnElement, Insert, Select, case, delete, func, select, update
from sqlalchemy.orm import Session

from db.batches import among
from db.ids import new_id
from db.insertion import insert_new
from db.records.moods import MoodSample, MoodSums
from db.schema.moods import MoodRow
from db.schema.types import raw, uuid_of

COLUMNS: Final = (
    MoodRow.angry, MoodRow.disgust, MoodRow.fear, MoodRow.happy, MoodRow.sad, MoodRow.surprise, MoodRow.neutral,
)  # fmt: skip
"""The probabilities in FER2013's order."""

ROWS: Final = 5_000
"""Rows in one read."""


def add(session: Session, kiosk: UUID, sample: MoodSample, id: UUID | None = None) -> None:
    """Adds a sample, once for each id.

    Args:
        id: of the sample. One with a token gets a random id instead, because a UUIDv7 tells when it was made.
    """
    row = {
        "id": uuid4() if sample.token else id or new_id(),
        "at": sample.at,
        "kiosk_id": kiosk,
        "person_id": sample.person,
        "sighting_id": sample.sighting,
        "group_name": sample.group,
        "token": sample.token,
        "label": sample.label,
        **dict(zip((column.key for column in COLUMNS), sample.probabilities, strict=True)),
    }
    session.execute(_insert(session.get_bind().dialect.name), row)


@cache
def _insert(dialect: str) -> Insert:
    """Leaves a sample alone that is there. Made once: asking first cost another statement for each arrival."""
    return insert_new(MoodRow, dialect)


def discard(session: Session, sighting: UUID) -> None:
    """Deletes the samples of a sighting, whose person did not agree to them."""
    session.execute(delete(MoodRow).where(MoodRow.sighting_id == sighting))


def unname(session: Session, sighting: UUID) -> None:
    """Takes the person off the samples of a sighting that was named wrongly."""
    session.execute(update(MoodRow).where(MoodRow.sighting_id == sighting).values(person_id=None, group=None))


def latest(session: Session, start: datetime, end: datetime) -> dict[UUID, str]:
    """The label of each person's newest sample with start <= at < end."""
    query = select(MoodRow.person_id, MoodRow.label).where(MoodRow.at >= start, MoodRow.at < end).order_by(MoodRow.at)
    return {person: label for person, label in session.execute(query) if person is not None}


def added_up(
    session: Session, start: datetime, end: datetime, *, people: Sequence[UUID] | None = None, group: str | None = None
) -> MoodSums:
    """Samples with start <= at < end, added up by minute; the database does it, so that few rows have to be read.

    A row is one sighting, person, token and group in one minute of UTC, of which hours and days of every time zone
    consist. Samples without a sighting are added up only where they are of the same instant.

    Args:
        people: only theirs.
        group: only this group's.
    """
    query = _sums(session).where(MoodRow.at >= start, MoodRow.at < end)
    if group is not None:
        query = query.where(MoodRow.group == group)
    if people is not None:
        query = query.where(among(MoodRow.person_id, people))
    columns: tuple[list[Any], ...] = tuple([] for _ in range(5))
    scores = [np.empty((0, len(COLUMNS)))]
    for rows in session.connection().execute(query).partitions(ROWS):
        found = list(zip(*rows, strict=True))
        for column, values in zip(columns, found, strict=False):
            column.extend(values)
        scores.append(np.array(found[len(columns) :]).T)
    at, persons, sightings, groups, tokens = columns
    ids = {person: person and uuid_of(person) for person in set(persons)}
    return MoodSums(
        at=np.array(at, "datetime64[us]"),
        people=[ids[person] for person in persons],
        sightings=sightings,
        groups=groups,
        tokens=tokens,
        probabilities=np.concatenate(scores),
    )


def _sums(session: Session) -> Select[Any]:
    minute: ColumnElement[Any]
    first: ColumnElement[Any]
    if session.get_bind().dialect.name == "sqlite":
        # Times are texts, of which the first 16 letters end with the minute.
        minute = func.substr(raw(MoodRow.at), 1, 16)
        first = raw(func.min(MoodRow.at))
    else:
        minute = func.date_trunc("minute", MoodRow.at)
        first = func.timezone("UTC", func.min(MoodRow.at))
    # Ids stay as the driver gives them: to make a UUID of each takes longer than the query.
    ids = raw(MoodRow.person_id), raw(MoodRow.sighting_id)
    sums = (func.sum(column) for column in COLUMNS)
    # By the minute first: else SQLite sorts by the person's index, and reads every sample of the table.
    return (
        select(first, *ids, MoodRow.group, MoodRow.token, *sums)
        .group_by(
            minute,
            MoodRow.sighting_id,
            case((MoodRow.sighting_id.is_(None), MoodRow.at)),
            MoodRow.person_id,
            MoodRow.token,
            MoodRow.group,
        )
        .execution_options(yield_per=ROWS)
    )


def oldest(session: Session) -> datetime | None:
    """The time of the oldest sample; None without any."""
    return session.scalar(select(func.min(MoodRow.at)))


def count(session: Session) -> int:
    """How many samples the database has."""
    return session.scalar(select(func.count()).select_from(MoodRow)) or 0


def fingerprint(session: Session, start: datetime, end: datetime) -> tuple[int, int]:
    """How many samples with start <= at < end there are, and how many of them have no person.

    A cheap change detector: a number differs after samples were added, deleted or lost their person, but not after
    two people were merged, which the audit log tells. Indices answer the query.
    """
    query = select(func.count()).select_from(MoodRow).where(MoodRow.at >= start, MoodRow.at < end)
    return session.scalar(query) or 0, session.scalar(query.where(MoodRow.person_id.is_(None))) or 0
