"""The line of keys at the bottom of a screen."""

from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from rich.text import Text
from textual import events, getters
from textual.binding import ActiveBinding
from textual.widget import Widget

from monitor.keys import key_text
from monitor.language import Say, english
from monitor.tui.runtime.actions import ACTIONS
from monitor.tui.runtime.desk_app import DeskApp

ORDER: Final = {name: at for at, name in enumerate(ACTIONS)}
"""The place of each action in the table: the most important of a screen stand first."""


class Key(NamedTuple):
    """A key as the line shows it."""

    key: str
    letter: str
    words: str
    """Empty where the next key has the same words: ← → Day."""
    enabled: bool
    tooltip: str

    @property
    def told(self) -> str:
        """What is written after the letter, with the gap to the next key."""
        return f" {self.words}  " if self.words else " "


class KeyBar(Widget):
    """As many whole keys as fit, in the order of the table of actions. Help and the way back always stand on the right.

    One line of text: Textual's footer has a widget for each key, composes all of them anew when one changes, and lays
    the whole screen out again each time.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key"}
    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $footer-background; color: $footer-foreground; }
    KeyBar > .key-bar--key { color: $footer-key-foreground; text-style: bold; }
    """

    app = getters.app(DeskApp)

    def __init__(self) -> None:
        super().__init__()
        self._drawn: tuple[list[Key], list[Key]] = [], []
        self._ends: list[tuple[int, Key | None]] = []
        """Where each key ends, in cells from the left, and None for what lies between keys."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def _look(self, _: object) -> None:
        if self._keys() != self._drawn:
            self.refresh()

    def _keys(self) -> tuple[list[Key], list[Key]]:
        """The keys on the left, the most important first, and those on the right: the way back, and help."""
        found: dict[str, ActiveBinding] = {}
        for one in self.screen.active_bindings.values():
            if one.binding.show or one.binding.id == "app.help":
                found.setdefault(one.binding.action, one)
        ranked = sorted(found.values(), key=self._rank)
        right = [one for one in ranked if one.binding.key == "escape" or one.binding.id == "app.help"]
        say = self.app.say if self.app.current_mode == "door" else english
        return _keys([one for one in ranked if one not in right], say), _keys(right, say)

    def _rank(self, one: ActiveBinding) -> int:
        """Keys of what has the focus come before those of the screen, the commands by name after them."""
        last = len(ORDER) if one.binding.key == "escape" else -1
        return ORDER.get(one.binding.id or "", last) + (one.binding.id == "app.help") * 2 * len(ORDER)

    def render(self) -> Text:
        self._drawn = left, right = self._keys()
        room = self.size.width - _width(right) + 2  # no gap behind the last one
        while left and (_width(left) > room or not left[-1].words):
            left.pop()
        text, self._ends = Text(no_wrap=True), []
        self._write(text, left)
        text.append(" " * (room - len(text)))
        self._ends.append((room, None))
        self._write(text, right)
        text.right_crop(2)
        return text

    def _write(self, text: Text, keys: Sequence[Key]) -> None:
        style = self.get_component_rich_style("key-bar--key", partial=True)
        for one in keys:
            begin = len(text)
            text.append(one.letter, style).append(one.told)
            if not one.enabled:
                text.stylize("dim", begin)
            self._ends.append((len(text), one))

    def _at(self, x: int) -> Key | None:
        return next((one for end, one in self._ends if x < end), None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        key = self._at(event.x)
        self.tooltip = key.tooltip if key else None

    def on_click(self, event: events.Click) -> None:
        if (key := self._at(event.x)) is None:
            return
        if key.enabled:
            self.app.simulate_key(key.key)
        else:
            self.app.bell()


def _keys(bound: Sequence[ActiveBinding], say: Say) -> list[Key]:
    """The keys of these bindings; of neighbours that are a pair in the table only the last one has words."""
    actions = [ACTIONS.get(one.binding.id or "") for one in bound]
    pairs = [*(action.pair if action else "" for action in actions), ""]
    keys = []
    for one, pair, following in zip(bound, pairs, pairs[1:], strict=False):
        words = "" if pair and pair == following else say(pair or one.binding.description)
        letter = one.binding.key_display or key_text(one.binding.key)
        keys.append(Key(one.binding.key, letter, words, one.enabled, one.tooltip or one.binding.tooltip))
    return keys


def _width(keys: Sequence[Key]) -> int:
    return sum(len(one.letter + one.told) for one in keys)
