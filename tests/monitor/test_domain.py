"""What the types of the flow promise."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import crypto
from monitor.domain import EMBEDDING_SIZE, EMOTIONS, UNSURE, Box, Candidate, Frame, Match, MoodScores, Unclear
from tests.monitor.stage import mood_of, person_id

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

places = st.floats(-2000, 2000)
lengths = st.floats(0.5, 2000)
boxes = st.builds(Box, places, places, lengths, lengths)


def test_the_database_keeps_embeddings_of_the_size_that_the_flow_makes() -> None:
    """The database knows nothing of the flow, so it has a number of its own."""
    assert crypto.EMBEDDING_SIZE == EMBEDDING_SIZE


@given(boxes, boxes)
def test_iou_does_not_depend_on_the_order_and_stays_between_0_and_1(one: Box, other: Box) -> None:
    assert one.iou(other) == pytest.approx(other.iou(one))
    assert 0 <= one.iou(other) <= 1 + 1e-9


@given(boxes)
def test_a_box_overlaps_itself_wholly(box: Box) -> None:
    assert box.iou(box) == pytest.approx(1)


@given(boxes, st.floats(0, 100))
def test_boxes_that_do_not_touch_or_only_touch_share_nothing(box: Box, gap: float) -> None:
    beside = Box(box.right + gap, box.top, box.width, box.height)
    below = Box(box.left, box.bottom + gap, box.width, box.height)
    assert box.iou(beside) == pytest.approx(0, abs=1e-9)
    assert box.iou(below) == pytest.approx(0, abs=1e-9)


@given(boxes, boxes, places, places)
def test_iou_does_not_change_when_both_boxes_move_together(one: Box, other: Box, across: float, down: float) -> None:
    moved = [Box(box.left + across, box.top + down, box.width, box.height) for box in (one, other)]
    assert moved[0].iou(moved[1]) == pytest.approx(one.iou(other), abs=1e-6)


@given(boxes, st.floats(0.05, 1))
def test_a_part_of_a_box_shares_its_own_area(box: Box, share: float) -> None:
    part = Box(box.left, box.top, box.width * share, box.height)
    assert box.iou(part) == pytest.approx(share, abs=1e-6)


def test_a_box_knows_its_edges_and_middle() -> None:
    box = Box(10, 20, 30, 40)
    assert (box.right, box.bottom, box.area, box.centre) == (40, 60, 1200, (25, 40))


@pytest.mark.parametrize(
    "at", [NOON.replace(tzinfo=None), NOON.astimezone(timezone(timedelta(hours=2)))], ids=["naive", "in Berlin"]
)
def test_a_frame_refuses_a_time_that_is_not_utc(at: datetime) -> None:
    with pytest.raises(ValueError, match="UTC"):
        Frame(0, at, 0.0, np.zeros((4, 4, 3), np.uint8))


@pytest.mark.parametrize(
    "picture",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)],
    ids=["grey", "with alpha", "float"],
)
def test_a_frame_refuses_what_is_no_rgb_picture(picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        Frame(0, NOON, 0.0, picture)


def test_a_mood_has_the_name_of_its_likeliest_emotion() -> None:
    assert [MoodScores(tuple(np.eye(7)[index])).label for index in range(7)] == list(EMOTIONS)


def test_a_face_that_cannot_be_judged_is_unsure_with_its_reason() -> None:
    mood = MoodScores.unjudged(Unclear.BLURRED)
    assert (mood.label, mood.unclear, mood.confidence) == (UNSURE, "blurred", 0)
    with pytest.raises(ValueError, match="seven probabilities"):
        MoodScores((0.0,) * 7)


def test_a_mood_below_the_confidence_needed_is_unsure() -> None:
    scores = tuple(mood_of(happy=0.4, sad=0.3))
    assert MoodScores(scores, 0.4).label == "happy"
    assert MoodScores(scores, 0.41).label == UNSURE


@pytest.mark.parametrize("scores", [(1.0,), (0.5,) * 7, (0.0,) * 7])
def test_a_mood_refuses_what_are_no_seven_probabilities(scores: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        MoodScores(scores)


def test_a_mood_by_name_keeps_the_order_of_fer2013() -> None:
    named = MoodScores(tuple(mood_of(fear=0.75))).by_name()
    assert list(named) == ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    assert named["fear"] == 0.75


def test_a_match_that_is_not_accepted_names_nobody() -> None:
    best = Candidate(person_id("Ada"), "Ada", 0.9)
    assert Match(best, None, 0.95, accepted=False).person is None
    assert Match(best, None, 0.85, accepted=True).person is best
