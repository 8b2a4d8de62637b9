"""Estimates the emotion of a face: the best network of `muster train emotion`, run by onnxruntime.

One run of the file gives two answers, each calibrated on its own: what people say who see the face (the votes of FER+,
Barsoum et al. 2016), and the label that FER2013 gives it.
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.errors import ModelError
from monitor.vision.models import sha256_of
from monitor.vision.runtime import open_session, run_batched

if TYPE_CHECKING:
    import onnxruntime

LABELS = EMOTIONS
"""("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"): the order of the scores."""

VOTE_LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
"""FER+'s eight classes, in its order."""

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
        """What people would say who saw these faces: probabilities of the emotions, in the order of `LABELS`.

        Contempt, which FER2013 lacks, counts as neutral. A file without people's answer gives FER2013's.

        Args:
            crops: uint8 (n, 48, 48), grey; n may be 0.

        Returns:
            float32 (n, 7), rows sum to 1.

        Raises:
            ModelError: a file is missing, or damaged.
        """
        return run_batched(self._session, crops, _FACES_AT_ONCE, "people" if self.knows_votes else "fer2013")

    def predict_fer2013(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The label that FER2013 would give, for the benchmark; arguments, result and errors are those of `predict`."""
        return run_batched(self._session, crops, _FACES_AT_ONCE, "fer2013")

    def predict_votes(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The shares of people's votes among FER+'s classes: float32 (n, 8) as `VOTE_LABELS`, rows sum to 1.

        Raises:
            ModelError: a file is missing or damaged, or was exported without votes.
        """
        if not self.knows_votes:
            raise ModelError(f"{self._weights} was exported without votes; export it again with --votes.")
        return run_batched(self._session, crops, _FACES_AT_ONCE, "votes")

    @property
    def knows_votes(self) -> bool:
        """Whether the file gives people's answer beside FER2013's. Raises: ModelError."""
        return any(output.name == "votes" for output in self._session.get_outputs())

    @cached_property
    def _session(self) -> "onnxruntime.InferenceSession":
        return open_session(_checked(self._weights), threads=self._threads)


def _checked(weights: Path) -> Path:
    """The file, once its SHA-256 is found right."""
    try:
        found = sha256_of(weights)
        wanted = weights.with_suffix(".sha256").read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"The emotion model {weights} or its .sha256 file cannot be read ({error}); install Muster again."
        ) from None
    if wanted[:1] != [found]:
        raise ModelError(f"The emotion model {weights} is damaged (its SHA-256 is wrong); install Muster again.")
    return weights
