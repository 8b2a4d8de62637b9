"""Who is really in the simulated camera's frames: the truth that the kiosk's answers are scored by."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.domain import Box
from monitor.sources.simulated.choreography import HEIGHT, WIDTH, Pose, Visit
from monitor.sources.simulated.people import Portrait

CLEAR_SIZE = 40.0
"""Least width of a face that is clearly seen, in pixels."""
CLEAR_TURN = 20.0
"""Largest turn of a face that is clearly seen, in degrees."""
CLEAR_SECONDS = 1.0
"""Seconds without a break for which a face is clearly seen that came into clear view."""
_MOST_HIDDEN = 0.04
"""Largest share of a clearly seen face that a nearer head hides."""
_LEAST_OVERLAP = 0.3
"""Least intersection over union of a detector's box and the face that it shows."""
_NEARER_WINS = 0.6
"""Share of the best overlap from which a nearer person's face is taken."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """One person in one frame."""

    visit: int
    subject: int
    """Number of the person in the ORL set, 1 to 40."""
    name: str | None
    """None for a stranger."""
    box: Box
    """The face from eyebrows to chin and ear to ear, or where it would be when seen from behind."""
    clear: bool
    """The face is large enough, looks into the camera, and nothing hides it."""


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """One visit, summed up; times are seconds of simulated time."""

    subject: int
    name: str | None
    last_seen: float
    clear_from: float | None
    """When the first clear view of `CLEAR_SECONDS` or more began; None when there was none."""


def head_half_widths(size: float) -> tuple[float, float]:
    """Half the width and half the height of a head whose face is `size` wide."""
    return 0.62 * size, 0.80 * size


def face_unit(portrait: Portrait) -> float:
    """The size of the face on an ORL image, from its width and height, so that no pose makes heads jump."""
    return math.sqrt((portrait.right - portrait.left) * (portrait.bottom - portrait.top) * 74.7 / 69.3)


def face_box(pose: Pose) -> Box:
    """Where the face is in the frame."""
    shot = pose.shot if pose.blend >= 0.5 else pose.previous
    scale = pose.size / face_unit(shot)
    width = (shot.right - shot.left) * scale * squash(pose.turn)
    top = pose.y - (shot.eye_y - shot.top) * scale
    return Box(pose.x - width / 2, top, width, (shot.bottom - shot.top) * scale)


def squash(turn: float) -> float:
    """Width of a face turned by so many degrees, as a share of its frontal width."""
    return max(0.62, math.cos(math.radians(min(90.0, abs(turn)) * 0.75)))


def appearances(ordered: Sequence[tuple[Visit, Pose]]) -> tuple[Appearance, ...]:
    """Everybody in the frame, from the farthest to the nearest, as `ordered` is."""
    found = []
    for place, (visit, pose) in enumerate(ordered):
        box = face_box(pose)
        heads = [_head(other) for _, other in ordered[place + 1 :]]
        clear = _is_clear(pose, box) and all(box.intersection(head) <= _MOST_HIDDEN * box.area for head in heads)
        found.append(Appearance(visit.number, visit.subject.number, visit.subject.name, box, clear))
    return tuple(found)


def _is_clear(pose: Pose, box: Box) -> bool:
    inside = box.left >= 0 and box.top >= 0 and box.right <= WIDTH and box.bottom <= HEIGHT
    frontal = pose.shot.frontal and (pose.previous.frontal or pose.blend >= 1)
    return inside and frontal and abs(pose.turn) <= CLEAR_TURN and box.width >= CLEAR_SIZE and pose.opacity >= 1


def _head(pose: Pose) -> Box:
    half_width, half_height = head_half_widths(pose.size)
    return Box(pose.x - half_width, pose.y - half_height, 2 * half_width, 2.4 * half_height)


def whose_face(box: Box, there: Sequence[Appearance]) -> Appearance | None:
    """Whose face a detector's box shows, of people from the farthest to the nearest; None when it shows nobody's.

    Where two people overlap it is the nearer one, unless the box fits the other much better.
    """
    overlaps = [box.iou(one.box) for one in there]
    needed = max(_LEAST_OVERLAP, _NEARER_WINS * max(overlaps, default=0.0))
    fitting = [one for one, overlap in zip(there, overlaps, strict=True) if overlap >= needed]
    return fitting[-1] if fitting else None


def summed_up(frames: Iterable[tuple[float, tuple[Appearance, ...]]], step: float) -> tuple[VisitRecord, ...]:
    """One record per visit, from the seconds of each frame and who is there, `step` seconds apart."""
    seen: dict[int, list[tuple[float, Appearance]]] = {}
    for seconds, there in frames:
        for one in there:
            seen.setdefault(one.visit, []).append((seconds, one))
    return tuple(_record(sights, step) for sights in seen.values())


def _record(sights: list[tuple[float, Appearance]], step: float) -> VisitRecord:
    clear_from, begun = None, None
    for seconds, one in sights:
        begun = (seconds if begun is None else begun) if one.clear else None
        if begun is not None and clear_from is None and seconds + step - begun >= CLEAR_SECONDS - 1e-6:
            clear_from = begun
    last_seen, last = sights[-1]
    return VisitRecord(last.subject, last.name, last_seen, clear_from)
