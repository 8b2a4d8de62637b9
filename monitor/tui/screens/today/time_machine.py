"""The time machine: a slider over a day, and under it the board as it was at that minute."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widgets import Static

from monitor.attendance.days import Period, PersonDay
from monitor.calendar_text import parse_clock
from monitor.desk.days.day_board import BoardPage
from monitor.desk.days.time_machine import Moment, Otherwise, after, moments, otherwise, until
from monitor.errors import UsageError
from monitor.text import date_text, plural
from monitor.tui.runtime.key_bindings import bindings, of_the_app
from monitor.tui.screens.desk import TINY, Filter
from monitor.tui.screens.today.today import COLUMNS, TodayScreen
from monitor.tui.style.text import Signs, at_clock, clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, question
from monitor.tui.widgets.paged import PagedTable

STEP: Final = timedelta(minutes=5)
PLAY_EVERY: Final = 0.5
"""Seconds between two steps while it plays."""
BARS: Final = " ▁▂▃▄▅▆▇█"
"""How many entries there are in a cell of the slider, from none to most."""
LAST: Final = 4
"""So many of the last entries are told."""
NAMES: Final = 3
"""So many people are named in a line."""
MOST_MINUTES: Final = 720
MOST_STRANGERS: Final = 1_000_000_000
"""What may be asked for: the minutes by which shifts are moved, and of how many strangers one may be named."""
WORDS: Final = {"check_in": "came in", "check_out": "left", "void": "entry made void", "correction": "corrected"}


class TimeMachine(TodayScreen, inherit_bindings=False):
    """The board of a day as it was at a minute; nothing can be changed here."""

    HELP = """\
# Time machine

The board as it was at that minute, from the ledger: what was written later is not counted, also no correction. Shifts,
leave and names are those of today. Nothing is changed by looking.

