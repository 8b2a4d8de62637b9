"""Who comes when, and how they move. Everything follows from the seed and the simulated time."""

import math
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from monitor.sources.simulated.people import Portrait, Subject

WIDTH, HEIGHT = 640, 480
DOOR_X = 330.0
EYE_LEVEL = 176.0
"""The camera's horizon, pixels from the top."""

_ROUND = ("alone", "trio", "alone", "swap", "pair", "alone")
_OVERLAP = 0.6
"""Seconds that the next group sets out before the one in front leaves."""

_PAUSE_TO_RETURN = 25.0
_CHANCE_TO_RETURN = 0.35


@dataclass(frozen=True, slots=True)
class Key:
    """Where someone is at one moment; in between they move smoothly."""

    seconds: float
    """Since the beginning of the visit."""
    x: float
    """Pixels, the middle of the face."""
    size: float
    """Width of the face in pixels, ear to ear."""
    turn: float = 0.0
    """Degrees: 0 looks into the camera, 90 is a profile to the picture's right, 180 shows the back."""


Part: TypeAlias = tuple[tuple[Key, ...], float]
"""One person's way through a scene, and the second at which they begin to leave."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How someone looks at one moment."""

    x: float
    y: float
    """Of the middle of the eyes, pixels."""
    size: float
    turn: float
    roll: float
    """Degrees, clockwise."""
    opacity: float
    """0 to 1; people fade in and out in the doorway."""
    shot: Portrait
    previous: Portrait
    blend: float
    """How much of `shot` is to be seen, the rest is `previous`."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One person coming, looking into the camera, and leaving."""

    number: int
    """Counts from 0."""
    subject: Subject
    starts: float
    """Seconds of simulated time."""
    keys: tuple[Key, ...]
    shots: tuple[tuple[float, Portrait], ...]
    """From which second of the visit on the person looks like which image."""
    stature: float
    """How far the eyes are below the camera, in face widths."""
    phase: float

    @property
    def ends(self) -> float:
        return self.starts + self.keys[-1].seconds

    def pose(self, seconds: float) -> Pose | None:
        """At a simulated time; None when the person is not there."""
        t = seconds - self.starts
        if not 0 <= t <= self.keys[-1].seconds:
            return None
        x, size, turn = _between(self.keys, t)
        _, before, _ = _between(self.keys, max(0.0, t - 0.1))
        walking = min(1.0, abs(size - before) / size * 12)
        sway = math.sin(1.7 * t + self.phase)
        x += 0.05 * size * sway
        y = EYE_LEVEL + size * (self.stature + 0.05 * walking * abs(math.sin(6.5 * t)) + 0.012 * sway)
        current, previous, blend = self._shot(t)
        roll = 2.0 * math.sin(1.1 * t + 2 * self.phase)
        opacity = min(1.0, t / 0.35, (self.keys[-1].seconds - t) / 0.35)
        return Pose(x, y, size, turn, roll, opacity, current, previous, blend)

    def _shot(self, t: float) -> tuple[Portrait, Portrait, float]:
        now = max(n for n, (since, _) in enumerate(self.shots) if since <= t)
        since, portrait = self.shots[now]
        return portrait, self.shots[max(0, now - 1)][1], min(1.0, (t - since) / 0.2)


def _between(keys: tuple[Key, ...], t: float) -> tuple[float, float, float]:
    """Position, size and turn by eased interpolation; size in proportion, as a walk towards a camera looks."""
    after = next(n for n, key in enumerate(keys) if t <= key.seconds)
    a, b = keys[max(0, after - 1)], keys[after]
    share = (t - a.seconds) / (b.seconds - a.seconds) if b.seconds > a.seconds else 1.0
    eased = share * share * (3 - 2 * share)
    size = a.size * (b.size / a.size) ** eased
    return a.x + (b.x - a.x) * eased, size, a.turn + (b.turn - a.turn) * eased


