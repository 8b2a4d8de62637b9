"""An empty door is searched now and then, somebody who is known at times, and everybody else in every frame."""

import numpy as np
import pytest

from monitor.domain import Box, Face, RgbImage
from monitor.pipeline.search_plan import Search, SearchPlan
from monitor.vision.detection.tiles import near, small_tiles, whole

WIDTH, HEIGHT, FPS = 640, 480, 30.0
WHOLE = whole(WIDTH, HEIGHT)
NOISE = np.random.default_rng(5)
GRAIN = NOISE.normal(0, 4, (2 * HEIGHT, 2 * WIDTH, 3)).round().astype(np.int16)


def door(at: int | None = None, *, light: int = 120, size: tuple[int, int] = (WIDTH, HEIGHT)) -> RgbImage:
    """A wall with a camera's noise, and where asked for a dark square of 90 pixels from column `at` on.

    The noise of each frame is another part of the same grain: to draw it anew took most of these tests' time.
    """
    down, right = NOISE.integers(HEIGHT), NOISE.integers(WIDTH)
    grain = GRAIN[down : down + HEIGHT, right : right + WIDTH]
    times = -(-size[1] // HEIGHT), -(-size[0] // WIDTH), 1
    wall = np.tile((grain + light).clip(0, 255).astype(np.uint8), times)[: size[1], : size[0]]
    if at is not None:
        wall[150:240, at : at + 90] = 10
    return wall


def face(left: float = 300, width: float = 80) -> Face:
    return Face(Box(left, 150, width, width), 0.9)


def settle(plan: SearchPlan) -> None:
    """Begin with two seconds of an empty door."""
    for frame in range(60):
        plan.next(door(), frame / FPS)


def meet(plan: SearchPlan, *faces: Face, settled: bool = True) -> Search:
    """Find these faces on the frame at two seconds."""
    settle(plan)
    search = plan.next(door(300), 2.0)
    assert search is not None
    plan.learn(2.0, list(faces), settled=settled)
    return search


def test_an_empty_door_is_searched_wholly_once_a_second_and_in_every_tile() -> None:
    plan = SearchPlan()
    searches = [search for frame in range(300) if (search := plan.next(door(), frame / FPS))]
    tiles = [tile for search in searches for tile in search.tiles]
    assert tiles.count(WHOLE) == pytest.approx(10, abs=1)
    for tile in small_tiles(WIDTH, HEIGHT):
        assert tiles.count(tile) == pytest.approx(10, abs=2)


def test_a_4k_picture_is_searched_in_every_tile_within_six_seconds() -> None:
    plan, seen = SearchPlan(), set()
    wall = door(size=(3840, 2160))
    for frame in range(180):
        search = plan.next(wall, frame / FPS)
        seen |= set(search.tiles) if search else set()
    assert set(small_tiles(3840, 2160)) <= seen


def test_on_a_slow_source_the_round_takes_longer_and_makes_no_frame_later() -> None:
    plan, seen, wall = SearchPlan(), list[int](), door(size=(1920, 1080))
    for frame in range(12):
        search = plan.next(wall, frame / 4)
        seen.append(len(search.tiles) if search else 0)
    assert seen[0] == len(small_tiles(1920, 1080)) + 1, "a frame of which nothing is known"
    assert max(seen[1:]) <= 3, "two small tiles, and the whole picture each second"
    assert min(seen[1:]) >= 1


def test_where_something_moves_is_searched_at_once() -> None:
    plan = SearchPlan()
    settle(plan)
    search = plan.next(door(20), 2.0)
    assert search is not None
    assert WHOLE in search.tiles
    moved = [tile for tile in search.tiles if tile != WHOLE]
    assert any(tile.left == tile.top == 0 for tile in moved)


def test_until_it_is_decided_who_somebody_is_every_frame_is_searched() -> None:
    plan = SearchPlan()
    meet(plan, face(), settled=False)
    for frame in range(61, 75):
        search = plan.next(door(300), frame / FPS)
        assert search is not None
        plan.learn(frame / FPS, [face()], settled=False)


def test_somebody_who_is_known_is_searched_for_in_every_third_frame_and_the_whole_five_times_a_second() -> None:
    plan = SearchPlan()
    meet(plan, face())
    searched, wholes = 0, 0
    for frame in range(61, 121):
        search = plan.next(door(300), frame / FPS)
        if search is not None:
            plan.learn(frame / FPS, [face()], settled=True)
            searched, wholes = searched + 1, wholes + (WHOLE in search.tiles)
    assert searched == 20
    assert 8 <= wholes <= 11


def test_a_slow_source_leaves_no_frame_out() -> None:
    plan = SearchPlan()
    meet(plan, face())
    for second in range(21, 40):
        search = plan.next(door(300), second / 10)
        assert search is not None
        plan.learn(second / 10, [face()], settled=True)


def test_a_small_face_on_a_large_picture_is_searched_for_where_it_was() -> None:
    plan, wall = SearchPlan(), door(size=(1920, 1080))
    search = plan.next(wall, 0.0)
    assert search is not None
    plan.learn(0.0, [face(width=60)], settled=False)
    again = plan.next(wall, 1 / FPS)
    assert again is not None
    around = [tile for tile in again.tiles if tile.width < 250]
    assert any(tile.left < 300 and tile.right > 360 and tile.top < 150 and tile.bottom > 210 for tile in around)


@pytest.mark.parametrize(
    ("width", "turning", "back", "searched"),
    [
        (50, True, 3.0, [False, True, True, False]),
        (50, True, 2.2, [False, True, False, True]),
        (50, False, 3.0, [False, False, False, False]),
        (120, True, 3.0, [False, False, False, False]),
    ],
)
def test_a_small_head_that_turns_is_searched_for_where_it_was_until_it_is_back_or_for_a_moment(
    width: int, turning: bool, back: float, searched: list[bool]
) -> None:
    plan, one = SearchPlan(), face(width=width)
    where = near(one.whole_box, WIDTH, HEIGHT)
    meet(plan, one, settled=False)
    tiles = []
    for seconds in (2.1, 2.2, 2.55, 2.6):
        search = plan.next(door(300), seconds)
        assert search is not None
        tiles.append(where in search.tiles)
        plan.learn(seconds, [one] if seconds == back else [], settled=False, turning=turning)
    assert tiles == searched


def test_dark_frames_between_lit_ones_are_left_out_and_a_light_switched_off_is_not() -> None:
    plan = SearchPlan(every_frame=True)
    strobe = [plan.next(door(light=6 if frame % 2 else 120), frame / 10) is None for frame in range(20)]
    assert strobe == [bool(frame % 2) for frame in range(20)]
    switched_off = [plan.next(door(light=6), 2 + frame / 10) is None for frame in range(5)]
    assert switched_off[-2:] == [False, False]


@pytest.mark.parametrize("shape", [(1, 640, 3), (480, 1, 3), (2, 2, 3), (1080, 1920, 3)])
def test_a_size_that_changes_in_mid_stream_begins_afresh(shape: tuple[int, int, int]) -> None:
    plan = SearchPlan()
    meet(plan, face())
    search = plan.next(np.full(shape, 120, np.uint8), 2.1)
    assert search is not None
    assert search.tiles[0] == whole(shape[1], shape[0])


def test_pictures_that_do_not_follow_from_one_another_are_searched_everywhere() -> None:
    plan = SearchPlan(every_frame=True)
    for frame in range(5):
        search = plan.next(door(), frame / 10)
        assert search is not None
        assert search.everywhere
