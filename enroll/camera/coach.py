"""Coaches somebody before the camera to five good shots: straight ahead, then to each side, up and down.

The order of the turns is drawn at random, and each is measured against the straight shot. A turn aside counts only when
the face mesh itself has turned, the face has depth, and nothing beside the head moved with it, as at the door
(`monitor.vision.liveness`). So following the turns is a liveness check as well (a challenge and response; ISO/IEC
30107-1). It does not stop somebody who films the person beforehand and plays the film in the order that is asked for.
"""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

import numpy as np

from enroll.faces.examine import ExaminedFace
from enroll.faces.pose import Pose
from enroll.faces.similarity_limits import mean_template
from enroll.people.gallery_index import GalleryIndex
from monitor.domain import Question
from monitor.vision.encoder import unit
from monitor.vision.liveness.motion import Cues, has_relief, judge
from monitor.vision.liveness.turn import TurnQuestion
from monitor.vision.matching.joined import first_of


class AskedPose(StrEnum):
    """What the person is asked for; left and right are their own."""

    STRAIGHT = "straight"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


ASIDE: Final = (AskedPose.LEFT, AskedPose.RIGHT)
WORDS: Final = {
    AskedPose.STRAIGHT: "Look straight into the camera.",
    AskedPose.LEFT: "Turn your head a little to your left.",
    AskedPose.RIGHT: "Turn your head a little to your right.",
    AskedPose.UP: "Lift your chin a little.",
    AskedPose.DOWN: "Lower your chin a little.",
}
"""What the person is told when nothing else is in the way."""
_THANKS: Final = "Thank you, that is all."
_FLAT: Final = "Turn your head itself a little further; the face looks flat."
_HINTS: Final = {
    "inter_eye_distance": "Come closer.",
    "crop_of_the_face": "Move into the middle of the picture.",
    "head_pose_yaw": "Turn less far.",
    "head_pose_pitch": "Tilt your head less far.",
    "head_pose_roll": "Hold your head upright.",
    "under_exposure_prevention": "More light from the front, please.",
    "over_exposure_prevention": "Less light, please.",
    "dynamic_range": "Clearer light, please.",
    "sharpness": "Hold still.",
}
_STRAIGHT_YAW: Final = 10.0
_STRAIGHT_PITCH: Final = 25.0
_ALIVE: Final = 16.0
"""Degrees by the mesh from which one frame of a turned head counts; at a door three in a row do from fewer."""
_TURN: Final = (12.0, 35.0)
"""Degrees aside, from and to."""
_NOD: Final = (8.0, 30.0)
"""Degrees up or down."""
_WIDEST: Final = 0.6
"""Of the picture's width; a face beyond that is distorted by the lens."""
_CLOSEST_EYES: Final = 24.0
"""Pixels between the eyes that a camera shot should have, more than a picture in a file needs."""
_MOVED: Final = 0.08
"""Face widths from frame to frame that count as moving."""
_STEADY: Final = 2
"""Frames that a pose is held."""
_SAME: Final = 0.88
"""A face less similar than this to the shots so far is somebody else's."""
_STRANGE_FRAMES: Final = 10
"""So many frames with somebody else in front end the coaching."""


@dataclass(frozen=True, slots=True)
class FrameFaces:
    """What one frame shows."""

    seconds: float
    """On the source's clock."""
    width: int
    """Of the frame, in pixels."""
    faces: tuple[ExaminedFace, ...]
    yaw: float | None = None
    """Degrees that the mesh of the first face is turned to the person's left; None where there is no mesh."""
    cues: Cues | None = None
    """The first face against its straight view; None before that, and where there is no mesh."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell the person now."""

    hint: str
    ask: AskedPose | None
    """What they are asked for; None when it is over."""
    taken: AskedPose | None = None
    """A shot was taken on this frame."""
    refusal: str | None = None
    """Why this person is not enrolled; it is over."""
    done: bool = False