- **Enter**: why the person's last entry until then was made.
- The arrow keys go by 5 minutes, comma and full stop to the entry before and after; Space plays the day.
- The bars over the slider show how much happened when.
- **What if** asks for other shifts and another threshold, and says below the board who would be late, and who would not
  be named. Faces whose sightings are past their time are not counted.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("desk"),
        *bindings("machine"),
        *of_the_app("help"),
        Binding("escape", "leave_or_clear", "Leave", show=True),
    ]

    def __init__(self, day: date, at: datetime) -> None:
        """
        Args:
            at: the minute with which it begins; UTC.
        """
        super().__init__()
        self._shown_day, self._at = day, at
        self._known: Sequence[Moment] = ()
        self._play: Timer | None = None
        self._what_if: tuple[int, float] | None = None
        """Minutes by which every shift were later, and the share of strangers that might be named."""

    def body(self) -> ComposeResult:
        yield Static(id="machine", markup=False)
        yield Static(id="summary", markup=False)
        yield Filter("name, group or status")
        with Container(classes="pane", id="main"):
            yield PagedTable(COLUMNS, empty="Loading", id="roster")
        yield Static(id="around", markup=False)
        yield Static(id="otherwise", markup=False)
        yield Static(id="legend", markup=False)

    def on_mount(self) -> None:
        job = partial(moments, self.app.engine, self.app.settings, self.day)
        self.app.in_background(job, self._moments_known)

    def open_line(self, line: PersonDay) -> None:
        """Why the last entry until then was made; the day sheet is of now, and would be mistaken for then."""
        self.show_why(line, self._bounds[0], self._at + timedelta(microseconds=1))

    def _moments_known(self, known: Sequence[Moment]) -> None:
        self._known = known
        self._draw()

    @property
    def day(self) -> date:
        return self._shown_day

    @property
    def now(self) -> datetime:
        """The minute that is shown."""
        return self._at

    def query_job(self) -> Callable[[], BoardPage]:
        return self.board_job(known_at=self._at)

    def show(self, loaded: BoardPage) -> None:
        super().show(loaded)
        self._draw()

    def _draw(self) -> None:
        """The slider, and what happened last and next."""
        if not self.is_attached:
            return
        zone, signs = self.app.settings.zone, self.app.signs
        width = self.size.width
        at = "" if width < TINY else "as it was at "
        title = f" TIME MACHINE  {date_text(self.day)} {at}{at_clock(self._at, zone)} "
        text = Text(no_wrap=True).append(f"▒▒{title}".ljust(width, "▒"), "reverse")
        start, end = self._axis_from, self._bounds[1]
        for line in slider(self._known, start, self._at, end, width - 20):
            text.append(f"\n  {at_clock(start, zone) if line.strip(BARS) else '':5} {line} ")
        text.append(f"{at_clock(end - timedelta(minutes=1), zone)}")
        self.query_one("#machine", Static).update(text)
        self.query_one("#around", Static).update(self._around(signs))

    def _around(self, signs: Signs) -> Text:
        """The last entries before this minute, and the next one."""
        zone, text = self.app.settings.zone, Text(no_wrap=True, overflow="ellipsis")
        following = after(self._known, self._at)
        if following is not None:
            told = f"{WORDS.get(following.kind, following.kind)}: {clean(following.name, 30)}"
            text.append(f"next {at_clock(following.at, zone)} {told}", "dim")
        for one in until(self._known, self._at)[:LAST]:
            told = f"{at_clock(one.at, zone)} {clean(one.name, 30)} {WORDS.get(one.kind, one.kind)}"
            text.append(f"   {signs.dot} " if text else "").append(told)
        return text

    @property
    def _bounds(self) -> tuple[datetime, datetime]:
        """From the day's first minute to its last, of today to now."""
        start, end = Period(self.day, self.day).bounds(self.app.settings.zone)
        return start, min(end, self.app.clock().replace(second=0, microsecond=0) + timedelta(minutes=1))

    @property
    def _axis_from(self) -> datetime:
        """The whole hour at which the slider begins: 6 o'clock, or earlier where there is something."""
        zone = self.app.settings.zone
        six = datetime.combine(self.day, time(6), tzinfo=zone)
        first = min(six, self._at, *(one.at for one in self._known[:1]))
        return first.astimezone(zone).replace(minute=0, second=0, microsecond=0)

    def _go(self, at: datetime) -> None:
        start, end = self._bounds
        self._at = min(max(at, start), end - timedelta(minutes=1))
        self._draw()
        self._look_otherwise()
        self.reload()

    def action_minutes(self, by: int) -> None:
        self._go(self._at + by * STEP)

    def action_entry(self, by: int) -> None:
        """To the entry before, or after."""
        there = until(self._known, self._at - timedelta(microseconds=1)) if by < 0 else [after(self._known, self._at)]
        if there and there[0] is not None:
            self._go(there[0].at)

    def action_latest(self) -> None:
        self._go(self._bounds[1])

    def action_clock(self) -> None:
        """Ask for a time of the day."""
        zone = self.app.settings.zone
        field = Ask("at", "Time (hh:mm)", at_clock(self._at, zone))

        def go(answers: Answers) -> None:
            self._go(datetime.combine(self.day, parse_clock(answers["at"]), tzinfo=zone))

        question(self.app, Dialog("Which time?", fields=[field], yes="Show"), go)

    def action_what_if(self) -> None:
        """Ask for other shifts and another threshold, and say beside the board what they would have said."""
        minutes, target = self._what_if or (0, self.app.settings.target_fpir)
        fields = [
            Ask("minutes", "Minutes by which each shift is later; -15: earlier", str(minutes)),
            Ask("target", "Strangers of whom one may be named (1 in how many)", f"{1 / target:.0f}"),
        ]
        text = "Says who would be late, and whose face would be named. Nothing is changed by it."
        dialog = Dialog("What if?", text, fields, yes="Show")
        question(self.app, dialog, lambda answers: self._ask_otherwise(_asked(answers)))

    def _ask_otherwise(self, asked: tuple[int, float]) -> None:
        self._what_if = asked
        self.query_one("#otherwise").display = True
        self._look_otherwise()

    def _look_otherwise(self) -> None:
        if self._what_if is not None:
            minutes, target = self._what_if
            app, moved = self.app, timedelta(minutes=minutes)
            job = partial(otherwise, app.engine, app.settings, self.day, self._at, moved=moved, target=target)
            app.in_background(job, partial(self._show_otherwise, self._at, self._what_if))

    def _show_otherwise(self, at: datetime, asked: tuple[int, float], found: Otherwise) -> None:
        if self.is_attached and (at, asked) == (self._at, self._what_if):
            self.query_one("#otherwise", Static).update("\n".join(told_otherwise(found, *asked)))

    def action_play(self) -> None:
        """Play the day from here, or stop."""
        if self._play is not None:
            self._stop()
        else:
            self._play = self.set_interval(PLAY_EVERY, self._next_frame)

    def _next_frame(self) -> None:
        self.action_minutes(1)
        if self._at + STEP >= self._bounds[1]:
            self._stop()

    def _stop(self) -> None:
        if self._play is not None:
            self._play.stop()
            self._play = None

    def action_back(self) -> None:
        """Back to the board of now."""
        self.dismiss()

    def action_leave_or_clear(self) -> None:
        """Escape clears the filter first, where there is one."""
        if self.query_one("#filter").display:
            self.action_clear_filter()
        else:
            self.action_back()


