"""The turn question: a head that is asked to turn aside does so, a picture of one does not (challenge and response;
ISO/IEC 30107-1)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from monitor.domain import Question

TURN: Final = 12.0
"""Degrees that the mesh must turn, against the straightest view, by `face_mesh.yaw_twice`."""
TURNING: Final = 9.0
"""Degrees from which a head is on its way."""
STRAIGHT: Final = 8.0
"""Degrees within which a head looks straight again."""
PATIENCE: Final = 4.0
"""Seconds for a turn."""
_HELD: Final = 0.3
"""Seconds, and at least three frames, in which each frame shows the turn, and half of them the depth of a head: a bent
sheet seems to turn for less, and the depth of one frame alone is too noisy."""
_SIGN: Final = {Question.LEFT: 1.0, Question.RIGHT: -1.0}


class Answer(StrEnum):
    """How far an answer is."""

    AWAITED = "awaited"
    TURNED = "turned"
    """The head turned as asked; it has not looked straight again since."""
    PASSED = "passed"
    """... and looks straight again."""
    LATE = "late"


@dataclass(slots=True)
class TurnQuestion:
    """One question for one turn. Pure: knows no camera and no clock."""

    side: Question
    """LEFT or RIGHT, the person's own."""
    asked_at: float
    """Seconds on the source's clock."""
    straight: float
    """Degrees of the straightest view before."""
    answer: Answer = Answer.AWAITED
    widest: float = 0.0
    """Most degrees to the asked side until now."""
    _held: list[tuple[float, bool]] = field(default_factory=list)
    """Of the frames in a row that show the turn: when they were taken, and whether they show depth."""

    def see(self, seconds: float, yaw: float | None, *, relief: bool = True) -> Answer:
        """The answer after one more frame.

        Args:
            yaw: degrees, as `face_mesh.yaw_twice` gives them; None where there is no mesh.
            relief: the face in this frame has depth, if it is turned (`motion.has_relief`).
        """
        if self.answer in (Answer.PASSED, Answer.LATE):
            return self.answer
        turned = self.turned(yaw)
        self.widest = max(self.widest, turned)
        self._held = [*self._held, (seconds, relief)] if turned >= TURN else []
        if self.answer is Answer.AWAITED and self._is_held:
            self.answer = Answer.TURNED
        if self.answer is Answer.TURNED and yaw is not None and abs(yaw - self.straight) <= STRAIGHT:
            self.answer = Answer.PASSED
        elif self.is_late(seconds):
            self.answer = Answer.LATE
        return self.answer

    def is_late(self, seconds: float) -> bool:
        """Whether the time for the turn is over, or for the turn and the look back."""
        return seconds - self.asked_at > PATIENCE * (1 if self.answer is Answer.AWAITED else 2)

    def turned(self, yaw: float | None) -> float:
        """Degrees to the asked side; 0 without a mesh."""
        return 0.0 if yaw is None else _SIGN[self.side] * (yaw - self.straight)

    @property
    def _is_held(self) -> bool:
        held = self._held
        if len(held) < 3 or held[-1][0] - held[0][0] < _HELD:
            return False
        return 2 * sum(relief for _, relief in held) >= len(held)

    @property
    def words(self) -> Question:
        """What the person is asked now."""
        return Question.STRAIGHT if self.answer is Answer.TURNED else self.side
