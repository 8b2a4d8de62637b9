"""The moods on a picture, and the mood of a face over some seconds: the mean of the views that can be judged."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS, Face, MoodScores, RgbImage, Unclear
from monitor.vision.crops import mood_crop
from monitor.vision.mood_view import unclear

Mood: TypeAlias = NDArray[np.float32] | Unclear
"""Of one view: the probabilities of the seven emotions, float32 (7,), or why it cannot be judged."""


class Emotions(Protocol):
    def predict(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]: ...


def moods_of(rgb: RgbImage, faces: Sequence[Face], emotions: Emotions) -> list[Mood]:
    """The mood of each face on a picture; the model is asked only for those that can be judged.

    Args:
        rgb: uint8 (h, w, 3).
    """
    crops = [mood_crop(rgb, face) for face in faces]
    found: list[Mood | None] = [unclear(face, crop) for face, crop in zip(faces, crops, strict=True)]
    clear = [crop for crop, why in zip(crops, found, strict=True) if why is None]
    answers = iter(emotions.predict(np.stack(clear)) if clear else ())
    return [next(answers) if why is None else why for why in found]


def mood_scores(mood: Mood, confidence_needed: float) -> MoodScores:
    """The mood of a single view."""
    mean = MoodMean()
    mean.add(mood)
    scores = mean.scores(confidence_needed)
    assert scores is not None
    return scores


@dataclass(slots=True)
class MoodMean:
    """Collects views of one face."""

    _sum: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(EMOTIONS)))
    _unclear: Counter[Unclear] = field(default_factory=Counter)

    def add(self, mood: Mood) -> None:
        """Take in a view."""
        if isinstance(mood, Unclear):
            self._unclear[mood] += 1
        else:
            self._sum += mood

    def scores(self, confidence_needed: float) -> MoodScores | None:
        """The mean of the views that could be judged, however few; unsure where none could; None without any view."""
        total = float(self._sum.sum())
        if total:
            return MoodScores(tuple(float(share / total) for share in self._sum), confidence_needed)
        if self._unclear:
            (why, _), *_ = self._unclear.most_common(1)
            return MoodScores.unjudged(why)
        return None

    def clear(self) -> None:
        """Begin anew."""
        self._sum[:] = 0
        self._unclear.clear()
