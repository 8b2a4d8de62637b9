"""The mood model that ships."""

import csv
import gzip
import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from monitor.domain import EMOTIONS
from monitor.errors import ModelError
from monitor.vision.emotion import LABELS, VOTE_LABELS, WEIGHTS, EmotionModel

FACES = np.random.default_rng(10).integers(0, 256, (70, 48, 48)).astype(np.uint8)


def test_labels_are_those_of_the_domain() -> None:
    assert LABELS == EMOTIONS == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def test_probabilities_sum_to_one_however_many_faces() -> None:
    model = EmotionModel()
    scores = model.predict(FACES)
    assert scores.shape == (70, 7)
    assert scores.dtype == np.float32
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-5)
    # A face's mood does not depend on who stands beside it.
    assert np.allclose(scores[66:68], model.predict(FACES[66:68]), atol=1e-4)
    assert model.predict(FACES[:0]).shape == (0, 7)


def test_the_two_answers_are_of_one_file_and_differ() -> None:
    model = EmotionModel()
    people, label, votes = model.predict(FACES), model.predict_fer2013(FACES), model.predict_votes(FACES)
    assert votes.shape == (70, 8) == (70, len(VOTE_LABELS))
    assert label.shape == people.shape == (70, 7)
    assert np.abs(people - label).max() > 0.1
    order = [VOTE_LABELS.index(name) for name in ("anger", "disgust", "fear", "happiness", "sadness", "surprise")]
    assert np.allclose(people[:, :6], votes[:, order], atol=1e-6)
    # Contempt counts as neutral.
    assert np.allclose(people[:, 6], votes[:, 0] + votes[:, 7], atol=1e-6)


def test_a_face_and_its_mirror_image_have_the_same_mood_and_nearly_so_where_two_networks_answer() -> None:
    model = EmotionModel()
    blurred = np.stack([cv2.GaussianBlur(face, (0, 0), 3.0) for face in FACES[:4]]).astype(np.uint8)
    assert np.allclose(model.predict(blurred), model.predict(blurred[:, :, ::-1]), atol=1e-5)
    assert np.allclose(model.predict(FACES[:4]), model.predict(FACES[:4, :, ::-1]), atol=0.1)


@pytest.mark.parametrize("shape", [(48, 48), (1, 48, 48, 1), (1, 64, 64)])
def test_crops_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="48"):
        EmotionModel().predict(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="float"):
        EmotionModel().predict(FACES.astype(np.float32))


def test_nothing_is_opened_before_the_first_face(tmp_path: Path) -> None:
    model = EmotionModel(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="cannot be read"):
        model.predict(FACES[:1])


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    content = bytearray(WEIGHTS.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "emotion.onnx").write_bytes(content)
    (tmp_path / "emotion.sha256").write_bytes(WEIGHTS.with_suffix(".sha256").read_bytes())
    with pytest.raises(ModelError, match="damaged"):
        EmotionModel(tmp_path / "emotion.onnx").load()


def test_the_file_is_small_and_has_its_card() -> None:
    assert WEIGHTS.stat().st_size <= 12_000_000
    card = WEIGHTS.with_suffix(".md").read_text(encoding="utf-8")
    assert WEIGHTS.with_suffix(".sha256").read_text(encoding="ascii").split()[0] in card


def test_it_is_right_about_most_real_faces(shared_data: Path) -> None:
    with gzip.open(shared_data / "fer2013.csv.gz", "rt", newline="") as lines:
        rows = list(csv.reader(itertools.islice(lines, 28_710, 28_710 + 600)))
    faces = np.array([row[1].split() for row in rows], np.uint8).reshape(-1, 48, 48)
    labels = np.array([int(row[0]) for row in rows])
    assert {row[2] for row in rows} == {"PublicTest"}
    model = EmotionModel()
    assert (model.predict_fer2013(faces).argmax(axis=1) == labels).mean() > 0.66
    # People say neutral much more often than FER2013 does; see the card.
    assert (model.predict(faces).argmax(axis=1) == 6).mean() > 1.5 * (labels == 6).mean()
