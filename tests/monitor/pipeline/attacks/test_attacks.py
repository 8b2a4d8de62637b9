"""Pictures of ORL's people held before the camera do not get in; ORL's heads that turn as asked do."""

from pathlib import Path

import numpy as np
import pytest

from monitor.domain import RgbImage
from monitor.pipeline.liveness import State
from monitor.vision.detector import FaceDetector
from tests.bench.liveness import Bench, frames_of, orl, real_windows
from tests.bench.turning_heads import turns
from tests.monitor.pipeline.attacks.attacks import KINDS, Attack, backgrounds
from tests.monitor.pipeline.attacks.play import play
from tests.monitor.pipeline.attacks.sheets import FOCAL, Pose, Texture, draw

WHITE: Texture = np.full((100, 200, 4), 255, np.uint8)
DARK: RgbImage = np.zeros((480, 640, 3), np.uint8)
HELD = {kind.name: kind for kind in KINDS}


def extent(picture: RgbImage) -> tuple[int, int]:
    """Width and height in pixels of what is brighter than the middle."""
    bright = picture[..., 0] > 127
    return int(bright.any(axis=0).sum()), int(bright.any(axis=1).sum())


def test_a_flat_sheet_has_the_size_of_a_pinhole_camera() -> None:
    assert extent(draw(DARK, WHITE, 0.2, Pose(z=1.0))) == pytest.approx((0.2 * FOCAL, 0.1 * FOCAL), abs=2)


def test_a_sheet_that_is_turned_or_bent_is_narrower() -> None:
    turned = extent(draw(DARK, WHITE, 0.2, Pose(z=1.0, yaw=60)))
    bent = extent(draw(DARK, WHITE, 0.2, Pose(z=1.0), bend=140))
    assert turned[0] == pytest.approx(0.5 * 0.2 * FOCAL, rel=0.1)
    radius = 0.2 / np.radians(140)
    assert bent[0] == pytest.approx(2 * radius * np.sin(np.radians(70)) * FOCAL, rel=0.15)


def test_the_side_to_which_a_sheet_turns_comes_nearer_on_the_other() -> None:
    bright = draw(DARK, WHITE, 0.3, Pose(z=1.0, yaw=40))[..., 0] > 127
    columns = bright.sum(axis=0)[bright.any(axis=0)]
    assert columns[2] > columns[-3], "turned to the picture's right, the left edge is the nearer one"


class Glancing(FaceDetector):
    """Looks for large faces only: all faces here are 60 pixels wide and more, and looking takes a fifth of the time."""

    detect = FaceDetector.glance


@pytest.fixture(scope="module")
def bench() -> Bench:
    made = Bench(None, half=1, seed=3)
    made.detector = Glancing()
    return made


@pytest.mark.parametrize("name", ["mask, bent", "tablet, tilted"])
def test_a_photograph_gets_in_neither_silently_nor_by_being_turned(bench: Bench, name: str) -> None:
    portrait = bench.photograph(orl(8, 1))
    assert portrait is not None
    attack = Attack(HELD[name], portrait, backgrounds(bench.random)[1], bench.random)
    outcome = play(attack.frame, bench.detector.detect, bench.mesh, turn=45.0, seconds=12.0)
    assert outcome.by == ""
    assert outcome.state is State.FAILED
    assert outcome.evidence["failed_2"]


def test_heads_that_turn_as_asked_get_in(bench: Bench) -> None:
    tried, passed = turns(bench, subjects=(4, 23, 26, 39))
    assert tried >= 4
    assert passed == tried


def test_who_turns_to_the_other_side_does_not(bench: Bench) -> None:
    assert turns(bench, subjects=(39,), mistaken=True) == (1, 0)


def test_most_people_of_the_films_get_in_silently(shared_data: Path) -> None:
    bench = Bench(shared_data, half=1, seed=3)
    first = [next(iter(real_windows(bench, list(frames_of(path))[::2]))) for path in bench.films(both=True)]
    assert np.mean([one.live for one in first]) >= 0.75
