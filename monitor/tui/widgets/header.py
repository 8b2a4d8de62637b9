"""Widgets of several screens: the header with the screens and the clock, and the mood bar."""

from collections.abc import Sequence

from rich.text import Text
from textual import events, getters
from textual.widgets import Static

from monitor.language import Say, day_in, english
from monitor.text import date_text
from monitor.tui.runtime.actions import TABS
from monitor.tui.runtime.desk_app import DESK, DeskApp
from monitor.tui.style.text import apportion, at_clock, clean


def put(widget: Static, text: Text) -> None:
    """Show a text unless it is shown already; the widget's size must not depend on the text.

    An update lays the whole screen out again unless told not to, and two small ones far apart, such as the clock and
    the status line, make the compositor render all that lies between them, camera picture included: 20 ms.
    """
    if widget.content != text:
        widget.update(text, layout=False)


class TopBar(Static):
    """The screens with their keys, the current one marked, and the site's clock."""

    DEFAULT_CSS = "TopBar { dock: top; height: 1; background: $panel; color: $text-muted; padding: 0 1; }"
    app = getters.app(DeskApp)

    def __init__(self, current: str) -> None:
        """
        Args:
            current: mode of the screen that has this bar.
        """
        super().__init__(markup=False)
        self._current = current

    def on_mount(self) -> None:
        self.set_interval(1.0, self.tick)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.tick())
        self.tick()

    def on_resize(self) -> None:
        self.tick()

    def tick(self) -> None:
        """Show the present time."""
        settings, local = self.app.settings, self.app.today
        text = Text(no_wrap=True)
        right = self._clock()
        day = day_in(settings.language, local) if self._current == "door" else date_text(local)
        width = self.size.width - 2
        for mode, title in self._titles(width - len(right)):
            style = f"bold reverse {self.app.theme_variables['primary']}" if mode == self._current else ""
            text.append(f" {title} ", style).append(" ")
        is_named = self._current != "door" and self.app.at_desk != DESK
        beside = f"{clean(self.app.at_desk, 20)}  {right}" if is_named else right
        for longer in (beside, f"{day}  {beside}", f"{clean(settings.site, 16)}  {day}  {beside}"):
            if len(text) + len(longer) + 2 <= width:
                right = longer
        text.append(" " * max(1, width - len(text) - len(right))).append(right, "bold")
        put(self, text)

    def _clock(self) -> str:
        """The clock, behind how many days need somebody; at the door, where everybody reads it, the clock alone."""
        clock, count = at_clock(self.app.clock(), self.app.settings.zone), self.app.needs_you
        return f"!{count} {clock}" if count and self._current != "door" else clock

    def _titles(self, room: int) -> list[tuple[str, str]]:
        """Each screen and how it is called here: where there is little room all but the current one by its key."""
        keys, say = self.app.settings.keys, self.app.say if self._current == "door" else english
        whole = [(one.key, f"{keys.shown(one.key)} {say(one.title)}") for one in TABS]
        if sum(len(title) + 3 for _, title in whole) <= room:
            return whole
        short = [(mode, title if mode == self._current else title.split()[0]) for mode, title in whole]
        fits = sum(len(title) + 3 for _, title in short) <= room
        return short if fits else [one for one in short if one[0] == self._current]

    def on_click(self, event: events.Click) -> None:
        at = 1
        for mode, title in self._titles(self.size.width - 2 - len(self._clock())):
            at += len(title) + 3
            if event.x < at:
                self.call_later(self.app.run_action, f"app.open('{mode}')")
                return


ROUNDS_TO_ZERO = 0.005
"""Shares below this one would round to 0 %; the legend says "<1%" instead."""


class MoodBar(Static):
    """Shares of the moods as one bar with a legend; each mood has its colour, its fill and its name."""

    DEFAULT_CSS = "MoodBar { height: 2; background: $surface; }"
    app = getters.app(DeskApp)

    def __init__(self, *, empty: str, say: Say) -> None:
        super().__init__(markup=False)
        self.empty, self._say = empty, say
        self.shares: tuple[tuple[str, float], ...] = ()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.draw())

    def on_resize(self) -> None:
        self.draw()

    def show(self, shares: Sequence[tuple[str, float]], empty: str) -> None:
        """Show these shares, or a sentence where there are none."""
        self.empty, self.shares = empty, tuple(shares)
        self.draw()

    def draw(self) -> None:
        """Draw it again."""
        width = self.size.width
        if not self.shares:
            self.update(Text(self.empty, self.app.theme_variables["text-muted"]))
            return
        bar = Text(no_wrap=True)
        for (mood, _), cells in zip(self.shares, apportion([share for _, share in self.shares], width), strict=True):
            bar.append(self.app.signs.mood[mood] * cells, self._colour(mood))
        put(self, Text("\n").join([bar, self._legend(width)]))

    def _legend(self, width: int) -> Text:
        """Name and share of each mood, the largest first; closer together where they do not all fit, then without
        the smallest."""
        ordered = sorted(self.shares, key=lambda item: -item[1])
        texts = [
            f" {self._say(mood)} " + (f"{share:.0%}" if share >= ROUNDS_TO_ZERO else "<1%") for mood, share in ordered
        ]
        airy = sum(len(text) + 4 for text in texts) - 2 <= width
        legend = Text(no_wrap=True)
        for (mood, _), text in zip(ordered, texts, strict=True):
            entry = Text.assemble((self.app.signs.mood[mood] * (1 + airy), self._colour(mood)), text)
            if len(legend) + len(entry) <= width:
                legend.append_text(entry).append("  " if airy else " ")
        return legend

    def _colour(self, mood: str) -> str:
        return self.app.theme_variables[f"mood-{mood}"]
