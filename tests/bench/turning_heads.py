"""How many heads that turn aside as asked are let in: ORL's people, who look straight ahead on one picture and aside on
another, through the whole flow.

    PYTHONPATH=. python tests/bench/turning_heads.py [--rounds 4] [--keep FILE --seconds 400]

Every turned picture of a person with each straight one, as taken and mirrored; width of the face, frames a second, how
long it stays aside and what is behind it are drawn at random for each.
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from enroll.evaluation.rates import Rate
from enroll.faces.pose import head_pose
from monitor.domain import Embedding, Face, Frame, Phase, Question, RgbImage
from monitor.pipeline.liveness import LivenessCheck
from monitor.pipeline.pipeline import VisionFlow
from monitor.pipeline.prefetch import DetectorPrefetch
from monitor.pipeline.search_plan import SearchPlan
from monitor.vision.chips import face_chip
from monitor.vision.encoder import FaceEncoder
from monitor.vision.images import read_image
from monitor.vision.matching.gallery import Enrolled, GalleryEntry
from tests.bench.liveness import Bench, orl
from tests.monitor.pipeline.attacks.attacks import SIZE, backgrounds
from tests.monitor.pipeline.attacks.play import ANSWERED, FPS, START
from tests.monitor.pipeline.attacks.sheets import Camera
from tests.monitor.stage import FLOW, gallery_of, person_id

ASKED: Final = 24.0
"""Degrees by the detector's key points from which a head counts as turned as asked."""
_STRAIGHT: Final = 8.0
"""Degrees up to which a head looks straight ahead."""
_SCALE: Final = 1.6
"""Of the pictures on which poses are measured; faces are some 110 pixels wide there."""

Head = tuple[int, int]
"""Subject and image of ORL, from 1 on."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a head turns, and before what."""

    scale: float = _SCALE
    """Of the pictures."""
    frames_a_second: float = FPS
    aside: float = 0.8
    """Seconds for which it stays aside."""
    before: RgbImage | None = None
    """What is behind it; None for a plain wall."""


@dataclass(frozen=True, slots=True)
class Turned:
    """One head that was asked to turn, and did; or was never asked."""

    number: int
    """Of its round; each round tries each pair once, as taken and mirrored."""
    straight: Head
    turned: Head
    mirrored: bool
    width: int
    """Of the face that looks straight ahead, in pixels."""
    frames_a_second: int
    aside: float
    wall: str
    live: bool | None
    """Whether it was let in; None where it was not recognised looking straight ahead, and never asked."""
    evidence: Mapping[str, float | str]


class OneSide:
    """Draws the side that the pictures have."""

    def __init__(self, side: Question) -> None:
        self._side = side

    def choice(self, _: object) -> Question:
        return self._side


