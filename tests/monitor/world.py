"""A seeded database, a fixed clock and a kiosk that does only what the test says."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import cv2
import numpy as np
import pytest
from sqlalchemy import Engine
from textual._context import visible_screen_stack
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from db import audit
from db.attendance import kiosks, ledger, shifts
from db.calendar import Shift
from db.crypto import TemplateCipher
from db.engine import open_database, writing
from db.faces import templates
from db.ids import new_id
from db.observations import moods, sightings
from db.people import consents, look_alikes, people
from db.proof.key import IMAGES, images_owner, pepper, proof_key
from db.records.attendance import NewEvent
from db.records.moods import MoodSample
from db.records.observations import SightingRecord
from db.schema.proof import RetiredKeyRow
from monitor.attendance.pin import Peppers
from monitor.config import Settings
from monitor.desk.maintenance.system import Machine
from monitor.desk.store import Store
from monitor.doctor.check import Check, Status
from monitor.domain import (
    Box,
    Candidate,
    EventKind,
    Face,
    Frame,
    KioskEvent,
    Match,
    MoodScores,
    Observation,
    Scene,
    Track,
)
from monitor.tui.app import MusterApp
from monitor.tui.picture.graphics import Graphics
from monitor.tui.runtime.desk_app import Display
from monitor.tui.runtime.running_kiosk import KioskFactory
from monitor.tui.screens.door.door import DoorScreen
from monitor.tui.screens.system.system import SystemScreen

NOW = datetime(2026, 3, 9, 8, 58, 12, tzinfo=UTC)
"""A Monday, 09:58 in Berlin."""
NAMES = (
    ("Ada Lovelace", "Engines"), ("Alan Turing", "Engines"), ("Barbara Liskov", "Types"), ("Donald Knuth", "Texts"),
    ("Edsger Dijkstra", "Types"), ("Grace Hopper", "Engines"), ("Katherine Johnson", "Orbits"),
    ("Margaret Hamilton", "Orbits"), ("Radia Perlman", "Networks"), ("Tim Berners-Lee", "Networks"),
)  # fmt: skip
ENCODER = "dlib-resnet-v1"
CIPHER = TemplateCipher(bytes(range(32)))
PEPPERS = Peppers(proof_key(CIPHER).id, {proof_key(CIPHER).id: pepper(CIPHER)})
"""What PINs are hashed with there."""

FINDINGS = (
    Check("python", Status.OK, "Muster 1.0 on Python 3.12, Linux x86_64."),
    Check("camera", Status.WARN, "No camera is connected.", "Connect one, or name a file with --source."),
    Check("models", Status.OK, "All models are there."),
    Check("template key", Status.FAIL, "The key is not readable.", "Give this account the right to read it."),
)
"""What the doctor says in tests."""


class FakeKiosk:
    """Runs nothing; the test publishes through `on_scene` and `on_event`."""

    def __init__(self, on_scene: Callable[[Scene], None], on_event: Callable[[KioskEvent], None]) -> None:
        self.on_scene = on_scene
        self.on_event = on_event
        self.started = threading.Event()
        self.stopped = threading.Event()
        self.voided: list[KioskEvent] = []
        self.by_pin: list[UUID] = []
        self.renewed = 0
        self.trouble: str | None = None

    def start(self) -> None:
        self.started.set()

    def stop(self) -> None:
        self.stopped.set()

    def wait(self, seconds: float | None = None) -> bool:
        return self.stopped.wait(seconds)

    def renew_people(self) -> None:
        self.renewed += 1

    def not_me(self, event: KioskEvent) -> None:
        self.voided.append(event)

    def record_pin(self, person: UUID) -> None:
        self.by_pin.append(person)


@dataclass
class World:
    """Everything an app under test needs."""

    settings: Settings
    engine: Engine
    cipher: TemplateCipher
    ids: dict[str, UUID] = field(default_factory=dict)
    now: datetime = NOW
    kiosks: list[FakeKiosk] = field(default_factory=list)
    apps: list[MusterApp] = field(default_factory=list)
    machine: Machine = field(default_factory=lambda: Machine(lambda *_: iter(FINDINGS), lambda: ()))

    @property
    def kiosk(self) -> FakeKiosk:
        return self.kiosks[-1]

    @property
    def door(self) -> DoorScreen:
        """The door's screen of the newest app."""
        door = self.apps[-1].viewer.door
        assert door is not None
        return door

    def app(
        self,
        *,
        camera: bool = True,
        ascii_only: bool = False,
        graphics: Graphics = Graphics.BLOCKS,
        few_colours: bool = False,
        first_steps: bool = False,
        kiosk_factory: KioskFactory | None = None,
        **settings: object,
    ) -> MusterApp:
        def make(on_scene: Callable[[Scene], None], on_event: Callable[[KioskEvent], None]) -> FakeKiosk:
            self.kiosks.append(FakeKiosk(on_scene, on_event))
            return self.kiosks[-1]

        chosen = self.settings.model_copy(update=settings)
        factory = (kiosk_factory or make) if camera else None
        config = Path(chosen.db.removeprefix("sqlite:///")).with_name("muster.toml")
        app = MusterApp(
            chosen,
            Store(self.engine, self.cipher),
            factory,
            Display(ascii_only, graphics, few_colours),
            clock=lambda: self.now,
            config_file=config,
            first_steps=first_steps,
        )
        replace_screen(app, "system", lambda: SystemScreen(self.machine))
        self.apps.append(app)
        return app


