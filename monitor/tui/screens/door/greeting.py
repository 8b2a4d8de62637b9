"""The large greeting at the door."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from types import MappingProxyType
from typing import Final, Literal
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
from monitor.language import Say, english
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.style.text import Signs, at_clock, clean, salutation
from monitor.tui.widgets.banner import ROWS, direction, large
from monitor.tui.widgets.header import put
from monitor.tui.widgets.thumbnail import Thumbnail

NOT_ME_WINDOW = timedelta(seconds=10)
"""How long after an event "Not me" takes it back."""
SHOWN_FOR = timedelta(seconds=12)
"""How long a greeting stays."""
DIRECTION_FROM: Final = 22
"""Rows of the screen from which the direction stands in large letters under the name."""
LARGER_FROM: Final = (150, 40)
"""Columns and rows of the screen from which name and direction are `LARGER_ROWS` high."""
LARGER_ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class Words:
    """What the greeting says, line by line."""

    sign: str
    opening: str
    large: str
    detail: str
    hint: str = ""
    way: Literal["", "in", "out"] = ""
    """The direction of the entry, in letters as large as the name."""


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
    scores: bool = False,
    asked: Asked | None = None,
    keys: Keys = Keys(),  # noqa: B008 - frozen
    say: Say = english,
) -> Words:
    """The greeting in words; without one, an invitation.

    Args:
        people: enrolled; None while that is not known.
        pin: number and PIN are offered.
        camera: this view has a camera.
        lost: the camera gives no picture.
        entry: the greeting of the latest entry, which may still be taken back.
        moods: the mood stands beside the time.
        scores: the similarity and the one that a name needs stand there, too.
        asked: what somebody in view is asked; it comes before every greeting.
        keys: of the app.
        say: gives the texts in the door's language.
    """
    if asked is not None:
        return _question(asked, signs, say)
    if greeting is None or (pin and greeting.welcome is Welcome.UNKNOWN):
        return _invitation(signs, people, say, pin=pin, camera=camera, lost=lost, keys=keys)
    name = clean(greeting.event.name, 40)
    at = at_clock(greeting.at, zone)
    hint = _not_me(greeting, entry or greeting, now, say, keys.shown("not_me"))
    more = f" · {say(greeting.event.mood.label)}" if greeting.event.mood and moods else ""
    more += _how_sure(greeting, say) if scores else ""
    match greeting.welcome:
        case Welcome.CAME:
            sign, opening = " ".join((signs.came, say("CHECKED IN"))), f"{salutation(greeting.at, zone, say)},"
            return Words(sign, opening, name, say("in at {at}", at=at) + more, hint, "in")
        case Welcome.LEFT:
            sign = " ".join((signs.left, say("CHECKED OUT")))
            return Words(sign, say("Goodbye,"), name, say("out at {at}", at=at) + more, hint, "out")
        case Welcome.ALREADY:
            if greeting.since is None:
                sign = " ".join((signs.already, say("ALREADY DONE")))
                return Words(sign, say("Hello again,"), name, clean(greeting.event.text, 60))
            since = say("in since {at}", at=at_clock(greeting.since, zone))
            return Words(" ".join((signs.already, say("ALREADY IN"))), say("Hello again,"), name, since + more, hint)
        case Welcome.UNKNOWN | Welcome.ASKED:
            sign, opening = " ".join((signs.unknown, say("NOT RECOGNISED"))), say("We have not met.")
            return Words(sign, opening, say("Hello"), say("Please see the desk."), hint)
        case Welcome.NOT_LIVE | Welcome.PIN_TOO | Welcome.FACE_TOO:
            return _not_yet(greeting.welcome, name, signs, say, pin=pin, keys=keys)
        case Welcome.TAKEN_BACK:
            sign, void = " ".join((signs.back, say("TAKEN BACK"))), say("The entry at {at} is void.", at=at)
            return Words(sign, say("Sorry about that."), say("Thanks"), name, void)


def _how_sure(greeting: Greeting, say: Say) -> str:
    """The similarity of the face and the one that a name needed; empty for an entry without a face."""
    similarity, needed = greeting.event.similarity, greeting.event.threshold
    if similarity is None or needed is None:
        return ""
    return " · " + say(
        "similarity {similarity}, needed {needed}", similarity=f"{similarity:.3f}", needed=f"{needed:.3f}"
    )


def _not_yet(welcome: Welcome, name: str, signs: Signs, say: Say, *, pin: bool, keys: Keys) -> Words:
    """What is said to whom a face alone, or a PIN alone, does not check in."""
    if welcome is Welcome.NOT_LIVE:
        sign, opening = " ".join((signs.unknown, say("NOT CHECKED IN"))), say("The head did not turn.")
        return Words(sign, opening, *_pin(pin, keys, say), name)
    sign, opening = " ".join((signs.unknown, say("ONE MOMENT"))), say("Now both are needed:")
    if welcome is Welcome.FACE_TOO:
        return Words(sign, opening, say("Look"), say("into the camera"), say("Then your PIN again."))
    return Words(sign, opening, *_pin(pin, keys, say), name)


def _pin(pin: bool, keys: Keys, say: Say) -> tuple[str, str]:
    """The large letters and the line below them that ask for number and PIN, where these are offered."""
    if pin:
        return say("Press {key}", key=keys.shown("pin")), say("number and PIN")
    return say("Sorry"), say("Please see the desk.")


def _question(asked: Asked, signs: Signs, say: Say) -> Words:
    """What is said before, in and after the large letters; each line fits beside the picture of a narrow panel."""
    turn, done = say("Turn your head to the"), say("Then you are checked in.")
    opening, large, hint = {
        Question.LEFT: (turn, say("Left"), done),
        Question.RIGHT: (turn, say("Right"), done),
        Question.STRAIGHT: (say("Thank you. Now look"), say("Straight"), say("into the camera")),
        Question.CLOSER: (say("Please come"), say("Closer"), say("Your face is too small.")),
        Question.VIEW: (say("For a better picture,"), say("Look"), say("into the camera")),
    }[asked.question]
    return Words(" ".join((signs.unknown, say("ONE MOMENT"))), opening, large, clean(asked.name, 40), hint)


def _invitation(
    signs: Signs, people: int | None, say: Say, *, pin: bool, camera: bool, lost: bool, keys: Keys
) -> Words:
    sign = " ".join((signs.lost, say("NO PICTURE"))) if lost else " ".join((signs.unknown, say("NOT RECOGNISED")))
    if pin:
        opening = say("There is no picture.") if lost else say("Not recognised?")
        large = say("Press {key}", key=keys.shown("pin"))
        return Words(sign, opening, large, say("number and PIN"), say("or see the desk"))
    if lost:
        return Words(sign, say("There is no picture."), say("Sorry"), say("Please see the desk."))
    if people == 0:
        enrol = say("Press {key} to enrol.", key=keys.shown("people"))
        return Words("", say("Nobody is enrolled."), say("Hello"), enrol)
    desk = say("Press {key} for the desk.", key=keys.shown("today"))
    return Words("", say("Look at the camera.") if camera else desk, say("Hello"), "")


def _not_me(greeting: Greeting, entry: Greeting, now: datetime, say: Say, key: str) -> str:
    """How to take the latest entry back, while that is possible; whose it is, where somebody else is greeted."""
    left = NOT_ME_WINDOW - (now - entry.shown)
    if entry.event.attendance is None or left <= timedelta(0):
        return ""
    seconds = ceil(left.total_seconds())
    if greeting.event.attendance == entry.event.attendance:
        return say("Not you? Press {key} ({seconds})", key=key, seconds=seconds)
    return say("{key} ({seconds}): not {name}", key=key, seconds=seconds, name=clean(entry.event.name))


class GreetingPanel(Widget):
    """Says hello: what happened, to whom, when; as text, in large letters and in colour."""

    DEFAULT_CSS = """
    GreetingPanel {
        border: round $border; background: $surface; padding: 0 1; height: 12;
        Horizontal { height: 1fr; }
        Vertical { height: 1fr; width: 1fr; }
        Static { text-wrap: nowrap; text-overflow: ellipsis; }
        #sign { text-style: bold; height: 1; width: 18; padding: 0 1; }
        #direction { height: 5; display: none; text-style: bold; padding: 0 1; }
        &.-way { height: 18; #direction { display: block; } }
        &.-way.-larger { height: 24; #direction { height: 8; } #name { height: 9; } }
        &.-came #direction { color: $success; }
        &.-left #direction { color: $primary; }
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
        yield Static(id="direction", markup=False)

    def show(self, words: Words, welcome: Welcome | None) -> None:
        """Say it."""
        if words == self._words and (welcome is None or self.has_class(f"-{welcome.value}")):
            return
        self._words = words
        self._write({f"-{kind.value}": kind is welcome for kind in Welcome})

    def show_portrait(self, rgb: RgbImage | None) -> None:
        self.query_one(Thumbnail).show(rgb)

    def on_resize(self) -> None:
        self._write()

    def _write(self, classes: Mapping[str, bool] = MappingProxyType({})) -> None:
        """Show the words, with these classes and those that depend on them: each change of classes styles all anew."""
        words = self._words
        if words is None:
            return
        width, height = self.screen.size
        larger = bool(words.way) and width >= LARGER_FROM[0] and height >= LARGER_FROM[1]
        way = bool(words.way) and height >= DIRECTION_FROM
        self.update_classes({**classes, "-way": way, "-larger": larger, "-idle": not words.sign})
        rows = LARGER_ROWS if larger else ROWS
        columns = self.query_one("#name").size.width
        lines = (words.large,) if self.app.ascii_only else large(words.large, columns, rows)
        put(self.query_one("#direction", Static), Text("\n".join(self._direction(words, rows)), no_wrap=True))
        shown = {part: getattr(words, part) for part in ("sign", "opening", "detail", "hint")}
        for part, text in (shown | {"name": "\n".join(lines)}).items():
            put(self.query_one(f"#{part}", Static), Text(text, no_wrap=True, overflow="ellipsis"))

    def _direction(self, words: Words, rows: int) -> tuple[str, ...]:
        if not words.way:
            return ("",)
        word = self.app.say("IN") if words.way == "in" else self.app.say("OUT")
        if self.app.ascii_only:
            return (f"{'>>>' if words.way == 'in' else '<<<'} {' '.join(word)}",)
        return direction(word, self.size.width - 4, rows, rightwards=words.way == "in")
