"""The Mood screen: moods in all, over time, by hour and weekday, by group and by person."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import ClassVar
from uuid import UUID

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.markup import escape
from textual.widgets import Static

from monitor.desk.calendar.whom import find_whom
from monitor.desk.days.moods import MoodView, PersonMood, Range, mood_view, past_moods, with_weeks
from monitor.domain import EMOTIONS, MOODS
from monitor.moods.cells import BASELINE, MoodCell
from monitor.text import date_text, day_name, plural
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.mood.charts import (
    FIGURES_FROM,
    heat_map,
    label_of,
    legend,
    parts,
    range_text,
    stacked,
    week_line,
)
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, ask
from monitor.tui.widgets.table import Column, Row, Table


def people_columns(mood: str, *, compared: bool = True) -> tuple[Column, ...]:
    """Those of the people's list, with this mood's share and ranges.

    Args:
        compared: what is usual is known of somebody on the list.
    """
    usual = (
        Column("usual", "Usual", 10, right=True, rank=4),
        Column("change", "Against usual", 13, rank=1),
    )
    return (
        Column("name", "Name", least=24, most=28),
        Column("seen", "Seen", 5, right=True),
        Column("mood", "Mostly", 13),
        Column("bar", "Share of each mood", least=24, rank=3),
        Column("share", mood.title(), 8, right=True, rank=2),
        Column("range", "95 % range", 10, right=True, rank=2),
        *(usual if compared else ()),
        Column("unsure", "Unsure", 6, right=True, rank=4),
    )


class Charts(VerticalScroll, inherit_bindings=False):
    """A pane whose charts are drawn for its width; left and right are steps in time, not scrolling."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home", "scroll_home", "Top", show=False),
        Binding("end", "scroll_end", "End", show=False),
    ]

    def on_resize(self) -> None:
        if isinstance(self.screen, MoodScreen):
            self.screen.draw_for_width()