def make_world(folder: Path) -> World:
    """A world on a database in the folder, which is made where there is none."""
    settings = Settings(db=f"sqlite:///{folder / 'muster.sqlite3'}", time_zone="Europe/Berlin", door_moods=True)
    return World(settings, open_database(settings.db), CIPHER)


@pytest.fixture
def empty_world(migrated: Path, tmp_path: Path) -> Iterator[World]:
    """A database with nobody in it."""
    shutil.copy(migrated, tmp_path / "muster.sqlite3")
    made = make_world(tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, UUID]]:
    """The file of a seeded database, to be copied, and the people's ids."""
    folder = tmp_path_factory.mktemp("seeded")
    made = make_world(folder)
    seed(made)
    made.engine.dispose()  # the last connection's end moves the write-ahead log into the file
    return folder / "muster.sqlite3", made.ids


@pytest.fixture
def world(seeded: tuple[Path, dict[str, UUID]], tmp_path: Path) -> Iterator[World]:
    """Ten people, two weeks of attendance and moods, three visits of one visitor."""
    shutil.copy(seeded[0], tmp_path)
    made = make_world(tmp_path)
    made.ids.update(seeded[1])
    yield made
    made.engine.dispose()


def seed(world: World) -> None:
    """Fill a database; the same every time but for the ids."""
    random = np.random.default_rng(5)
    start = NOW - timedelta(days=14)
    with writing(world.engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="Europe/Berlin", at=start).id
        shifts.add(session, Shift(new_id(), frozenset(range(5)), time(9), time(17)), at=start, actor="test")
        sealed = world.cipher.seal(bytes(32), images_owner())  # the codes of pictures are the same in every run
        session.add(RetiredKeyRow(key_id=IMAGES, sealed=sealed))
        for name, group in NAMES:
            person = people.add_person(session, name, at=start, actor="test", group=group).id
            world.ids[name] = person
            embedding = random.normal(size=128).astype(np.float32)
            for index in range(3):
                templates.add_template(
                    session, world.cipher, person, content_hash=f"{index:02}" * 32, encoder=ENCODER,
                    embedding=embedding, quality=quality_of(index), source=f"/media/card/photo-{index}.jpg", at=start,
                )  # fmt: skip
            templates.set_mean_template(
                session, world.cipher, person, encoder=ENCODER, embedding=embedding, members=3, at=start
            )
            consents.set_consent(session, person, "face", True, at=start, actor="test")
        consents.set_consent(session, world.ids["Donald Knuth"], "mood", False, at=start, actor="test")
        pair = world.ids["Grace Hopper"], world.ids["Margaret Hamilton"]
        look_alikes.replace_for(session, pair[0], [(pair[1], 0.93)], at=start)
        audit.note(session, "calibrate", at=NOW - timedelta(hours=2), actor="desk")
        for day in range(14, -1, -1):
            _seed_day(world, session, kiosk, NOW.replace(hour=8, minute=0, second=0) - timedelta(days=day), random)
        face = random.normal(size=128).astype(np.float32)
        for index in range(3):
            _seed_visitor(world, session, kiosk, NOW - timedelta(days=index, minutes=20), face, random)


