"""The encoder is dlib's, to 1e-5, and says so when its weights are not."""

import logging
from collections.abc import Callable
from pathlib import Path

import dlib
import numpy as np
import pytest

from monitor.domain import RgbImage
from monitor.errors import ModelError
from monitor.vision import models
from monitor.vision.chips import face_chip
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import FaceEncoder, unit
from tests.monitor.stage import Photo


@pytest.fixture(scope="module")
def chips(orl_photo: Photo, blazeface: FaceDetector) -> RgbImage:
    """Two chips each of three people: uint8 (6, 150, 150, 3)."""
    photos = [orl_photo(subject, image) for subject in (1, 14, 32) for image in (1, 7)]
    return np.stack([face_chip(photo, blazeface.detect(photo)[0]) for photo in photos])


def test_every_embedding_equals_dlibs_descriptor(encoder: FaceEncoder, chips: RgbImage) -> None:
    reference = dlib.face_recognition_model_v1(str(models.weights(models.DLIB_ENCODER)))
    truth = np.array([reference.compute_face_descriptor(chip) for chip in chips])
    embeddings = encoder.encode(chips)
    assert embeddings.shape == (6, 128)
    assert embeddings.dtype == np.float32
    assert np.linalg.norm(embeddings - truth, axis=1).max() <= 1e-5


def test_black_white_and_noise_are_encoded_as_dlib_does(encoder: FaceEncoder) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (150, 150, 3)).astype(np.uint8)
    odd = np.stack([np.zeros_like(noise), np.full_like(noise, 255), noise])
    reference = FaceEncoder("dlib")
    assert np.linalg.norm(encoder.encode(odd) - reference.encode(odd), axis=1).max() <= 1e-5


def test_a_chips_embedding_does_not_depend_on_its_company(encoder: FaceEncoder, chips: RgbImage) -> None:
    crowd = np.concatenate([chips, chips[::-1], chips])  # more than are run in one call
    together = encoder.encode(crowd)
    alone = np.concatenate([encoder.encode(chip[None]) for chip in chips])
    assert np.abs(together - np.concatenate([alone, alone[::-1], alone])).max() <= 1e-6


def test_a_view_into_a_larger_picture_is_encoded_like_a_copy(encoder: FaceEncoder, chips: RgbImage) -> None:
    mirrored = chips[:1, :, ::-1]
    assert np.array_equal(encoder.encode(mirrored), encoder.encode(mirrored.copy()))


def test_embeddings_for_comparison_have_length_1_and_do_not_see_mirroring(
    encoder: FaceEncoder, chips: RgbImage
) -> None:
    embeddings = encoder.embed(chips)
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx(1, abs=1e-6)
    assert embeddings == pytest.approx(encoder.embed(chips[:, :, ::-1]), abs=1e-5)


def test_two_pictures_of_one_person_are_more_alike_than_of_two(encoder: FaceEncoder, chips: RgbImage) -> None:
    embeddings = encoder.embed(chips)
    similarity = embeddings @ embeddings.T
    same = [similarity[row, row + 1] for row in (0, 2, 4)]
    others = [similarity[row, column] for row in range(6) for column in range(6) if row // 2 != column // 2]
    assert min(same) > max(others)


def test_no_chips_give_no_embeddings(encoder: FaceEncoder) -> None:
    none = np.empty((0, 150, 150, 3), np.uint8)
    assert encoder.encode(none).shape == (0, 128)
    assert encoder.embed(none).shape == (0, 128)


@pytest.mark.parametrize(
    "chips",
    [
        np.zeros((150, 150, 3), np.uint8),
        np.zeros((1, 149, 150, 3), np.uint8),
        np.zeros((1, 150, 150), np.uint8),
        np.zeros((1, 150, 150, 3), np.float32),
    ],
    ids=["one without a batch", "too small", "grey", "float"],
)
def test_what_are_no_chips_is_refused(encoder: FaceEncoder, chips: np.ndarray) -> None:
    with pytest.raises(ValueError, match="chips are uint8"):
        encoder.encode(chips)


def test_scaling_nothing_to_length_1_gives_nothing() -> None:
    assert unit(np.zeros((2, 128), np.float32)).tolist() == np.zeros((2, 128)).tolist()


def test_a_damaged_model_cache_is_rebuilt_with_a_line(
    model_cache: Path, encoder: FaceEncoder, chips: RgbImage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (whole,) = model_cache.glob("dlib-*")
    damaged = bytearray(whole.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / whole.name).write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        rebuilt = FaceEncoder(cache=tmp_path)
    assert "damaged" in caplog.text
    assert "built again" in caplog.text
    assert np.array_equal(rebuilt.encode(chips[:1]), encoder.encode(chips[:1]))
    assert (tmp_path / whole.name).read_bytes() == whole.read_bytes()


def test_without_a_writable_cache_it_works_all_the_same(
    encoder: FaceEncoder, chips: RgbImage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        built = FaceEncoder(cache=tmp_path / "file" / "muster")
    assert "cannot be written" in caplog.text
    assert np.array_equal(built.encode(chips[:1]), encoder.encode(chips[:1]))


@pytest.mark.parametrize("backend", ["onnx", "dlib"])
@pytest.mark.parametrize("content", [None, b"", b"not a network " * 1000], ids=["missing", "empty", "nonsense"])
def test_missing_or_damaged_weights_say_what_to_do(
    backend: str, content: bytes | None, tmp_path: Path, spoil: Callable[[str, bytes | None], None]
) -> None:
    spoil("DLIB_ENCODER", content)
    with pytest.raises(ModelError, match="install"):
        FaceEncoder(backend, cache=tmp_path)  # type: ignore[arg-type]
