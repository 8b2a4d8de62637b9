"""The simulated camera: always the same for a seed, at any speed, and it knows what it shows."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitor.domain import Box
from monitor.sources.simulated.camera import SimulatedCamera
from monitor.sources.simulated.people import cast, photo
from monitor.sources.simulated.truth import CLEAR_SIZE, Appearance, whose_face

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def twenty_seconds() -> SimulatedCamera:
    return SimulatedCamera(seed=4, seconds=20, starts_at=START)


def test_thirty_people_are_enrolled_from_five_images_and_ten_are_strangers() -> None:
    people = cast(7)
    named = [one for one in people if one.name is not None]
    assert (len(people), len(named)) == (40, 30)
    assert len({one.name for one in named}) == 30
    enrolment = SimulatedCamera(seed=7).enrolment()
    assert set(enrolment) == {one.name for one in named}
    assert {len(photos) for photos in enrolment.values()} == {5}


def test_the_camera_never_shows_an_image_that_enrolled() -> None:
    for one in cast(3):
        enrolled, seen = {p.image for p in one.enrolment}, {p.image for p in one.seen}
        assert len(enrolled) == len(seen) == 5
        assert not enrolled & seen


def test_another_seed_casts_other_people() -> None:
    assert [one.name for one in cast(1)] != [one.name for one in cast(2)]
    assert cast(1) == cast(1)


def test_a_photo_to_enrol_is_an_rgb_picture_of_the_face_with_a_margin() -> None:
    picture = photo(cast(1)[0].enrolment[0])
    assert picture.shape == (448, 368, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 20


def test_the_same_seed_gives_the_same_frames_in_whatever_order_they_are_asked_for() -> None:
    one, other = SimulatedCamera(seed=5, seconds=20), SimulatedCamera(seed=5, seconds=None)
    forwards = [one.picture(index) for index in (10, 60, 120)]
    backwards = [other.picture(index) for index in (120, 60, 10)]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, reversed(backwards), strict=True))
    assert not np.array_equal(forwards[0], SimulatedCamera(seed=6).picture(10))


def test_the_first_frame_is_of_when_the_camera_was_opened_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = SimulatedCamera(seed=1, seconds=2, fps=5)
    monkeypatch.setattr("monitor.sources.simulated.camera.now_utc", lambda: START)
    camera.open()
    frame = camera.read()
    assert frame is not None
    assert frame.at == START


def test_frames_are_numbered_timed_and_end_after_the_seconds() -> None:
    camera = SimulatedCamera(seed=1, seconds=2, fps=5, starts_at=START)
    for _ in range(2):
        camera.open()
        frames = list(iter(camera.read, None))
        camera.close()
        assert [frame.index for frame in frames] == list(range(10))
    assert frames[5].seconds == 1.0
    assert frames[5].at == START + timedelta(seconds=1)
    assert frames[5].rgb.shape == (480, 640, 3)
    assert not camera.live


def test_in_real_time_it_waits_for_each_frame_and_catches_up_when_late() -> None:
    clock, naps = [100.0], []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        clock[0] += seconds

    camera = SimulatedCamera(seed=1, fps=10, realtime=True, clock=lambda: clock[0], sleep=sleep)
    camera.open()
    camera.read()
    camera.read()
    clock[0] += 0.25
    for _ in range(3):
        camera.read()
    assert naps == pytest.approx([0.1, 0.05])


def test_in_twenty_seconds_a_crowd_comes_and_everybody_is_clearly_seen_in_time() -> None:
    for seed in range(5):
        visits = SimulatedCamera(seed=seed, seconds=20).visits(until=20)
        strangers = [visit for visit in visits if visit.name is None]
        assert 8 <= len(visits) <= 12
        assert 1 <= len(strangers) <= 4
        assert all(visit.clear_from is not None and visit.clear_from <= 17.5 for visit in visits)
        assert len({visit.subject for visit in visits}) == len(visits)


def test_in_a_longer_time_people_come_back() -> None:
    visits = SimulatedCamera(seed=2).visits(until=90)
    assert len({visit.subject for visit in visits}) < len(visits)


def test_nobody_is_in_two_places_at_once() -> None:
    camera = SimulatedCamera(seed=8)
    for second in range(0, 300, 2):
        there = [one.subject for one in camera.truth_at(float(second))]
        assert len(set(there)) == len(there)


def test_a_short_run_shows_somebody_too() -> None:
    camera = SimulatedCamera(seed=1, seconds=4)
    assert [visit.clear_from is not None for visit in camera.visits(until=4)] == [True]


def test_visits_are_known_as_far_as_frames_were_read(twenty_seconds: SimulatedCamera) -> None:
    twenty_seconds.open()
    assert twenty_seconds.visits() == ()
    for _ in range(30):
        twenty_seconds.read()
    (visit,) = twenty_seconds.visits()
    assert visit.last_seen == pytest.approx(29 / 15)


def test_a_clear_view_is_large_inside_the_picture_and_free(twenty_seconds: SimulatedCamera) -> None:
    seen = [twenty_seconds.truth_at(index / 15) for index in range(300)]
    clear = [one for there in seen for one in there if one.clear]
    assert len(clear) > 200
    assert all(one.box.width >= CLEAR_SIZE for one in clear)
    assert all(one.box.left >= 0 and one.box.right <= 640 and one.box.bottom <= 480 for one in clear)
    for there in seen:
        for place, one in enumerate(there):
            nearer = there[place + 1 :]
            assert not one.clear or all(one.box.iou(other.box) < 0.05 for other in nearer)


def test_people_change_places_and_hide_each_other(twenty_seconds: SimulatedCamera) -> None:
    orders: dict[tuple[int, int], set[bool]] = {}
    for index in range(300):
        clear = [one for one in twenty_seconds.truth_at(index / 15) if one.clear]
        for one in clear:
            for other in clear:
                if one.visit < other.visit:
                    orders.setdefault((one.visit, other.visit), set()).add(one.box.left < other.box.left)
    assert {True, False} in orders.values()


def test_the_truth_lies_where_the_picture_changes(twenty_seconds: SimulatedCamera) -> None:
    """Against the empty hall of frame 0 (brightness apart), a face is where the truth says."""
    empty = twenty_seconds.picture(0).astype(np.float32)
    checked = 0
    for index in range(20, 300, 40):
        rgb = twenty_seconds.picture(index).astype(np.float32)
        for one in twenty_seconds.truth_at(index / 15):
            if one.clear:
                x, y = (round(value) for value in one.box.centre)
                patch = np.s_[y - 8 : y + 8, x - 8 : x + 8]
                assert np.abs(rgb[patch] - empty[patch]).mean() > 15
                checked += 1
    assert checked >= 5


def test_frames_differ_even_when_nobody_moves() -> None:
    camera = SimulatedCamera(seed=1)
    one, other = camera.picture(0), camera.picture(1)
    assert not np.array_equal(one, other)
    assert np.abs(one.astype(int) - other.astype(int)).mean() < 6, "grain, not snow"


def _appearance(visit: int, left: float, width: float) -> Appearance:
    return Appearance(visit, visit + 1, None, Box(left, 100, width, width), clear=True)


def test_a_box_belongs_to_the_nearer_of_two_overlapping_faces() -> None:
    there = (_appearance(0, 100, 60), _appearance(1, 115, 80))
    assert whose_face(Box(108, 100, 70, 70), there) == there[1]
    assert whose_face(Box(100, 100, 60, 60), there[:1]) == there[0]
    assert whose_face(Box(400, 100, 60, 60), there) is None
    assert whose_face(Box(400, 100, 60, 60), ()) is None
