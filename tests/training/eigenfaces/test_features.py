"""HOG, LBP and the augmented copies."""

import numpy as np
import pytest
from sklearn.base import clone

from training.eigenfaces.features import COPIES, FaceFeatures, hog, lbp, moved

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((12, 64, 64)).astype(np.float32)


def test_hog_sees_the_direction_of_a_ramp_only() -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))[None]
    blocks = hog(ramp).reshape(49, 4, 9)
    # A gradient at 0 degrees lies between the first and the last of nine unsigned bins.
    assert blocks[:, :, [0, 8]].min() > 0.1
    assert blocks[:, :, 1:8].max() < 1e-3
    np.testing.assert_allclose(hog(ramp), hog(1 - ramp), atol=1e-4)


def test_hog_does_not_change_with_contrast() -> None:
    np.testing.assert_allclose(hog(IMAGES), hog(IMAGES * 0.5 + 0.2), atol=0.02)


def test_lbp_does_not_change_with_light_and_counts_every_pixel() -> None:
    first = lbp(IMAGES)
    np.testing.assert_array_equal(first, lbp(IMAGES * 0.5))
    np.testing.assert_allclose((first**2).reshape(12, 64, 59).sum(axis=2), 64, rtol=1e-5)


def test_lbp_of_a_flat_image_is_one_pattern() -> None:
    histogram = lbp(np.full((1, 64, 64), 0.5, np.float32)).reshape(64, 59)
    assert (np.count_nonzero(histogram, axis=1) == 1).all()


def test_moved_images_repeat_the_edge() -> None:
    shifted = moved(IMAGES, 2, 0)
    np.testing.assert_array_equal(shifted[:, :, 2:], IMAGES[:, :, :-2])
    np.testing.assert_array_equal(shifted[:, :, 0], IMAGES[:, :, 0])
    down = moved(IMAGES, 0, -3)
    np.testing.assert_array_equal(down[:, :-3], IMAGES[:, 3:])


@pytest.mark.parametrize(("copies", "learnt"), COPIES.items())
def test_training_images_give_all_copies_and_probes_themselves_and_their_mirror(copies: str, learnt: int) -> None:
    features = FaceFeatures(["grey"], copies)
    pixels = IMAGES.reshape(12, -1)
    assert features.fit_transform(pixels).shape == (12, learnt, 4096)
    probes = features.transform(pixels)
    assert probes.shape == (12, min(2, learnt), 4096)
    np.testing.assert_array_equal(features.fit_transform(pixels)[:, : min(2, learnt)], probes)
    if learnt > 1:
        image, mirrored = (probes[:, copy].reshape(12, 64, 64) for copy in (0, 1))
        np.testing.assert_allclose(mirrored, image[:, :, ::-1], atol=1e-7)


def test_faces_of_another_size_are_described_at_the_same_size() -> None:
    features = FaceFeatures(["hog", "lbp"], "as they are", [112, 92])
    assert clone(features).transform(RANDOM.random((2, 112 * 92))).shape == (2, 1, 1764 + 64 * 59)
