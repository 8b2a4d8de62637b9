"""dlib's network file, taken apart and put together as ONNX."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ModelError
from monitor.vision import models
from monitor.vision.dlib_resnet import build_onnx, read_tensors


@pytest.fixture(scope="module")
def weights() -> bytes:
    return models.weights(models.DLIB_ENCODER).read_bytes()


def test_the_file_holds_59_tensors_from_the_stem_to_the_last_matrix(weights: bytes) -> None:
    tensors = read_tensors(weights)
    assert len(tensors) == 59
    assert tensors[0].size == 32 * (3 * 7 * 7 + 1)
    assert tensors[1].size == 2 * 32
    assert tensors[-1].size == 256 * 128
    assert sum(tensor.size for tensor in tensors) == 5_614_592


def test_the_model_takes_any_number_of_chips_and_gives_128_numbers_each(weights: bytes) -> None:
    graph = onnx.load_from_string(build_onnx(weights)).graph
    shapes = {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.output)
    }
    assert shapes == {"chips": ["n", 150, 150, 3], "embeddings": ["n", 128]}


def test_the_same_weights_always_build_the_same_model(weights: bytes) -> None:
    assert build_onnx(weights) == build_onnx(weights)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_weights_that_were_cut_off_are_refused(weights: bytes, share: float) -> None:
    with pytest.raises(ModelError, match="damaged"):
        build_onnx(weights[: int(len(weights) * share)])


def test_weights_with_a_hole_are_refused(weights: bytes) -> None:
    middle = len(weights) // 2
    with pytest.raises(ModelError, match="damaged"):
        build_onnx(weights[:middle] + bytes(4000) + weights[middle + 4000 :][: middle - 8000])


def test_a_network_that_lacks_a_tensor_is_refused(weights: bytes) -> None:
    """The head of the second tensor, right behind the first one's values, is wiped out."""
    first = read_tensors(weights)[0].tobytes()
    end = weights.index(first) + len(first)
    with pytest.raises(ModelError, match="damaged"):
        build_onnx(weights[:end] + bytes(200) + weights[end + 200 :])


@settings(max_examples=50)
@given(st.binary(max_size=2000))
def test_no_other_content_is_taken_for_the_network(content: bytes) -> None:
    with pytest.raises(ModelError):
        read_tensors(content)


def test_a_tensor_of_values_that_no_network_has_is_refused(weights: bytes) -> None:
    first = read_tensors(weights)[0]
    at = weights.index(first.tobytes())
    broken = weights[:at] + np.full(first.size, np.nan, np.float32).tobytes() + weights[at + first.nbytes :]
    with pytest.raises(ModelError, match="damaged"):
        build_onnx(broken)
