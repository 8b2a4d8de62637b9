"""Needs you: the days that somebody is to look at, what may have happened, and the keys that repair them."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.widgets import Static

from monitor.attendance.days import Period
from monitor.attendance.repair import Proposal, Repair
from monitor.desk.days.repair_list import Aside, RepairList, repair_list
from monitor.desk.repairs.repairing import Foreseen, foreseen, look_again, repair, set_aside
from monitor.text import MONTHS, WEEKDAYS, day_name, plural
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.desk import BREAKPOINTS, LOW, TINY, DeskScreen
from monitor.tui.screens.leave import ask_leave
from monitor.tui.screens.today.evidence import evidence
from monitor.tui.screens.today.other_time import ask_other_time
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Ask, Dialog, question
from monitor.tui.widgets.header import TopBar
from monitor.tui.widgets.table import Column, Row, Table

REACH: Final = timedelta(days=31)
"""So many days at once are looked through."""
COLUMNS: Final = (
    Column("month", "", 3, rank=3),
    Column("name", "Name", least=20, most=24),
    Column("what", "What is wrong", 22, rank=2),
    Column("proposal", "Proposal", least=15, rank=1),
)
"""The columns after the one of the day, in which the tick is."""


class NeedsYouScreen(DeskScreen[RepairList]):
    """Days across a month, repaired one key each."""

    mode = "today"
    HELP = """\
# Needs you

The days that somebody is to look at: an entry is missing, nobody came and nobody knows why, a rule closed the day, or
the door's clock was wrong. Each with what may have happened, the best evidence first.

- The numbers **1** to **4** do another proposal than the first. **Enter** shows the day's entries.
- What is done while days are ticked is done to all of them, after a question.

