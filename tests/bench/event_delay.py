"""How soon what another program writes is on the app's screens, however many people there are.

    python tests/bench/event_delay.py --people 1000 100000 1000000

Each size is a database of its own, with a day's entries so far and some weeks of moods. Another connection writes; the
time runs from its commit until the screen shows what was written, drawn. Promised are 300 ms. The app runs without a
terminal, so that drawing is in it and the terminal's own time is not. `--camera` has a kiosk recognise faces meanwhile.
"""

import argparse
import asyncio
import gc
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.attendance.kiosks import register
from db.crypto import TemplateCipher
from db.engine import open_database, writing
from db.ids import new_id
from db.observations import moods, sightings
from db.records.attendance import NewEvent
from db.records.moods import MoodSample
from db.records.observations import SightingRecord
from db.schema.attendance import EventRow
from db.schema.moods import MoodRow
from db.schema.observations import SightingRow
from db.schema.people import PersonRow, SubjectRow
from enroll.people.images import enrol_from_images
from monitor.config import Settings
from monitor.desk.store import Store
from monitor.domain import EMOTIONS, KioskEvent, Scene
from monitor.pipeline.open_kiosk import open_kiosk
from monitor.sources.simulated.camera import SimulatedCamera
from monitor.tui.app import MusterApp
from monitor.tui.run import COLLECT_AFTER
from monitor.tui.runtime.running_kiosk import KioskFactory, RunningKiosk
from monitor.tui.widgets.table import Table

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
SIZE = (120, 36)
PATIENCE = 60.0
SETTLED = 4.0
"""Seconds that a screen may load and draw before the first entry."""
ROWS = 20_000
"""Rows that are written at once."""


