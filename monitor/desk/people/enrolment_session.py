"""Enrolment before the camera: each frame goes to the coach and to the screen. `enrol_from` blocks."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic, sleep
from typing import Unpack

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading
from db.records.people import ConsentKind
from enroll.camera.coach import WORDS, Advice, AskedPose, Coach
from enroll.camera.session import EnrolmentError, Shown, take_shots
from enroll.faces.examine import Examiner
from enroll.people.enrol import enrol_person
from enroll.people.gallery_index import load_index
from enroll.people.report import PersonReport
from enroll.people.store import Enrolment, Identity, find_person
from monitor.config import QualityLimits, Settings
from monitor.desk.actor import Actor
from monitor.domain import Frame, Scene
from monitor.errors import SourceError
from monitor.sources.source import FrameSource, open_source
from monitor.sources.turned import turned

__all__ = (
    "WORDS", "Advice", "AskedPose", "CaptureSession", "CaptureSetup", "DoorFrames", "EnrolmentRequest", "PersonReport",
    "Shown", "capture_setup", "enrol_from", "enrolment_request",
)  # fmt: skip

DOOR_PATIENCE = 5.0
"""Seconds to wait for a new frame of the door."""
POLL = 0.015
"""Seconds between two looks at the door's latest frame."""


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """Who is to be enrolled, and how."""

    identity: Identity
    details: Enrolment
    supervised: bool
    """Somebody stands by and vouches for the person, so poses that the person does not take are left out."""


@dataclass(frozen=True, slots=True)
class CaptureSetup:
    """The camera and the models with which shots are taken."""

    open_source: Callable[[str], FrameSource] = open_source
    examiner: Callable[[], Examiner] = Examiner
    randomness: random.Random = field(default_factory=random.SystemRandom)
    """Draws the order of the poses."""


@dataclass(frozen=True, slots=True)
class CaptureSession:
    """How a running session is shown and ended; all three are called from worker threads."""

    tell: Callable[[Shown], None]
    """Gets the advice when it changes."""
    see: Callable[[Frame], None] = lambda _: None
    """Gets every frame."""
    stopped: Callable[[], bool] = lambda: False
    """True ends the session."""


def camera_of(setup: CaptureSetup, settings: Settings) -> Callable[[], FrameSource]:
    """Opens the source that the settings name, its pictures turned as they say."""
    return lambda: turned(setup.open_source(settings.source), settings.rotate)


class DoorFrames:
    """A source of the frames that the door's kiosk takes, because a camera can be opened only once."""

    live = True
    warning: str | None = None

    def __init__(
        self,
        latest: Callable[[], Scene | None],
        name: str,
        *,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[float], None] = sleep,
    ) -> None:
        """
        Args:
            latest: gives the scene that the door shows now.
            name: the door's source.
            clock: seconds that never jump.
            wait: waits that many seconds.
        """
        self.name = name
        self._latest = latest
        self._clock = clock
        self._wait = wait
        self._seen: Frame | None = None

    def open(self) -> None:
        """Nothing to open: the door did."""

    def read(self) -> Frame:
        """The next frame that the door took.

        Raises:
            SourceError: the door took no frame for `DOOR_PATIENCE`.
        """
        until = self._clock() + DOOR_PATIENCE
        while self._clock() < until:
            scene = self._latest()
            if scene is not None and scene.frame is not self._seen:
                self._seen = scene.frame
                return scene.frame
            self._wait(POLL)
        raise SourceError(f"The door uses {self.name} and gets no pictures from it; check its cable.")

    def close(self) -> None:
        """Nothing is held."""


class Watched:
    """A source that shows each frame to somebody else too."""

    warning: str | None = None

    def __init__(self, source: FrameSource, see: Callable[[Frame], None]) -> None:
        self.name = source.name
        self.live = source.live
        self._source = source
        self._see = see

    def open(self) -> None:
        """Raises: SourceError."""
        self._source.open()

    def read(self) -> Frame | None:
        """Raises: SourceError."""
        frame = self._source.read()
        if frame is not None:
            self._see(frame)
        return frame

    def close(self) -> None:
        self._source.close()


def enrol_from(
    frames: Callable[[], FrameSource],
    setup: CaptureSetup,
    engine: Engine,
    cipher: TemplateCipher,
    request: EnrolmentRequest,
    session: CaptureSession,
) -> PersonReport | None:
    """Coach somebody before a camera to five good shots, and enrol them.

    Args:
        frames: makes the source.

    Returns:
        The shots taken, and those not taken with the reason; None when the session was stopped.

    Raises:
        MusterError: the camera does not open, or the person is refused; the sentence says why.
        DatabaseError: the database cannot be read or written.
    """
    with reading(engine) as read:
        index = load_index(read, cipher)
        existing = find_person(read, request.identity)
    known = existing.id if existing else None
    coach = Coach(index, randomness=setup.randomness, supervised=request.supervised, known=known)
    source, show = Watched(frames(), session.see), _when_new(session.tell)
    try:
        shots = take_shots(source, setup.examiner(), coach, show=show, stopped=session.stopped)
    except EnrolmentError:
        if session.stopped():
            return None
        raise
    if session.stopped():
        return None
    return enrol_person(engine, cipher, index, request.identity, shots, request.details)


def capture_setup(limits: QualityLimits) -> CaptureSetup:
    """The real camera and models, with the limits of quality from the settings."""
    return CaptureSetup(examiner=partial(Examiner, limits, steady=False, turns=False))


def enrolment_request(
    name: str, number: str, group: str, consent: tuple[ConsentKind, ...], *, supervised: bool, **by: Unpack[Actor]
) -> EnrolmentRequest:
    """The request of a form or a command; an empty number or group counts as not given."""
    identity = Identity(name.strip(), number.strip() or None, group.strip() or None)
    return EnrolmentRequest(identity, Enrolment(**by, consent=consent), supervised)


def _when_new(tell: Callable[[Shown], None]) -> Callable[[Shown], None]:
    last: tuple[object, ...] = ()

    def show(shown: Shown) -> None:
        nonlocal last
        news = (shown.advice, shown.shots)
        if news != last:
            last = news
            tell(shown)

    return show
