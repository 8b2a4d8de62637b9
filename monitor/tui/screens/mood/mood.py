"""The Mood screen: moods in all, over time, by hour and weekday, by group and by person."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.widgets import Static

from monitor.desk.days.moods import MoodView, Range, mood_view
from monitor.domain import EMOTIONS, MOODS
from monitor.moods.cells import MoodCell
from monitor.text import plural
from monitor.tui.runtime.actions import bindings
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.mood.charts import FIGURES_FROM, heat_map, label_of, legend, stacked
from monitor.tui.style.text import clean, date_text
from monitor.tui.widgets.header import MoodBar
from monitor.tui.widgets.table import Column, Row, Table

PEOPLE = (
    Column("name", "Name"),
    Column("seen", "Seen", 4, right=True),
    Column("mood", "Mostly", 13),
    Column("change", "Today", 13, rank=1),
)


class Charts(VerticalScroll):
    """A pane whose charts are drawn for its width."""

    def on_resize(self) -> None:
        if isinstance(self.screen, MoodScreen):
            self.screen.redraw()


class MoodScreen(DeskScreen[MoodView]):
    """In what mood people come."""

    mode = "mood"
    AUTO_FOCUS = "#time-pane"
    HELP = """\
# Mood

Each sighting counts once, by its likeliest mood. Below the setting `mood_confidence` it counts as "unsure".

- Day, week, month and quarter end today. The heat map shows a mood's share in percent by weekday and hour.
- Each bar is the whole of its row; how often seen stands behind it, then the share of the heat map's mood and its
  95 % range, which counts people where there are several. Fewer than five sightings are not drawn.
- **Unsure**: the face was small, blurred, covered or turned, or no mood was likely enough.
- **Pleasantness**: the mean of how pleasant people rate each mood, from -1 to +1, and its 95 % range: happy 0.81,
  surprise 0.40, neutral 0, angry -0.51, disgust -0.60, sad -0.63, fear -0.64 (Russell and Mehrabian 1977).
- "Today": what is more or less than in the person's own last four weeks beyond chance, else "as usual".
- When moods are kept without names, no person is listed, and numbers of fewer than five people are hidden.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("mood"),
        Binding("pagedown", "scroll_page(1)", "Down", show=False),
        Binding("pageup", "scroll_page(-1)", "Up", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._range = Range.DAY
        self._highlight = "happy"
        self._drawn_for = (0, 0)

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        with Container(classes="pane details", id="total-pane"):
            yield MoodBar(empty="Loading", id="total")
        with Horizontal(id="main"):
            with Charts(classes="pane details", id="time-pane"):
                yield Static(id="time")
            with Charts(classes="pane details", id="week-pane"):
                yield Static(id="week")
                yield Static(id="groups")
                yield Table(PEOPLE, empty="", id="people")

    def on_mount(self) -> None:
        self.query_one("#total-pane").border_title = "All"
        people = self.query_one("#people", Table)
        people.can_focus = people.display = False

    def query_job(self) -> Callable[[], MoodView]:
        return partial(mood_view, self.app.engine, self.app.settings, self._range, self.app.clock(), self.before)

    def redraw(self) -> None:
        """Draw the charts again if the width of a pane changed."""
        if self.loaded is not None and self._widths != self._drawn_for:
            self.show(self.loaded)

    @property
    def _widths(self) -> tuple[int, int]:
        """Width in cells of the charts of both panes, less one for a scroll bar."""
        time, week = (self.query_one(f"#{name}-pane").content_size.width - 1 for name in ("time", "week"))
        return time, week

    def show(self, loaded: MoodView) -> None:
        self._show_total(loaded)
        self._drawn_for = time_width, week_width = self._widths
        app, signs = self.app, self.app.signs
        colours = {mood: app.theme_variables[f"mood-{mood}"] for mood in MOODS}
        pane = self.query_one("#time-pane")
        ranges = f"; {self._highlight}, 95 % range" if time_width >= FIGURES_FROM else ""
        pane.border_title = f"{'By hour' if loaded.one_day else 'By day'}{ranges}"
        over_time = loaded.over_time if loaded.one_day else loaded.over_time[::-1]  # the newest day first
        labels = [label_of(cell) for cell in over_time]
        chart = stacked(over_time, labels, time_width, signs, colours, self._highlight)
        self.query_one("#time", Static).update(chart.append("\n").append_text(legend(signs, colours, time_width)))
        ground = app.theme_variables["surface"]
        heat = heat_map(loaded.week, self._highlight, week_width, colours[self._highlight], ground)
        self.query_one("#week-pane").border_title = f"Percent {self._highlight} by weekday and hour"
        self.query_one("#week", Static).update(heat)
        groups = Text().append("Groups\n" if loaded.groups else "", "bold")
        names = [label_of(cell) for cell in loaded.groups]
        groups.append_text(stacked(loaded.groups, names, week_width, signs, colours, self._highlight))
        self.query_one("#groups", Static).update(groups)
        self._show_people(loaded)

    def show_failure(self, text: str) -> None:
        bar = self.query_one(MoodBar)
        bar.show(bar.shares, text)

    def _show_total(self, loaded: MoodView) -> None:
        shares = loaded.total.label_shares if loaded.total else ()
        empty = "Hidden: fewer than five people." if shares is None else "No moods in this period."
        self.query_one(MoodBar).show(shares or (), empty)
        first, last = date_text(loaded.period.first), date_text(loaded.period.last)
        days = last if first == last else f"{first} {self.app.signs.dash} {last}"
        sightings = (
            f"   {plural(loaded.total.sightings, 'sighting')}{_unsure(loaded.total, wide=self.size.width >= 100)}"
            if loaded.total
            else ""
        )
        note = {"aggregate": "   kept without names", "off": "   moods are switched off", "individual": ""}
        self.say(f"{days}{sightings}{note[self.app.settings.mood]}")

    def _show_people(self, loaded: MoodView) -> None:
        rows = []
        for index, one in enumerate(loaded.people):
            best = max(one.cell.label_shares or (("", 0.0),), key=lambda item: item[1])
            change = one.change.told if one.change else ""
            mostly = "too few" if one.cell.few else f"{best[0]} {best[1]:.0%}"
            rows.append(Row(str(index), (clean(one.name), str(one.cell.sightings), mostly, change)))
        if loaded.more:
            rows.append(Row("more", (f"and {loaded.more:,} more, seen less often", "", "", ""), ("faint",)))
        table = self.query_one("#people", Table)
        table.display = bool(rows)
        table.styles.height = len(rows) + 1
        table.show(rows)

    def action_range(self, chosen: str) -> None:
        self._range = Range(chosen)
        self.say("Loading")
        self.reload()

    def action_highlight(self) -> None:
        self._highlight = EMOTIONS[(EMOTIONS.index(self._highlight) + 1) % len(EMOTIONS)]
        if self.loaded is not None:
            self.show(self.loaded)

    def action_scroll_page(self, by: int) -> None:
        pane = self.query_one("#week-pane", VerticalScroll)
        pane.scroll_page_down() if by > 0 else pane.scroll_page_up()


def _unsure(total: MoodCell, *, wide: bool) -> str:
    """The unsure sightings and the pleasantness of the others, with its range where there is room."""
    if total.shares is None:
        return ""
    text = f"   unsure {total.shares[-1]:.0%}"
    if total.pleasantness is not None:
        mean, half = total.pleasantness
        text += f"   pleasantness {mean:+.2f}"
        if wide:
            text += f" ({max(-1.0, mean - half):+.2f} to {min(1.0, mean + half):+.2f})"
    return text
