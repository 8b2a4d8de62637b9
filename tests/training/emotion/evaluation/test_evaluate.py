"""Figures of a model: calibration, curves, jitter, what JSON gets of them."""

import json

import numpy as np
import pytest

from training.emotion.data.fer2013 import Split
from training.emotion.evaluation.calibration import (
    calibration_of,
    fitted_offsets,
    fitted_temperature,
    fitted_to_votes,
    softmax,
)
from training.emotion.evaluation.evaluate import copied, evaluation_of, jittered, robustness, worsened


def split_of(labels: list[int]) -> Split:
    count = len(labels)
    return Split("PublicTest", np.zeros((count, 48, 48), np.uint8), np.array(labels), np.arange(count))


def certain(answers: list[int], confidence: float) -> np.ndarray:
    rows = np.full((len(answers), 7), (1 - confidence) / 6, np.float32)
    rows[np.arange(len(answers)), answers] = confidence
    return rows


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    labels = np.array([1, 1, 1, 1, 2, 2, 2, 2])
    sure_and_half_right = certain([1, 1, 1, 1, 0, 0, 0, 0], 0.9)
    assert calibration_of(sure_and_half_right, labels).error == pytest.approx(0.4, abs=1e-6)


def test_calibration_error_weighs_bins_by_their_faces() -> None:
    probabilities = np.concatenate([certain([0] * 3, 0.9), certain([0], 0.5)])
    # Bin of 0.9: two of three right, gap 0.2333; bin of 0.5: right, gap 0.5.
    found = calibration_of(probabilities, np.array([0, 0, 1, 0]))
    assert found.error == pytest.approx((3 * (0.9 - 2 / 3) + 0.5) / 4, abs=1e-6)
    assert found.counts.sum() == 4


def test_temperature_undoes_a_scale_put_on_the_logits() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (20_000, 7)).astype(np.float32)
    draws = (softmax(logits).cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    assert fitted_temperature(logits * 3, np.minimum(draws, 6)) == pytest.approx(3, rel=0.05)


def test_offsets_raise_the_weakest_class_and_leave_the_rest_alone() -> None:
    rng = np.random.default_rng(6)
    labels = rng.integers(0, 7, 4000)
    logits = rng.normal(0, 1, (4000, 7)).astype(np.float32)
    logits[np.arange(4000), labels] += 2
    logits[:, 2] -= 1.5
    offsets = fitted_offsets(logits, labels, least=0.5)
    answers = (logits + offsets).argmax(axis=1)
    assert (answers[labels == 2] == 2).mean() >= 0.5 > (logits.argmax(axis=1)[labels == 2] == 2).mean()
    assert offsets[2] > 0
    assert not np.delete(offsets, 2).any()
    assert not fitted_offsets(logits, labels, least=0.0).any()


def test_biases_and_temperature_for_votes_undo_what_was_put_on_the_logits() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (4000, 8)).astype(np.float32)
    bent = 2 * (logits - np.array([1, 0, 0, 0, 0, 0, 0, -1], np.float32))
    temperature, biases = fitted_to_votes(bent, softmax(logits))
    assert temperature == pytest.approx(2, rel=0.02)
    assert biases - biases[1:7].mean() == pytest.approx([1, 0, 0, 0, 0, 0, 0, -1], abs=0.05)


def test_softmax_of_huge_logits_is_finite() -> None:
    assert softmax(np.array([[1e4, 0, -1e4]])).tolist() == [[1, 0, 0]]


def test_figures_of_a_small_example() -> None:
    evaluation = evaluation_of(certain([0, 0, 3, 3], 0.8), split_of([0, 1, 3, 3]))
    assert evaluation.accuracy == 0.75
    assert evaluation.confusion[1, 0] == 1
    assert evaluation.confusion.sum() == 4
    assert (evaluation.classes[0].precision, evaluation.classes[0].recall) == (0.5, 1.0)
    assert evaluation.classes[3].f1 == 1.0
    assert [(each.index, each.label, each.answer) for each in evaluation.mistakes] == [(1, 1, 0)]
    assert evaluation.roc[3].area == 1.0


def test_numbers_survive_json_where_a_class_has_no_face() -> None:
    numbers = json.loads(json.dumps(evaluation_of(certain([0, 3], 0.8), split_of([0, 3])).as_json(), allow_nan=False))
    assert numbers["accuracy"] == 1.0
    assert numbers["classes"]["disgust"]["roc_auc"] is None
    assert numbers["classes"]["happy"]["faces"] == 1


def test_the_surest_mistakes_come_first_and_no_more_than_asked() -> None:
    probabilities = np.concatenate([certain([0], 0.5), certain([0], 0.9), certain([0], 0.7)])
    evaluation = evaluation_of(probabilities, split_of([1, 1, 1]), mistakes=2)
    assert [each.index for each in evaluation.mistakes] == [1, 2]


def test_a_box_that_lies_right_shows_the_face_further_left() -> None:
    face = np.zeros((1, 48, 48), np.uint8)
    face[0, 20:28, 20:28] = 255
    centre = [
        np.argwhere(jittered(face, **change)[0] > 127).mean(axis=0)
        for change in ({}, {"right": 0.125}, {"down": 0.125})
    ]
    assert centre[1] - centre[0] == pytest.approx([0, -6])
    assert centre[2] - centre[0] == pytest.approx([-6, 0])
    assert (jittered(face, scale=1.5) > 127).sum() < (face > 127).sum() < (jittered(face, scale=0.7) > 127).sum()


def test_robustness_names_every_direction() -> None:
    found = robustness(lambda faces: certain([0] * len(faces), 0.9), split_of([0, 1]))
    assert set(found) == {"none", "left", "right", "up", "down", "smaller", "larger"}
    assert set(found.values()) == {0.5}


def test_worse_pictures_lose_detail_and_keep_their_size() -> None:
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48)).astype(np.uint8)
    found = worsened(faces)
    assert np.array_equal(found["as it is"], faces)
    assert all(changed.shape == faces.shape and changed.dtype == np.uint8 for changed in found.values())
    assert found["blur 2.0"].std() < found["blur 1.0"].std() < found["24x24"].std() < faces.std()
    assert np.abs(found["JPEG 25"].astype(int) - faces).mean() > 5


def test_copies_are_found_through_noise_and_another_brightness_and_others_are_not() -> None:
    random = np.random.default_rng(3)
    training = random.integers(0, 256, (3000, 48, 48)).astype(np.uint8)
    noisy = np.clip(training[2900].astype(int) + random.integers(-9, 10, (48, 48)), 0, 255)
    others = [random.integers(0, 256, (48, 48)), np.full((48, 48), 7)]
    faces = np.stack([noisy, training[5] // 2 + 20, *others]).astype(np.uint8)
    assert copied(faces, training).tolist() == [True, True, False, False]
