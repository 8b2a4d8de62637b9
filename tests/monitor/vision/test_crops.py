"""Mood crops are framed like FER2013's pictures."""

import numpy as np
import pytest

from monitor.domain import Box, Face
from monitor.vision.crops import BLAZEFACE, HOG, mood_crop, square_crop

KEYPOINTS = np.zeros((6, 2), np.float32)


def picture(width: int = 200, height: int = 150) -> np.ndarray:
    """Brightness rises to the right, so that a pixel says where it comes from."""
    ramp = np.linspace(0, 255, width).round().astype(np.uint8)
    return np.repeat(np.repeat(ramp[None, :, None], height, axis=0), 3, axis=2)


def test_a_crop_is_grey_and_48_wide() -> None:
    crop = mood_crop(picture(), Face(Box(60, 40, 70, 70), 0.9, KEYPOINTS))
    assert crop.shape == (48, 48)
    assert crop.dtype == np.uint8


@pytest.mark.parametrize(("keypoints", "framing"), [(KEYPOINTS, BLAZEFACE), (None, HOG)])
def test_the_square_follows_the_detector(keypoints: np.ndarray | None, framing: object) -> None:
    rgb = np.zeros((400, 400, 3), np.uint8)
    side = 100 * framing.side  # type: ignore[attr-defined]
    top = 200 - framing.rise * 100 - side / 2  # type: ignore[attr-defined]
    rgb[round(top) : round(top + side), round(200 - side / 2) : round(200 + side / 2)] = 255
    inside = mood_crop(rgb, Face(Box(150, 150, 100, 100), 0.9, keypoints))
    assert inside[2:-2, 2:-2].min() == 255
    wider = mood_crop(rgb, Face(Box(140, 140, 120, 120), 0.9, keypoints))
    assert wider[:, 0].max() < 128


def test_a_square_over_the_edge_repeats_it() -> None:
    crop = square_crop(picture(), (0.0, 75.0), 96.0)
    assert (crop[:, :24] == crop[0, 0]).all()
    assert crop[0, -1] > crop[0, 24]


@pytest.mark.parametrize("centre", [(-500.0, 75.0), (700.0, 75.0), (100.0, -400.0), (100.0, 900.0)])
def test_a_square_beside_the_picture_shows_its_nearest_edge(centre: tuple[float, float]) -> None:
    crop = square_crop(picture(), centre, 60.0)
    assert crop.shape == (48, 48)
    assert abs(int(crop[24, 24]) - {-500.0: 0, 700.0: 255, 100.0: 128}[centre[0]]) < 12


@pytest.mark.parametrize("side", [0.2, 1.0, 7.0, 48.0, 500.0])
def test_any_size_gives_a_crop(side: float) -> None:
    assert square_crop(picture(), (100.0, 75.0), side).shape == (48, 48)


def test_a_shift_of_the_box_shifts_the_crop() -> None:
    left, right = (square_crop(picture(), (x, 75.0), 48.0) for x in (90.0, 110.0))
    assert right.mean() - left.mean() == pytest.approx(20 * 255 / 199, abs=1)
