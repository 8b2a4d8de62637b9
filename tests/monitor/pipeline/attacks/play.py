"""Plays somebody, or a picture of somebody, to the liveness check, and answers its questions."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from monitor.domain import Face, Frame, Question, RgbImage, Track
from monitor.pipeline.liveness import LivenessCheck, Mode, State, TrackLiveness
from monitor.vision.face_mesh import MeshModel

FPS = 15
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

Picture = Callable[[float, float], RgbImage | None]
"""The camera's picture by seconds and by degrees turned to the person's left; None at the end."""


@dataclass
class Outcome:
    """What the door made of it."""

    state: State
    by: str
    """How it was let in: "motion" (without a word) or "turn"; empty when it was not."""
    seconds: float
    evidence: dict[str, float | str] = field(default_factory=dict)


def play(
    picture: Picture,
    detect: Callable[[RgbImage], list[Face]],
    mesh: MeshModel,
    *,
    mode: Mode = "ask",
    turn: float = 45.0,
    seed: int = 0,
    seconds: float = 14.0,
) -> Outcome:
    """Let it stand before the camera until it is decided or the pictures end.

    Whoever holds the picture does as asked: after half a second turns it to the asked side by `turn` degrees, and back;
    at the second question by a third more. Everything that is shown is recognised as the same person at every angle.
    """
    check = LivenessCheck(mode, mesh, randomness=random.Random(seed))
    one, asked_at, side = check.begin(), 0.0, 0.0
    track: Track | None = None
    for number in range(round(seconds * FPS)):
        now = number / FPS
        if now - asked_at > ANSWERED and one.state is State.ASKED and number % 5:
            continue  # it has turned back: the rest of the time only passes
        rgb = picture(now, side * turn * (4 / 3) ** one.failures * swing(now - asked_at))
        if rgb is None:
            break
        faces = detect(rgb)
        if not faces:
            continue
        face = max(faces, key=lambda found: found.box.area)
        track = Track(1, face, number, track.first_seen if track else now, now)
        before = one.question
        check.look(one, Frame(number, START + timedelta(seconds=now), now, rgb), track, recognised=True)
        if one.question in (Question.LEFT, Question.RIGHT) and before is not one.question:
            asked_at, side = now, 1.0 if one.question is Question.LEFT else -1.0
        recognise(one)
        if one.decided:
            break
    return Outcome(one.state, str(one.evidence.get("by", "")) if one.live else "", now, one.evidence)


def recognise(one: TrackLiveness) -> None:
    """Whatever is shown is the named person."""
    if one.wants_view:
        if one.turned:
            one.add_turned_view(same=True)
        else:
            one.add_straight_view()


ANSWERED = 2.7
"""Seconds after a question from which an answer is over."""


def swing(seconds: float) -> float:
    """Share of the turn so long after the question: half a second of thought, 0.7 s there, 0.5 s rest, 0.7 s back."""
    return float(np.interp(seconds, [0.5, 1.2, 1.7, 2.4], [0, 1, 1, 0]))
