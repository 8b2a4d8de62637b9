"""Joined embeddings of the faces on still images."""

from collections.abc import Sequence

import numpy as np

from monitor.domain import Face, RgbImage
from monitor.vision.encoder import Chips, Embeddings, FaceEncoder
from monitor.vision.matching.joined import join
from monitor.vision.matching.still_embeddings import embed_stills
from monitor.vision.second_encoder import ALIGNED_SIZE, SecondEncoder, align


class StillEncoder:
    """Both encoders on the faces of still images. Not safe to share between threads."""

    def __init__(
        self, first: FaceEncoder | None = None, second: SecondEncoder | None = None, *, steady: bool = True
    ) -> None:
        """
        Args:
            first, second: None for new ones.
            steady: average dlib's over several views of each face (`embed_stills`); where there are many pictures of a
                person anyway, once is enough and faster.

        Raises:
            ModelError: a model is missing or damaged.
        """
        self._first = first or FaceEncoder()
        self._second = second or SecondEncoder()
        self._steady = steady

    def embed(self, rgb: RgbImage, faces: Sequence[Face], chips: Chips) -> Embeddings:
        """Joined embeddings of faces on one picture.

        Args:
            rgb: uint8 (h, w, 3).
            faces: found on `rgb`.
            chips: uint8 (n, 150, 150, 3), one of each face, from `chips.face_chip`.

        Returns:
            float32 (n, 256), each row of length 1.
        """
        first = embed_stills(self._first, chips) if self._steady else self._first.embed(chips)
        aligned = (
            np.stack([align(rgb, face) for face in faces])
            if len(faces)
            else np.empty((0, ALIGNED_SIZE, ALIGNED_SIZE, 3), np.uint8)
        )
        return join(first, self._second.embed_stills(aligned))
