"""Embeddings of still images: several views of one chip."""

import cv2
import numpy as np
import pytest

from monitor.domain import RgbImage
from monitor.vision.chips import face_chip
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import FaceEncoder
from monitor.vision.matching.still_embeddings import embed_stills, jittered
from tests.monitor.stage import Photo


@pytest.fixture(scope="module")
def chips(orl_photo: Photo, blazeface: FaceDetector) -> RgbImage:
    """uint8 (4, 150, 150, 3), of four people."""
    photos = [orl_photo(subject, 1) for subject in (1, 14, 20, 32)]
    return np.stack([face_chip(photo, blazeface.detect(photo)[0]) for photo in photos])


def test_a_still_that_is_cut_a_little_differently_changes_less_than_one_view_would(
    encoder: FaceEncoder, chips: RgbImage
) -> None:
    moved = np.stack(
        [
            cv2.warpAffine(
                chip, np.array([[1, 0, 5], [0, 1, 3]], np.float32), (150, 150), borderMode=cv2.BORDER_REPLICATE
            )
            for chip in chips
        ]
    )
    steady = (embed_stills(encoder, chips) * embed_stills(encoder, moved)).sum(axis=1)
    once = (encoder.embed(chips) * encoder.embed(moved)).sum(axis=1)
    assert 1 - steady.mean() < 0.8 * (1 - once.mean())


def test_a_stills_embedding_is_comparable_with_a_frames(encoder: FaceEncoder, chips: RgbImage) -> None:
    stills, frames = embed_stills(encoder, chips), encoder.embed(chips)
    assert np.linalg.norm(stills, axis=1) == pytest.approx(1, abs=1e-6)
    similarities = stills @ frames.T
    assert similarities.diagonal().min() > 0.98
    assert (similarities.argmax(axis=1) == np.arange(len(chips))).all()


def test_each_view_is_another_one_of_the_same_chip(chips: RgbImage) -> None:
    views = jittered(chips[:1])[0].astype(np.int16)
    assert views.shape == (4, 150, 150, 3)
    assert all((view != other).any() for row, view in enumerate(views) for other in views[:row])
    assert np.abs(views.mean(axis=(1, 2, 3)) - chips[0].mean()).max() < 12


def test_what_reaches_over_the_edge_is_not_black() -> None:
    assert (jittered(np.full((1, 150, 150, 3), 200, np.uint8)) == 200).all()


def test_no_chips_give_no_embeddings(encoder: FaceEncoder) -> None:
    assert embed_stills(encoder, np.empty((0, 150, 150, 3), np.uint8)).shape == (0, 128)
