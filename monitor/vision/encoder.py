"""Turns face chips into embeddings: dlib's network, run by onnxruntime, or by dlib itself as the reference."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMBEDDING_SIZE
from monitor.vision import models
from monitor.vision.dlib_resnet import build_onnx
from monitor.vision.runtime import open_session, run_batched

ENCODER_NAME = "dlib-resnet-v1"
"""Stored with each template; templates of different encoders are never compared."""

_AT_ONCE = 16
"""Chips per run of the network: a fifth faster than one by one; more are not faster, and take a megabyte each."""

Chips = NDArray[np.uint8]
Embeddings = NDArray[np.float32]


class FaceEncoder:
    """Computes what dlib's `compute_face_descriptor` computes, to 1e-5 in L2 distance, more than ten times faster.

    Threads may share it, as they may onnxruntime's sessions; not dlib's own network, the reference.
    """

    def __init__(
        self, backend: Literal["onnx", "dlib"] = "onnx", *, threads: int = 1, cache: Path | None = None
    ) -> None:
        """
        Args:
            backend: "onnx", or "dlib" for the reference.
            threads: how many onnxruntime may use.
            cache: folder for the built model; None for the user's cache folder.

        Raises:
            ModelError: dlib's weights are missing or damaged.
        """
        weights = models.weights(models.DLIB_ENCODER)
        if backend == "dlib":
            import dlib

            self._reference = dlib.face_recognition_model_v1(str(weights))
            return
        self._reference = None
        model = models.cached_build(cache or models.cache_folder(), weights, "dlib-resnet-2", build_onnx)
        self._session = open_session(model, threads=threads)

    def encode(self, chips: Chips) -> Embeddings:
        """Embeddings as dlib gives them (not of unit length), float32 (n, 128).

        Args:
            chips: uint8 (n, 150, 150, 3) RGB, as `chips.face_chip` cuts them; n may be 0.
        """
        if self._reference is not None:
            given = [self._reference.compute_face_descriptor(np.ascontiguousarray(chip)) for chip in chips]
            return np.array(given, np.float32).reshape(-1, EMBEDDING_SIZE)
        return run_batched(self._session, chips, _AT_ONCE)

    def embed(self, chips: Chips) -> Embeddings:
        """Embeddings for comparison by cosine: averaged with the mirrored chip's; float32 (n, 128), rows of length 1.

        Averaging over the mirror image lowers FNIR at FPIR 1 % from 29 % to 12 % with 100 people enrolled.
        """
        both = self.encode(np.concatenate([chips, chips[:, :, ::-1]]))
        return unit(both[: len(chips)] + both[len(chips) :])


def unit(vectors: Embeddings) -> Embeddings:
    """Rows scaled to length 1; float32, same shape."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