Nothing is written over: each repair is a new row of the ledger that says who wrote it and why.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("repair"),
        *(Binding(str(n), f"other({n})", f"Proposal {n}", show=False) for n in range(1, 5)),
        Binding("escape", "back", "Back", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._back = 0
        self._ticked: set[str] = set()
        self._view_aside = False
        self._written: set[str] = set()
        """Keys of days that are being repaired, or are repaired and not loaded anew: they are not shown."""
        self._loaded_after: set[str] = set()
        """Those of them whose repair was over before the running load began."""
        self._at_work: set[str] = set()
        self._left: set[str] = set()
        """Keys of days that left the list last."""
        self._foreseen: tuple[str, Foreseen] | None = None

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        with Horizontal(id="main"):
            with Container(classes="pane", id="repairs-pane"):
                day = Column("day", "Day", len(self.app.signs.ticks[0]) + len(" Mon 23"))
                yield Table((day, *COLUMNS), empty="Loading", id="repairs")
            yield Static(classes="pane details", id="evidence", markup=False)

    @property
    def period(self) -> Period:
        return days_looked_at(self.app, self._back)

    @property
    def _zone(self) -> ZoneInfo:
        return self.app.settings.zone

    def query_job(self) -> Callable[[], RepairList]:
        self._loaded_after = self._written - self._at_work
        return partial(repair_list, self.app.engine, self.app.settings, self.period, self.app.clock())

    # What is shown

    def show(self, loaded: RepairList) -> None:
        self._written -= self._loaded_after
        self._loaded_after = set()
        self._draw()
        if back := self._left & {one.key for one in self._open}:  # taken back, or refused
            self._left = set()
            self.query_one(Table).move_to(min(back))

    def _draw(self) -> None:
        open_ = self._open
        self._ticked &= {one.key for one in open_}
        if not self._back:
            self.app.needs_you = len(open_)
            self.query_one(TopBar).tick()
        shown = [one.repair for one in self._aside] if self._view_aside else open_
        back = f"Nothing was set aside. Press {self.app.settings.keys.shown('view')} to go back."
        nothing = back if self._view_aside else "Nothing needs you in this time."
        self.query_one(Table).show([self._row(one) for one in shown], empty=nothing)
        period = self.period
        days = f"{day_name(period.first)} to {day_name(period.last)}"
        ticked = f"   {len(self._ticked)} ticked" if self._ticked else ""
        aside = f"   {len(self._aside)} set aside"
        view = "Set aside" if self._view_aside else "Needs you"
        self.say(f"! {view}   {days}   {len(open_)} open{aside}{ticked}   oldest first")
        self._look()
        self.refresh_bindings()

    @property
    def _open(self) -> list[Repair]:
        return [one for one in self.loaded.open if one.key not in self._written] if self.loaded else []

    @property
    def _aside(self) -> Sequence[Aside]:
        return [one for one in self.loaded.aside if one.repair.key not in self._written] if self.loaded else ()

    def _row(self, one: Repair) -> Row:
        day = f"{self.app.signs.ticks[one.key in self._ticked]} {WEEKDAYS[one.day.weekday()]} {one.day.day:2d}"
        proposal = self._proposal(one)
        if self._view_aside:
            found = next(each for each in self._aside if each.repair.key == one.key)
            proposal = f"x {clean(found.reason, 40)}, {clean(found.actor, 20)}"
        month = MONTHS[one.day.month - 1]
        return Row(one.key, (day, month, clean(one.person.name), one.text(self._zone), proposal))

    def _proposal(self, one: Repair) -> str:
        if not one.proposals:
            return f"press {self._by_hand}"
        proposed = one.proposals[0].text
        return proposed if self.size.width >= BREAKPOINTS[1][0] else proposed.partition(", ")[0]  # evidence: below

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        if self.loaded is not None:
            self._look()

    @on(Table.Highlighted, "#repairs")
    def _look(self) -> None:
        """Show the evidence for the row under the cursor, and ask what its proposal would make of the day."""
        one, pane = self._selected, self.query_one("#evidence", Static)
        if one is None:
            pane.border_title = ""
            pane.update("")
            return
        pane.border_title = clean(f"{one.person.name} {self.app.signs.dot} {day_name(one.day)}", 60)
        known = self._foreseen
        pane.update(self._evidence(one, known[1] if known and known[0] == one.key else None))
        if known is None or known[0] != one.key:
            app, proposal = self.app, one.proposals[0] if one.proposals else None
            job = partial(foreseen, app.engine, app.settings, one, proposal, app.clock())
            app.in_background(job, partial(self._looked, one.key))

    def _looked(self, key: str, found: Foreseen) -> None:
        self._foreseen = key, found
        one = self._selected
        if one is not None and one.key == key:
            self.query_one("#evidence", Static).update(self._evidence(one, found))

    def _evidence(self, one: Repair, found: Foreseen | None) -> str:
        app = self.app
        if self.size.width < TINY or self.size.height < LOW:  # no room for the axis of the day
            proposed = (
                f"Proposed: {self._proposal(one)}" if one.proposals else f"Nothing is proposed; {self._proposal(one)}"
            )
            return f"{clean(one.person.name)}: {one.text(self._zone)}. {proposed}."
        lines = evidence(one, found, self._zone, app.clock(), by=app.at_desk, ascii_only=app.ascii_only)
        return "\n".join(lines)

    # What is chosen

    @property
    def _selected(self) -> Repair | None:
        key = self.query_one(Table).selected_key
        every = [*self._open, *(one.repair for one in self._aside)]
        return next((one for one in every if one.key == key), None)

    @property
    def _chosen(self) -> list[Repair]:
        """The ticked days, else the one under the cursor."""
        ticked = [one for one in self._open if one.key in self._ticked]
        return ticked or ([one] if (one := self._selected) is not None else [])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        one = self._selected if self.is_mounted else None
        if action in {"repair", "other"}:
            number = parameters[0] if parameters and isinstance(parameters[0], int) else 1
            return (one is not None and not self._view_aside and len(one.proposals) >= number) or None
        if action in {"change", "leave", "tick"}:
            return (one is not None and not self._view_aside) or None
        if action == "month":
            return self._back > 0 or parameters == (1,)
        return True if action == "aside" and one is not None else super().check_action(action, parameters)

    def action_tick(self) -> None:
        if (one := self._selected) is not None:
            self._ticked ^= {one.key}
            self._draw()
            self.query_one(Table).action_move(1)

    def action_view(self) -> None:
        self._view_aside = not self._view_aside
        self._draw()

    def action_month(self, by: int) -> None:
        self._back = max(0, self._back + by)
        self.reload()

    async def action_back(self) -> None:
        """Back to Today."""
        await self.app.run_action("app.open('today')")

    @on(Table.Selected, "#repairs")
    def _open_day(self) -> None:
        if (one := self._selected) is not None:
            self._foreseen = None
            self.app.push_screen(DaySheet(one.person, one.day), lambda _: self.reload())

    # What is written

    @property
    def _by_hand(self) -> str:
        """The keys of what helps where nothing is proposed."""
        change, leave, aside = (self.app.settings.keys.shown(one) for one in ("change", "leave", "take_away"))
        return f"{change}, {leave} or {aside}"

    def action_repair(self) -> None:
        """Do what is proposed for the ticked days, or for this one."""
        chosen = [(one, one.proposals[0], one.proposals[0].reason) for one in self._chosen if one.proposals]
        if len(chosen) < 2:
            self._write(chosen)
            if not chosen and self._selected is not None:
                self.app.notify(f"Nothing is proposed for this day; press {self._by_hand}.")
            return
        text = f"{plural(len(chosen), 'day')}, each as proposed and with its reason."
        question(self.app, Dialog("Repair the ticked days", text, yes="Repair"), lambda _: self._write(chosen))

    def action_other(self, number: int) -> None:
        one = self._selected
        if one is not None and len(one.proposals) >= number:
            self._write([(one, one.proposals[number - 1], one.proposals[number - 1].reason)])

    def _write(self, chosen: list[tuple[Repair, Proposal, str]]) -> None:
        if chosen:
            texts = [
                f"{clean(one.person.name, 40)}, {day_name(one.day)}: {proposal.text}." for one, proposal, _ in chosen
            ]
            said = texts[0] if len(texts) == 1 else f"{plural(len(texts), 'day is', 'days are')} repaired."
            job = self.app.by_desk(repair, self.app.settings, chosen)
            self._begin([one for one, _, _ in chosen], job, said)

    def _begin(self, days: Sequence[Repair], job: Callable[[], object], said: str) -> None:
        """Do it in a worker; the days leave the list at once, so that the next key is for the next day."""
        keys = {one.key for one in days}
        self._written |= keys
        self._at_work |= keys
        self._left = keys
        self._ticked -= keys
        self._draw()

        def over() -> None:
            self._at_work -= keys

        def done(_: object) -> None:
            over()
            self.changed(said)

        def failed(sentence: str) -> None:
            over()
            self._written -= keys
            self.refused(sentence)

        self.app.in_background(job, done, failed)

    def action_aside(self) -> None:
        app, chosen = self.app, self._chosen
        if not chosen:
            return
        if self._view_aside:
            job = app.by_desk(look_again, chosen, "put back")
            self._begin(chosen, job, "The day is back in the list.")
            return
        text = "Nothing is written into the ledger; the day is no longer in this list. V shows what was set aside."
        dialog = Dialog(
            f"Set aside {plural(len(chosen), 'day')}",
            text,
            [Ask("reason", "Reason", "right as it is")],
            yes="Set aside",
        )
        said = f"{plural(len(chosen), 'day is', 'days are')} set aside."
        question(
            app, dialog, lambda answers: self._begin(chosen, app.by_desk(set_aside, chosen, answers["reason"]), said)
        )

    def action_leave(self) -> None:
        if (one := self._selected) is not None:
            ask_leave(self, one.person, one.day)

    def action_change(self) -> None:
        """Ask for the time that is right."""
        if (one := self._selected) is not None:
            ask_other_time(self.app, one, lambda proposal, reason: self._write([(one, proposal, reason)]))


def days_looked_at(app: DeskApp, back: int = 0) -> Period:
    """The days up to today that somebody is to look at.

    Args:
        back: how many times as many days before.
    """
    last = app.today - back * REACH
    return Period(last - REACH + timedelta(days=1), last)
