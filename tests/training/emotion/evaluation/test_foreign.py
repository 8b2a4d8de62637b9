"""Networks of other makers: what they are given, how they are read, and what is refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from monitor.errors import ModelError
from training.emotion import study
from training.emotion.data.fer2013 import Fer2013, Split
from training.emotion.evaluation.foreign import load_foreign
from training.emotion.explanation import opened
from training.emotion.report.gradcam import activation_map
from training.emotion.report.page import PAGE

RNG = np.random.default_rng(4)
FACES = RNG.integers(0, 256, (5, 48, 48)).astype(np.uint8)


def onnx_file(path: Path, shape: Sequence[int | str], outputs: int = 7) -> Path:
    """A network whose first output is twice the mean of the pixels; the others are 0."""
    weights = np.zeros((int(np.prod([side for side in shape[1:] if isinstance(side, int)])), outputs), np.float32)
    weights[:, 0] = 2 / len(weights)
    nodes = [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])]
    graph = helper.make_graph(
        nodes, "other",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [shape[0], outputs])],
        [numpy_helper.from_array(weights, "w")],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def keras_file(path: Path, side: int = 48, outputs: int = 7) -> Path:
    keras.utils.set_random_seed(3)
    layers = keras.layers
    network = keras.Sequential(
        [keras.Input((side, side, 1)), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(4),
         layers.Flatten(), layers.Dense(outputs, activation="softmax")]
    )  # fmt: skip
    network.save(path)
    return path


@pytest.mark.parametrize("shape", [("n", 48, 48, 1), ("n", 1, 48, 48), (1, 48, 48, 1), (2, 3, 96, 96)])
@pytest.mark.parametrize(("pixels", "low", "high"), [("0..1", 0, 1), ("-1..1", -1, 1), ("0..255", 0, 255)])
def test_an_onnx_file_gets_faces_in_its_size_order_and_range(
    tmp_path: Path, shape: tuple[int | str, ...], pixels: str, low: int, high: int
) -> None:
    model = load_foreign(onnx_file(tmp_path / "own.onnx", shape), pixels)  # type: ignore[arg-type]
    white, black = np.full((1, 48, 48), 255, np.uint8), np.zeros((1, 48, 48), np.uint8)
    for face, mean in ((white, high), (black, low)):
        expected = 1 / (1 + 6 * np.exp(-2.0 * mean))
        assert model.predict(face)[0, 0] == pytest.approx(expected, abs=1e-4)
    assert model.predict(FACES).shape == (5, 7)
    assert model.predict(FACES).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert f"{shape[2]}x{shape[2]} pixels" in model.told
    assert pixels in model.told


@pytest.mark.parametrize("name", ["own.keras", "own.h5", "own.hdf5"])
def test_what_keras_saved_is_evaluated_and_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The figures themselves take long; tests/training/emotion/report draws them."""
    mapped: list[object] = []

    def charts_of(*given: object, **_: object) -> list[Any]:
        mapped.append(given[3])
        return []

    monkeypatch.setattr(study, "charts_of", charts_of)
    path = keras_file(tmp_path / name)
    model = load_foreign(path)
    split = Split("PublicTest", FACES, np.arange(5), np.arange(5))
    judgement = study.evaluate_foreign(
        model, name, Fer2013({"PublicTest": split}), "PublicTest", report=tmp_path / "page"
    )
    expected = keras.models.load_model(path)(FACES[..., None] / np.float32(255)).numpy().argmax(axis=1)
    assert judgement.label.accuracy == np.mean(expected == np.arange(5))
    assert judgement.page == tmp_path / "page" / PAGE
    assert mapped == [model.network]
    network, predict, outputs = opened(path)
    assert predict(FACES).argmax(axis=1).tolist() == expected.tolist()
    assert activation_map(network, FACES[0], outputs[0]).shape == (48, 48)


def test_what_does_not_fit_is_told_with_what_is_needed(tmp_path: Path) -> None:
    (tmp_path / "broken.keras").write_bytes(b"no network")
    (tmp_path / "notes.txt").write_text("no network")
    large = keras_file(tmp_path / "large.keras", side=64)
    cases = {
        onnx_file(tmp_path / "eight.onnx", ("n", 48, 48, 1), 8): "gives 8 per face; a network must give 7",
        onnx_file(tmp_path / "flat.onnx", ("n", 2304)): "takes 2304 per face; a network must take a picture",
        keras_file(tmp_path / "eight.keras", outputs=8): "gives 8 per face",
        tmp_path / "broken.keras": "cannot load .*broken.keras",
        tmp_path / "notes.txt": "not a network that can be read",
    }
    for path, says in cases.items():
        with pytest.raises(ModelError, match=says):
            load_foreign(path)
    assert load_foreign(large).predict(FACES).shape == (5, 7)
    with pytest.raises(ModelError, match="48x48 pixels, so it has no activation map"):
        opened(large)
