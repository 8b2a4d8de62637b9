"""How many sheets with a picture of somebody the coach of enrolment takes for a head that turns aside.

    PYTHONPATH=. python tests/bench/enrolment.py --data FOLDER [--half 1] [--rounds 4] [--seed 1]

FOLDER as in `tests/bench/liveness.py`, which draws the sheets.
"""

import argparse
from contextlib import suppress
from pathlib import Path
from random import Random

from enroll.camera.coach import ASIDE, AskedPose, Coach
from enroll.camera.session import EnrolmentError, Shown, take_shots
from enroll.faces.examine import Examiner
from enroll.people.gallery_index import GalleryIndex
from monitor.domain import Frame
from tests.bench.liveness import Bench
from tests.monitor.pipeline.attacks.attacks import PRINTS, Attack, Kind, backgrounds
from tests.monitor.pipeline.attacks.play import FPS, START


class Sheet:
    """A source that shows somebody's picture on a sheet, turned as the coach of enrolment asks: four seconds a turn."""

    name, live = "sheet", False
    warning: str | None = None

    def __init__(self, attack: Attack, turn: float) -> None:
        self._attack, self._turn, self._number = attack, turn, 0
        self._ask, self._since = AskedPose.STRAIGHT, 0.0

    def open(self) -> None:
        pass

    def read(self) -> Frame:
        now = self._number / FPS
        side = {AskedPose.LEFT: 1.0, AskedPose.RIGHT: -1.0}.get(self._ask, 0.0)
        rgb = self._attack.frame(now, side * self._turn * min(max(now - self._since - 0.5, 0) / 2, 1))
        self._number += 1
        return Frame(self._number - 1, START, now, rgb)

    def close(self) -> None:
        pass

    def show(self, shown: Shown) -> None:
        ask = shown.advice.ask
        if ask is not None and ask is not self._ask:
            self._ask, self._since = ask, self._number / FPS


def enrolment(bench: Bench, rounds: int) -> None:
    """Bent sheets before the coach of enrolment, turned by 40 to 75 degrees: how many get a shot of a turn aside."""
    photographs, examiner = bench.photographs(), Examiner()
    for name, bend in (("bent to 140 degrees", (100, 140)), ("bent to 90 degrees", (60, 90)), ("flat", (0, 0))):
        kind = Kind(name, PRINTS, bend=bend)
        begun = aside = both = 0
        for number in range(rounds):
            portrait = bench.photograph(photographs[int(bench.random.integers(len(photographs)))])
            if portrait is None:
                continue
            attack = Attack(kind, portrait, backgrounds(bench.random)[number % 3], bench.random)
            coach = Coach(GalleryIndex(), randomness=Random(number), supervised=True, patience=4.0)
            sheet = Sheet(attack, float(bench.random.uniform(40, 75)))
            seen = iter(range(round(24 * FPS)))
            with suppress(EnrolmentError):
                take_shots(
                    sheet, examiner, coach, show=sheet.show, mesh=bench.mesh,
                    stopped=lambda seen=seen: next(seen, None) is None,  # type: ignore[misc]
                )  # fmt: skip
            turned = coach.shots.keys() & set(ASIDE)
            begun, aside, both = begun + bool(coach.shots), aside + bool(turned), both + (len(turned) == 2)
        print(f"enrolment, {name}: {begun} sheets; one turn aside taken {aside}, both {both}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="What the coach of enrolment makes of sheets with a picture.")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    enrolment(Bench(given.data, given.half, given.seed), given.rounds)


if __name__ == "__main__":
    main()
