"""Names that settings, models and reports share; nothing is imported here, so that reports need no numpy."""

from typing import Literal, TypeAlias

Encoders: TypeAlias = Literal["dlib", "sface", "both"]
"""Whose embeddings are compared: those of dlib's network, of SFace, or of both joined."""

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The seven classes of FER2013, in its order."""

UNSURE = "unsure"
"""The mood shown when no class is likely enough, or the face cannot be judged."""
