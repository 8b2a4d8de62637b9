"""The second encoder is SFace, to 1e-5, and says so when its weights are not."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from monitor.domain import Box, Face, RgbImage
from monitor.errors import ModelError
from monitor.vision import models
from monitor.vision.detector import FaceDetector
from monitor.vision.runtime import open_session
from monitor.vision.second_encoder import SecondEncoder, align, build_onnx
from tests.monitor.stage import Photo, frontal


@pytest.fixture(scope="module")
def content() -> bytes:
    return models.weights(models.SFACE).read_bytes()


@pytest.fixture(scope="module")
def aligned(orl_photo: Photo, blazeface: FaceDetector) -> RgbImage:
    """Two aligned faces each of three people: uint8 (6, 112, 112, 3)."""
    photos = [orl_photo(subject, image) for subject in (1, 14, 32) for image in (1, 7)]
    return np.stack([align(photo, blazeface.detect(photo)[0]) for photo in photos])


def _original(content: bytes, faces: RgbImage) -> NDArray[np.float32]:
    """SFace with its own PRelu and weights that onnx's reference implementation multiplied out, run by onnxruntime."""
    model = onnx.load_from_string(content)
    graph = model.graph
    constants = {one.name: one for one in graph.initializer}
    folded = [node for node in graph.node if node.op_type == "DequantizeLinear" or node.output[0].endswith("_reshaped")]
    outputs = [helper.make_empty_tensor_value_info(node.output[0]) for node in folded]
    sub = helper.make_graph(folded, "weights", [], outputs, list(constants.values()))
    found = ReferenceEvaluator(helper.make_model(sub, opset_imports=model.opset_import)).run(None, {})
    nodes = [node for node in graph.node if node not in folded]
    used = {name for node in nodes for name in node.input}
    weights = [numpy_helper.from_array(value, node.output[0]) for node, value in zip(folded, found, strict=True)]
    weights += [one for name, one in constants.items() if name in used]
    data = helper.make_tensor_value_info("data", onnx.TensorProto.FLOAT, ["n", 3, 112, 112])
    result = helper.make_tensor_value_info("fc1", onnx.TensorProto.FLOAT, ["n", 128])
    plain = helper.make_model(
        helper.make_graph(nodes, "sface", [data], [result], weights), opset_imports=model.opset_import, ir_version=9
    )
    session = open_session(plain.SerializeToString())
    return np.asarray(session.run(None, {"data": faces.transpose(0, 3, 1, 2).astype(np.float32)})[0], np.float32)


def test_every_embedding_equals_the_original_networks(second: SecondEncoder, content: bytes, aligned: RgbImage) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (1, 112, 112, 3)).astype(np.uint8)
    faces = np.concatenate([aligned, noise, np.zeros_like(noise), np.full_like(noise, 255)])
    truth, found = _original(content, faces), second.encode(faces)
    assert found.shape == (9, 128)
    assert found.dtype == np.float32
    lengths = np.linalg.norm(truth, axis=1, keepdims=True)
    assert np.abs(found / lengths - truth / lengths).max() <= 1e-5


def test_two_pictures_of_one_person_are_more_alike_than_of_two(second: SecondEncoder, aligned: RgbImage) -> None:
    for embeddings in (second.embed(aligned), second.embed_stills(aligned)):
        assert np.linalg.norm(embeddings, axis=1) == pytest.approx(1, abs=1e-6)
        similarity = embeddings @ embeddings.T
        same = [similarity[row, row + 1] for row in (0, 2, 4)]
        others = [similarity[row, column] for row in range(6) for column in range(6) if row // 2 != column // 2]
        assert min(same) > max(others)


def test_the_embedding_of_a_still_does_not_see_mirroring(second: SecondEncoder, aligned: RgbImage) -> None:
    mirrored = second.embed_stills(aligned[:, :, ::-1])
    assert second.embed_stills(aligned) == pytest.approx(mirrored, abs=1e-5)


def test_no_faces_give_no_embeddings(second: SecondEncoder) -> None:
    assert second.encode(np.empty((0, 112, 112, 3), np.uint8)).shape == (0, 128)


@pytest.mark.parametrize(
    "faces", [np.zeros((112, 112, 3), np.uint8), np.zeros((1, 150, 150, 3), np.uint8), np.zeros((1, 112, 112, 3))]
)
def test_faces_of_another_shape_or_type_are_refused(second: SecondEncoder, faces: RgbImage) -> None:
    with pytest.raises(ValueError, match="aligned are uint8"):
        second.encode(faces)


def test_a_tilted_small_face_is_aligned_like_the_upright_large_one() -> None:
    rgb = np.zeros((400, 400, 3), np.uint8)
    points = np.array([(38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (56.14, 92.28), (0, 0), (0, 0)], np.float32)
    turn = 0.5 * np.array([(np.cos(0.4), -np.sin(0.4)), (np.sin(0.4), np.cos(0.4))])
    moved = (points @ turn.T + (150, 120)).astype(np.float32)
    for x, y in moved[:4]:
        rgb[round(float(y)) - 1 : round(float(y)) + 2, round(float(x)) - 1 : round(float(x)) + 2] = 255
    face = align(rgb, Face(Box(0, 0, 100, 100), 0.9, moved))
    for x, y in points[:4]:
        assert face[round(float(y)), round(float(x))].min() > 100


def test_a_face_without_key_points_is_aligned_by_its_box() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    box = Box(80, 80, 120, 120)
    assert align(rgb, Face(box, 0.9)).std() > 10
    assert align(rgb, frontal(box)).shape == (112, 112, 3)


def test_a_damaged_cache_is_built_again(content: bytes, aligned: RgbImage, tmp_path: Path) -> None:
    first = SecondEncoder(cache=tmp_path).encode(aligned[:1])
    [built] = tmp_path.glob("sface-*.bin")
    whole = built.read_bytes()
    built.write_bytes(whole[:5000] + b"damage" + whole[5006:])
    assert np.array_equal(SecondEncoder(cache=tmp_path).encode(aligned[:1]), first)
    assert built.read_bytes() == whole


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\x08\x06"])
def test_a_file_that_is_not_sface_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="SFace's weights are not as Muster knows them"):
        build_onnx(content)


def test_weights_that_were_cut_short_are_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="SFace's weights"):
        build_onnx(content[: len(content) // 2])
