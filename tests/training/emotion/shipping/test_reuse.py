"""Exported files become parts of new ones."""

from pathlib import Path

import cv2
import keras
import numpy as np
import onnx
import pytest

from monitor.errors import ModelError
from monitor.vision.emotion import EmotionModel
from training.emotion.data.fer2013 import Split
from training.emotion.model import networks, shipped
from training.emotion.model.inference import outputs_of
from training.emotion.shipping import export, reuse
from training.emotion.shipping.export import LOGITS, Fit

RNG = np.random.default_rng(7)
SHARP = RNG.integers(0, 256, (16, 48, 48)).astype(np.uint8)
BLURRED = np.stack([cv2.GaussianBlur(face, (0, 0), 2.0) for face in SHARP]).astype(np.uint8)
FACES = np.concatenate([SHARP, BLURRED])
JUDGED = Split("PublicTest", FACES, RNG.integers(0, 7, 32), np.arange(32))
FIT = Fit(JUDGED, RNG.dirichlet(np.ones(10), 32).astype(np.float32), smoothing=0.1)


def tiny() -> keras.Model:
    """Large enough for 8-bit integers to make the file smaller."""
    return networks.champion(((32, 1), (64, 1)))


@pytest.fixture(scope="module")
def models() -> tuple[keras.Model, keras.Model]:
    keras.utils.set_random_seed(2)
    return tiny(), tiny()


@pytest.fixture(scope="module")
def parts(models: tuple[keras.Model, keras.Model]) -> list[onnx.ModelProto]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(networks.ARCHITECTURES, "tiny", tiny)
        return [export.uncalibrated(model, "tiny", eight_bit_on=FACES) for model in models]


def test_an_exported_file_is_calibrated_anew_without_its_run(parts: list[onnx.ModelProto], tmp_path: Path) -> None:
    first, temperature = export.calibrated(parts[0], FIT)
    export.write(first, tmp_path / "emotion.onnx")
    network, smoothing = reuse.without_answers(tmp_path / "emotion.onnx")
    assert smoothing == pytest.approx(0.1)
    again, same = export.calibrated(network, FIT)
    assert same == temperature
    assert again.SerializeToString() == first.SerializeToString()
    without, _ = export.calibrated(network, Fit(FIT.judged))
    assert [output.name for output in without.graph.output] == ["fer2013"]


def test_the_second_network_counts_a_third_of_sharp_faces_and_nothing_of_blurred_ones(
    parts: list[onnx.ModelProto], models: tuple[keras.Model, keras.Model]
) -> None:
    both = export.run(reuse.joined(*parts), FACES, LOGITS)
    alone = export.run(parts[0], FACES, LOGITS)
    other = outputs_of(models[1], SHARP)  # of the face without its mirror image
    assert np.allclose(both[:16], (2 * alone[:16] + other) / 3, atol=0.05)
    assert np.abs(both - alone)[:16].max() > 0.1
    assert np.array_equal(both[16:], alone[16:])


def test_a_file_of_two_networks_answers_is_calibrated_anew_and_explained_by_its_first(
    parts: list[onnx.ModelProto],
    models: tuple[keras.Model, keras.Model],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shipped, "champion", tiny)
    joined = reuse.joined(*parts)
    first, _ = export.calibrated(joined, FIT)
    export.write(first, tmp_path / "emotion.onnx")
    assert EmotionModel(tmp_path / "emotion.onnx").predict(FACES).sum(axis=1) == pytest.approx(1, abs=1e-5)
    again, _ = reuse.without_answers(tmp_path / "emotion.onnx")
    assert np.array_equal(export.run(again, FACES, LOGITS), export.run(joined, FACES, LOGITS))
    back = shipped.keras_champion(tmp_path / "emotion.onnx")
    assert np.allclose(outputs_of(back, FACES), outputs_of(models[0], FACES), atol=0.1)


def test_networks_that_do_not_fit_are_refused(
    parts: list[onnx.ModelProto], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seven = keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten(), keras.layers.Dense(7)])
    monkeypatch.setitem(networks.ARCHITECTURES, "seven", lambda: keras.models.clone_model(seven))
    with pytest.raises(ModelError, match="cannot take a third"):
        reuse.joined(parts[0], reuse.joined(*parts))
    with pytest.raises(ModelError, match="17 and 7 outputs"):
        reuse.joined(parts[0], export.uncalibrated(seven, "seven"))
    (tmp_path / "emotion.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="cannot be read"):
        reuse.without_answers(tmp_path / "emotion.onnx")
