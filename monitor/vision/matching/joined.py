"""Joined embeddings: dlib's network's and SFace's side by side in one vector, or dlib's alone where there is no other.

Each half is divided by the root of 2, so that the joined vector has length 1, and the cosine of two is the mean of the
two encoders' cosines.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from monitor.domain import EMBEDDING_SIZE, Embedding
from monitor.vision.encoder import Embeddings

_HALF: Final = np.float32(np.sqrt(0.5))


def join(first: Embeddings, second: Embeddings) -> Embeddings:
    """Both encoders' embeddings as one.

    Args:
        first, second: float32 (..., 128), unit vectors or means of unit vectors.

    Returns:
        float32 (..., 256).
    """
    return np.asarray(_HALF * np.concatenate([first, second], axis=-1), np.float32)


def first_of(embedding: Embeddings) -> Embeddings:
    """dlib's part of embeddings, float32 (..., 128 or 256), as it was before it was joined: (..., 128)."""
    return embedding[..., :EMBEDDING_SIZE] / _HALF if is_joined(embedding) else embedding


def second_of(embedding: Embeddings) -> Embeddings | None:
    """SFace's part of embeddings, float32 (..., 128); None where there is none."""
    return embedding[..., EMBEDDING_SIZE:] / _HALF if is_joined(embedding) else None


def is_joined(embedding: Embeddings) -> bool:
    """Whether embeddings, float32 (..., 128 or 256), hold both encoders'."""
    return bool(embedding.shape[-1] == 2 * EMBEDDING_SIZE)


def comparable(embeddings: Sequence[Embedding]) -> Embeddings:
    """Embeddings as rows that can be compared with each other: joined if all are, else dlib's part of each.

    Args:
        embeddings: float32 (128,) or (256,) each; may be none.

    Returns:
        float32 (n, 256) or (n, 128).
    """
    if not len(embeddings):
        return np.empty((0, EMBEDDING_SIZE), np.float32)
    if all(map(is_joined, embeddings)):
        return np.stack(embeddings)
    return np.stack([first_of(one) for one in embeddings])


def mean_of(embeddings: Sequence[Embedding]) -> Embedding:
    """The mean of a person's embeddings, each half over those that have it, not scaled back to length 1.

    Args:
        embeddings: float32 (128,) or (256,) each, of length 1; at least one.

    Returns:
        float32 (256,), or (128,) where none holds both encoders'.
    """
    first = np.stack([first_of(one) for one in embeddings]).mean(axis=0)
    seconds = [second for one in embeddings if (second := second_of(one)) is not None]
    return join(first, np.stack(seconds).mean(axis=0)) if seconds else first
