"""Faces become tracks: one each, with an id that is never used again, and doubt where positions cannot tell."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import Box, Face, Track
from monitor.pipeline.tracker import Tracker, TrackUpdate
from tests.monitor.stage import frontal

FRAME = 1 / 15


def face(x: float, y: float = 200, width: float = 80) -> Face:
    return frontal(Box(x - width / 2, y - width / 2, width, width))


class Walk:
    """A tracker fed at 15 frames a second."""

    def __init__(self, **options: float) -> None:
        self.tracker = Tracker(**options)
        self.seconds = 0.0
        self.ended: list[Track] = []

    def see(self, *faces: Face) -> list[TrackUpdate]:
        updates, ended = self.tracker.update(faces, self.seconds)
        self.seconds += FRAME
        self.ended += ended
        return updates

    def see_nothing(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME)):
            self.see()


def ids(updates: Sequence[TrackUpdate]) -> list[int]:
    return [update.track.id for update in updates]


def doubts(updates: Sequence[TrackUpdate]) -> list[bool]:
    return [update.doubtful for update in updates]


def test_a_face_that_stays_is_one_track_without_doubt() -> None:
    walk = Walk()
    for frame in range(30):
        (update,) = walk.see(face(300))
        assert (update.track.id, update.track.hits, update.doubtful) == (1, frame + 1, False)


def test_a_track_knows_when_it_was_first_and_last_seen() -> None:
    walk = Walk()
    walk.seconds = 5.0
    walk.see(face(300))
    walk.see(face(302))
    (update,) = walk.see(face(304))
    assert update.track.first_seen == 5.0
    assert update.track.last_seen == pytest.approx(5.0 + 2 * FRAME)
    assert update.track.face.box.centre == (304, 200)


@pytest.mark.parametrize("speed", [2, 8, 15, -15])
def test_a_walker_is_one_track(speed: float) -> None:
    walk = Walk()
    seen = {walk.see(face(320 + speed * (frame - 15)))[0].track.id for frame in range(30)}
    assert seen == {1}


def test_somebody_who_comes_closer_is_one_track() -> None:
    walk = Walk()
    assert {walk.see(face(320, width=40 + 4 * frame))[0].track.id for frame in range(30)} == {1}


def test_two_people_side_by_side_are_two_tracks_that_do_not_mix() -> None:
    walk = Walk()
    left, right = ids(walk.see(face(150), face(450)))
    for frame in range(20):
        faces = [face(150 + frame), face(450 - frame)]
        updates = walk.see(*(faces if frame % 2 else faces[::-1]))
        at = {update.track.id: update.track.face.box.centre[0] for update in updates}
        assert at == {left: 150 + frame, right: 450 - frame}
        assert not any(doubts(updates))


def test_two_faces_close_to_each_other_are_doubtful() -> None:
    walk = Walk()
    walk.see(face(300), face(350))
    assert any(doubts(walk.see(face(305), face(345))))


def test_a_face_that_was_out_of_view_for_a_moment_is_the_same_track_but_has_to_be_looked_at() -> None:
    walk = Walk()
    walk.see(face(300))
    walk.see_nothing(0.4)
    (update,) = walk.see(face(300))
    assert (update.track.id, update.returned) == (1, True)
    (update,) = walk.see(face(300))
    assert not update.returned


def test_a_face_that_was_missed_for_less_than_that_has_not_returned() -> None:
    walk = Walk(doubt_after=0.2)
    walk.see(face(300))
    walk.see()
    assert not walk.see(face(300))[0].returned


def test_frames_that_come_slowly_do_not_make_a_face_return() -> None:
    walk = Walk(doubt_after=FRAME / 2)
    assert not any(walk.see(face(300))[0].returned for _ in range(5))


def test_a_face_that_jumps_is_doubtful() -> None:
    walk = Walk()
    walk.see(face(300))
    walk.see(face(300))
    assert doubts(walk.see(face(300 + 50))) == [True]


def test_a_face_far_away_is_somebody_else() -> None:
    walk = Walk()
    walk.see(face(100))
    assert ids(walk.see(face(500))) == [2]


def test_a_face_of_another_size_in_the_same_place_is_somebody_else() -> None:
    walk = Walk()
    walk.see(face(300, width=160))
    assert ids(walk.see(face(300, width=60))) == [2]


def test_a_track_ends_once_after_the_time_without_a_detection() -> None:
    walk = Walk(forget_after=1.0)
    walk.see(face(300))
    walk.see_nothing(0.9)
    assert walk.ended == []
    walk.see_nothing(0.5)
    assert [track.id for track in walk.ended] == [1]
    walk.see_nothing(2)
    assert len(walk.ended) == 1
    assert ids(walk.see(face(300))) == [2]


def test_a_split_ends_the_track_and_begins_one_with_the_same_face() -> None:
    walk = Walk()
    walk.see(face(300))
    walk.see(face(300))
    old, new = walk.tracker.split(1, walk.seconds)
    assert (old.id, old.hits) == (1, 2)
    assert (new.track.id, new.track.hits, new.track.face is old.face) == (2, 1, True)
    assert ids(walk.see(face(300))) == [2]
    assert walk.ended == []


def test_finishing_ends_every_track_once() -> None:
    walk = Walk()
    walk.see(face(100), face(400))
    assert {track.id for track in walk.tracker.finish()} == {1, 2}
    assert walk.tracker.finish() == []


scenes = st.lists(
    st.tuples(
        st.lists(st.builds(face, st.floats(-50, 700), st.floats(-50, 500), st.floats(8, 300)), max_size=6),
        st.sampled_from([0.0, 0.03, FRAME, 0.3, 1.5]),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=80)
@given(scenes)
def test_whatever_comes_each_face_has_one_track_and_no_id_comes_back(
    scene: list[tuple[list[Face], float, bool]],
) -> None:
    tracker, seconds, gone, newest = Tracker(), 0.0, set[int](), 0
    for faces, pause, splits in scene:
        seconds += pause
        updates, ended = tracker.update(faces, seconds)
        gone |= {track.id for track in ended}
        assert sorted(id(update.track.face) for update in updates) == sorted(id(one) for one in faces)
        assert len(set(ids(updates))) == len(updates)
        assert not gone & set(ids(updates))
        fresh = [update.track.id for update in updates if update.track.hits == 1]
        assert all(track > newest for track in fresh)
        newest = max([newest, *fresh])
        if splits and updates:
            old, new = tracker.split(updates[0].track.id, seconds)
            gone.add(old.id)
            assert new.track.id > newest
            newest = new.track.id
    left = {track.id for track in tracker.finish()}
    assert not left & gone
    assert left | gone == set(range(1, newest + 1))


def test_between_two_searches_a_face_is_followed_where_it_goes() -> None:
    walk = Walk()
    for frame in range(30):
        walk.see(face(100 + 4 * frame))
    (followed,), ended = walk.tracker.follow(walk.seconds)
    assert (followed.id, followed.hits, ended) == (1, 31, [])
    x, _ = followed.face.box.centre
    assert x == pytest.approx(100 + 4 * 30, abs=3)
    assert followed.last_seen == walk.seconds
    assert followed.face.keypoints is not None
    assert followed.face.keypoints[:, 0].mean() == pytest.approx(x, abs=12)


def test_a_face_that_was_not_found_is_not_followed_and_ends_in_time() -> None:
    walk = Walk(forget_after=1.0)
    walk.see(face(300))
    walk.see()
    assert walk.tracker.follow(walk.seconds) == ([], [])
    followed, (ended,) = walk.tracker.follow(walk.seconds + 2.0)
    assert (followed, ended.id) == ([], 1)


@pytest.mark.parametrize(("gap", "kept"), [(0.9, True), (1.4, True), (3.5, False)])
def test_on_a_machine_too_busy_for_a_frame_a_second_a_track_lasts_and_is_checked(gap: float, kept: bool) -> None:
    tracker = Tracker(forget_after=1.0)
    (first,), _ = tracker.update([face(100)], 0.0)
    (again,), ended = tracker.update([face(102)], gap)
    assert (again.track.id == first.track.id) is kept
    assert len(ended) == (0 if kept else 1)
    assert again.returned is (kept and gap > 1.0)
