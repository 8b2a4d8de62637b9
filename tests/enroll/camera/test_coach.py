"""Coaching before the camera: what is asked for, what is hinted, and who is refused."""

import dataclasses
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from enroll.camera.coach import Advice, AskedPose, Coach, FrameFaces
from enroll.camera.session import EnrolmentError, Shown, SteadyHints, take_shots
from enroll.faces.examine import ExaminedFace, Examiner
from enroll.faces.pose import Pose
from enroll.faces.quality import Component, Quality
from enroll.people.gallery_index import GalleryIndex, Known
from monitor.domain import Box, Face, Frame, RgbImage
from monitor.vision.face_mesh import Mesh
from monitor.vision.liveness.motion import Cues
from tests.enroll.conftest import MadeUp
from tests.monitor.vision.liveness.heads import mesh_of

MakeFace = Callable[..., ExaminedFace]

TURNS = {
    AskedPose.STRAIGHT: Pose(0, 5, 0),
    AskedPose.LEFT: Pose(20, 5, 0),
    AskedPose.RIGHT: Pose(-20, 5, 0),
    AskedPose.UP: Pose(0, 20, 0),
    AskedPose.DOWN: Pose(0, -10, 0),
}


@pytest.fixture
def face(made_up: MadeUp) -> MakeFace:
    def face(
        person: str = "Anna",
        pose: Pose = TURNS[AskedPose.STRAIGHT],
        *,
        eyes: float = 60.0,
        failed: str | None = None,
        left: float = 200.0,
        width: float = 150.0,
    ) -> ExaminedFace:
        examined = made_up.examination("x", person).faces[0]
        components = (
            Component("inter_eye_distance", eyes, True, ""),
            *((Component(failed, 0, False, "advice"),) if failed else ()),
        )
        box = Box(left, 100, width, width)
        return dataclasses.replace(examined, face=Face(box, 0.9), quality=Quality(components, pose))

    return face


def begin(index: GalleryIndex | None = None, *, seed: int = 1, **options: Any) -> Coach:
    return Coach(index or GalleryIndex(), randomness=random.Random(seed), **options)


@pytest.fixture
def coach() -> Coach:
    return begin()


HEAD = Cues(eyes=0.3, mouth=0.3, nose=0.3, excess=3.0, width=0.95, surroundings=0.0, ring=-0.5, scene=0.0)
BENT = dataclasses.replace(HEAD, mouth=0.1, nose=0.05)
"""A bent sheet whose mesh turns, and whose face stays in its plane."""
CARRIED = dataclasses.replace(HEAD, surroundings=0.4, ring=0.6)
"""A sheet whose background turns with the face."""


def looks(*faces: ExaminedFace, seconds: float = 0.0, flat: bool = False, cues: Cues = HEAD) -> FrameFaces:
    """A frame; the mesh of a head turns with its key points, that of a flat picture stays."""
    yaw = faces[0].quality.pose.yaw if faces and not flat else 3.0
    return FrameFaces(seconds, 640, faces, yaw, cues)


def follow(coach: Coach, face: MakeFace, asks: int = 5, person: str = "Anna") -> Advice:
    """Somebody who does at once what is asked; returns the last advice."""
    advice = coach.look(looks(face(person)))
    for frame in range(4 * asks):
        if advice.done or advice.refusal or advice.ask is None:
            break
        advice = coach.look(looks(face(person, TURNS[advice.ask]), seconds=frame / 10))
    return advice


def test_who_follows_gets_five_shots(coach: Coach, face: MakeFace) -> None:
    assert follow(coach, face).done
    assert set(coach.shots) == set(AskedPose)
    assert coach.finished


def test_the_order_of_the_turns_cannot_be_known_before(face: MakeFace) -> None:
    orders = set()
    for seed in range(20):
        coach = begin(seed=seed)
        follow(coach, face)
        orders.add(tuple(coach.shots))
    assert len(orders) > 5
    assert all(order[0] is AskedPose.STRAIGHT for order in orders)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"eyes": 18.0}, "Come closer."),
        ({"width": 500.0}, "Go back a little."),
        ({"failed": "under_exposure_prevention"}, "More light from the front, please."),
        ({"failed": "sharpness"}, "Hold still."),
        ({"failed": "crop_of_the_face"}, "Move into the middle of the picture."),
        ({"pose": Pose(25, 0, 0)}, "Look straight into the camera."),
    ],
)
def test_each_hindrance_has_its_hint(coach: Coach, face: MakeFace, given: Any, hint: str) -> None:
    assert coach.look(looks(face(**given))).hint == hint
    assert not coach.shots


def test_nobody_and_several_people_are_told_so(coach: Coach, face: MakeFace) -> None:
    assert coach.look(looks()).hint.startswith("Nobody")
    assert coach.look(looks(face(), face("Ben"))).hint == "One person at a time, please."


def test_a_moving_face_is_not_shot(coach: Coach, face: MakeFace) -> None:
    for frame in range(6):
        assert coach.look(looks(face(left=100.0 + 40 * frame))).taken is None


def test_a_photograph_that_does_not_turn_is_refused(coach: Coach, face: MakeFace) -> None:
    advice = None
    for frame in range(300):
        advice = coach.look(looks(face(), seconds=frame / 10))
        if advice.refusal:
            break
    assert advice is not None
    assert "photograph" in (advice.refusal or "")


