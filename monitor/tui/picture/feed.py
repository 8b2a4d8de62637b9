"""From the kiosk's scenes to finished lines of cells, in a thread of its own. The newest scene wins."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from monitor.domain import Observation, Scene
from monitor.language import Say, english
from monitor.tui.picture.graphics import Graphics, kitty_video
from monitor.tui.picture.picture import Mark, fit, paint, paint_ascii
from monitor.tui.style.palette import Palette, Tone
from monitor.tui.style.text import Signs, clean

PICTURES_A_SECOND = 15.0
NAME_CELLS = 24


@dataclass(frozen=True, slots=True)
class Look:
    """How to draw the camera picture."""

    columns: int
    rows: int
    """Cells for the picture."""
    margin: Style
    """The style left and right of the picture."""
    palette: Palette
    ascii_only: bool
    signs: Signs
    moods: bool = True
    """Whether a face's mood stands beside its name."""
    graphics: Graphics = Graphics.BLOCKS
    """How the terminal shows pictures; Sixel is too slow for this one, which is then drawn in half blocks."""
    say: Say = english
    """Gives the texts in the door's language."""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPicture:
    """A finished picture and the scene it shows."""

    strips: tuple[Strip, ...]
    """One strip per row, as wide as the widget for which it was drawn."""
    width: int
    scene: Scene
    data: str = ""
    """Escape sequence that the terminal must get once, before the strips; empty for a picture made of characters."""


class PictureLine(Strip):
    """A line that is drawn once and thrown away.

    Textual's own strip keeps itself in its cache of divisions: a cycle, which only the garbage collector breaks, and
    a thousand of these a second keep it busy.
    """

    __slots__ = ()

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        at = [cut for cut in cuts if cut <= self.cell_length]
        return [self] if at == [self.cell_length] else super().divide(at)


def draw(scene: Scene, look: Look) -> DrawnPicture:
    """Draw one scene; needs 3 ms at 80x30 cells, and 6 ms as Kitty graphics."""
    height, width = scene.frame.rgb.shape[:2]
    columns, rows = fit(width, height, look.columns, look.rows)
    marks = [mark_of(one, look.signs, look.say, moods=look.moods) for one in scene.observations]
    data = ""
    if look.ascii_only:
        strips = paint_ascii(scene.frame.rgb, columns, rows, marks)
    elif look.graphics is Graphics.KITTY:
        strips, data = kitty_video(scene.frame.rgb, columns, rows, marks, look.palette)
    else:
        strips = paint(scene.frame.rgb, columns, rows, marks, look.palette)
    left = (look.columns - columns) // 2
    before, after = (Segment(" " * left, look.margin), Segment(" " * (look.columns - columns - left), look.margin))
    lines = (PictureLine([before, *strip, after], look.columns) for strip in strips)
    return DrawnPicture(tuple(lines), look.columns, scene, data)


def mark_of(observation: Observation, signs: Signs, say: Say, *, moods: bool) -> Mark:
    """The box of a face with the person's name and mood."""
    box, match = observation.track.face.box, observation.match
    mood = f" {signs.dot} {say(observation.mood.label)}" if observation.mood and moods else ""
    if match is None:
        return Mark(box, "", Tone.DECIDING)
    if match.person is None:
        return Mark(box, " ".join((signs.unknown, say("unknown"))) + mood, Tone.UNKNOWN)
    return Mark(box, f"{clean(match.person.name, NAME_CELLS)}{mood}", Tone.KNOWN)


class PictureFeed:
    """Draws the newest scene, at most so many times a second, and hands the picture over.

    Args:
        show: called from the feed's thread with each picture; must not block.
        console: whose colour system the lines are encoded for.
    """

    def __init__(self, show: Callable[[DrawnPicture], None], console: Console) -> None:
        self._show = show
        self._console = console
        self._scene: Scene | None = None
        self._look: Look | None = None
        self._news = threading.Event()
        self._stopped = threading.Event()
        self._drawn: deque[float] = deque(maxlen=24)
        self._thread: threading.Thread | None = None

    @property
    def rate(self) -> float:
        """Pictures a second, over the last two dozen; 0 while nothing is drawn."""
        times = tuple(self._drawn)
        if len(times) < 2 or time.monotonic() - times[-1] > 2.0:
            return 0.0
        return (len(times) - 1) / max(1e-6, times[-1] - times[0])

    def put(self, scene: Scene) -> None:
        """Offer a scene, from any thread; it replaces one that was not drawn yet."""
        self._scene = scene
        self._news.set()

    def look(self, look: Look | None) -> None:
        """Draw like this from now on; None pauses, for instance while the picture is not on the screen."""
        self._look = look
        self._news.set()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="picture", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopped.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._news.wait()
            self._news.clear()
            scene, look = self._scene, self._look
            if scene is None or look is None or look.columns < 2 or look.rows < 2:
                continue
            began = time.monotonic()
            picture = draw(scene, look)
            for strip in picture.strips:
                strip.render(self._console)  # fills the strip's cache, so the event loop only copies it
            self._show(picture)
            self._drawn.append(began)
            self._stopped.wait(max(0.0, 1.0 / PICTURES_A_SECOND - (time.monotonic() - began)))
