"""Three doors and a centre, while connections are cut in the middle of rounds: at the end all agree, fact by fact."""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine, event, select

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import DatabaseUnavailable
from db.faces import templates
from db.forwarding.follow import follow
from db.people import people
from db.privacy import erasure
from db.schema import EventRow, PersonRow, SiteEventRow, SubjectRow, TemplateRow
from db.verification import ledger_check
from tests.db.doors import Door

SITE = TemplateCipher(b"s" * 32)
FACE = np.full(128, 0.1, np.float32)


@contextmanager
def cut_after(engine: Engine, statements: int) -> Iterator[None]:
    """The connection breaks after so many statements."""
    left = [statements]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise DatabaseUnavailable("The connection was cut.")

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)


def _act(draw: random.Random, door: Door, key: TemplateCipher, minute: int) -> None:
    """Somebody is enrolled, seen, renamed, merged or erased at this door."""
    at = door.at + timedelta(minutes=minute)
    with reading(door.engine) as session:
        there = sorted(session.scalars(select(PersonRow.id)))
    what = draw.choice(("enrol", "enrol", "see", "see", "see", "rename", "merge", "erase"))
    if what == "enrol" or len(there) < 3:
        person = door.enrol(f"P{minute}")
        with writing(door.engine) as session:
            templates.add_template(
                session, key, person, content_hash=f"{minute:064}", encoder="dlib", embedding=FACE, quality={},
                source="a.jpg", at=at,
            )  # fmt: skip
        return
    one, other = draw.sample(there, 2)
    if what == "see":
        door.see(one, minute)
        return
    with writing(door.engine) as session:
        if what == "rename":
            people.rename(session, one, f"R{minute}", at=at, actor="desk")
        elif what == "merge":
            erasure.merge(session, key, one, other, at=at, actor="desk")
        else:
            erasure.erase(session, one, at=at, actor="desk")


def _facts(engine: Engine) -> tuple[object, ...]:
    """Who is there with how many images, whose pseudonyms are whose, and every event."""
    with reading(engine) as session:
        names = dict(session.execute(select(PersonRow.id, PersonRow.name)).all())
        images = sorted(session.execute(select(TemplateRow.id, TemplateRow.person_id)).all())
        whose = dict(session.execute(select(SubjectRow.id, SubjectRow.person_id)).all())
        events: set[UUID] = {*session.scalars(select(EventRow.id)), *session.scalars(select(SiteEventRow.id))}
    return names, images, whose, events


@pytest.mark.parametrize("seed", [1, 2])
def test_after_cuts_at_any_place_the_centre_and_all_doors_agree(
    seed: int, engine: Engine, migrated: Path, tmp_path: Path, at: object
) -> None:
    draw = random.Random(seed)
    doors = []
    for number in range(3):
        file = tmp_path / f"door{number}.sqlite3"
        shutil.copy(migrated, file)
        doors.append((Door(file, at, site=f"site {number}"), TemplateCipher(bytes([number]) * 32)))  # type: ignore[arg-type]
    now = doors[0][0].at + timedelta(hours=5)
    for minute in range(30):
        door, key = draw.choice(doors)
        _act(draw, door, key, minute)
        door, key = draw.choice(doors)
        with suppress(DatabaseUnavailable), cut_after(engine, draw.randrange(10, 150)):
            follow(door.engine, engine, key, SITE, now=now)
    for _ in range(3):
        for door, key in doors:
            follow(door.engine, engine, key, SITE, now=now)
    centre = _facts(engine)
    for door, _key in doors:
        for mine, theirs in zip(_facts(door.engine), centre, strict=True):
            assert mine == theirs
        with reading(door.engine) as session:
            assert ledger_check.verify(session).whole
        door.engine.dispose()
    with reading(engine) as session:
        assert ledger_check.verify(session).whole
