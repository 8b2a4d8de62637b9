"""The ONNX file says what the network says, in floats and in integers."""

import hashlib
from pathlib import Path

import keras
import numpy as np
import pytest

from monitor.errors import DataError, ModelError
from monitor.vision.emotion import EmotionModel
from training.emotion.data.fer2013 import Split
from training.emotion.evaluation.calibration import fitted_offsets, softmax, unsmoothed
from training.emotion.model import networks, shipped
from training.emotion.model.inference import logits_of
from training.emotion.shipping import export

RNG = np.random.default_rng(7)
FACES = RNG.integers(0, 256, (32, 48, 48)).astype(np.uint8)
JUDGED = Split("PublicTest", FACES, RNG.integers(0, 7, 32), np.arange(32))


def tiny() -> keras.Model:
    return networks.champion(((8, 1), (16, 1)))


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(2)
    return tiny()


@pytest.fixture(autouse=True)
def _tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(networks.ARCHITECTURES, "tiny", tiny)
    monkeypatch.setattr(shipped, "champion", tiny)


def test_the_exported_file_answers_like_the_network(model: keras.Model, tmp_path: Path) -> None:
    network, temperature = export.to_onnx(model, "tiny", judged=JUDGED)
    file = tmp_path / "emotion.onnx"
    digest = export.write(network, file)
    wanted = softmax(logits_of(model, FACES, mirrored=True) / temperature)
    given = EmotionModel(file).predict(FACES)
    assert np.allclose(given, wanted, atol=2e-3)
    assert np.allclose(given.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(given, EmotionModel(file).predict(FACES[:, :, ::-1]), atol=1e-5)
    assert file.with_suffix(".sha256").read_text() == f"{digest}  emotion.onnx\n"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    back = shipped.keras_champion(file)
    assert np.allclose(softmax(logits_of(back, FACES, mirrored=True) / temperature), wanted, atol=2e-3)


def test_eight_bits_answer_nearly_the_same_and_keep_their_temperature(model: keras.Model, tmp_path: Path) -> None:
    network, temperature = export.to_onnx(model, "tiny", judged=JUDGED, eight_bit_on=FACES)
    file = tmp_path / "emotion.onnx"
    export.write(network, file)
    given = EmotionModel(file).predict(FACES)
    assert np.abs(given - softmax(logits_of(model, FACES, mirrored=True) / temperature)).max() < 0.1
    stored = [weight for weight in network.graph.initializer if weight.name == "temperature"]
    assert len(stored) == 1
    back = shipped.keras_champion(file)
    assert np.abs(softmax(logits_of(back, FACES, mirrored=True) / temperature) - given).max() < 0.1


def test_the_file_takes_smoothing_off_and_holds_classes_to_a_recall(model: keras.Model, tmp_path: Path) -> None:
    network, temperature = export.to_onnx(model, "tiny", judged=JUDGED, least_recall=0.1, smoothing=0.1)
    logits = unsmoothed(logits_of(model, FACES, mirrored=True), 0.1)
    offsets = fitted_offsets(logits, JUDGED.labels, 0.1)
    assert offsets.any()
    wanted = softmax((logits + offsets) / temperature)
    assert np.allclose(export.run(network, FACES), wanted, atol=0.02)


def test_what_is_no_champion_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "emotion.onnx"
    file.write_bytes(b"no model")
    with pytest.raises(ModelError):
        shipped.keras_champion(file)


def test_a_file_that_cannot_be_written_is_named(model: keras.Model, tmp_path: Path) -> None:
    network, _ = export.to_onnx(model, "tiny", judged=JUDGED)
    (tmp_path / "a file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        export.write(network, tmp_path / "a file" / "emotion.onnx")
