"""A teacher's answers to the training faces."""

from pathlib import Path

import keras
import numpy as np
import pytest

from monitor.errors import DataError
from tests.training.emotion.fitting.test_fit import TINY, tiny_data
from training.emotion.fitting import answers
from training.emotion.model.networks import champion


def asked(parts: tuple[int, ...]) -> answers.Answers:
    model = champion(((8, 1), (16, 1)))
    recipes = [TINY.changed(folds=2, fold=part) for part in parts]
    return answers.answers_of([(model, recipe) for recipe in recipes], tiny_data().split("Training"))


def test_each_face_is_answered_by_whom_it_was_left_out_of(tmp_path: Path) -> None:
    found, split = asked((0, 1)), tiny_data().split("Training")
    assert found.count.tolist() == [1] * 48
    answers.save(tmp_path / "answers.npz", found)
    given = answers.load(tmp_path / "answers.npz", split)
    assert given.shape == (48, 17)
    assert np.allclose([given[:, :7].sum(1), given[:, 7:].sum(1)], 1, atol=0.01)


def test_a_part_without_a_network_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="24 of 48 faces have no answer"):
        answers.save(tmp_path / "answers.npz", asked((1,)))


def test_networks_of_different_outputs_are_refused() -> None:
    seven = keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten(), keras.layers.Dense(7)])
    recipe = TINY.changed(folds=2)
    with pytest.raises(DataError, match="one architecture"):
        answers.answers_of([(champion(((8, 1), (16, 1))), recipe), (seven, recipe)], tiny_data().split("Training"))


def test_answers_to_other_faces_are_refused(tmp_path: Path) -> None:
    answers.save(tmp_path / "answers.npz", asked((0, 1)))
    with pytest.raises(DataError, match="of other faces than the Training split"):
        answers.load(tmp_path / "answers.npz", tiny_data().head(40).split("Training"))
