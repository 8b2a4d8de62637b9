"""Who comes when, and how they move. Everything follows from the seed and the simulated time."""

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from monitor.sources.simulated.people import Portrait, Subject

WIDTH, HEIGHT = 640, 480
DOOR_X = 330.0
EYE_LEVEL = 176.0
"""The camera's horizon, pixels from the top."""

_OVERLAP = 0.6
"""Seconds by which a group starts before the group in front of it leaves."""
_LONGEST_VISIT = 20.0
"""Seconds; every visit is shorter."""
_PAUSE_TO_RETURN = 25.0
"""Seconds after which a person may come again."""
_CHANCE_TO_RETURN = 0.35
"""Chance that a person comes again while others have not come yet."""


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
    """Share of `shot` in the picture, 0 to 1; the rest is `previous`."""


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
    """The images of the person, each with the second of the visit from which it is shown."""
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
        for group in _ROUND:
            first, leaves = number, 0.0
            for keys, leaving in group(random):
                subject = callers.next(place in strangers, clock)
                late = random.uniform(0, 0.25) if number > first and group is not _swap else 0.0
                stature, phase = random.uniform(0.02, 0.3), random.uniform(0, 6.28)
                shots = _shots(subject, keys[-1].seconds, random)
                yield Visit(number, subject, clock + late, keys, shots, stature, phase)
                number, place, leaves = number + 1, place + 1, max(leaves, late + leaving)
            clock += leaves - _OVERLAP


class Programme:
    """The visits by time, worked out as far as they are asked for."""

    def __init__(self, seed: int, people: tuple[Subject, ...], last_start: float = math.inf) -> None:
        """Takes the second after which nobody comes."""
        self._to_come = visits(seed, people)
        self._known: list[Visit] = []
        self._last_start = last_start

    def present(self, seconds: float) -> list[tuple[Visit, Pose]]:
        """Who is there at that time, from the farthest to the nearest."""
        while not self._known or self._known[-1].starts <= seconds + 1:
            self._known.append(next(self._to_come))
        first = bisect_left(self._known, seconds - _LONGEST_VISIT, key=lambda visit: visit.starts)
        poses = ((visit, visit.pose(seconds)) for visit in self._known[first:] if visit.starts <= self._last_start)
        there = [(visit, pose) for visit, pose in poses if pose is not None]
        return sorted(there, key=lambda one: one[1].size)


class _Callers:
    """Whose turn it is: everybody once in a shuffled order, with some coming back in between."""

    def __init__(self, people: tuple[Subject, ...], random: np.random.Generator) -> None:
        self._random = random
        self._waiting: dict[bool, list[Subject]] = {}
        for stranger in (False, True):
            group = [one for one in people if (one.name is None) == stranger]
            self._waiting[stranger] = [group[index] for index in random.permutation(len(group))]
        self._gone: list[tuple[float, Subject]] = []

    def next(self, stranger: bool, now: float) -> Subject:
        waiting = self._waiting[stranger]
        ready = [one for one in self._gone if now - one[0] > _PAUSE_TO_RETURN and (one[1].name is None) == stranger]
        if ready and (not waiting or self._random.random() < _CHANCE_TO_RETURN):
            again = ready[int(self._random.integers(len(ready))) if waiting else 0]
            self._gone.remove(again)
            subject = again[1]
        else:
            subject = waiting.pop()
        self._gone.append((now, subject))
        return subject


def _shots(subject: Subject, seconds: float, random: np.random.Generator) -> tuple[tuple[float, Portrait], ...]:
    """First the frontal images, for as long as it takes to be recognised; later any."""
    frontal = [portrait for portrait in subject.seen if portrait.frontal] or list(subject.seen[:1])
    shots = [(0.0, frontal[int(random.integers(len(frontal)))])]
    t = random.uniform(1.9, 2.3)
    while t < seconds:
        choice = frontal if t < 3.2 else list(subject.seen)
        others = [portrait for portrait in choice if portrait is not shots[-1][1]] or choice
        shots.append((t, others[int(random.integers(len(others)))]))
        t += random.uniform(0.8, 1.4)
    return tuple(shots)