class MoodScreen(DeskScreen[MoodView]):
    """In what mood people come."""

    mode = "mood"
    AUTO_FOCUS = "#time-pane"
    HELP = """\
# Mood

Each sighting counts once, by its likeliest mood. Below the setting `mood_confidence` it counts as "unsure".

- Day, week, month and quarter end today at first; the arrow keys go back and on by one of them.
- **/** asks for a group or a person; Enter on a person shows theirs alone. Escape shows everybody again.
- The line over 13 weeks is of the person under the cursor: each week beside the band where 95 % of their weeks lie if
  nothing changed since the 8 weeks before.
- The heat map shows a mood's share in percent by weekday and hour.
- Each bar is the whole of its row; how often seen stands behind it, then the share of the heat map's mood and its
  95 % range, which counts people where there are several. Fewer than five sightings are not drawn.
- **Unsure**: the face was small, blurred, covered or turned, or no mood was likely enough.
- **Pleasantness**: the mean of how pleasant people rate each mood, from -1 to +1, and its 95 % range: happy 0.81,
  surprise 0.40, neutral 0, angry -0.51, disgust -0.60, sad -0.63, fear -0.64 (Russell and Mehrabian 1977).
- "Usual": the 95 % range of the mood in the person's own four weeks before the days shown. "Against usual": what is
  more or less on these days than in those weeks beyond chance, else "as usual"; "few before" where they were seen
  fewer than five times then. Where this is so of everybody, both columns are left out.
- When moods are kept without names, no person is listed, and numbers of fewer than five people are hidden.
"""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("mood")]

    def __init__(self) -> None:
        super().__init__()
        self._range = Range.DAY
        self._last: date | None = None
        """The last day of what is shown; None for today."""
        self._whom: tuple[UUID | None, str | None] = (None, None)
        """The person or the group that is shown alone."""
        self._beside: UUID | None = None
        """The person in the list whose weeks are shown."""
        self._highlight = "happy"
        self._drawn_for: tuple[int, ...] = ()

    def body(self) -> ComposeResult:
        yield Static("Loading", id="summary", markup=False)
        yield Static(id="legend", markup=False)
        with Vertical(id="main"):
            with Horizontal(id="over"):
                with Vertical(id="left"):
                    with Charts(classes="pane details", id="time-pane"):
                        yield Static(id="time")
                    with Charts(classes="pane details", id="groups-pane"):
                        yield Static(id="groups")
                with Vertical(id="right"):
                    with Charts(classes="pane details", id="week-pane"):
                        yield Static(id="week")
                    with Charts(classes="pane details", id="line-pane"):
                        yield Static(id="line")
            with Container(classes="pane", id="people-pane"):
                yield Table(people_columns(self._highlight), empty="", id="people")

    def on_mount(self) -> None:
        self.query_one("#groups-pane").border_title = "By group"

    def query_job(self) -> Callable[[], MoodView]:
        app, (person, group) = self.app, self._whom
        if self._last is None and person is None and group is None:
            job = partial(mood_view, app.engine, app.settings, self._range, app.clock(), self.before)
        else:
            last = self._last or self.app.today
            job = partial(past_moods, app.engine, app.settings, self._range, last, group=group, person=person)
        narrow = self.has_class("-narrow")
        return job if narrow else partial(with_weeks, app.engine, app.settings, job, self._beside)

    def draw_for_width(self) -> None:
        """Draw the charts again if the width of a pane changed."""
        if self._widths != self._drawn_for:
            self.redraw()

    @property
    def _widths(self) -> tuple[int, int, int]:
        """Width in cells of the charts on both sides, less one for a scroll bar, and the height of the line's pane."""
        time, week = (self.query_one(f"#{name}-pane").content_size.width - 1 for name in ("time", "week"))
        return time, week, self.query_one("#line-pane").content_size.height

    @property
    def _colours(self) -> dict[str, str]:
        return {mood: self.app.theme_variables[f"mood-{mood}"] for mood in MOODS}

    def show(self, loaded: MoodView) -> None:
        self._show_summary(loaded)
        self.query_one("#legend", Static).update(legend(self.app.signs, self._colours))
        self._drawn_for = self._widths
        self._show_line(loaded)
        self._show_time(loaded)
        self._show_week(loaded)
        self._show_people(loaded)
        self.refresh_bindings()

    def show_failure(self, text: str) -> None:
        self.query_one("#time", Static).update(Text(text))

    def _show_line(self, loaded: MoodView) -> None:
        pane, wide = self.query_one("#line-pane"), not self.has_class("-narrow")
        pane.display = bool(loaded.weeks) and (wide or self._whom[0] is not None)
        if pane.display:
            names = {one.cell.key: one.name for one in loaded.people}
            name, colour = names.get(loaded.weeks_of, loaded.whom), self._colours[self._highlight]
            _, width, height = self._widths
            line = week_line(loaded.weeks, self._highlight, width, self.app.signs, colour, height)
            pane.border_title = escape(f"{self._highlight.title()} by week: {clean(name, 40)}")
            self.query_one("#line", Static).update(line)

    def _show_time(self, loaded: MoodView) -> None:
        """The whole period, then its hours, or its days with the newest first."""
        width, signs, colours = self._widths[0], self.app.signs, self._colours
        pane = self.query_one("#time-pane")
        ranges = f"; {self._highlight}, 95 % range" if width >= FIGURES_FROM else ""
        by = "By hour" if loaded.one_day else "By day"
        pane.border_title = f"{by}{ranges}"
        over_time = loaded.over_time if loaded.one_day else loaded.over_time[::-1]
        cells = [*([loaded.total] if loaded.total else []), *over_time]
        labels = [*(["All"] if loaded.total else []), *map(label_of, over_time)]
        chart = stacked(cells, labels, width, signs, colours, self._highlight)
        self.query_one("#time", Static).update(chart if cells else Text("No moods in this period."))

    def _show_week(self, loaded: MoodView) -> None:
        width, colours, signs = self._widths[1], self._colours, self.app.signs
        heat = heat_map(
            loaded.week, self._highlight, width, colours[self._highlight], self.app.theme_variables["surface"]
        )
        pane, key = self.query_one("#week-pane"), self.app.settings.keys.shown("next_mood")
        pane.border_title = f"{self._highlight.title()} by weekday and hour ({key}: next mood)"
        self.query_one("#week", Static).update(heat)
        names = [label_of(cell) for cell in loaded.groups]
        groups = stacked(loaded.groups, names, self._widths[0], signs, colours, self._highlight)
        self.query_one("#groups", Static).update(groups)
        self.query_one("#groups-pane").display = bool(loaded.groups)

    def _show_summary(self, loaded: MoodView) -> None:
        first, last = loaded.period.first, loaded.period.last
        begin = day_name(first) if first.year == last.year else date_text(first)
        days = date_text(last) if first == last else f"{begin} {self.app.signs.dash} {date_text(last)}"
        whom = f"   {clean(loaded.whom, 30)}" if loaded.whom else ""
        sightings = (
            f"   {plural(loaded.total.sightings, 'sighting')}{_unsure(loaded.total, wide=self.size.width >= 100)}"
            if loaded.total and not loaded.total.hidden
            else ""
        )
        alone = loaded.weeks_of is not None and not loaded.people
        usual = f"   against usual: {loaded.change.told}" if alone and loaded.change else ""
        note = {"aggregate": "   kept without names", "off": "   moods are switched off", "individual": ""}
        self.say(f"{days}{whom}{sightings}{usual}{note[self.app.settings.mood]}")

    def _show_people(self, loaded: MoodView) -> None:
        compared = any(one.change for one in loaded.people)
        columns = people_columns(self._highlight, compared=compared)
        rows = [self._person_row(one, compared=compared) for one in loaded.people]
        if loaded.more:
            told = f"and {loaded.more:,} more, seen less often"
            rows.append(Row("more", (told, *[""] * (len(columns) - 1)), ("faint",)))
        table = self.query_one("#people", Table)
        pane = self.query_one("#people-pane")
        pane.display = bool(rows)
        why = "" if compared else f"; usual not known: seen too seldom in the {BASELINE.days // 7} weeks before"
        pane.border_title = f"By person{why}"
        table.retitle(columns)
        table.show(rows)

    def _person_row(self, one: PersonMood, *, compared: bool) -> Row:
        cell, signs, at = one.cell, self.app.signs, MOODS.index(self._highlight)
        told = one.change.told if one.change else "few before"
        name, seen = clean(one.name), f"{cell.sightings:,}"
        if cell.few or cell.shares is None:
            return Row(str(cell.key), (name, seen, "too few", "", "", "", *(("", told) if compared else ()), ""))
        best, most = max(zip(MOODS, cell.shares, strict=True), key=lambda item: item[1])
        share, usual = cell.shares[at], one.usual
        before = (
            range_text(usual.shares[at], usual.sightings, signs) if usual and usual.shares and not usual.few else ""
        )
        against = (before, told) if compared else ()
        figures = f"{share:.0%}", range_text(share, cell.weight, signs), *against, f"{cell.shares[-1]:.0%}"
        return Row(
            str(cell.key), (name, seen, f"{best} {most:.0%}", "", *figures), bar=parts(cell, signs, self._colours)
        )

    @on(Table.Highlighted, "#people")
    def _look_at(self, message: Table.Highlighted) -> None:
        """Show the weeks of the person under the cursor, where there is room for them."""
        person = None if message.key in (None, "more") else UUID(message.key)
        if self.loaded is None or person in (None, self.loaded.weeks_of) or self.has_class("-narrow"):
            return
        self._beside = person
        self.facts_changed()

    # What is shown

    def action_range(self, chosen: str) -> None:
        self._range = Range(chosen)
        self._load_other()

    def action_step(self, by: int) -> None:
        """The range before, or after."""
        last = (self._last or self.app.today) + timedelta(days=by * self._range.days)
        self._last = None if last >= self.app.today else last
        self._load_other()

    def action_today(self) -> None:
        self._last = None
        self._load_other()

    def action_highlight(self) -> None:
        self._highlight = EMOTIONS[(EMOTIONS.index(self._highlight) + 1) % len(EMOTIONS)]
        self.redraw()

    def action_filter(self) -> None:
        """Ask for a group or a person."""
        field = Ask("whom", "Group or person", self.loaded.whom if self.loaded else "", optional=True)
        dialog = Dialog("Whose moods?", "A part of the name does. Leave it empty for everybody.", [field], yes="Show")

        def job(answers: Answers) -> Callable[[], tuple[UUID | None, str | None]]:
            return partial(find_whom, self.app.engine, answers["whom"], new_group=False)

        ask(self.app, dialog, job, self._show_whom)

    def action_clear_filter(self) -> None:
        self._show_whom((None, None))

    @on(Table.Selected, "#people")
    def _person_chosen(self, message: Table.Selected) -> None:
        if message.key != "more":
            self._show_whom((UUID(message.key), None))

    def _show_whom(self, whom: tuple[UUID | None, str | None]) -> None:
        self._whom = whom
        self._load_other()
        self.query_one("#time-pane").focus()

    def _load_other(self) -> None:
        self.say("Loading")
        self.reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("today", "step"):
            return self._last is not None or parameters == (-1,) or None
        return action != "clear_filter" or self._whom != (None, None)


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
