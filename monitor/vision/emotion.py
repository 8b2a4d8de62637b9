"""Estimates the emotion of a face: the best network of `muster train emotion`, run by onnxruntime."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.errors import ModelError
from monitor.vision.crops import CROP_SIZE
from monitor.vision.runtime import open_session

if TYPE_CHECKING:
    import onnxruntime

LABELS = EMOTIONS
"""("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"): the order of the scores."""

WEIGHTS = Path(__file__).parent / "weights" / "emotion.onnx"
"""The model that Muster ships; its SHA-256 and its card, emotion.md, lie beside it."""

_FACES_AT_ONCE = 64


class EmotionModel:
    """Calibrated probabilities of the seven emotions for faces cut out by `monitor.vision.crops`.

    Scaling of the pixels, the mirrored second pass and the calibration are inside the ONNX graph. The file is
    opened by the first call of `predict` or `load`. Not safe to share between threads.
    """

    def __init__(self, weights: Path = WEIGHTS, *, threads: int = 1) -> None:
        """
        Args:
            weights: the ONNX file; a file of the same name ending in .sha256 must stand beside it.
            threads: how many onnxruntime may use.
        """
        self._weights, self._threads = weights, threads

    def load(self) -> None:
        """Open the model now, so that the first prediction takes no longer than the others.

        Raises:
            ModelError: a file is missing, or damaged.
        """
        _ = self._session

    def predict(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities of the emotions, in the order of `LABELS`.

        Args:
            crops: uint8 (n, 48, 48), grey; n may be 0.

        Returns:
            float32 (n, 7), rows sum to 1.

        Raises:
            ModelError: a file is missing, or damaged.
        """
        if crops.ndim != 3 or crops.shape[1:] != (CROP_SIZE, CROP_SIZE) or crops.dtype != np.uint8:
            raise ValueError(f"crops are uint8 (n, {CROP_SIZE}, {CROP_SIZE}), not {crops.dtype} {crops.shape}")
        parts = [
            self._session.run(None, {"faces": np.ascontiguousarray(crops[start : start + _FACES_AT_ONCE])})[0]
            for start in range(0, len(crops), _FACES_AT_ONCE)
        ]
        return np.concatenate([np.empty((0, len(LABELS)), np.float32), *parts])

    @cached_property
    def _session(self) -> "onnxruntime.InferenceSession":
        return open_session(_checked(self._weights), threads=self._threads)


def _checked(weights: Path) -> bytes:
    """The file's content, once its SHA-256 is found right."""
    try:
        content = weights.read_bytes()
        wanted = weights.with_suffix(".sha256").read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"The emotion model {weights} or its .sha256 file cannot be read ({error}); install Muster again."
        ) from None
    if wanted[:1] != [hashlib.sha256(content).hexdigest()]:
        raise ModelError(f"The emotion model {weights} is damaged (its SHA-256 is wrong); install Muster again.")
    return content
