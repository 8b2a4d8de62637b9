"""Coordinates that stand for pixels."""

import numpy as np

from training.eigenfaces.protocol import span_coordinates


def test_coordinates_keep_every_distance() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 500))
    points = span_coordinates(rows)
    assert points.shape == (20, 19)
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.testing.assert_allclose(np.linalg.norm(points[:, None] - points[None], axis=2), apart, atol=1e-9)
