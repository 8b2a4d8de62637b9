"""Enrolment before the camera: each frame goes to the coach and to the screen. It blocks: call it in workers only."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import monotonic, sleep
from uuid import UUID

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading
from enroll.camera.coach import WORDS, Advice, AskedPose, Coach
from enroll.camera.session import EnrolmentError, Shown, take_shots
from enroll.faces.examine import Examiner
from enroll.people.enrol import enrol_person
from enroll.people.gallery_index import GalleryIndex, load_index
from enroll.people.report import PersonReport
from enroll.people.store import Enrolment, Identity, find_person
from monitor.config import QualityLimits
from monitor.domain import Frame, Scene
from monitor.errors import SourceError
from monitor.sources.source import FrameSource, open_source

__all__ = (
    "WORDS", "Advice", "AskedPose", "Booth", "DoorFrames", "PersonReport", "Session", "Shown", "Wish", "booth_for",
    "enrol_from", "wish_of",
)  # fmt: skip

DOOR_PATIENCE = 5.0
"""Seconds that the door may send no new picture."""
POLL = 0.015
"""Seconds between looks at the door's latest picture."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to be enrolled, and how."""

    identity: Identity
    details: Enrolment
    supervised: bool
    """Somebody stands by and vouches for the person, so turns that do not come are left out."""


@dataclass(frozen=True, slots=True)
class Booth:
    """What taking shots needs besides a person."""

    open_source: Callable[[str], FrameSource] = open_source
    examiner: Callable[[], Examiner] = Examiner
    randomness: random.Random = field(default_factory=random.SystemRandom)
    """Draws the order of the turns."""
    limits: QualityLimits | None = None
    """From the settings; None for the defaults."""


@dataclass(frozen=True, slots=True)
class Session:
    """How a running session is shown and ended; all three are called from worker threads."""

    see: Callable[[Frame], None]
    """Gets every frame."""
    tell: Callable[[Shown], None]
    """Gets the advice when it changes."""
    stopped: Callable[[], bool]
    """True ends the session."""


class DoorFrames:
    """The frames that the door's kiosk takes, because a camera can be opened only once."""

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
            latest: what the door shows now.
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
            SourceError: the door sends none.
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
    """A source whose frames are seen by somebody else too."""

    def __init__(self, source: FrameSource, see: Callable[[Frame], None]) -> None:
        self.name = source.name
        self.live = source.live
        self._source = source
        self._see = see

    @property
    def warning(self) -> str | None:
        return self._source.warning

    @warning.setter
    def warning(self, warning: str | None) -> None:
        self._source.warning = warning

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
    booth: Booth,
    engine: Engine,
    cipher: TemplateCipher,
    wish: Wish,
    session: Session,
) -> PersonReport | None:
    """Coach somebody before a camera to five good shots, and enrol them.

    Args:
        frames: makes the source.

    Returns:
        What was taken and what not; None when the session was stopped.

    Raises:
        MusterError: the camera does not open, or the person is refused; the sentence says why.
        DatabaseError: the database cannot be read or written.
    """
    with reading(engine) as read:
        index = load_index(read, cipher)
        existing = find_person(read, wish.identity)
    coach = _coach(index, existing.id if existing else None, wish, booth)
    try:
        shots = take_shots(
            Watched(frames(), session.see),
            booth.examiner(),
            coach,
            show=_when_new(session.tell),
            stopped=session.stopped,
        )
    except EnrolmentError:
        if session.stopped():
            return None
        raise
    if session.stopped():
        return None
    return enrol_person(engine, cipher, index, wish.identity, shots, wish.details)


def booth_for(limits: QualityLimits) -> Booth:
    """The real camera and models, with the limits of quality from the settings."""
    return Booth(examiner=partial(Examiner, limits, steady=False), limits=limits)


def wish_of(name: str, number: str, group: str, at: datetime, actor: str, *, agreed: bool, supervised: bool) -> Wish:
    """What a form says; empty fields count as not given."""
    identity = Identity(name.strip(), number.strip() or None, group.strip() or None)
    return Wish(identity, Enrolment(at, actor, ("face", "mood") if agreed else ()), supervised)


def _coach(index: GalleryIndex, known: UUID | None, wish: Wish, booth: Booth) -> Coach:
    return Coach(index, randomness=booth.randomness, supervised=wish.supervised, known=known, limits=booth.limits)


def _when_new(tell: Callable[[Shown], None]) -> Callable[[Shown], None]:
    last: tuple[object, ...] = ()

    def show(shown: Shown) -> None:
        nonlocal last
        news = (shown.advice, shown.shots)
        if news != last:
            last = news
            tell(shown)

    return show