class Heads:
    """ORL's people, as taken or mirrored, with poses and embeddings."""

    def __init__(self, bench: Bench, subjects: Sequence[int] = range(1, 41), *, mirrored: bool = False) -> None:
        """
        Args:
            subjects: nobody else is enrolled.
            mirrored: every head turns to the other side.
        """
        self._bench, self._encoder = bench, FaceEncoder()
        self.pictures = {
            (subject, image): read_image(orl(subject, image))[:, :: -1 if mirrored else 1]
            for subject in subjects
            for image in range(1, 11)
        }
        frames = {head: on_a_frame(picture, Manner()) for head, picture in self.pictures.items()}
        self.faces: dict[Head, Face] = {
            h: face for h, rgb in frames.items() if (face := bench.largest(rgb)) is not None
        }
        chips = np.stack([face_chip(frames[head], face) for head, face in self.faces.items()])
        self._embeddings = dict(zip(self.faces, self._encoder.embed(chips), strict=True))
        self.yaws = {
            head: head_pose(face.keypoints).yaw for head, face in self.faces.items() if face.keypoints is not None
        }

    def pairs(self) -> Iterator[tuple[Head, Head]]:
        """A head that looks straight ahead, and the same person's turned aside."""
        for turned, aside in self.yaws.items():
            for straight, yaw in self.yaws.items():
                if straight[0] == turned[0] and abs(yaw) <= _STRAIGHT and abs(aside - yaw) >= ASKED:
                    yield straight, turned

    def turn(
        self, straight: Head, turned: Head, manner: Manner, random: np.random.Generator, *, mistaken: bool = False
    ) -> tuple[bool | None, dict[str, float | str]]:
        """Whether a head is let in that looks as on the first picture, and turns as on the second when it is asked
        (None: it was never asked); with what was measured.

        Args:
            mistaken: the other side is asked for.
        """
        enrolled = {head: one for head, one in self._embeddings.items() if head not in (straight, turned)}
        side = Question.LEFT if (self.yaws[turned] > self.yaws[straight]) != mistaken else Question.RIGHT
        check = LivenessCheck("always", self._bench.mesh, randomness=OneSide(side))  # type: ignore[arg-type]
        flow = VisionFlow(self._encoder, None, gallery_of_means(enrolled), FLOW, liveness=check)
        plan, detector = SearchPlan(), DetectorPrefetch(lambda: self._bench.detector)
        camera = Camera(random, SIZE)
        pictures = on_a_frame(self.pictures[straight], manner), self._where_it_stands(straight, turned, manner)
        asked, phases, evidence = None, list[Phase](), dict[str, float | str]()
        for number in range(round(14 * manner.frames_a_second)):
            now = number / manner.frames_a_second
            since = 0.0 if asked is None else (now - asked) % 4
            if since > ANSWERED and number % max(round(manner.frames_a_second / 3), 1):
                continue  # it has turned back: the rest of the time only passes
            rgb = camera.take(pictures[0.5 < since < 0.5 + manner.aside])
            search = plan.next(rgb, now)
            found = detector.submit(rgb, search).result() if search is not None else None
            observations, sightings = flow.process(Frame(number, START, now, rgb), found)
            if found is not None:
                plan.learn(now, found, settled=flow.settled, turning=flow.turning)
            phases += [one.phase for one in sightings]
            evidence |= next((dict(one.evidence) for one in sightings if one.evidence), {})
            if asked is None and any(one.question is side for one in observations):
                asked = now
            if Phase.LIVE in phases or Phase.NOT_LIVE in phases:
                break
        detector.close()
        return Phase.LIVE in phases if asked is not None else None, evidence

    def _where_it_stands(self, straight: Head, turned: Head, manner: Manner) -> RgbImage:
        """The turned head at the place of the straight one."""
        (x, y), (to_x, to_y) = self.faces[turned].box.centre, self.faces[straight].box.centre
        share = manner.scale / _SCALE
        at = 240 + round(share * (to_x - x)), 120 + round(share * (to_y - y))
        return on_a_frame(self.pictures[turned], manner, at)


def turns(bench: Bench, subjects: Sequence[int], *, mistaken: bool = False) -> tuple[int, int]:
    """One turned picture of each of these people: how many were recognised and asked, and how many of them let in."""
    heads, tried, passed = Heads(bench, subjects), 0, 0
    first = {turned[0]: (straight, turned) for straight, turned in heads.pairs()}
    for straight, turned in first.values():
        live, _ = heads.turn(straight, turned, Manner(), bench.random, mistaken=mistaken)
        tried += live is not None
        passed += live is True
    return tried, passed


