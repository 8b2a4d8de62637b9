"""Decides for each track of a recognised person whether a living head is before the camera, or a picture of one.

Who is surely alive passes without a word: `monitor.vision.liveness.motion` sees life in the face, and nothing beside
the head moves with it. Everybody else is asked for one turn of the head (`turn`). Who fails twice is not let in by
their face. Nothing refuses for good without a question, and a decision holds as long as the track.
"""

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from monitor.domain import Frame, Question, Track
from monitor.vision.face_mesh import Mesh, MeshModel, yaw, yaw_twice
from monitor.vision.liveness.motion import Cues, Limits, MotionWindow, has_relief, judge
from monitor.vision.liveness.turn import TURN, TURNING, Answer, TurnQuestion

Mode: TypeAlias = Literal["off", "ask", "always"]

SMALLEST: Final = 45.0
"""Least width of a face that is judged, in pixels."""
WINDOW: Final = 1.5
"""Seconds of evidence after which somebody is let in or asked."""
ATTEMPTS: Final = 2
"""Failed turns after which nobody is asked any more."""
_EVERY: Final = 0.06
"""Seconds between two frames that are judged: 15 a second of a camera's 30."""
_GAP: Final = 0.4
"""Seconds without the face that break a track."""
_ALONE: Final = 1.0
"""Seconds after which somebody who was asked and is not in view any more makes room for the next question."""


class State(StrEnum):
    """What is known of one track."""

    OPEN = "open"
    """Evidence is collected."""
    ASKED = "asked"
    """A turn of the head was asked for."""
    LIVE = "live"
    FAILED = "failed"
    """The turns that were asked for did not come."""


@dataclass(slots=True)
class TrackLiveness:
    """The liveness of one track. Times are seconds on the source's clock."""

    state: State = State.OPEN
    question: Question | None = None
    """What the person is asked now."""
    failures: int = 0
    """Turns that were asked for and did not come."""
    evidence: dict[str, float | str] = field(default_factory=dict)
    """What was measured, for the audit log."""
    turn: TurnQuestion | None = None
    yaw: float | None = None
    """Degrees of the head in the latest frame that was judged; None before the first."""
    straightest: float | None = None
    """Of these, the nearest to 0."""
    last_look: float = float("-inf")
    window: MotionWindow | None = None
    cues: list[Cues] = field(default_factory=list)
    recognised: bool = False
    """The person was recognised while turned aside."""

    @property
    def live(self) -> bool:
        return self.state is State.LIVE

    @property
    def decided(self) -> bool:
        return self.state in (State.LIVE, State.FAILED)

    @property
    def turned(self) -> bool:
        """Whether the face is on its way to the side, or back: its embedding is compared, and not averaged."""
        turn = self.turn
        if self.state is not State.ASKED or turn is None or self.yaw is None:
            return False
        return turn.answer is not Answer.PASSED and abs(self.yaw - turn.straight) >= TURNING

    @property
    def wants_view(self) -> bool:
        """Whether an embedding is needed now: of the turned face, and of the straight one after the turn."""
        turn = self.turn
        if self.state is not State.ASKED or turn is None:
            return False
        if self.turned:
            return not self.recognised and turn.turned(self.yaw) >= TURNING
        return turn.answer is Answer.PASSED

    def add_turned_view(self, *, same: bool) -> None:
        """Take in whether the turned face is the named person's."""
        self.recognised = self.recognised or same

    def add_straight_view(self) -> None:
        """The person was recognised looking straight ahead."""
        turn = self.turn
        if self.state is State.ASKED and turn is not None and turn.answer is Answer.PASSED:
            if self.recognised:
                self.let_in("turn")
            else:
                self.fail(turn, "another face while turned")

    def let_in(self, how: str) -> None:
        """The head is alive; `how` that was seen goes into the evidence."""
        if self.turn is not None:
            self.evidence |= {"asked": self.turn.side.value, "turned": round(self.turn.widest, 1)}
        self.state, self.question = State.LIVE, None
        self.evidence["by"] = how
        self._forget()

    def fail(self, turn: TurnQuestion, why: str) -> None:
        """A turn that was asked for did not come, or what turned was not a head."""
        self.failures += 1
        number = self.failures
        self.evidence |= {f"asked_{number}": turn.side.value, f"turned_{number}": round(turn.widest, 1)}
        self.evidence[f"failed_{number}"] = why
        self.turn, self.question = None, None
        self.state = State.FAILED if self.failures >= ATTEMPTS else State.OPEN
        if self.state is State.FAILED:
            self._forget()

    def _forget(self) -> None:
        """Nothing more is looked at; free the pictures."""
        self.window, self.turn, self.cues = None, None, []

    def note_yaw(self, degrees: float) -> None:
        self.yaw = degrees
        if self.straightest is None or abs(degrees) < abs(self.straightest):
            self.straightest = degrees


