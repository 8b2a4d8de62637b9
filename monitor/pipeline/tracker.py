"""Joins the faces of single frames into tracks over time.

Each track predicts the place of its face with an alpha-beta filter (the steady state of a constant velocity Kalman
filter); the nearest pair of face and prediction is joined first. Where positions alone do not tell two people apart,
the track is marked doubtful, and `monitor.pipeline.consensus` checks it by an embedding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, Track

_ALPHA = 0.7
_BETA = 0.3
_GATE = 1.0
"""Farthest a face may be from the prediction of its track, in face widths."""
_GATE_GROWTH = 1.5
"""Face widths per second by which `_GATE` widens with the time since the last detection."""
_RIVAL = 0.6
"""An assignment is doubtful if the second choice is less than this many face widths farther."""
_JUMP = 0.35
"""An assignment is doubtful if it is farther than this many face widths from the prediction."""
_MAX_SIZE_RATIO = 1.8
"""Largest ratio of the widths of a face and of the prediction of its track."""
_SLOW = 3.0
"""How many times longer a track lasts that no frame has missed yet: a busy machine looks at fewer than one a second."""
_NO_MATCH = 1e6
"""Distance of a face and a track that cannot be joined."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackUpdate:
    """A track that was seen in this frame."""

    track: Track
    doubtful: bool
    """Another face or track was near, or the face jumped: the face may be somebody else's now."""
    returned: bool = False
    """The face had been out of view, and may be somebody else's now."""


@dataclass(slots=True)
class _State:
    id: int
    face: Face
    hits: int
    first_seen: float
    last_seen: float
    position: NDArray[np.float64]
    """Centre x, centre y, width, in pixels."""
    velocity: NDArray[np.float64]
    """Of centre x, centre y and width, in pixels per second."""

    def predict(self, seconds: float) -> NDArray[np.float64]:
        moved = self.position + self.velocity * (seconds - self.last_seen)
        moved[2] = max(moved[2], self.position[2] * 0.5)
        return moved

    def update(self, face: Face, seconds: float) -> None:
        elapsed = max(seconds - self.last_seen, 1e-3)
        predicted = self.predict(seconds)
        residual = _position(face) - predicted
        self.position = predicted + _ALPHA * residual
        self.velocity = 0.9 * (self.velocity + _BETA * residual / max(elapsed, 1 / 60))
        self.face, self.hits, self.last_seen = face, self.hits + 1, seconds

    def snapshot(self) -> Track:
        return Track(self.id, self.face, self.hits, self.first_seen, self.last_seen)


class Tracker:
    """Follows faces from frame to frame. Times are seconds on the source's clock."""

    def __init__(self, *, forget_after: float = 1.0, doubt_after: float = 0.12) -> None:
        """
        Args:
            forget_after: seconds without a detection after which a track ends, once a frame has missed it.
            doubt_after: seconds out of view, over at least one frame, after which a face may be somebody else's.
        """
        self._forget_after = forget_after
        self._doubt_after = doubt_after
        self._states: dict[int, _State] = {}
        self._next_id = 1
        self._previous = 0.0

    def update(self, faces: Sequence[Face], seconds: float) -> tuple[list[TrackUpdate], list[Track]]:
        """Take in the faces of one frame.

        Returns:
            The tracks seen in it, and the tracks that ended.
        """
        ended = self._forget(seconds)
        states = list(self._states.values())
        distances = self._distances(states, faces, seconds)
        updates: list[TrackUpdate] = []
        taken: set[int] = set()
        for row, column in _nearest_pairs(distances):
            state = states[row]
            unseen = seconds - state.last_seen
            returned = unseen > (self._doubt_after if state.last_seen < self._previous else self._forget_after)
            doubtful = bool(distances[row, column] > _JUMP) or _rival(distances, row, column)
            state.update(faces[column], seconds)
            taken.add(column)
            updates.append(TrackUpdate(state.snapshot(), doubtful, returned))
        updates += [self._begin(face, seconds) for index, face in enumerate(faces) if index not in taken]
        self._previous = seconds
        return updates, ended

    def follow(self, seconds: float) -> tuple[list[Track], list[Track]]:
        """The tracks that the latest update saw, where they should be by now: for a frame that was not searched.

        Returns:
            These tracks, and the tracks that ended.
        """
        ended = self._forget(seconds)
        states = [state for state in self._states.values() if state.last_seen == self._previous]
        followed = []
        for state in states:
            state.hits += 1
            (right, down, _), (x, y, _) = state.predict(seconds), _position(state.face)
            face = state.face.moved(float(right - x), float(down - y))
            followed.append(replace(state.snapshot(), face=face, last_seen=seconds))
        return followed, ended

    def split(self, track: int, seconds: float) -> tuple[Track, TrackUpdate]:
        """End a track whose face turned out to be another person's, and begin a new one with that face."""
        old = self._states.pop(track)
        return old.snapshot(), self._begin(old.face, seconds)

    def finish(self) -> list[Track]:
        """End all tracks."""
        ended = [state.snapshot() for state in self._states.values()]
        self._states.clear()
        return ended

    def _begin(self, face: Face, seconds: float) -> TrackUpdate:
        state = _State(self._next_id, face, 1, seconds, seconds, _position(face), np.zeros(3))
        self._states[state.id] = state
        self._next_id += 1
        return TrackUpdate(state.snapshot(), doubtful=False)

    def _forget(self, seconds: float) -> list[Track]:
        gone = [state for state in self._states.values() if seconds - state.last_seen > self._patience(state)]
        for state in gone:
            del self._states[state.id]
        return [state.snapshot() for state in gone]

    def _patience(self, state: _State) -> float:
        """Seconds without a detection after which a track ends."""
        return self._forget_after * (1.0 if state.last_seen < self._previous else _SLOW)

    def _distances(self, states: list[_State], faces: Sequence[Face], seconds: float) -> NDArray[np.float64]:
        """Distances in face widths, states by faces; `_NO_MATCH` where they are too far apart."""
        if not states or not faces:
            return np.empty((len(states), len(faces)))
        predicted = np.stack([state.predict(seconds) for state in states])[:, None]
        seen = np.stack([_position(face) for face in faces])[None]
        widths = np.maximum(np.minimum(predicted[..., 2], seen[..., 2]), 1.0)
        distances = np.linalg.norm(predicted[..., :2] - seen[..., :2], axis=-1) / widths
        ratios = np.maximum(predicted[..., 2], seen[..., 2]) / widths
        elapsed = np.array([[seconds - state.last_seen] for state in states])
        near = (distances < _GATE + _GATE_GROWTH * elapsed) & (ratios < _MAX_SIZE_RATIO)
        return np.where(near, distances + 0.5 * np.log(ratios), _NO_MATCH)


def _position(face: Face) -> NDArray[np.float64]:
    return np.array([*face.whole_box.centre, face.whole_box.width])


def _nearest_pairs(distances: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Row and column of the smallest distance, then of the smallest without that row and column, and so on."""
    left = distances.copy()
    while left.size and left.min() < _NO_MATCH:
        row, column = divmod(int(np.argmin(left)), left.shape[1])
        left[row], left[:, column] = _NO_MATCH, _NO_MATCH
        yield row, column


def _rival(distances: NDArray[np.float64], row: int, column: int) -> bool:
    """Whether another face, or another track, was nearly as good a choice."""
    others = np.concatenate([np.delete(distances[row], column), np.delete(distances[:, column], row)])
    return bool(others.size) and float(others.min()) < float(distances[row, column]) + _RIVAL