def visits(seed: int, people: tuple[Subject, ...]) -> Iterator[Visit]:
    """All visits in the order of their beginning, for ever."""
    random = np.random.default_rng((seed, 2))
    callers = _Callers(people, random)
    number, clock = 0, 0.1
    while True:
        strangers = set(random.choice(np.arange(1, 10), size=int(random.integers(2, 4)), replace=False).tolist())
        place = 0
        for kind in _ROUND:
            begun = number
            leaves = 0.0
            for keys, leaving in _GROUPS[kind](random):
                subject = callers.next(place in strangers, clock)
                late = float(random.uniform(0, 0.25)) if number > begun and kind != "swap" else 0.0
                yield _visit(number, subject, clock + late, keys, random)
                number, place, leaves = number + 1, place + 1, max(leaves, late + leaving)
            clock += leaves - _OVERLAP


class Programme:
    """The visits by time, worked out as far as they are asked for. Safe to ask from several threads."""

    _LONGEST = 20.0
    """Seconds; every visit is shorter."""

    def __init__(self, seed: int, people: tuple[Subject, ...], last_start: float = math.inf) -> None:
        """
        Args:
            last_start: nobody comes after this second.
        """
        self._to_come = visits(seed, people)
        self._known: list[Visit] = []
        self._last_start = last_start
        self._lock = threading.Lock()

    def present(self, seconds: float) -> list[tuple[Visit, Pose]]:
        """Who is there at that time, from the farthest to the nearest."""
        with self._lock:
            while not self._known or self._known[-1].starts <= seconds + 1:
                self._known.append(next(self._to_come))
            first = bisect_left(self._known, seconds - self._LONGEST, key=lambda visit: visit.starts)
            near = self._known[first:]
        poses = ((visit, visit.pose(seconds)) for visit in near if visit.starts <= self._last_start)
        there = [(visit, pose) for visit, pose in poses if pose is not None]
        return sorted(there, key=lambda one: one[1].size)


class _Callers:
    """Whose turn it is: everybody once in a shuffled order, with some coming back in between."""

    def __init__(self, people: tuple[Subject, ...], random: np.random.Generator) -> None:
        self._random = random
        self._waiting = {known: self._shuffled(people, known) for known in (True, False)}
        self._gone: list[tuple[float, Subject]] = []

    def _shuffled(self, people: tuple[Subject, ...], known: bool) -> list[Subject]:
        group = [one for one in people if (one.name is not None) == known]
        return [group[index] for index in self._random.permutation(len(group))]

    def next(self, stranger: bool, now: float) -> Subject:
        ready = [
            entry for entry in self._gone if now - entry[0] > _PAUSE_TO_RETURN and (entry[1].name is None) == stranger
        ]
        waiting = self._waiting[not stranger]
        if ready and (not waiting or self._random.random() < _CHANCE_TO_RETURN):
            entry = ready[0] if not waiting else ready[int(self._random.integers(len(ready)))]
            self._gone.remove(entry)
            subject = entry[1]
        else:
            subject = waiting.pop()
        self._gone.append((now, subject))
        return subject


def _visit(number: int, subject: Subject, starts: float, keys: tuple[Key, ...], random: np.random.Generator) -> Visit:
    stature, phase = float(random.uniform(0.02, 0.3)), float(random.uniform(0, 6.28))
    return Visit(number, subject, starts, keys, _shots(subject, keys[-1].seconds, random), stature, phase)


def _shots(subject: Subject, seconds: float, random: np.random.Generator) -> tuple[tuple[float, Portrait], ...]:
    """First the frontal images, for as long as it takes to be seen; later any."""
    frontal = [portrait for portrait in subject.seen if portrait.frontal] or list(subject.seen[:1])
    shots = [(0.0, frontal[int(random.integers(len(frontal)))])]
    t = float(random.uniform(1.9, 2.3))
    while t < seconds:
        choice = frontal if t < 3.2 else list(subject.seen)
        others = [portrait for portrait in choice if portrait is not shots[-1][1]] or choice
        shots.append((t, others[int(random.integers(len(others)))]))
        t += float(random.uniform(0.8, 1.4))
    return tuple(shots)


