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
"""Seconds, and at least three frames, in which each frame shows the turn: a bent sheet seems to turn for less."""
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
    _held: list[float] = field(default_factory=list)
    """When the frames in a row were taken that show the turn."""

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
        self._held = [*self._held, seconds] if turned >= TURN and relief else []
        if self.answer is Answer.AWAITED and len(self._held) >= 3 and seconds - self._held[0] >= _HELD:
            self.answer = Answer.TURNED
        if self.answer is Answer.TURNED and yaw is not None and abs(yaw - self.straight) <= STRAIGHT:
            self.answer = Answer.PASSED
        elif seconds - self.asked_at > PATIENCE * (2 if self.answer is Answer.TURNED else 1):
            self.answer = Answer.LATE
        return self.answer

    def turned(self, yaw: float | None) -> float:
        """Degrees to the asked side; 0 without a mesh."""
        return 0.0 if yaw is None else _SIGN[self.side] * (yaw - self.straight)

    @property
    def words(self) -> Question:
        """What the person is asked now."""
        return Question.STRAIGHT if self.answer is Answer.TURNED else self.side
