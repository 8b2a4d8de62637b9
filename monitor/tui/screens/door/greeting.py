"""The large greeting at the door."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from rich.text import Text
from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from monitor.desk.days.door_board import Asked, Greeting, Welcome
from monitor.domain import Question, RgbImage
from monitor.keys import Keys
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.style.text import Signs, at_clock, clean, salutation
from monitor.tui.widgets.banner import large
from monitor.tui.widgets.header import put
from monitor.tui.widgets.thumbnail import Thumbnail

NOT_ME_WINDOW = timedelta(seconds=10)
"""How long after an event "Not me" takes it back."""
SHOWN_FOR = timedelta(seconds=12)
"""How long a greeting stays."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the greeting says, line by line."""

    sign: str
    opening: str
    large: str
    detail: str
    hint: str = ""


def words_for(
    greeting: Greeting | None,
    now: datetime,
    zone: ZoneInfo,
    signs: Signs,
    people: int | None,
    *,
    pin: bool = False,
    camera: bool = True,
    lost: bool = False,
    entry: Greeting | None = None,
    moods: bool = False,
    asked: Asked | None = None,
    keys: Keys = Keys(),  # noqa: B008 - frozen
) -> Words:
    """The greeting in words; without one, an invitation.

    Args:
        people: enrolled; None while that is not known.
        pin: number and PIN are offered.
        camera: this view has a camera.
        lost: the camera gives no picture.
        entry: the greeting of the latest entry, which may still be taken back.
        moods: the mood stands beside the time.
        asked: what somebody in view is asked; it comes before every greeting.
        keys: of the app.
    """
    if asked is not None:
        return _question(asked, signs)
    if greeting is None or (pin and greeting.welcome is Welcome.UNKNOWN):
        return _invitation(signs, people, pin=pin, camera=camera, lost=lost, keys=keys)
    name = clean(greeting.event.name, 40)
    at = at_clock(greeting.at, zone)
    hint = _not_me(greeting, entry or greeting, now, keys.shown("not_me"))
    mood = f" · {greeting.event.mood.label}" if greeting.event.mood and moods else ""
    match greeting.welcome:
        case Welcome.CAME:
            opening = f"{salutation(greeting.at, zone)},"
            return Words(f"{signs.came} CHECKED IN", opening, name, f"in at {at}{mood}", hint)
        case Welcome.LEFT:
            return Words(f"{signs.left} CHECKED OUT", "Goodbye,", name, f"out at {at}{mood}", hint)
        case Welcome.ALREADY:
            if greeting.since is None:
                return Words(f"{signs.already} ALREADY DONE", "Hello again,", name, clean(greeting.event.text, 60))
            since = at_clock(greeting.since, zone)
            return Words(f"{signs.already} ALREADY IN", "Hello again,", name, f"in since {since}{mood}", hint)
        case Welcome.UNKNOWN | Welcome.ASKED:
            return Words(f"{signs.unknown} NOT RECOGNISED", "We have not met.", "Hello", "Please see the desk.", hint)
        case Welcome.NOT_LIVE:
            way = "number and PIN" if pin else "Please see the desk."
            sign, opening = f"{signs.unknown} NOT CHECKED IN", "The head did not turn."
            return Words(sign, opening, f"Press {keys.shown('pin')}" if pin else "Sorry", way, name)
        case Welcome.TAKEN_BACK:
            return Words(f"{signs.back} TAKEN BACK", "Sorry about that.", "Thanks", name, f"The entry at {at} is void.")


_QUESTIONS = {
    Question.LEFT: ("Turn your head to the", "Left", "Then you are checked in."),
    Question.RIGHT: ("Turn your head to the", "Right", "Then you are checked in."),
    Question.STRAIGHT: ("Thank you. Now look", "Straight", "into the camera"),
    Question.CLOSER: ("Please come", "Closer", "Your face is too small."),
}
"""What is said before, in and after the large letters; each line fits beside the picture of a narrow panel."""


