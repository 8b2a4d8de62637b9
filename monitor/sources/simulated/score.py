"""Scores the kiosk on the simulated camera, whose truth is known."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from monitor.domain import EventKind, KioskEvent, Scene
from monitor.sources.simulated.camera import SimulatedCamera
from monitor.sources.simulated.truth import whose_face

_OVERLAPS = 0.15
"""Least intersection over union of a box and a person's face; two people who pass each other can both reach it."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The score of a run of the demo."""

    visitors: int
    """Enrolled people who came into clear view."""
    checked_in: int
    """Visitors who were checked in, or out where they had been in since before."""
    named_right: int
    """Tracks that were named, and never wrongly."""
    named_wrong: int
    """Tracks of enrolled people that were named wrongly at least once."""
    strangers: int
    """Strangers who came into clear view."""
    strangers_named: int
    """Tracks of strangers that were named at least once."""


class Scorer:
    """Compares what the kiosk shows and writes with what the camera plays."""

    def __init__(self, truth: SimulatedCamera) -> None:
        """Takes a camera of the same seed and length; not the one being read, which belongs to another thread."""
        self._truth = truth
        self._named: set[int] = set()
        self._really: defaultdict[int, Counter[str | None]] = defaultdict(Counter)
        self._wrong: set[int] = set()
        self._checked_in: set[str] = set()
        self._seconds = 0.0

    def see(self, scene: Scene) -> None:
        """Compare one frame."""
        self._seconds = scene.frame.seconds
        there = self._truth.truth_at(self._seconds)
        for observation in scene.observations:
            track, box = observation.track.id, observation.track.face.box
            appearance = whose_face(box, there)
            if appearance is None:
                continue
            self._really[track][appearance.name] += 1
            person = observation.match.person if observation.match else None
            if person is not None:
                self._named.add(track)
                if person.name not in {one.name for one in there if one.box.iou(box) >= _OVERLAPS}:
                    self._wrong.add(track)

    def hear(self, event: KioskEvent) -> None:
        """Note a fact that was written."""
        if event.kind in (EventKind.CHECK_IN, EventKind.CHECK_OUT) and event.name is not None:
            self._checked_in.add(event.name)

    def truth(self) -> Truth:
        """The score so far."""
        clear = [visit for visit in self._truth.visits(self._seconds) if visit.clear_from is not None]
        visitors = {visit.name for visit in clear if visit.name is not None}
        named = {track: self._really[track].most_common(1)[0][0] for track in self._named}
        return Truth(
            visitors=len(visitors),
            checked_in=len(visitors & self._checked_in),
            named_right=len(named.keys() - self._wrong),
            named_wrong=sum(named[track] is not None for track in self._wrong),
            strangers=len({visit.subject for visit in clear if visit.name is None}),
            strangers_named=sum(named[track] is None for track in self._wrong),
        )