def every_pair(bench: Bench, rounds: int, keep: Path | None, seconds: float) -> list[Turned]:
    """Every pair as taken and mirrored `rounds` times, each in a manner of its own.

    Args:
        keep: gets a line of JSON for each; those that are there already are not tried again.
        seconds: after which no further one begins.
    """
    began, lines = time.monotonic(), keep.read_text(encoding="utf-8").splitlines() if keep and keep.exists() else []
    tried = [of_line(line) for line in lines]
    known = {(one.number, one.straight, one.turned, one.mirrored) for one in tried}
    for mirrored in (False, True):
        heads = Heads(bench, mirrored=mirrored)
        for number, (straight, turned) in product(range(rounds), list(heads.pairs())):
            if (number, straight, turned, mirrored) in known or time.monotonic() - began > seconds:
                continue
            one = in_some_manner(heads, straight, turned, number, mirrored=mirrored)
            tried.append(one)
            if keep is not None:
                with keep.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(one)) + "\n")
    return tried


def of_line(line: str) -> Turned:
    values = json.loads(line)
    return Turned(**values | {key: tuple(values[key]) for key in ("straight", "turned")})


def in_some_manner(heads: Heads, straight: Head, turned: Head, number: int, *, mirrored: bool) -> Turned:
    """A face of 46 to 160 pixels, 5 to 30 frames a second, aside for 0.7 to 1.5 seconds, before one of three walls."""
    random = np.random.default_rng([number, *straight, turned[1], mirrored])
    width, aside = random.uniform(46, 160), float(random.uniform(0.7, 1.5))
    frames_a_second = int(random.integers(5, 31))
    walls = dict(zip(("bookshelves", "pictures", "plain"), backgrounds(random), strict=True))
    wall = list(walls)[int(random.integers(3))]
    scale = _SCALE * width / heads.faces[straight].box.width
    live, evidence = heads.turn(straight, turned, Manner(scale, frames_a_second, aside, walls[wall]), random)
    return Turned(
        number, straight, turned, mirrored, round(width), frames_a_second, round(aside, 2), wall, live, evidence
    )


def gallery_of_means(embeddings: Mapping[Head, Embedding]) -> Enrolled:
    """These of ORL's people, each from five of these pictures."""
    people: defaultdict[int, list[Embedding]] = defaultdict(list)
    for (subject, _), embedding in embeddings.items():
        people[subject].append(embedding)
    means = {f"s{subject}": np.mean(all_of[:5], axis=0).astype(np.float32) for subject, all_of in people.items()}
    entries = [GalleryEntry(person_id(name), name, mean, 0.0) for name, mean in means.items()]
    return Enrolled(gallery_of(entries), frozenset())


def on_a_frame(photo: RgbImage, manner: Manner, at: tuple[int, int] = (240, 120)) -> RgbImage:
    how = cv2.INTER_CUBIC if manner.scale > 1 else cv2.INTER_AREA
    large = cv2.resize(photo, None, fx=manner.scale, fy=manner.scale, interpolation=how)
    frame = np.full((*SIZE, 3), 100, np.uint8) if manner.before is None else manner.before.copy()
    x, y = at
    frame[y : y + large.shape[0], x : x + large.shape[1]] = large
    return frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--keep", type=Path, help="heads that were tried already; goes on from there")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="after which no further head begins")
    given = parser.parse_args()
    tried = every_pair(Bench(None, 1, 1), given.rounds, given.keep, given.seconds)
    for one in tried:
        if one.live is False:
            print(f"  kept out: {one}")
    asked = [one for one in tried if one.live is not None]
    people = Counter(one.straight[0] for one in asked)
    for name, some in {
        "all": asked, "as taken": [one for one in asked if not one.mirrored],
        "mirrored": [one for one in asked if one.mirrored], "below 60 pixels": [one for one in asked if one.width < 60],
        "below 10 frames a second": [one for one in asked if one.frames_a_second < 10],
    }.items():  # fmt: skip
        print(f"{name}: {len(some)} asked; let in {Rate(sum(one.live is True for one in some), len(some))}")
    turned = {(one.turned, one.mirrored) for one in asked}
    print(f"{len(people)} people, {len(turned)} turned pictures; {len(tried) - len(asked)} were never asked")


if __name__ == "__main__":
    main()
