"""The ONNX file says what the network says, in floats and in integers."""

import hashlib
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from monitor.errors import DataError, ModelError
from monitor.vision.emotion import EmotionModel
from training.emotion.data.fer2013 import Split
from training.emotion.data.votes import as_emotions, emotion_votes
from training.emotion.evaluation.calibration import fitted_offsets, fitted_to_votes, softmax, unsmoothed
from training.emotion.model import networks, shipped
from training.emotion.model.inference import logits_of
from training.emotion.shipping import export
from training.emotion.shipping.export import Fit
from training.emotion.shipping.quantise import without_scaling

RNG = np.random.default_rng(7)
FACES = RNG.integers(0, 256, (32, 48, 48)).astype(np.uint8)
VOTES = RNG.dirichlet(np.ones(10), 32).astype(np.float32)
JUDGED = Split("PublicTest", FACES, RNG.integers(0, 7, 32), np.arange(32))


def tiny() -> keras.Model:
    return networks.champion(((8, 1), (16, 1)))


def without_votes() -> keras.Model:
    keras.utils.set_random_seed(2)
    return keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(),
                             keras.layers.Dense(64), keras.layers.Dense(7)])  # fmt: skip


def to_onnx(
    model: keras.Model, architecture: str, fit: Fit, eight_bit_on: np.ndarray | None = None
) -> tuple[onnx.ModelProto, float]:
    return export.calibrated(export.uncalibrated(model, architecture, eight_bit_on=eight_bit_on), fit)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(2)
    return tiny()


@pytest.fixture(scope="module")
def plain(model: keras.Model) -> onnx.ModelProto:
    """The network without its answers: the slow part of an export."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(networks.ARCHITECTURES, "tiny", tiny)
        return export.uncalibrated(model, "tiny")


@pytest.fixture(autouse=True)
def _tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(networks.ARCHITECTURES, "tiny", tiny)
    monkeypatch.setattr(shipped, "champion", tiny)


def test_the_exported_file_answers_like_the_network(model: keras.Model, plain: onnx.ModelProto, tmp_path: Path) -> None:
    network, temperature = export.calibrated(plain, Fit(JUDGED))
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
    network, temperature = to_onnx(model, "tiny", Fit(JUDGED), eight_bit_on=FACES)
    file = tmp_path / "emotion.onnx"
    export.write(network, file)
    given = EmotionModel(file).predict(FACES)
    assert np.abs(given - softmax(logits_of(model, FACES, mirrored=True) / temperature)).max() < 0.1
    stored = [weight for weight in network.graph.initializer if weight.name == "temperature"]
    assert len(stored) == 1
    back = shipped.keras_champion(file)
    assert np.abs(softmax(logits_of(back, FACES, mirrored=True) / temperature) - given).max() < 0.1


def test_the_file_takes_smoothing_off_and_holds_classes_to_a_recall(model: keras.Model, plain: onnx.ModelProto) -> None:
    network, temperature = export.calibrated(plain, Fit(JUDGED, least_recall=0.1, smoothing=0.1))
    logits = unsmoothed(logits_of(model, FACES, mirrored=True), 0.1)
    offsets = fitted_offsets(logits, JUDGED.labels, 0.1)
    assert offsets.any()
    wanted = softmax((logits + offsets) / temperature)
    assert np.allclose(export.run(network, FACES, "fer2013"), wanted, atol=0.02)


def test_eight_bits_take_the_pixels_as_they_are_and_answer_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Champions were exported with a scaling of the pixels that the first convolution undid, for 8 % of the time."""
    monkeypatch.setitem(networks.ARCHITECTURES, "wider", lambda: networks.champion(((32, 1), (64, 1))))
    model = networks.build("wider")
    network = export.uncalibrated(model, "wider", eight_bit_on=FACES)
    assert not {"Cast", "Mul"}.intersection(node.op_type for node in network.graph.node)
    assert without_scaling(network).SerializeToString() == network.SerializeToString()
    monkeypatch.setattr("training.emotion.shipping.quantise.without_scaling", lambda given: given)
    scaled = export.uncalibrated(model, "wider", eight_bit_on=FACES)
    assert "Cast" in [node.op_type for node in scaled.graph.node]
    before = export.run(scaled, FACES, export.LOGITS)
    assert np.array_equal(export.run(network, FACES, export.LOGITS), before)
    assert np.array_equal(export.run(without_scaling(scaled), FACES, export.LOGITS), before)


def test_eight_bits_never_make_the_file_larger() -> None:
    """The classic network, 14 million weights of dense layers among them, grew by half."""
    dense = without_votes()
    networks.ARCHITECTURES["tiny"] = lambda: keras.models.clone_model(dense)
    halves, _ = to_onnx(dense, "tiny", Fit(JUDGED))
    eighths, _ = to_onnx(dense, "tiny", Fit(JUDGED), eight_bit_on=FACES)
    assert eighths.ByteSize() <= halves.ByteSize() + 100  # Keras counts its layers on, in the names


def test_one_file_gives_peoples_answer_and_the_label(
    model: keras.Model, plain: onnx.ModelProto, tmp_path: Path
) -> None:
    file = tmp_path / "emotion.onnx"
    network, temperature = export.calibrated(plain, Fit(JUDGED, VOTES))
    export.write(network, file)
    found = EmotionModel(file)
    seven, eight = found.predict(FACES), found.predict_votes(FACES)
    both = np.concatenate([model(side[..., None] / np.float32(255)) for side in (FACES, FACES[..., ::-1])])
    logits = np.asarray(both, np.float32).reshape(2, 32, 17).mean(axis=0)[:, 7:15]
    shares = emotion_votes(VOTES[::2])
    kept = shares.any(axis=1)
    scale, biases = fitted_to_votes(logits[::2][kept], shares[kept])
    assert np.allclose(eight, softmax(logits / scale + biases), atol=5e-3)
    assert np.allclose(seven, as_emotions(eight), atol=1e-5)
    assert np.allclose(seven[:, 6], eight[:, 0] + eight[:, 7], atol=1e-5)
    labelled = softmax(logits_of(model, FACES, mirrored=True) / temperature)
    assert np.allclose(found.predict_fer2013(FACES), labelled, atol=2e-3)
    assert not np.allclose(seven, labelled, atol=0.05)


def test_a_file_without_votes_shows_the_label(plain: onnx.ModelProto, tmp_path: Path) -> None:
    export.write(export.calibrated(plain, Fit(JUDGED))[0], tmp_path / "emotion.onnx")
    found = EmotionModel(tmp_path / "emotion.onnx")
    assert np.array_equal(found.predict(FACES), found.predict_fer2013(FACES))
    with pytest.raises(ModelError, match="without votes"):
        found.predict_votes(FACES)


def test_votes_that_do_not_fit_the_network_are_refused(plain: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(networks.ARCHITECTURES, "seven", without_votes)
    with pytest.raises(DataError, match="no outputs for votes"):
        to_onnx(without_votes(), "seven", Fit(JUDGED, VOTES))
    with pytest.raises(DataError, match="has votes"):
        export.calibrated(plain, Fit(JUDGED, np.zeros_like(VOTES)))


def test_what_is_no_champion_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "emotion.onnx"
    file.write_bytes(b"no model")
    with pytest.raises(ModelError):
        shipped.keras_champion(file)


def test_a_file_that_cannot_be_written_is_named(plain: onnx.ModelProto, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        export.write(plain, tmp_path / "a file" / "emotion.onnx")
