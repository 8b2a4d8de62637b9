"""Faces of one split that are nearly copies of training faces: FER2013 holds many pictures twice."""

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.95
"""Correlation of the pixels of two pictures from which on they count as copies of each other."""

_AT_ONCE = 2048


def copied(faces: NDArray[np.uint8], training: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which faces are nearly copies of training faces.

    Args:
        faces: uint8 (n, 48, 48).
        training: uint8 (m, 48, 48).

    Returns:
        bool (n,).
    """
    wanted = _standardised(faces)
    found = np.zeros(len(faces), np.bool_)
    for start in range(0, len(training), _AT_ONCE):
        found |= (wanted @ _standardised(training[start : start + _AT_ONCE]).T).max(axis=1) >= ALIKE
    return found


def _standardised(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pictures as rows of mean 0 and length 1; the product of two is their correlation."""
    rows = faces.reshape(len(faces), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6), np.float32)