class LivenessCheck:
    """Judges the tracks of recognised people; owns the mesh model. Used by one thread only."""

    def __init__(
        self,
        mode: Mode,
        mesh: MeshModel | None = None,
        *,
        randomness: random.Random | None = None,
        limits: Limits | None = None,
    ) -> None:
        """
        Args:
            mesh: needed unless the mode is "off".
            randomness: draws the sides; None for the system's own.
            limits: None for those that were measured.
        """
        self._limits = limits or Limits()
        self.mode = mode
        self._mesh = mesh
        self._random = randomness or random.SystemRandom()
        self._asked: TrackLiveness | None = None

    def begin(self) -> TrackLiveness:
        """What is known of a new track."""
        return TrackLiveness(State.LIVE if self.mode == "off" else State.OPEN)

    def look(self, one: TrackLiveness, frame: Frame, track: Track, *, recognised: bool) -> None:
        """Take in one frame of a track that was named.

        Args:
            recognised: nobody doubts now that the face is the named person's.
        """
        if one.decided or self._mesh is None or frame.seconds - one.last_look < _EVERY:
            return
        broken = frame.seconds - one.last_look > _GAP
        one.last_look = frame.seconds
        if track.face.box.width < SMALLEST:
            self._step_back(one, frame.seconds)
            one.question = Question.CLOSER if one.state is State.OPEN else one.question
            return
        mesh = self._mesh(frame.rgb, track.face)
        if mesh is not None:
            one.note_yaw(yaw(mesh))
        if one.turn is not None:
            self._answer(one, one.turn, frame, track, mesh, broken=broken)
        elif mesh is not None:
            self._collect(one, frame, track, mesh, recognised=recognised, broken=broken)

    @staticmethod
    def _step_back(one: TrackLiveness, seconds: float) -> None:
        """Who was asked and is too far away now is late as everybody else: others wait for their question.

        A head that turned aside may be too narrow in some frames; these say nothing of the turn.
        """
        if one.turn is not None and one.turn.is_late(seconds):
            one.fail(one.turn, "too far away")

    def _collect(
        self, one: TrackLiveness, frame: Frame, track: Track, mesh: Mesh, *, recognised: bool, broken: bool
    ) -> None:
        """Gather evidence; let in, or ask once there is enough of it."""
        one.question = None
        if self.mode == "ask" and not one.failures:
            if one.window is None or broken:
                one.window, one.cues = MotionWindow(frame.rgb, track.face, mesh, frame.seconds), []
                return
            one.cues.append(one.window.measure(frame.rgb, mesh))
            if frame.seconds - one.window.began < WINDOW:
                return
            verdict = judge(one.cues, self._limits)
            one.evidence |= verdict.measures
            if verdict.live and recognised:
                one.let_in("motion")
                return
        if recognised and self._free(frame.seconds):
            self._ask(one, frame, track, mesh)

    def _free(self, seconds: float) -> bool:
        """Whether nobody else is asked now."""
        asked = self._asked
        return asked is None or asked.state is not State.ASKED or seconds - asked.last_look > _ALONE

    def _ask(self, one: TrackLiveness, frame: Frame, track: Track, mesh: Mesh) -> None:
        side = self._random.choice((Question.LEFT, Question.RIGHT))
        one.turn = TurnQuestion(side, frame.seconds, one.straightest or 0.0)
        one.state, one.question = State.ASKED, side
        one.recognised = False
        one.window, one.cues = MotionWindow(frame.rgb, track.face, mesh, frame.seconds), []
        self._asked = one

    def _answer(
        self, one: TrackLiveness, turn: TurnQuestion, frame: Frame, track: Track, mesh: Mesh | None, *, broken: bool
    ) -> None:
        relief = False
        if one.window is not None and mesh is not None and turn.answer is Answer.AWAITED:
            one.cues.append(one.window.measure(frame.rgb, mesh))
            relief = has_relief(one.cues[-1], self._limits)
        degrees = yaw(mesh) if mesh is not None else None
        if self._mesh is not None and mesh is not None and turn.turned(degrees) >= TURN:
            degrees = yaw_twice(self._mesh, frame.rgb, track.face, mesh)
        answer = turn.see(frame.seconds, degrees, relief=relief)
        one.question = turn.words
        if broken:
            one.fail(turn, "the face went out of view")
        elif answer is Answer.LATE:
            one.fail(turn, "no turn")
        elif answer is Answer.TURNED and judge(one.cues, self._limits).carried:
            one.fail(turn, "the surroundings moved with the face")
