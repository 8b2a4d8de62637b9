"""The turn question: which movements of a head answer it."""

from collections.abc import Iterable

import pytest

from monitor.domain import Question
from monitor.vision.liveness.turn import PATIENCE, TURN, Answer, TurnQuestion


def after(yaws: Iterable[float | None], side: Question = Question.LEFT, *, straight: float = 0.0) -> TurnQuestion:
    """A question to which the head did this, 15 frames a second."""
    question = TurnQuestion(side, 0.0, straight)
    for frame, yaw in enumerate(yaws):
        question.see(frame / 15, yaw)
    return question


@pytest.mark.parametrize(("side", "sign"), [(Question.LEFT, 1), (Question.RIGHT, -1)])
def test_a_turn_to_the_asked_side_and_back_passes(side: Question, sign: int) -> None:
    there = [sign * degrees for degrees in range(0, 26, 2)]
    question = after(there, side)
    assert question.answer is Answer.TURNED
    assert question.words is Question.STRAIGHT
    assert after([*there, *reversed(there)], side).answer is Answer.PASSED


def test_a_turn_to_the_other_side_is_no_answer() -> None:
    assert after([-30.0] * 30).answer is Answer.AWAITED


def test_a_turn_is_counted_from_the_straightest_view() -> None:
    assert after([TURN + 1] * 6, straight=6.0).answer is Answer.AWAITED
    assert after([TURN + 1] * 6, Question.LEFT, straight=0.5).answer is Answer.TURNED


def test_a_turn_of_less_than_three_tenths_of_a_second_is_none_nor_one_of_two_frames() -> None:
    assert after([0, *[25] * 5, 0, *[25] * 5, None, *[25] * 5, 0]).answer is Answer.AWAITED
    slow = TurnQuestion(Question.LEFT, 0.0, 0.0)
    assert [slow.see(seconds, 25.0) for seconds in (0.4, 0.8)] == [Answer.AWAITED] * 2
    assert slow.see(1.2, 25.0) is Answer.TURNED


@pytest.mark.parametrize(("depths", "answer"), [((True, False), Answer.TURNED), ((False, True, False), Answer.AWAITED)])
def test_half_of_the_frames_that_show_a_turn_show_the_depth_of_a_head(depths: tuple[bool, ...], answer: Answer) -> None:
    question = TurnQuestion(Question.LEFT, 0.0, 0.0)
    for frame in range(12):
        question.see(frame / 15, 25.0, relief=depths[frame % len(depths)])
    assert question.answer is answer


def test_who_does_not_turn_in_time_is_late_for_good() -> None:
    frames = round(PATIENCE * 15) + 2
    assert after([TURN - 1] * (frames - 3)).answer is Answer.AWAITED
    late = after([TURN - 1] * frames)
    assert late.answer is Answer.LATE
    assert late.see(9.0, 30.0) is Answer.LATE
    assert late.widest == TURN - 1


def test_who_turned_and_does_not_look_back_is_late_too() -> None:
    assert after([30.0] * round(2 * PATIENCE * 15 + 2)).answer is Answer.LATE