@pytest.mark.parametrize(("flat", "cues"), [(True, HEAD), (False, BENT), (False, CARRIED)])
def test_a_photograph_that_is_turned_is_told_so_and_refused_in_the_end(face: MakeFace, flat: bool, cues: Cues) -> None:
    coach = begin()
    hints, refusal, ask = set(), None, AskedPose.STRAIGHT
    for frame in range(600):
        advice = coach.look(looks(face("Anna", TURNS[ask]), seconds=frame / 10, flat=flat, cues=cues))
        hints.add(advice.hint)
        refusal, ask = refusal or advice.refusal, advice.ask or ask
    assert any("flat" in hint for hint in hints)
    assert "photograph" in (refusal or "")
    assert not coach.shots.keys() & {AskedPose.LEFT, AskedPose.RIGHT}


def test_under_supervision_turns_that_do_not_come_are_left_out(face: MakeFace) -> None:
    coach = begin(supervised=True)
    for frame in range(2000):
        if coach.look(looks(face(), seconds=frame / 10)).done:
            break
    assert coach.finished
    assert list(coach.shots) == [AskedPose.STRAIGHT]


def test_somebody_enrolled_already_is_refused_by_name(face: MakeFace, made_up: MadeUp) -> None:
    index = GalleryIndex([Known(uuid4(), "Anna", made_up.embedding("Anna"), 3)])
    coach = begin(index)
    assert "This is Anna" in (follow(coach, face).refusal or "")


def test_the_person_themselves_may_add_shots(face: MakeFace, made_up: MadeUp) -> None:
    anna = uuid4()
    index = GalleryIndex([Known(anna, "Anna", made_up.embedding("Anna"), 3)])
    assert follow(begin(index, known=anna), face).done


def test_somebody_who_takes_the_persons_place_is_refused(coach: Coach, face: MakeFace) -> None:
    coach.look(looks(face()))
    coach.look(looks(face()))
    assert AskedPose.STRAIGHT in coach.shots
    refusal = None
    for _ in range(30):
        refusal = refusal or coach.look(looks(face("Ben"))).refusal
    assert "took the person's place" in (refusal or "")


class Clip:
    """A source of that many empty frames."""

    name, live = "clip", False
    warning: str | None = None

    def __init__(self, frames: int) -> None:
        self._left = frames
        self._index = 0

    def open(self) -> None:
        pass

    def read(self) -> Frame | None:
        if self._index == self._left:
            return None
        self._index += 1
        black = np.zeros((480, 640, 3), np.uint8)
        return Frame(self._index - 1, datetime(2026, 1, 1, tzinfo=UTC), self._index / 10, black)

    def close(self) -> None:
        pass


class Follower(Examiner):
    """An examiner that sees somebody do what the coach asked for last."""

    def __init__(self, face: MakeFace) -> None:
        self.ask = AskedPose.STRAIGHT
        self._face = face

    def examine(self, rgb: RgbImage) -> tuple[ExaminedFace, ...]:
        return (self._face("Anna", TURNS[self.ask]),)

    def mesh(self, rgb: RgbImage, face: Face) -> Mesh | None:
        return mesh_of(face, TURNS[self.ask].yaw)

    def show(self, shown: Shown) -> None:
        self.ask = shown.advice.ask or self.ask


def test_shots_from_a_source_become_pictures_for_enrolment(coach: Coach, face: MakeFace) -> None:
    follower = Follower(face)
    pictures = take_shots(Clip(100), follower, coach, show=follower.show, mesh=follower.mesh)
    assert pictures[0].image == "camera, straight"
    assert len(pictures) == 5
    assert all(len(picture.faces) == 1 for picture in pictures)


def test_a_source_that_ends_too_early_enrols_nobody(coach: Coach, face: MakeFace) -> None:
    follower = Follower(face)
    with pytest.raises(EnrolmentError, match=r"The film ended when \d of 5 shots were taken"):
        take_shots(Clip(5), follower, coach, show=follower.show, mesh=follower.mesh)


def test_hints_that_alternate_several_times_a_second_do_not_alternate_on_the_screen() -> None:
    steady, hints = SteadyHints(), ("Come closer.", "Hold still.")
    shown = [steady.shown(Advice(hints[at % 2], AskedPose.LEFT), at / 10).hint for at in range(50)]
    assert set(shown) == {"Come closer."}


def test_another_hint_comes_when_the_one_before_was_read_and_it_has_held() -> None:
    steady = SteadyHints()
    shown = [
        (at / 10, steady.shown(Advice("Come closer." if at < 12 else "Hold still.", AskedPose.LEFT), at / 10).hint)
        for at in range(30)
    ]
    assert next(seconds for seconds, hint in shown if hint == "Hold still.") == 1.7


def test_a_shot_that_was_taken_and_what_is_asked_next_are_shown_at_once() -> None:
    steady = SteadyHints()
    steady.shown(Advice("Hold still.", AskedPose.LEFT), 0.0)
    taken = Advice("Lift your chin a little.", AskedPose.UP, taken=AskedPose.LEFT)
    assert steady.shown(taken, 0.1) is taken
    assert steady.shown(Advice("Hold still.", AskedPose.UP), 0.2) == Advice("Lift your chin a little.", AskedPose.UP)
    refused = Advice("Begin again.", None, refusal="Begin again.")
    assert steady.shown(refused, 0.3) is refused
