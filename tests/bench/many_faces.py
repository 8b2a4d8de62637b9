"""How long a camera's frame takes to its answer while many people are in view, and how soon all of them have a name.

    PYTHONPATH=. python tests/bench/many_faces.py --faces 20 --load 2

A camera of 1920x1080 pixels and 30 frames a second, whose frames are JPEG, shows people of ORL who sway; all of them
are enrolled. The delay runs from the arrival of a frame until it is told what is on it. `--load` lets so many processes
compute meanwhile, as other programs do.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event

import cv2
import numpy as np

from monitor.bench.flow import open_door
from monitor.domain import Frame, RgbImage, Scene
from monitor.pipeline.open_kiosk import open_kiosk
from monitor.sources.live import now_utc
from monitor.sources.simulated.choreography import Pose
from monitor.sources.simulated.people import Subject, cast, photo
from monitor.sources.simulated.sprites import draw_person

SIZE = 1920, 1080
FPS = 30.0
PICTURES = 30
"""Different frames, shown forwards and backwards."""
SETTLED = 3.0
"""Seconds after the first answer whose delays are told apart: tracks begin, and everybody gets a name."""
COLUMNS = 7


class Crowd:
    """A live camera; its frames are decoded when they are read."""

    live = True
    warning: str | None = None
    name = "crowd"

    def __init__(self, pictures: Sequence[RgbImage]) -> None:
        flags = [cv2.IMWRITE_JPEG_QUALITY, 90]
        frames = [cv2.imencode(".jpg", cv2.cvtColor(one, cv2.COLOR_RGB2BGR), flags)[1] for one in pictures]
        self._frames = [*frames, *frames[-2:0:-1]]
        self._index = -1
        self.began = 0.0

    def open(self) -> None:
        self.began, self._opened = time.monotonic(), now_utc()

    def read(self) -> Frame:
        """The frame that arrives next; its `seconds` are those of its arrival."""
        self.skip()
        rgb = cv2.imdecode(self._frames[self._index % len(self._frames)], cv2.IMREAD_COLOR_RGB)
        seconds = self._index / FPS
        return Frame(self._index, self._opened + timedelta(seconds=seconds), seconds, np.asarray(rgb, np.uint8))

    def skip(self) -> None:
        """Wait for the next frame; those that came meanwhile are gone, as in a driver."""
        since = time.monotonic() - self.began
        self._index = max(self._index + 1, int(since * FPS))
        time.sleep(max(self._index / FPS - since, 0.0))

    def close(self) -> None: ...


def pictures_of(people: Sequence[Subject], width: float) -> list[RgbImage]:
    """The people in rows before a wall, each swaying by a third of a face of that width in pixels."""
    columns = min(len(people), COLUMNS)
    rows = -(-len(people) // columns)
    frames = [np.full((SIZE[1], SIZE[0], 3), 150, np.uint8) for _ in range(PICTURES)]
    for index, frame in enumerate(frames):
        for number, one in enumerate(people):
            row, column = divmod(number, columns)
            x = (column + 0.5) * SIZE[0] / columns + width / 3 * float(np.sin(index / PICTURES * np.pi + number))
            y = (row + 0.35) * SIZE[1] / rows
            shot = one.seen[0]
            draw_person(frame, one.number, Pose(x, y, width, 0.0, 0.0, 1.0, shot, shot, 1.0))
    return frames


def measure(faces: int, width: float, seconds: float) -> str:
    """One line: delays, frames, processor time a frame (of all threads), and when everybody had a name."""
    people = [one for one in cast(1) if one.name][:faces]
    camera = Crowd(pictures_of(people, width))
    told: list[tuple[float, float]] = []
    spent: list[float] = []
    named: dict[str, float] = {}
    over = Event()

    def see(scene: Scene) -> None:
        now = time.monotonic() - camera.began
        told.append((now, now - scene.frame.seconds))
        spent.append(time.process_time())
        for one in scene.observations:
            if one.match is not None and one.match.person is not None:
                named.setdefault(one.match.person.name, now)
        if now - told[0][0] > seconds:
            over.set()

    with tempfile.TemporaryDirectory(prefix="muster-crowd-") as folder:
        door = open_door(Path(folder), {str(one.name): [photo(shot) for shot in one.enrolment] for one in people})
        settings = door.settings.model_copy(update={"liveness": "off"})
        kiosk = open_kiosk(
            settings, door.engine, door.cipher, camera, publish_scene=see, publish_event=lambda event: None
        )
        kiosk.start()
        while not over.wait(1.0) and not kiosk.wait(0.0):
            ...
        kiosk.stop()
        door.engine.dispose()
    first = told[0][0]
    parts = [[delay for at, delay in told if (at - first < SETTLED) is early] for early in (True, False)]
    early, late = (1000 * np.percentile(part, (50, 95, 100)) for part in parts)
    all_named = f"{max(named.values()) - first:5.1f} s" if len(named) == faces else f"{len(named)} only"
    cost = 1000 * (spent[-1] - spent[0]) / (len(spent) - 1)
    return (
        f"{faces:5} {early[0]:9.0f} {early[1]:6.0f} {early[2]:6.0f} {late[0]:9.0f} {late[1]:6.0f} {late[2]:6.0f}"
        f" {len(parts[1]) / (seconds - SETTLED):8.1f} {cost:10.0f} {all_named:>10}"
    )


def work() -> None:
    """Another program that computes without end."""
    while True:
        sum(range(100_000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, nargs="*", default=[1, 5, 20])
    parser.add_argument("--width", type=float, default=110.0, help="of a face, in pixels")
    parser.add_argument("--load", type=int, default=0, help="processes that compute meanwhile")
    parser.add_argument("--seconds", type=float, default=15.0)
    given = parser.parse_args()
    others = [multiprocessing.Process(target=work, daemon=True) for _ in range(given.load)]
    for one in others:
        one.start()
    print(f"Delay in ms; the first {SETTLED:.0f} s, then later. Beside {given.load} processes that compute.")
    print("faces    median   95 %   most    median   95 %   most frames/s  CPU/frame  all named")
    for faces in given.faces:
        print(measure(faces, given.width, given.seconds), flush=True)
    for one in others:
        one.terminate()


if __name__ == "__main__":
    main()
