"""What the desk's screens look like when they are full, and when the database fails, at three sizes.

Visitors and System also when they are empty, and on a typical day; the others in test_snapshots.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from db import audit
from db.attendance import kiosks
from db.engine import writing
from db.errors import DatabaseError
from db.ids import new_id
from db.observations import sightings
from db.people import people
from db.records.observations import SightingRecord
from monitor.desk.maintenance import system
from monitor.desk.maintenance.system import SystemView
from monitor.desk.people import people as people_queries
from monitor.desk.people import visitors
from monitor.tui.runtime.loop_delay import LoopDelay
from monitor.tui.screens.mood import mood
from monitor.tui.screens.today import today
from tests.monitor.tui.test_snapshots import SIZE_IDS, SIZES, Compare, desk
from tests.monitor.world import NOW, World

STATES = ["empty", "typical", "full", "error"]
at_each_size = pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
in_each_state = pytest.mark.parametrize("state", STATES)


class SteadyDelay(LoopDelay):
    """The delay of a screen that nothing disturbs."""

    def percentile(self, share: float) -> float:
        return 0.0004 if share < 0.9 else 0.0121


def fill_visitors(world: World) -> None:
    """Eighty visitors of the last weeks; nobody looks like another."""
    random = np.random.default_rng(11)
    with writing(world.engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        for index in range(80):
            at = NOW - timedelta(hours=7 * index, minutes=11 * index)
            face = random.normal(size=128).astype(np.float32)
            record = SightingRecord(
                new_id(), kiosk, index, at, at + timedelta(seconds=index), 9, None, None, None, None, None, 0.9
            )
            sightings.add(session, world.cipher, record, embedding=face / np.linalg.norm(face))


def fill_people(world: World) -> None:
    """A hundred more, some with names that nobody should trust."""
    names = (
        "[red]Bobby[/] Tables",
        "=HYPERLINK(1)",
        "\u05d0\u05d1\u05d2 \u05d3\u05d4\u05d5",
        "\u5c71\u7530 \u592a\u90ce",
        "N" * 300,
    )
    with writing(world.engine) as session:
        for index in range(100):
            name = f"{names[index % 5]} {index:03}"[-200:]
            group = ("Engines", None, "A group with a very long name indeed")[index % 3]
            people.add_person(session, name, at=NOW - timedelta(days=2), actor="desk", number=str(index), group=group)


def fill_audit(world: World) -> None:
    """Many entries, among them one that somebody hostile wrote."""
    name = "[bold]Mallory[/] " + "\u202e" + "x" * 200
    with writing(world.engine) as session:
        mallory = people.add_person(session, name.replace("\u202e", ""), at=NOW, actor="desk").id
        for index in range(300):
            at = NOW - timedelta(minutes=3 * index)
            actor, action = ("desk", "rename") if index % 3 else ("\x1b[31mred\x1b[0m " * 5, "set consent of a person")
            audit.note(session, action, at=at, actor=actor, person=mallory if index % 4 == 0 else None)


def fail(*_: object, **__: object) -> None:
    raise DatabaseError("The database is locked by another program; close it, or wait a moment.")


QUERIES = {
    "today": (today, "board_page"),
    "mood": (mood, "mood_view"),
    "people": (people_queries, "people_page"),
}
KEYS = {"today": ("s", "end"), "mood": ("f3", "m"), "people": ("f4", "pagedown")}


@at_each_size
@pytest.mark.parametrize("state", ["full", "error"])
@pytest.mark.parametrize("screen", list(QUERIES))
def test_the_others(
    snap_compare: Compare, world: World, monkeypatch: pytest.MonkeyPatch, screen: str, state: str,
    size: tuple[int, int],
) -> None:  # fmt: skip
    if state == "full":
        fill_people(world)
    else:
        monkeypatch.setattr(*QUERIES[screen], fail)
    assert snap_compare(world.app(camera=False), terminal_size=size, run_before=desk(*KEYS[screen]))


@at_each_size
@in_each_state
def test_visitors(
    snap_compare: Compare, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, state: str,
    size: tuple[int, int],
) -> None:  # fmt: skip
    made: World = request.getfixturevalue("empty_world" if state == "empty" else "world")
    if state == "full":
        fill_visitors(made)
    if state == "error":
        monkeypatch.setattr(visitors, "visitors_view", fail)
    assert snap_compare(made.app(camera=False), terminal_size=size, run_before=desk("f5"))


@at_each_size
@in_each_state
def test_system(
    snap_compare: Compare, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, state: str,
    size: tuple[int, int],
) -> None:  # fmt: skip
    made: World = request.getfixturevalue("empty_world" if state == "empty" else "world")
    if state == "full":
        fill_audit(made)
    monkeypatch.setattr(system, "system_view", fail if state == "error" else on_a_known_disk)
    app = made.app(camera=False)
    app.loop_delay = SteadyDelay()
    assert snap_compare(app, terminal_size=size, run_before=desk("f6"))


real_view = system.system_view


def on_a_known_disk(engine: object, settings: object, now: datetime, *more: object, **named: object) -> SystemView:
    """What the database says, but for its path and the disk, which differ from machine to machine."""
    view = real_view(engine, settings, now, *more, **named)  # type: ignore[arg-type]
    file = "sqlite:////var/lib/muster/muster.sqlite3"
    return replace(view, database=file, bytes=1_400_000, free_bytes=81_000_000_000)
