"""The architectures and their parts."""

import cv2
import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf
from onnx import TensorProto, helper

from monitor.errors import UsageError
from monitor.vision.models import SFACE, weights
from monitor.vision.runtime import open_session
from monitor.vision.second_encoder import build_onnx
from training.emotion.data.batches import pixels_of
from training.emotion.model import face_weights, networks, widening
from training.emotion.model.backend import backend
from training.emotion.model.face_weights import _halve, start_from_face_encoder, start_from_sface
from training.emotion.model.inference import outputs_of
from training.emotion.model.layers import EPSILON, FusedBatchNorm, _composed, _fused, measure_statistics
from training.emotion.model.networks import build, champion, classic
from training.emotion.shipping.quantise import keep_used


def test_the_classic_network_has_exactly_its_parameters() -> None:
    model = classic()
    assert model.count_params() == 14_544_263
    filters = [layer.filters for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert filters == [128, 128, 256, 256, 512, 512]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [
        0.25, 0.25, 0.5, 0.5, 0.5, 0.5,
    ]  # fmt: skip
    assert model.output_shape == (None, 7)


def test_an_unknown_architecture_is_named() -> None:
    with pytest.raises(UsageError, match=r"'vgg'.*champion"):
        build("vgg")


def test_fused_normalisation_computes_what_keras_computes() -> None:
    rng = np.random.default_rng(1)
    x = tf.constant(rng.normal(2, 3, (8, 4, 4, 5)).astype(np.float32))
    ours, theirs = FusedBatchNorm(), keras.layers.BatchNormalization(epsilon=EPSILON)
    for layer in (ours, theirs):
        layer.build(x.shape)
    weights = [rng.normal(1, 0.2, 5).astype(np.float32) ** 2 for _ in range(4)]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    for training in (False, True):
        assert np.allclose(ours(x, training=training), theirs(x, training=training), atol=1e-4)


def test_the_composed_normalisation_computes_what_the_fused_one_does() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(2, 3, (8, 4, 4, 5)).astype(np.float32)
    gamma, beta, mean, variance = (rng.normal(1, 0.2, 5).astype(np.float32) ** 2 for _ in range(4))
    for batch in (False, True):
        fused, composed = (form(x, gamma, beta, mean, variance, batch) for form in (_fused, _composed))
        assert np.allclose(fused[0], composed[0], atol=1e-4)
        if batch:
            assert np.allclose(fused[1], composed[1], atol=1e-4)
            assert np.allclose(fused[2], composed[2], rtol=1e-4)


def test_statistics_are_the_mean_over_the_batches() -> None:
    model = keras.Sequential([keras.Input((48, 48, 1)), FusedBatchNorm()])
    batches = [np.full((4, 48, 48, 1), value, np.float32) for value in (1.0, 2.0, 6.0)]
    measure_statistics(model, backend().observed(model), batches)
    assert float(np.asarray(model.layers[0].mean)[0]) == pytest.approx(3.0)
    assert model.layers[0].momentum < 1


def test_a_widened_network_computes_what_the_narrow_one_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widening, "DIFFERENCE", 0.0)
    monkeypatch.setitem(networks.ARCHITECTURES, "wide", lambda: champion(((16, 1), (32, 1), (64, 1))))
    narrow, wide = champion(((8, 1), (16, 1), (32, 1))), build("wide")
    wide.set_weights(widening.widened(narrow.get_weights(), "wide", 1))
    faces = np.random.default_rng(5).integers(0, 256, (4, 48, 48)).astype(np.uint8)
    assert np.allclose(outputs_of(narrow, faces), outputs_of(wide, faces), atol=1e-4)


def test_the_small_stem_is_the_large_one_on_an_enlarged_picture() -> None:
    rng = np.random.default_rng(2)
    picture = rng.random((1, 20, 20, 1), np.float32)
    kernel = rng.normal(size=(7, 7, 3, 2)).astype(np.float32)
    large = tf.image.resize(np.repeat(picture, 3, axis=-1), (40, 40), "bilinear")
    wanted = tf.nn.conv2d(tf.pad(large, [[0, 0], [3, 3], [3, 3], [0, 0]]), kernel, 2, "VALID")
    given = tf.nn.conv2d(picture, _halve(kernel), 1, "SAME")
    assert np.allclose(given[:, 3:-3, 3:-3], wanted[:, 3:-3, 3:-3], atol=1e-4)


@pytest.mark.usefixtures("untraced")
def test_the_champion_begins_with_features_of_faces() -> None:
    faces = np.random.default_rng(3).integers(0, 256, (8, 48, 48)).astype(np.uint8)
    model = champion()
    before = model.get_weights()
    start_from_face_encoder(model, pixels_of(faces))
    after = model.get_weights()
    assert not np.allclose(before[0], after[0])
    # Batch statistics of the very faces that they were measured on change nothing.
    trunk = keras.Model(model.input, model.get_layer("s3b2_out").output)
    still, moving = (np.asarray(trunk(pixels_of(faces), training=training)) for training in (False, True))
    assert np.abs(still).max() > 0.01
    assert np.allclose(still, moving, atol=0.02 * np.abs(still).max())


@pytest.mark.usefixtures("untraced")
def test_the_teacher_of_another_kind_begins_as_sface() -> None:
    faces = np.random.default_rng(2).integers(0, 256, (3, 48, 48), np.uint8)
    smooth = [cv2.GaussianBlur(face, (0, 0), 3) for face in faces]
    faces = np.stack([cv2.normalize(face, np.empty_like(face), 0, 255, cv2.NORM_MINMAX) for face in smooth])
    model = build("sface")
    model.set_weights(start_from_sface())
    trunk = keras.Model(model.input, model.get_layer("b13_2_slope").output)
    given = trunk.predict(pixels_of(faces), verbose=0)
    original = onnx.load_from_string(build_onnx(weights(SFACE).read_bytes()))
    original.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "high"
    original.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "wide"
    last = helper.make_tensor_value_info("conv_14_relu", TensorProto.FLOAT, None)
    trimmed = onnx.ModelProto()
    trimmed.CopyFrom(original)
    del trimmed.graph.output[:]
    trimmed.graph.output.append(last)
    keep_used(trimmed.graph)
    twice = np.stack([cv2.resize(face, (96, 96), interpolation=cv2.INTER_LINEAR) for face in faces])
    wanted = open_session(trimmed.SerializeToString()).run(None, {"aligned": np.repeat(twice[..., None], 3, 3)})[0]
    # The session takes whole shades, the network fractions of them.
    assert np.corrcoef(given.transpose(0, 3, 1, 2).ravel(), wanted.ravel())[0, 1] > 0.995


def test_the_head_of_the_champion_follows_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_weights, "build", lambda _: champion(((8, 1),)))
    monkeypatch.setattr(face_weights, "start_from_face_encoder", lambda model, pixels: None)
    monkeypatch.setattr(face_weights, "widened", lambda weights, *_: weights)
    pixels = pixels_of(np.zeros((1, 48, 48), np.uint8))
    first, again, other = (face_weights.start_of("champion", pixels, seed)[-2] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
