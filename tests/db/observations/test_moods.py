"""Mood samples added up by the database, on both engines."""

from collections import defaultdict
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from db.attendance import kiosks
from db.engine import reading, writing
from db.ids import new_id
from db.observations import moods, sightings
from db.people import people
from db.records.moods import MoodSample, MoodSums
from db.records.observations import SightingRecord
from tests.db.doors import AT, CIPHER
from tests.db.rows import mood_samples

DAY = timedelta(days=1)
Row = tuple[datetime, UUID | None, object, str | None, str | None, tuple[float, ...]]


@pytest.fixture
def ada(engine: Engine) -> UUID:
    """Who is seen often, among others: some unknown, some by token, some without a sighting."""
    random = Random(5)
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="Europe/Berlin", at=AT).id
        known = [people.add_person(session, name, at=AT, actor="desk").id for name in ("Ada Lovelace", "Tim")]
        for who in (*known, known[0], None):
            seen = new_id()
            start = AT + timedelta(seconds=random.randrange(7200))
            record = SightingRecord(seen, kiosk, 1, start, start, 9, who, None, None, None, None, 0.9)
            sightings.add(session, CIPHER, record)
            for second in range(0, 200, 5):
                when = start + timedelta(seconds=second, microseconds=random.randrange(10**6))
                named = who if second > 20 else None  # who it is, was found out later
                add(session, kiosk, when, named, seen, random.choice([None, "Day", "Night"]), None, random)
        for _ in range(20):
            hour = AT + timedelta(hours=random.randrange(3))
            add(session, kiosk, hour, None, None, "Day", random.choice(["one", "two"]), random)
            when = hour + timedelta(seconds=random.randrange(90))
            add(session, kiosk, when, random.choice([known[0], None]), None, None, None, random)
    return known[0]


def add(
    session: Session, kiosk: UUID, at: datetime, person: UUID | None, sighting: UUID | None, group: str | None,
    token: str | None, random: Random,
) -> None:  # fmt: skip
    drawn = [random.randrange(1, 9) for _ in range(7)]
    scores = tuple(one / sum(drawn) for one in drawn)
    moods.add(session, kiosk, MoodSample(at, person, sighting, group, token, "happy", scores))


def one_by_one(samples: list[MoodSample]) -> list[Row]:
    """The same from single samples."""
    rows: dict[tuple[object, ...], list[MoodSample]] = defaultdict(list)
    for one in samples:
        when = one.at.replace(second=0, microsecond=0) if one.sighting else one.at
        rows[when, one.sighting, one.person, one.group, one.token].append(one)
    return [
        (
            min(one.at for one in some).replace(tzinfo=None),
            some[0].person,
            some[0].sighting,
            some[0].group,
            some[0].token,
            rounded([sum(column) for column in zip(*(one.probabilities for one in some), strict=True)]),
        )
        for some in rows.values()
    ]


def rows_of(sums: MoodSums) -> list[Row]:
    return [
        (at, person, sighting and UUID(str(sighting)), group, token, rounded(scores))
        for at, person, sighting, group, token, scores in zip(
            sums.at.tolist(), sums.people, sums.sightings, sums.groups, sums.tokens,
            sums.probabilities.tolist(), strict=True,
        )
    ]  # fmt: skip


def rounded(scores: list[float]) -> tuple[float, ...]:
    return tuple(round(one, 9) for one in scores)


def test_the_database_adds_up_what_single_samples_add_up_to(
    engine: Engine, ada: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moods, "ROWS", 7)  # read in several parts
    with reading(engine) as session:
        samples = list(mood_samples(session, AT, AT + DAY))
        for start, end in (
            (AT, AT + DAY),
            (AT + timedelta(hours=1), AT + timedelta(hours=2)),
            (AT + DAY, AT + 2 * DAY),
        ):
            found = moods.added_up(session, start, end)
            wanted = one_by_one([one for one in samples if start <= one.at < end])
            assert sorted(rows_of(found), key=str) == sorted(wanted, key=str)
            assert found.probabilities.shape == (len(wanted), 7)
            assert found.at.dtype == np.dtype("datetime64[us]")
        theirs = moods.added_up(session, AT, AT + DAY, people=[ada])
        assert sorted(rows_of(theirs), key=str) == sorted(one_by_one([s for s in samples if s.person == ada]), key=str)
        night = moods.added_up(session, AT, AT + DAY, group="Night")
        assert set(night.groups) == {"Night"}
        assert night.probabilities.sum() == pytest.approx(sum(one.group == "Night" for one in samples))
        assert not moods.added_up(session, AT, AT + DAY, people=[]).people


def test_the_fingerprint_tells_of_samples_that_come_late_and_of_names_that_are_taken_off(
    engine: Engine, ada: UUID
) -> None:
    def now() -> tuple[int, int]:
        with reading(engine) as session:
            return moods.fingerprint(session, AT, AT + DAY)

    with reading(engine) as session:
        samples = list(mood_samples(session, AT, AT + DAY))
        kiosk = kiosks.all_kiosks(session)[0].id
    first = now()
    assert first == (len(samples), sum(one.person is None for one in samples))
    with writing(engine) as session:
        add(session, kiosk, AT + 2 * DAY, None, None, None, None, Random(1))
    assert now() == first
    with writing(engine) as session:
        add(session, kiosk, AT, ada, None, None, None, Random(1))
    assert (late := now()) != first
    with writing(engine) as session:
        moods.unname(session, next(one.sighting for one in samples if one.sighting and one.person == ada))
    assert now() != late


def test_a_day_is_read_by_its_time_and_a_person_by_theirs(sqlite: Engine) -> None:
    """SQLite would rather take an index for the order of a group, and look at every sample there is."""
    asked: list[tuple[str, object]] = []

    @event.listens_for(sqlite, "before_cursor_execute")
    def _ask(_c: object, _cursor: object, statement: str, parameters: object, _x: object, _m: bool) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    with reading(sqlite) as session:
        moods.added_up(session, AT, AT + DAY)
        moods.added_up(session, AT, AT + DAY, people=[new_id(), new_id()])
        moods.fingerprint(session, AT, AT + DAY)
        plans = [
            session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).first()[3]  # type: ignore
            for statement, parameters in list(asked)
        ]
    day, of_people, *counts = plans
    assert day.startswith("SEARCH mood_sample USING INDEX ix_mood_sample_at (at>? AND at<?)")
    assert of_people.startswith("SEARCH mood_sample USING INDEX ix_mood_sample_person_id_at (person_id=? AND at>?")
    assert len(counts) == 2
    assert all(plan.startswith("SEARCH mood_sample USING COVERING INDEX") for plan in counts)
