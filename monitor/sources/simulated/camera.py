"""The camera of the demo: real faces on drawn people, who come and go before a drawn hall."""

import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from monitor.domain import Frame, RgbImage
from monitor.sources.live import now_utc
from monitor.sources.simulated.choreography import Programme
from monitor.sources.simulated.people import cast, photo
from monitor.sources.simulated.scenery import hall, light_at, through_the_lens
from monitor.sources.simulated.sprites import draw_person
from monitor.sources.simulated.truth import Appearance, VisitRecord, appearances, summed_up

NO_NEW_VISITS = 4.0
"""Seconds before the end in which nobody new comes, so that the last visitors are seen clearly."""


class SimulatedCamera:
    """Plays people coming and going, 640x480. The frames depend on the seed and the frame's number only.

    It is not `live`: however slow the machine is, every frame is processed. With `realtime` it takes its time
    between frames, as a camera does.
    """

    live = False
    warning: str | None = None

    def __init__(
        self,
        seed: int = 1,
        seconds: float | None = None,
        *,
        fps: float = 15.0,
        realtime: bool = False,
        starts_at: datetime | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        Args:
            seed: who is enrolled, who comes, and how.
            seconds: simulated time after which it ends; None for never.
            starts_at: the time of the first frame (UTC); when it was opened, if not given.
            clock: seconds that never jump.
            sleep: waits that many seconds.
        """
        self.name = "Simulated camera"
        self.fps = fps
        self._seed = seed
        self._seconds = seconds
        self._realtime = realtime
        self._given = starts_at
        self._starts_at = starts_at or now_utc()
        self._clock = clock
        self._sleep = sleep
        self._people = cast(seed)
        last_start = math.inf if seconds is None else seconds - min(NO_NEW_VISITS, seconds / 2)
        self._programme = Programme(seed, self._people, last_start)
        self._phase = (seed * 0.618) % 6.28
        self._index = 0
        self._began: float | None = None

    def enrolment(self) -> Mapping[str, list[RgbImage]]:
        """Photos of the people to enrol, by name: uint8 (h, w, 3). None of them is ever shown to the camera."""
        return {one.name: [photo(portrait) for portrait in one.enrolment] for one in self._people if one.name}

    def strangers(self) -> list[list[RgbImage]]:
        """Photos of each who is not enrolled: uint8 (h, w, 3)."""
        return [[photo(portrait) for portrait in one.enrolment] for one in self._people if not one.name]

    def open(self) -> None:
        """Begin again at the first frame."""
        hall()
        self._starts_at = self._given or now_utc()  # people were enrolled meanwhile, which takes a minute
        self._index = 0
        self._began = None

    def read(self) -> Frame | None:
        """The next frame; None after `seconds`."""
        seconds = self._index / self.fps
        if self._seconds is not None and seconds >= self._seconds - 1e-9:
            return None
        if self._realtime:
            self._keep_pace(seconds)
        at = self._starts_at + timedelta(seconds=seconds)
        frame = Frame(index=self._index, at=at, seconds=seconds, rgb=self.picture(self._index))
        self._index += 1
        return frame

    def close(self) -> None:
        """Nothing is held."""

    def picture(self, index: int) -> RgbImage:
        """The frame of that number: uint8 (480, 640, 3)."""
        seconds = index / self.fps
        frame = hall().copy()
        for visit, pose in self._programme.present(seconds):
            draw_person(frame, visit.subject.number, pose)
        return through_the_lens(frame, light_at(seconds, self._phase), index, self._seed)

    def truth_at(self, seconds: float) -> tuple[Appearance, ...]:
        """Who really is in the picture at that time, from the farthest to the nearest."""
        return appearances(self._programme.present(seconds))

    def visits(self, until: float | None = None) -> tuple[VisitRecord, ...]:
        """All visits that began until then, as they were seen until then: in simulated seconds; None for those read."""
        frames = self._index if until is None else round(until * self.fps)
        times = (index / self.fps for index in range(frames))
        return summed_up(((seconds, self.truth_at(seconds)) for seconds in times), 1 / self.fps)

    def _keep_pace(self, seconds: float) -> None:
        if self._began is None:
            self._began = self._clock() - seconds
        early = seconds - (self._clock() - self._began)
        if early > 0:
            self._sleep(early)