def _alone(random: np.random.Generator) -> Iterator[Part]:
    spot, size = float(random.uniform(210, 430)), float(random.uniform(88, 122))
    keys = _way_in(spot, size, random)
    seconds = keys[-1].seconds
    if random.random() < 0.2:
        keys += _look_away(spot, size, seconds + 0.8, random)
        seconds = keys[-1].seconds
    leaves = seconds + float(random.uniform(1.15, 1.4))
    yield (*keys, *_way_out(spot, size, leaves, random)), leaves


def _pair(random: np.random.Generator) -> Iterator[Part]:
    for spot in (205.0, 435.0):
        yield from _stand(spot + float(random.uniform(-25, 25)), float(random.uniform(68, 96)), 1.7, random)


def _trio(random: np.random.Generator) -> Iterator[Part]:
    for spot in (118.0, 322.0, 524.0):
        yield from _stand(spot + float(random.uniform(-16, 16)), float(random.uniform(58, 78)), 1.9, random)


def _stand(spot: float, size: float, hold: float, random: np.random.Generator) -> Iterator[Part]:
    keys = _way_in(spot, size, random)
    leaves = keys[-1].seconds + hold + float(random.uniform(0, 0.3))
    yield (*keys, *_way_out(spot, size, leaves, random)), leaves


def _swap(random: np.random.Generator) -> Iterator[Part]:
    """Two people change places; the nearer one hides the other for a moment."""
    left, right = float(random.uniform(165, 195)), float(random.uniform(445, 475))
    for here, there, size in ((left, right, random.uniform(92, 104)), (right, left, random.uniform(62, 70))):
        keys = _way_in(here, float(size), random, by_door=True)
        at = keys[-1].seconds
        lean = 14.0 if there > here else -14.0
        crossing = (
            Key(at + 1.1, here, float(size)),
            Key(at + 1.8, (here + there) / 2, float(size), lean),
            Key(at + 2.4, there, float(size)),
        )
        yield (*keys, *crossing, *_way_out(there, float(size), at + 3.4, random)), at + 3.4


_GROUPS: dict[str, Callable[[np.random.Generator], Iterator[Part]]] = {
    "alone": _alone,
    "pair": _pair,
    "swap": _swap,
    "trio": _trio,
}


def _way_in(spot: float, size: float, random: np.random.Generator, by_door: bool | None = None) -> tuple[Key, ...]:
    if by_door is None:
        by_door = bool(random.random() < 0.7)
    if by_door:
        return (
            Key(0.0, DOOR_X + float(random.uniform(-12, 12)), 27.0),
            Key(0.3, DOOR_X + float(random.uniform(-12, 12)), 29.0),
            Key(1.3, spot, size),
        )
    from_left = spot < WIDTH / 2
    outside, turn = (-1.1 * size, 60.0) if from_left else (WIDTH + 1.1 * size, -60.0)
    return (Key(0.0, outside, 0.9 * size, turn), Key(0.9, spot, 0.96 * size, turn / 3), Key(1.3, spot, size))


def _look_away(spot: float, size: float, at: float, random: np.random.Generator) -> tuple[Key, ...]:
    turn = float(random.choice([-85.0, 85.0]))
    return (
        Key(at, spot, size),
        Key(at + 0.35, spot, size, turn),
        Key(at + 0.7, spot, size, turn),
        Key(at + 1.05, spot, size),
    )


def _way_out(spot: float, size: float, at: float, random: np.random.Generator) -> tuple[Key, ...]:
    stays = Key(at, spot, size)
    side = -1.0 if spot < WIDTH / 2 else 1.0
    outside = WIDTH / 2 + side * (WIDTH / 2 + 1.6 * size)
    way = random.random()
    if way < 0.4:
        return (stays, Key(at + 0.4, spot, size, 80 * side), Key(at + 1.4, outside, size, 85 * side))
    if way < 0.75:
        turned = Key(at + 0.6, spot, 0.95 * size, 180 * side)
        return (stays, turned, Key(at + 1.9, DOOR_X, 28.0, 180 * side), Key(at + 2.2, DOOR_X, 26.0, 180 * side))
    near = min(160.0, 1.6 * size)
    beyond = WIDTH / 2 + side * (WIDTH / 2 + 1.3 * near)
    return (stays, Key(at + 1.3, beyond, near, 30 * side))