def _alone(random: np.random.Generator) -> Iterator[Part]:
    spot, size = random.uniform(210, 430), random.uniform(88, 122)
    keys = _way_in(spot, size, random)
    seconds = keys[-1].seconds
    if random.random() < 0.2:
        away, at = float(random.choice([-85.0, 85.0])), seconds + 0.8
        keys += (Key(at, spot, size), Key(at + 0.35, spot, size, away), Key(at + 0.7, spot, size, away))
        seconds = at + 1.05
        keys += (Key(seconds, spot, size),)
    leaves = seconds + random.uniform(1.15, 1.4)
    yield (*keys, *_way_out(spot, size, leaves, random)), leaves


def _side_by_side(
    random: np.random.Generator, spots: tuple[float, ...], spread: float, sizes: tuple[float, float], hold: float
) -> Iterator[Part]:
    for middle in spots:
        spot, size = middle + random.uniform(-spread, spread), random.uniform(*sizes)
        keys = _way_in(spot, size, random)
        leaves = keys[-1].seconds + hold + random.uniform(0, 0.3)
        yield (*keys, *_way_out(spot, size, leaves, random)), leaves


def _swap(random: np.random.Generator) -> Iterator[Part]:
    """Two people change places; the nearer one hides the other for a moment."""
    left, right = random.uniform(165, 195), random.uniform(445, 475)
    for here, there, size in ((left, right, random.uniform(92, 104)), (right, left, random.uniform(62, 70))):
        keys = _by_door(here, size, random)
        at = keys[-1].seconds
        middle = Key(at + 1.8, (here + there) / 2, size, 14.0 if there > here else -14.0)
        crossing = (Key(at + 1.1, here, size), middle, Key(at + 2.4, there, size))
        yield (*keys, *crossing, *_way_out(there, size, at + 3.4, random)), at + 3.4


_PAIR = partial(_side_by_side, spots=(205.0, 435.0), spread=25, sizes=(68, 96), hold=1.7)
_TRIO = partial(_side_by_side, spots=(118.0, 322.0, 524.0), spread=16, sizes=(58, 78), hold=1.9)
_ROUND = (_alone, _TRIO, _alone, _swap, _PAIR, _alone)
"""The groups that come one after the other, again and again."""


def _way_in(spot: float, size: float, random: np.random.Generator) -> tuple[Key, ...]:
    if random.random() < 0.7:
        return _by_door(spot, size, random)
    outside, turn = (-1.1 * size, 60.0) if spot < WIDTH / 2 else (WIDTH + 1.1 * size, -60.0)
    return (Key(0.0, outside, 0.9 * size, turn), Key(0.9, spot, 0.96 * size, turn / 3), Key(1.3, spot, size))


def _by_door(spot: float, size: float, random: np.random.Generator) -> tuple[Key, ...]:
    first, second = DOOR_X + random.uniform(-12, 12), DOOR_X + random.uniform(-12, 12)
    return (Key(0.0, first, 27.0), Key(0.3, second, 29.0), Key(1.3, spot, size))


def _way_out(spot: float, size: float, at: float, random: np.random.Generator) -> tuple[Key, ...]:
    """Aside, back through the door, or close past the camera."""
    stays = Key(at, spot, size)
    side = -1.0 if spot < WIDTH / 2 else 1.0
    way = random.random()
    if way < 0.4:
        outside = WIDTH / 2 + side * (WIDTH / 2 + 1.6 * size)
        return (stays, Key(at + 0.4, spot, size, 80 * side), Key(at + 1.4, outside, size, 85 * side))
    if way < 0.75:
        back = 180 * side
        turned = Key(at + 0.6, spot, 0.95 * size, back)
        return (stays, turned, Key(at + 1.9, DOOR_X, 28.0, back), Key(at + 2.2, DOOR_X, 26.0, back))
    near = min(160.0, 1.6 * size)
    return (stays, Key(at + 1.3, WIDTH / 2 + side * (WIDTH / 2 + 1.3 * near), near, 30 * side))