def _question(asked: Asked, signs: Signs) -> Words:
    opening, large, hint = _QUESTIONS[asked.question]
    return Words(f"{signs.unknown} ONE MOMENT", opening, large, clean(asked.name, 40), hint)


def _invitation(signs: Signs, people: int | None, *, pin: bool, camera: bool, lost: bool, keys: Keys) -> Words:
    sign = f"{signs.lost} NO PICTURE" if lost else f"{signs.unknown} NOT RECOGNISED"
    if pin:
        opening = "There is no picture." if lost else "Not recognised?"
        return Words(sign, opening, f"Press {keys.shown('pin')}", "number and PIN", "or see the desk")
    if lost:
        return Words(sign, "There is no picture.", "Sorry", "Please see the desk.")
    if people == 0:
        return Words("", "Nobody is enrolled.", "Hello", f"Press {keys.shown('people')} to enrol.")
    return Words("", "Look at the camera." if camera else f"Press {keys.shown('today')} for the desk.", "Hello", "")


def _not_me(greeting: Greeting, entry: Greeting, now: datetime, key: str) -> str:
    """How to take the latest entry back, while that is possible; whose it is, where somebody else is greeted."""
    left = NOT_ME_WINDOW - (now - entry.shown)
    if entry.event.attendance is None or left <= timedelta(0):
        return ""
    seconds = ceil(left.total_seconds())
    if greeting.event.attendance == entry.event.attendance:
        return f"Not you? Press {key} ({seconds})"
    return f"{key} ({seconds}): not {clean(entry.event.name)}"


class GreetingPanel(Widget):
    """Says hello: what happened, to whom, when; as text, in large letters and in colour."""

    DEFAULT_CSS = """
    GreetingPanel {
        border: round $border; background: $surface; padding: 0 1; height: 12;
        Horizontal { height: 1fr; }
        Vertical { height: 1fr; width: 1fr; }
        Static { text-wrap: nowrap; text-overflow: ellipsis; }
        #sign { text-style: bold; height: 1; width: 18; padding: 0 1; }
        #name { height: 6; text-style: bold; color: $foreground; }
        #opening { color: $text-muted; height: 1; }
        #detail { color: $foreground; text-style: bold; height: 1; }
        #hint { color: $text-accent; height: 1; }
        &.-came { border: heavy $success; #sign { background: $success; color: $background; } }
        &.-left { border: heavy $primary; #sign { background: $primary; color: $background; } }
        &.-already { border: heavy $secondary; #sign { background: $secondary; color: $background; } }
        &.-unknown { border: heavy $warning; #sign { background: $warning; color: $background; } }
        &.-asked { border: heavy $accent; #sign { background: $accent; color: $background; } }
        &.-not_live { border: heavy $warning; #sign { background: $warning; color: $background; } }
        &.-taken_back { border: heavy $accent; #sign { background: $accent; color: $background; } }
    }
    """

    app = getters.app(DeskApp)

    def __init__(self) -> None:
        super().__init__()
        self._words: Words | None = None
        self.asks = False
        """Whether the picture shows what is asked, and nobody's portrait."""

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical():
                for part in ("sign", "opening", "name", "detail", "hint"):
                    yield Static(id=part, markup=False)
            yield Thumbnail(id="portrait", keeps_room=True)

    def show(self, words: Words, welcome: Welcome | None) -> None:
        """Say it."""
        if words == self._words and (welcome is None or self.has_class(f"-{welcome.value}")):
            return
        self._words = words
        self.update_classes({f"-{kind.value}": kind is welcome for kind in Welcome})
        self._write()

    def show_portrait(self, rgb: RgbImage | None) -> None:
        self.query_one(Thumbnail).show(rgb)

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        words = self._words
        if words is None:
            return
        columns = self.query_one("#name").size.width
        lines = (words.large,) if self.app.ascii_only else large(words.large, columns)
        shown = {part: getattr(words, part) for part in ("sign", "opening", "detail", "hint")}
        for part, text in (shown | {"name": "\n".join(lines)}).items():
            put(self.query_one(f"#{part}", Static), Text(text, no_wrap=True, overflow="ellipsis"))
