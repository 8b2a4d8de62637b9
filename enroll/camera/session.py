"""Enrols one person before a camera: frames to the coach, the coach's shots to the gallery."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from enroll.camera.coach import Advice, AskedPose, Coach, FrameFaces
from enroll.faces.examine import Examination, ExaminedFace, Examiner
from monitor.domain import Frame
from monitor.errors import MusterError
from monitor.sources.capture import Capture
from monitor.sources.source import FrameSource
from monitor.vision.face_mesh import FaceMesh, Mesh, MeshModel, yaw, yaw_twice
from monitor.vision.liveness.motion import Cues, MotionWindow
from monitor.vision.liveness.turn import STRAIGHT

HINT_READ = 1.5
"""Seconds for which a hint is shown at least."""
HINT_STAYS = 0.5
"""Seconds that another hint must hold before it takes the place of one."""
FEWEST = 3
"""Shots that a person before the camera is enrolled with at least."""


class EnrolmentError(MusterError):
    """The person before the camera is not enrolled."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One frame's advice, for whoever shows it."""

    advice: Advice
    shots: int
    """Taken so far."""


def take_shots(
    source: FrameSource,
    examiner: Examiner,
    coach: Coach,
    *,
    show: Callable[[Shown], None],
    mesh: MeshModel | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Examination]:
    """Coach somebody until the shots are taken; each is then a picture for `enrol_person`.

    Args:
        source: not opened yet; a file is played at its own clock.
        show: called for every frame, on this thread; hints stay long enough to be read (`SteadyHints`).
        mesh: finds the mesh of a face; None for the real one.
        stopped: asked after every frame; True ends the session.

    Raises:
        EnrolmentError: the face is somebody else's, liveness failed, or there were too few good shots.
        SourceError: the camera or file cannot be read.
        ModelError: the model of the face mesh is missing or damaged.
    """
    mesh = mesh or FaceMesh()
    lost: list[str] = []
    capture = Capture(source, on_lost=lost.append, on_back=lost.clear, fail_fast=True)
    capture.start()
    straight, steady = StraightView(), SteadyHints()
    try:
        while not capture.ended and not stopped():
            frame = capture.next(timeout=0.5)
            if frame is None:
                continue
            look = _look(frame, examiner, mesh, straight)
            advice = coach.look(look)
            straight.ask(advice)
            show(Shown(steady.shown(advice, look.seconds), len(coach.shots)))
            if advice.refusal is not None:
                raise EnrolmentError(advice.refusal)
            if advice.done:
                break
        ended = capture.ended
    finally:
        capture.stop()
    if coach.finished or (coach.supervised and len(coach.shots) >= FEWEST):
        return [
            Examination(f"camera, {ask}", hashlib.sha256(face.chip_jpeg).hexdigest(), (face,))
            for ask, face in coach.shots.items()
        ]
    taken = f"{len(coach.shots)} of {coach.wanted} shots"
    if ended:
        raise EnrolmentError(
            f"The film ended when {taken} were taken; give a longer one, in which the person does what is asked, or "
            "use a camera."
        )
    raise EnrolmentError(f"Only {taken} could be taken; begin again in better light, with the whole face in view.")


class SteadyHints:
    """Keeps a hint until it was read, and another one has come to stay: several a second cannot be followed."""

    def __init__(self) -> None:
        self._shown: Advice | None = None
        self._since = 0.0
        self._other = ""
        self._other_since = 0.0

    def shown(self, advice: Advice, seconds: float) -> Advice:
        """What to show at this time of the source: what is new about the session at once, a hint when it is time."""
        old = self._shown
        news = advice.taken is not None or advice.refusal is not None or advice.done
        if old is None or news or advice.ask is not old.ask:
            return self._show(advice, seconds)
        if advice.hint == old.hint:
            self._other = ""
            return old
        if advice.hint != self._other:
            self._other, self._other_since = advice.hint, seconds
        if seconds - self._since >= HINT_READ and seconds - self._other_since >= HINT_STAYS:
            return self._show(advice, seconds)
        return old

    def _show(self, advice: Advice, seconds: float) -> Advice:
        self._shown, self._since, self._other = replace(advice, taken=None), seconds, ""
        return advice


class StraightView:
    """The face looking straight ahead, with which its turns aside are compared: the first such frame of each turn that
    is asked for, else the one on which the straight shot was taken."""

    def __init__(self) -> None:
        self._window: MotionWindow | None = None
        self._yaw: float | None = None
        self._fresh = False
        self._now: tuple[Frame, ExaminedFace, Mesh] | None = None

    def compare(self, frame: Frame, face: ExaminedFace, points: Mesh) -> Cues | None:
        """What moved since; None before the straight shot."""
        self._now = frame, face, points
        if self._window is None or self._yaw is None:
            return None
        if not self._fresh and abs(yaw(points) - self._yaw) <= STRAIGHT:
            self._begin()
            self._fresh = True
        return self._window.measure(frame.rgb, points)

    def ask(self, advice: Advice) -> None:
        """Take in what the person is told after this frame."""
        if advice.taken is AskedPose.STRAIGHT:
            self._begin()
        if advice.taken is not None:
            self._fresh = False

    def _begin(self) -> None:
        if self._now is None:
            return
        frame, face, points = self._now
        self._window = MotionWindow(frame.rgb, face.face, points, frame.seconds)
        self._yaw = yaw(points) if self._yaw is None else self._yaw


def _look(frame: Frame, examiner: Examiner, mesh: MeshModel, straight: StraightView) -> FrameFaces:
    faces, width = examiner.examine(frame.rgb), frame.rgb.shape[1]
    points = mesh(frame.rgb, faces[0].face) if faces else None
    if points is None:
        return FrameFaces(frame.seconds, width, faces)
    turned = yaw_twice(mesh, frame.rgb, faces[0].face, points)
    return FrameFaces(frame.seconds, width, faces, turned, straight.compare(frame, faces[0], points))
