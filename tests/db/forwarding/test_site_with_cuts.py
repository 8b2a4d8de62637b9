"""Three doors and a centre, while connections are cut in the middle of rounds: at the end all agree, fact by fact."""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from db.crypto import TemplateCipher
from db.engine import reading
from db.errors import DatabaseUnavailable
from db.forwarding.follow import follow
from db.proof.heads import open_with
from db.verification import ledger_check
from monitor.desk.site import Site
from monitor.desk.store import Store
from tests.db.doors import Door, act, facts

SITE = TemplateCipher(b"s" * 32)


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


def _door(folder: Path, number: int, migrated: Path, at: datetime) -> tuple[Door, TemplateCipher]:
    file = folder / f"door{number}.sqlite3"
    shutil.copy(migrated, file)
    return Door(file, at, site=f"site {number}"), TemplateCipher(bytes([number]) * 32)


@pytest.mark.parametrize(
    ("engine", "seed", "remembers"),
    [("sqlite", 1, False), ("postgresql", 2, True), ("sqlite", 3, True)],
    indirect=["engine"],
)
def test_after_cuts_at_any_place_the_centre_and_all_doors_agree(
    seed: int, remembers: bool, engine: Engine, migrated: Path, tmp_path: Path, at: datetime
) -> None:
    """`remembers`: a door asks only about what was written since its last round, as a `Site` does."""
    draw = random.Random(seed)
    doors = [_door(tmp_path, number, migrated, at) for number in range(3)]
    now = doors[0][0].at + timedelta(hours=5)
    if remembers:
        open_with(engine, SITE, None, own=False)
        for door, key in doors:
            open_with(door.engine, key, None)
    sites = {door: Site(Store(door.engine, key), SITE) for door, key in doors}

    def take_round(door: Door, key: TemplateCipher) -> None:
        if remembers:
            sites[door].step(door.engine, engine, now, now)
        else:
            follow(door.engine, engine, key, SITE, now=now)

    for minute in range(30):
        door, key = draw.choice(doors)
        act(draw, door, key, minute)
        door, key = draw.choice(doors)
        with suppress(DatabaseUnavailable), cut_after(engine, draw.randrange(10, 150)):
            take_round(door, key)
    for _ in range(3):
        for door, key in doors:
            take_round(door, key)
    centre = facts(engine)
    for door, _key in doors:
        for mine, theirs in zip(facts(door.engine), centre, strict=True):
            assert mine == theirs
        with reading(door.engine) as session:
            assert ledger_check.verify(session).whole
        sites[door].close()
        door.engine.dispose()
    with reading(engine) as session:
        assert ledger_check.verify(session).whole