def main() -> None:
    parser = argparse.ArgumentParser(description="How soon what another program writes is on the screens.")
    parser.add_argument("--people", type=int, nargs="*", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--came", type=int, default=3_000, help="people a day, at most half of all")
    parser.add_argument("--days", type=int, default=29, help="days of moods and entries")
    parser.add_argument("--times", type=int, default=15, help="entries on each screen")
    parser.add_argument("--screens", nargs="*", default=list(SHOWN), choices=SHOWN)
    parser.add_argument("--camera", action="store_true", help="beside a kiosk with a camera of 30 frames a second")
    parser.add_argument("--keep", type=Path, help="a folder for the databases, which are made once")
    given = parser.parse_args()
    gc.set_threshold(*COLLECT_AFTER)  # as in `run_to_end`
    print("   people  screen        half     90 %     most  ms", flush=True)
    for people in given.people:
        with tempfile.TemporaryDirectory(prefix="muster-delay-") as folder:
            file = Path(folder) / f"{people}-{given.came}-{given.days}.sqlite3"
            kept = given.keep and given.keep / file.name
            if kept and kept.exists():
                shutil.copy(kept, file)
            world = World(file, people, min(given.came, people // 2), given.days)
            if kept and not kept.exists():
                shutil.copy(file, kept)
            for screen in given.screens:
                delays = asyncio.run(delays_on(world, screen, given))
                half, almost, most = (1000 * np.percentile(delays, share) for share in (50, 90, 100))
                print(f"{people:9,}  {screen:<10}{half:8.0f} {almost:8.0f} {most:8.0f}", flush=True)
            world.engine.dispose()


class World:
    """A database with so many people, and what happens at a door elsewhere."""

    def __init__(self, file: Path, people: int, came: int, days: int) -> None:
        self.settings = Settings(db=f"sqlite:///{file}", time_zone="UTC")
        self.cipher = TemplateCipher(bytes(32))
        made = file.exists()
        self.engine = open_database(self.settings.db)
        self.random = random.Random(3)
        self.people = [UUID(int=(5 << 100) + number) for number in range(people)]
        with writing(self.engine) as session:
            self.kiosk = register(session, "door", site="", role="auto", time_zone="UTC", at=NOON).id
        if not made:
            self._fill(came, days)
            self.engine.dispose()  # the last connection takes the write-ahead log into the file
        self.left = iter(self.random.sample(self.people[came:], min(2000, people - came)))
        self.now = NOON

    def _fill(self, came: int, days: int) -> None:
        with writing(self.engine) as session:
            self._rows(session, PersonRow, self._persons())
            self._rows(session, SubjectRow, ({"id": one, "person_id": one} for one in self.people))
        for back in reversed(range(days)):
            day = NOON.replace(hour=7) - timedelta(days=back)
            with writing(self.engine) as session:
                here = self.people[:came]
                ins = [day + timedelta(seconds=3 * index) for index in range(came)]
                seen = [new_id() for _ in here]
                self._rows(session, SightingRow, (
                    {"id": id, "kiosk_id": self.kiosk, "track": 1, "first_at": at, "last_at": at + timedelta(seconds=9),
                     "frames": 99, "person_id": who, "threshold": 0.9}
                    for id, at, who in zip(seen, ins, here, strict=True)
                ))  # fmt: skip
                self._rows(session, MoodRow, (
                    self._mood(at + timedelta(seconds=3 * sample), who, id)
                    for id, at, who in zip(seen, ins, here, strict=True) for sample in range(3)
                ))  # fmt: skip
                ledger.chain(session, [self._event(who, at) for who, at in zip(here, ins, strict=True)])

    def _rows(self, session: Session, table: type, rows: Iterator[dict[str, object]]) -> None:
        while some := list(islice(rows, ROWS)):
            session.execute(insert(table), some)

    def _persons(self) -> Iterator[dict[str, object]]:
        first = ("Ada", "Alan", "Barbara", "Donald", "Edsger", "Grace", "Katherine", "Margaret", "Radia", "Tim")
        for number, id in enumerate(self.people):
            name = f"{self.random.choice(first)} {self.random.randrange(16**6):06x}"
            yield {
                "id": id, "name": name, "number": str(number), "group": f"Group {number % 12}", "active": True,
                "notes": "", "created_at": NOON - timedelta(days=400),
            }  # fmt: skip

    def _mood(self, at: datetime, who: UUID, sighting: UUID) -> dict[str, object]:
        likely = self.random.randrange(len(EMOTIONS))
        scores = {mood: 0.7 if index == likely else 0.05 for index, mood in enumerate(EMOTIONS)}
        return scores | {
            "id": new_id(), "at": at, "kiosk_id": self.kiosk, "person_id": who, "sighting_id": sighting,
            "group": "Group 1", "label": EMOTIONS[likely],
        }  # fmt: skip

    def _event(self, who: UUID, at: datetime) -> EventRow:
        return EventRow(
            id=new_id(), kind="check_in", subject=who, at=at, time_zone="UTC", kiosk_id=self.kiosk, method="face",
            actor="door", recorded_at=at,
        )  # fmt: skip

    def write(self, who: UUID) -> None:
        """Somebody comes in, is seen in a mood, and a stranger is behind them."""
        self.now += timedelta(seconds=5)
        at = self.now
        with writing(self.engine) as session:
            seen, stranger = (
                SightingRecord(new_id(), self.kiosk, 1, at, at, 9, person, None, None, None, None, 0.9)
                for person in (who, None)
            )
            sightings.add(session, self.cipher, seen)
            face = np.array([self.random.gauss(0, 1) for _ in range(128)], np.float32)
            sightings.add(session, self.cipher, stranger, embedding=face, portrait=None)
            moods.add(session, self.kiosk, MoodSample(at, who, seen.id, None, None, "happy", (0, 0, 0, 1, 0, 0, 0)))
            event = NewEvent(
                id=new_id(), kind="check_in", person=who, at=at, time_zone="UTC", kiosk=self.kiosk, method="face",
                actor="door", recorded_at=at, sighting=seen.id,
            )  # fmt: skip
            ledger.append(session, event)


def _screen(app: MusterApp) -> Any:
    """The screen, which has what is asked of it or not: `until` waits for it."""
    return app.screen


def _came(app: MusterApp) -> int:
    loaded = _screen(app).loaded
    return int(loaded.people and sum(loaded.counts[status] for status in ("present", "late")))


SHOWN: dict[str, Callable[[MusterApp], object]] = {
    "door": lambda app: app.controller.board.inside,
    "today": _came,
    "mood": lambda app: _screen(app).loaded.total.sightings,
    "people": lambda app: 1 + len(_screen(app)._details.days[0].passages),
    "visitors": lambda app: _screen(app).loaded.faces,
    "system": lambda app: _screen(app).loaded.events,
}
"""On each screen, something that every entry changes."""


async def delays_on(world: World, screen: str, given: argparse.Namespace) -> list[float]:
    """Seconds from each commit until it is on the screen."""
    kiosk = beside(world) if given.camera else None
    app = MusterApp(world.settings, Store(world.engine, world.cipher), kiosk, clock=lambda: world.now)
    other = World.__new__(World)
    other.__dict__ |= world.__dict__ | {"engine": open_database(world.settings.db)}
    delays = []
    async with app.run_test(size=SIZE):
        await app.action_open(screen)
        await until(app, screen, bool)
        await asyncio.sleep(SETTLED)
        gc.freeze()
        for _ in range(given.times):
            who = UUID(app.screen.query_one("#people", Table).selected_key) if screen == "people" else next(world.left)
            delays.append(await delay(app, screen, partial(other.write, who)))
            await asyncio.sleep(0.4 + world.random.random() / 5)
            world.now = other.now
    return delays


def beside(world: World) -> KioskFactory:
    """A kiosk with its models, in the app's process, whose own events are none here: it has another database."""
    settings = Settings(db=f"{world.settings.db}-kiosk", time_zone="UTC", source="demo")
    engine, camera = open_database(settings.db), SimulatedCamera(fps=30.0, realtime=True)
    enrol_from_images(engine, world.cipher, camera.enrolment(), at=NOON, actor="bench", consent=("face", "mood"))

    def make(on_scene: Callable[[Scene], None], on_event: Callable[[KioskEvent], None]) -> RunningKiosk:
        return open_kiosk(
            settings, engine, world.cipher, camera, publish_scene=on_scene, publish_event=lambda _: None
        )  # fmt: skip

    return make


async def delay(app: MusterApp, screen: str, write: Callable[[], None]) -> float:
    before = SHOWN[screen](app)
    written: list[float] = []

    def commit() -> None:
        write()
        written.append(time.monotonic())

    threading.Thread(target=commit).start()
    await until(app, screen, lambda told: told != before)
    drawn = asyncio.Event()
    app.screen.call_after_refresh(drawn.set)
    await drawn.wait()
    return time.monotonic() - written[0]


async def until(app: MusterApp, screen: str, fits: Callable[[object], bool]) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        try:
            if fits(SHOWN[screen](app)):
                return
        except AttributeError:
            pass
        await asyncio.sleep(0.001)
    raise SystemExit(f"Nothing new on the screen {screen} after {PATIENCE:.0f} s.")


if __name__ == "__main__":
    main()