def quality_of(index: int) -> dict[str, float]:
    """What enrolment measures on an image."""
    return {"inter_eye_distance": 31.4 + index, "sharpness": 0.4 + index / 20, "head_pose_yaw": 9.0 * index}


def _seed_day(world: World, session: object, kiosk: UUID, at: datetime, random: np.random.Generator) -> None:
    if at.weekday() > 4:
        return
    today = at.date() == NOW.date()
    for index, (name, group) in enumerate(NAMES[: 6 if today else 9]):
        person, minutes = world.ids[name], float(random.integers(-25, 12)) + 4 * (index == 4) * today
        came = at + timedelta(minutes=minutes)
        _append(session, "check_in", person, came, kiosk)
        if not today or index == 1:
            _append(session, "check_out", person, came + timedelta(minutes=25 if today else 480), kiosk)
        if name == "Donald Knuth":
            continue
        weights = random.dirichlet([0.3, 0.1, 0.1, 1.6, 0.4, 0.3, 2.0])
        scores = MoodScores(tuple(float(value) for value in weights), 0.45)
        sighting = SightingRecord(new_id(), kiosk, index + 1, came, came, 20, person, person, 0.95, None, None, 0.9)
        sightings.add(session, world.cipher, sighting)  # type: ignore[arg-type]
        sample = MoodSample(came, person, sighting.id, group, None, scores.label, scores.probabilities)
        moods.add(session, kiosk, sample)  # type: ignore[arg-type]


def _append(session: object, kind: str, person: UUID, at: datetime, kiosk: UUID) -> None:
    event = NewEvent(new_id(), kind, person, at, "Europe/Berlin", kiosk, "face", "door", at)  # type: ignore[arg-type]
    ledger.append(session, event)  # type: ignore[arg-type]


def _seed_visitor(
    world: World, session: object, kiosk: UUID, at: datetime, face: np.ndarray, random: np.random.Generator
) -> None:
    embedding = face + random.normal(scale=0.05, size=128).astype(np.float32)
    embedding /= np.linalg.norm(embedding)
    record = SightingRecord(new_id(), kiosk, 90, at, at + timedelta(seconds=8), 40, None, None, None, None, None, 0.9)
    picture = np.full((150, 150, 3), (90, 120, 170), np.uint8)
    cv2.ellipse(picture, (75, 75), (42, 56), 0, 0, 360, (150, 180, 220), -1)
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    sightings.add(session, world.cipher, record, embedding=embedding.astype(np.float32), portrait=jpeg)  # type: ignore[arg-type]