class Coach:
    """One person's session. Pure: knows no camera, clock or database."""

    def __init__(
        self,
        index: GalleryIndex,
        *,
        randomness: random.Random,
        supervised: bool = False,
        patience: float = 20.0,
        known: UUID | None = None,
    ) -> None:
        """
        Args:
            index: everyone enrolled; whoever is among them is refused.
            supervised: somebody stands by and vouches for the person, so turns that do not come are left out.
            patience: seconds for each turn.
            known: who the person is, if enrolled already.
        """
        turns = [AskedPose.LEFT, AskedPose.RIGHT, AskedPose.UP, AskedPose.DOWN]
        randomness.shuffle(turns)
        self._asks = [AskedPose.STRAIGHT, *turns]
        self.shots: dict[AskedPose, ExaminedFace] = {}
        self._index = index
        self._known = known
        self.supervised = supervised
        self.wanted = len(self._asks)
        """Shots that are asked for."""
        self._patience = patience
        self._since: float | None = None
        self._steady = 0
        self._strange = 0
        self._last: ExaminedFace | None = None
        self._straight: Pose | None = None
        self._straight_yaw = 0.0
        self._cues: list[Cues] = []

    @property
    def finished(self) -> bool:
        """Everything that was asked for came, or was left out under supervision."""
        return not self._asks

    def look(self, look: FrameFaces) -> Advice:
        """The advice for one frame; call for frame after frame until it is `done` or has a `refusal`."""
        if self.finished:
            return Advice(_THANKS, None, done=True)
        ask = self._asks[0]
        self._since = look.seconds if self._since is None else self._since
        if look.seconds - self._since > self._patience and ask is not AskedPose.STRAIGHT:
            return self._out_of_patience(ask, look)
        if look.cues is not None:
            self._cues.append(look.cues)
        hint = self._hinder(look) or self._turn_hint(ask, look.faces[0])
        if hint is not None:
            self._steady = 0
            if self._strange >= _STRANGE_FRAMES:
                return _refused("Somebody else took the person's place; begin again with one person.")
            return Advice(hint, ask)
        self._steady += 1
        if self._steady < _STEADY:
            return Advice("Hold still.", ask)
        if self._is_flat(ask, look):
            self._steady = 0
            return Advice(_FLAT, ask)
        if ask is AskedPose.STRAIGHT:
            self._straight_yaw = look.yaw or 0.0
        return self._take(ask, look.faces[0])

    def _is_flat(self, ask: AskedPose, look: FrameFaces) -> bool:
        """Whether what turned aside is not a head; nods tell less, and are not looked at."""
        if ask not in ASIDE:
            return False
        turned = TurnQuestion(Question(ask.value), look.seconds, self._straight_yaw).turned(look.yaw)
        if turned < _ALIVE or look.cues is None or not has_relief(look.cues):
            return True
        return judge(self._cues).carried

    def _take(self, ask: AskedPose, face: ExaminedFace) -> Advice:
        if ask is AskedPose.STRAIGHT:
            self._straight = face.quality.pose
        self.shots[ask] = face
        refusal = self._somebody_enrolled()
        if refusal is not None:
            return _refused(refusal)
        self._next()
        if self.finished:
            return Advice(_THANKS, None, taken=ask, done=True)
        return Advice(WORDS[self._asks[0]], self._asks[0], taken=ask)

    def _next(self) -> None:
        self._asks.pop(0)
        self._since, self._steady, self._cues = None, 0, []

    def _out_of_patience(self, ask: AskedPose, look: FrameFaces) -> Advice:
        if not self.supervised:
            return _refused(
                f"The turn that was asked for ({ask}) did not come, so a photograph cannot be ruled out; "
                "begin again, or let somebody stand by who vouches for the person."
            )
        self._next()
        return self.look(look)

    def _somebody_enrolled(self) -> str | None:
        mean = mean_template(np.stack([face.embedding for face in self.shots.values()]))
        for other in self._index.alike(mean, len(self.shots)):
            if other.person != self._known and other.almost_surely_one:
                return (
                    f"This is {other.name}, who is enrolled already (similarity {other.similarity:.3f}); "
                    "add the shots to that name instead."
                )
        return None

    def _hinder(self, look: FrameFaces) -> str | None:
        """What keeps any shot from being taken."""
        if not look.faces:
            self._last = None
            return "Nobody is in view; step before the camera."
        if len(look.faces) > 1:
            return "One person at a time, please."
        face, last, self._last = look.faces[0], self._last, look.faces[0]
        if face.face.box.width > _WIDEST * look.width:
            return "Go back a little."
        if face.quality.value("inter_eye_distance") < _CLOSEST_EYES:
            return "Come closer."
        failed = next((one.name for one in face.quality.components if not one.passed), None)
        if failed is not None:
            return _HINTS[failed]
        if self.shots and self._similarity(face) < _SAME:
            self._strange += 1
            return "Somebody else is in view; only the person who began, please."
        self._strange = 0
        return "Hold still." if last is not None and _moved(last, face) > _MOVED else None

    def _similarity(self, face: ExaminedFace) -> float:
        mean = mean_template(np.stack([first_of(shot.embedding) for shot in self.shots.values()]))
        return float(unit(mean) @ first_of(face.embedding))

    def _turn_hint(self, ask: AskedPose, face: ExaminedFace) -> str | None:
        """How to turn for what is asked; None when it is right."""
        pose, straight = face.quality.pose, self._straight
        if ask is AskedPose.STRAIGHT or straight is None:
            right = abs(pose.yaw) <= _STRAIGHT_YAW and abs(pose.pitch) <= _STRAIGHT_PITCH
            return None if right else WORDS[AskedPose.STRAIGHT]
        yaw, pitch = pose.yaw - straight.yaw, pose.pitch - straight.pitch
        turned, (least, most) = {
            AskedPose.LEFT: (yaw, _TURN),
            AskedPose.RIGHT: (-yaw, _TURN),
            AskedPose.UP: (pitch, _NOD),
            AskedPose.DOWN: (-pitch, _NOD),
        }[ask]
        if turned > most:
            return "A little less far."
        return WORDS[ask] if turned < least else None


def _refused(why: str) -> Advice:
    return Advice(why, None, refusal=why)


def _moved(before: ExaminedFace, after: ExaminedFace) -> float:
    """Face widths between two frames."""
    (x, y), (u, v) = before.face.box.centre, after.face.box.centre
    return float(np.hypot(u - x, v - y)) / max(after.face.box.width, 1.0)
