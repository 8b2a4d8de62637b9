"""A demo's past without its faces, which take seconds to enrol."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from db.crypto import TemplateCipher
from db.engine import open_database, writing
from db.people import consents, people
from db.proof.heads import open_with
from monitor.config import Settings
from monitor.desk.demo import past
from monitor.desk.demo.team import Member, members
from monitor.desk.store import Store
from monitor.sources.simulated.people import cast

NAMES = [one.name for one in cast(1) if one.name]

Play: TypeAlias = Callable[..., tuple[Store, Settings, tuple[Member, ...]]]


def strangers() -> list[list[past.Shot]]:
    """Two strangers, of whom the door has two views each."""
    random = np.random.default_rng(4)
    found = []
    for _ in range(2):
        face = random.normal(size=128).astype(np.float32)
        face /= np.float32(np.linalg.norm(face))
        shot = past.Shot(face, np.full((150, 150, 3), 120, np.uint8))
        found.append([shot, shot])
    return found


@pytest.fixture(scope="module")
def play(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """Plays a past in a database of its own: `play(days, now, zone="Europe/Berlin", seed=1, names=NAMES)`."""
    with ExitStack() as stack:

        def make(
            days: int, now: datetime, zone: str = "Europe/Berlin", seed: int = 1, names: list[str] = NAMES
        ) -> tuple[Store, Settings, tuple[Member, ...]]:
            file = tmp_path_factory.mktemp("past") / "demo.sqlite3"
            shutil.copy(migrated, file)
            settings = Settings(db=f"sqlite:///{file}", time_zone=zone, cool_down_minutes=0.2)
            store = Store(open_database(settings.db), TemplateCipher(bytes(range(32))))
            stack.callback(store.engine.dispose)
            open_with(store.engine, store.cipher, None)
            team, at = members(names, seed), past.first_instant(days, now, settings)
            with writing(store.engine) as session:
                for one in team:
                    person = people.add_person(session, one.name, at=at, actor="test", group=one.group)
                    if one.asked:
                        consents.set_consent(session, person.id, "mood", True, at=at, actor="test")
            past.play(store, settings, team, days, now, strangers=strangers(), seed=seed, show=lambda done, total: None)
            return store, settings, team

        yield make