def scene(world: World, *, name: str = "Ada Lovelace", index: int = 1) -> Scene:
    """A drawn picture with a known, an unknown and an undecided face."""
    y, x = np.mgrid[0:480, 0:640]
    rgb = np.stack([60 + x // 8, 70 + y // 8, 110 + (x + y) // 16], axis=-1).astype(np.uint8)
    faces = (Box(250, 130, 130, 160), Box(60, 220, 80, 100), Box(500, 90, 80, 100))
    for box in faces:
        centre, size = (int(box.centre[0]), int(box.centre[1])), (int(box.width * 0.4), int(box.height * 0.45))
        cv2.ellipse(rgb, centre, size, 0, 0, 360, (214, 172, 146), -1)
        cv2.ellipse(rgb, (centre[0], centre[1] - size[1] // 2), (size[0], size[1] // 2), 0, 180, 360, (74, 52, 44), -1)
        for side in (-1, 1):
            cv2.circle(rgb, (centre[0] + side * size[0] // 3, centre[1] - 4), max(3, size[0] // 9), (40, 40, 52), -1)
        cv2.ellipse(rgb, (centre[0], centre[1] + size[1] // 3), (size[0] // 3, 6), 0, 0, 180, (150, 70, 76), -1)
    known = Match(Candidate(world.ids.get(name, new_id()), name, 0.97), None, 0.9, accepted=True)
    observations = (
        Observation(Track(1, Face(faces[0], 0.99), 30, 0.0, 1.0), known, happy()),
        Observation(Track(2, Face(faces[1], 0.95), 30, 0.0, 1.0), Match(None, None, 0.9, accepted=False), None),
        Observation(Track(3, Face(faces[2], 0.90), 2, 0.9, 1.0), None, None),
    )
    return Scene(Frame(index, NOW, index / 30, rgb), observations, index, 2, 24.6, 10)


def happy() -> MoodScores:
    return MoodScores((0.02, 0.01, 0.02, 0.85, 0.02, 0.03, 0.05), 0.45)


def came(world: World, name: str = "Radia Perlman", at: datetime = NOW, **changes: object) -> KioskEvent:
    """A check-in as the recorder publishes it."""
    values: dict[str, object] = {
        "person": world.ids[name], "name": name, "track": 1, "similarity": 0.97, "mood": happy(),
        "attendance": new_id(),
    }  # fmt: skip
    return KioskEvent(EventKind.CHECK_IN, at, **(values | changes))  # type: ignore[arg-type]


async def settle(pilot: Pilot[None]) -> None:
    """Wait until every job is done and shown: no message waits, and nothing is to be laid out or drawn anew.

    Textual's `pause` alone is not enough: it takes a process that gets no processor for one that has nothing to do.
    """
    app = pilot.app
    await pilot.pause()
    quiet = 0
    while quiet < 2:  # a message that is being handled stands in no queue; by the second time it has been
        jobs = [worker for worker in app.workers if worker.group == "jobs" and not worker.is_finished]
        if jobs:  # without any it waits for all workers, the kiosk's too
            await app.workers.wait_for_complete(jobs)
        await pilot._wait_for_screen()
        app.screen._on_timer_update()
        quiet = 0 if _is_busy(app) else quiet + 1


async def until(condition: Callable[[], object]) -> None:
    """Wait until this is so, also of an app that ends meanwhile; a test's own time limit is the only other end."""
    while not condition():
        await asyncio.sleep(0.01)


def _is_busy(app: App[None]) -> bool:
    if any(worker.group == "jobs" and not worker.is_finished for worker in app.workers):
        return True
    screen = app.screen
    if screen._layout_required or screen._repaint_required or screen._dirty_widgets or screen._callbacks:
        return True
    nodes = (app, *screen.walk_children(with_self=True))
    return any(node.message_queue_size or node._pending_message or node._next_callbacks for node in nodes)


async def show_door(pilot: Pilot[None], world: World, shown: Scene, *events: KioskEvent) -> None:
    """Let the fake kiosk publish a scene and events, and wait until all of it is on the screen."""
    await settle(pilot)
    await until(lambda: world.kiosks)
    await asyncio.to_thread(world.kiosk.started.wait, 60)
    while world.door.camera.picture is None or world.door.camera.picture.scene is not shown:
        world.kiosk.on_scene(shown)
        await pilot.pause(0.01)
    for event in events:
        world.kiosk.on_event(event)
    await settle(pilot)
    world.apps[-1].controller.refresh_moods()
    await settle(pilot)
    world.door.tick()
    await settle(pilot)


def text_of(world: World) -> str:
    """Everything on the screen."""
    return "\n".join(lines_of(world.apps[-1]))


def lines_of(app: App[Any]) -> list[str]:
    """The screen line by line, as it was drawn last; Textual tells it under private names only."""
    visible_screen_stack.set(app._background_screens)  # else what lies behind a dialog may be blank
    return [strip.text for strip in app.screen._compositor.render_strips()]


def replace_screen(app: App[Any], mode: str, make: Callable[[], Screen[Any]]) -> None:
    """Let an app that does not run yet make another screen for a mode; Textual lets only classes choose."""
    app._modes = {**app._modes, mode: make}
