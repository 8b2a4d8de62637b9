"""Changes of training faces: those of a poor camera are what OpenCV makes of a face."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training.emotion.data.augment import DRAWS, Augmentation, augmented

STILL = Augmentation(turn=0, scale=0, stretch=0, shift=0, shear=0, contrast=0, brightness=0, cut=0, worse=1.0)
NEVER, ALWAYS = 1.0, -1.0
"""Draws at which a change of probability 0.5 is left out and made."""


@pytest.fixture
def faces(orl: Path) -> NDArray[np.uint8]:
    pictures = [cv2.imread(str(orl / f"s{number}" / "1.pgm"), cv2.IMREAD_GRAYSCALE) for number in range(1, 9)]
    return np.stack([cv2.resize(each, (48, 48), interpolation=cv2.INTER_AREA) for each in pictures])


def changed(faces: NDArray[np.uint8], how: Augmentation, **draws: float) -> NDArray[np.float32]:
    """Faces as `augmented` makes them, in 0 to 255; without the changes whose draws are not given."""
    places = {"mirror": 0, "blur": 14, "sigma": 15, "small": 16, "side": 17, "noise": 18, "noisy": 19, "jpeg": 20,
              "quality": 21}  # fmt: skip
    drawn = np.zeros((len(faces), DRAWS), np.float32)
    for name in ("mirror", "blur", "small", "noise", "jpeg"):
        drawn[:, places[name]] = NEVER
    for name, value in draws.items():
        drawn[:, places[name]] = value
    return np.asarray(augmented((faces / 255).astype(np.float32), drawn, how)) * 255


def half(how: Augmentation) -> Augmentation:
    return Augmentation(**{name: getattr(how, name) for name in how.__slots__} | {"worse": 0.5})


def test_without_changes_a_face_stays_as_it_is(faces: NDArray[np.uint8]) -> None:
    assert np.allclose(changed(faces, half(STILL)), faces, atol=0.01)


def test_a_mirrored_face_is_mirrored(faces: NDArray[np.uint8]) -> None:
    assert np.allclose(changed(faces, half(STILL), mirror=ALWAYS), faces[:, :, ::-1], atol=0.1)


@pytest.mark.parametrize(("draw", "sigma"), [(1.0, 1.5), (0.0, 0.85)])
def test_blur_is_a_gaussian(faces: NDArray[np.uint8], draw: float, sigma: float) -> None:
    given = changed(faces, half(STILL), blur=ALWAYS, sigma=draw)
    wanted = np.stack([cv2.GaussianBlur(face.astype(np.float32), (0, 0), sigma) for face in faces])
    inside = (slice(None), slice(6, -6), slice(6, -6))
    assert np.abs(given - wanted)[inside].max() < 1


@pytest.mark.parametrize(("draw", "side"), [(-1.0, 20), (1.0, 40)])
def test_a_small_face_is_scaled_down_and_up(faces: NDArray[np.uint8], draw: float, side: int) -> None:
    given = changed(faces, half(STILL), small=ALWAYS, side=draw)
    for face, ours in zip(faces, given, strict=True):
        small = cv2.resize(face.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
        assert np.abs(ours - cv2.resize(small, (48, 48), interpolation=cv2.INTER_LINEAR)).max() < 1


@pytest.mark.parametrize(("draw", "quality"), [(-1.0, 20), (0.0, 55), (1.0, 90)])
def test_a_packed_face_is_what_jpeg_makes_of_it(faces: NDArray[np.uint8], draw: float, quality: int) -> None:
    given = changed(faces, half(STILL), jpeg=ALWAYS, quality=draw)
    for face, ours in zip(faces, given, strict=True):
        packed = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        theirs = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.float32)
        assert np.abs(ours - theirs).mean() < 1
        assert np.abs(theirs - face).mean() > np.abs(ours - theirs).mean()


def test_noise_has_its_deviation(faces: NDArray[np.uint8]) -> None:
    grey = np.full_like(faces, 128)
    given = changed(grey, half(STILL), noise=ALWAYS, noisy=1.0)
    assert given.std() == pytest.approx(0.05 * 255, rel=0.1)
