"""Agreement with ten people."""

import json

import numpy as np
import pytest

from monitor.domain import EMOTIONS
from training.emotion.data.votes import AS_EMOTION
from training.emotion.evaluation.people import people_scores


def votes_of(*faces: dict[str, int]) -> np.ndarray:
    """Shares float32 (n, 10) of FER+ from votes by emotion, or by "contempt" and "unknown"."""
    columns = {name: AS_EMOTION.index(number) for number, name in enumerate(EMOTIONS)} | {"contempt": 7, "unknown": 8}
    found = np.zeros((len(faces), 10), np.float32)
    for row, votes in zip(found, faces, strict=True):
        for name, count in votes.items():
            row[columns[name]] = count / sum(votes.values())
    return found


def answers(**shares: float) -> np.ndarray:
    row = np.full(7, (1 - sum(shares.values())) / 7, np.float32)
    for name, share in shares.items():
        row[EMOTIONS.index(name)] += share
    return row


def test_ties_are_counted_apart_and_the_unnamed_not_at_all() -> None:
    votes = votes_of(
        {"happy": 8, "neutral": 2}, {"sad": 5, "neutral": 5}, {"unknown": 8, "sad": 2}, {"fear": 9, "sad": 1}
    )
    seven = np.stack([answers(happy=0.9), answers(neutral=0.9), answers(sad=0.9), answers(sad=0.9)])
    found = people_scores(seven, votes)
    assert (found.faces, found.clear) == (3, 2)
    assert found.agreement == 0.5
    assert found.with_ties == pytest.approx(1 / 3)  # of sad and neutral, sad is the first
    assert found.confusion.sum() == 2
    assert found.confusion[EMOTIONS.index("fear"), EMOTIONS.index("sad")] == 1
    assert found.eight is found.protocol is None
    assert found.majorities == 2  # half for sad and half for neutral is not one


def test_contempt_is_neutral_among_seven_and_a_class_of_its_own_among_eight() -> None:
    votes = votes_of({"contempt": 6, "sad": 4})
    eight = np.zeros((1, 8), np.float32)
    eight[0, 0] = 1
    found = people_scores(answers(neutral=0.9)[None], votes, eight)
    assert (found.agreement, found.eight) == (1.0, 0.0)
    assert found.neutral[EMOTIONS.index("neutral")] == 1
    assert (found.protocol, found.majorities) == (0.0, 1)
    eight[0] = np.eye(8)[7]
    assert people_scores(answers(neutral=0.9)[None], votes, eight).protocol == 1.0


def test_answers_with_the_shares_of_the_votes_are_calibrated_whatever_the_favourite() -> None:
    votes = votes_of({"happy": 6, "neutral": 4}, {"sad": 10})
    exact = np.stack([answers(happy=0.6, neutral=0.4), answers(sad=1.0)])
    found = people_scores(exact, votes)
    assert found.calibration_error == pytest.approx(0, abs=1e-6)
    assert found.brier == pytest.approx(0, abs=1e-6)
    sure = people_scores(np.stack([answers(happy=1.0), answers(sad=1.0)]), votes)
    assert sure.calibration_error == pytest.approx(0.2, abs=1e-6)  # one in a bin, 0.4 too sure; the other right
    assert sure.brier == pytest.approx((0.4**2 + 0.4**2) / 2, abs=1e-6)


def test_coverage_falls_and_numbers_survive_json() -> None:
    votes = votes_of({"happy": 8, "neutral": 2}, {"happy": 8, "neutral": 2})
    found = people_scores(np.stack([answers(happy=0.95), answers(sad=0.45)]), votes)
    by_need = {each.confidence: (each.answered, each.agreement) for each in found.coverage}
    assert by_need[0.0] == (1.0, 0.5)
    assert by_need[0.6] == (0.5, 1.0)
    numbers = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert numbers["neutral"] == dict.fromkeys(EMOTIONS, 0.0)
    assert numbers["coverage"][-1] == {"confidence": 0.9, "answered": 0.5, "agreement": 1.0}