def slider(known: Sequence[Moment], start: datetime, at: datetime, end: datetime, width: int) -> tuple[str, str]:
    """Two lines: how much happened when, and the place of the minute between start and end."""
    span = end - start
    counts = [0] * width
    for one in known:
        if start <= one.at < end:
            counts[int((one.at - start) / span * width)] += 1
    most = max([*counts, 1])
    bars = "".join(BARS[-(-number * (len(BARS) - 1) // most)] for number in counts)
    here = min(width - 1, int((at - start) / span * width))
    return bars, "━" * here + "●" + "─" * (width - here - 1)


def _asked(answers: Answers) -> tuple[int, float]:
    """Minutes and share of strangers that were typed. Raises: UsageError."""
    try:
        minutes, one_in = int(answers["minutes"]), float(answers["target"])
    except ValueError as error:
        raise UsageError("Both are numbers, such as -15 and 1000.") from error
    if abs(minutes) > MOST_MINUTES or not 1 < one_in <= MOST_STRANGERS:
        raise UsageError(f"Minutes are from -{MOST_MINUTES} to {MOST_MINUTES}, strangers from 2 to {MOST_STRANGERS:,}.")
    return minutes, 1 / one_in


def told_otherwise(found: Otherwise, minutes: int, target: float) -> tuple[str, str]:
    """Two lines: what other shifts would have said, and what another threshold."""
    way = "later" if minutes >= 0 else "earlier"
    late = [f"{listed(found.late)} would be late"] if found.late else []
    on_time = [f"{listed(found.on_time)} would not be late"] if found.on_time else []
    shifts = "; ".join([*late, *on_time]) or "nobody else would be late, and nobody less"
    unknown = [one.person for one in found.faces.changes if not one.named]
    named = [one.person for one in found.faces.changes if one.named]
    lost = [f"{listed(unknown)} would not be named"] if unknown else []
    won = [f"a face would be named {listed(named)}"] if named else []
    faces = f"of {plural(found.faces.sightings, 'face')}, " + ("; ".join([*lost, *won]) or "all get the same answer")
    return (
        f"What if shifts were {abs(minutes)} min {way}: {shifts}.",
        f"What if 1 in {1 / target:,.0f} strangers were named: {faces}.",
    )


def listed(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    shown = ", ".join(clean(name, 30) for name in names[:NAMES])
    return f"{shown} and {len(names) - NAMES} more" if len(names) > NAMES else shown
