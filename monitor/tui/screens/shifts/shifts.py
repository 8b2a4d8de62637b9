"""The Shifts screen: who is expected when, public holidays, leave, and who has no shift."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, TypeAlias

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import Static

from db.calendar import Holiday
from db.records.people import Person
from monitor.desk.calendar.leave import LeaveEntry
from monitor.desk.calendar.shifts import ShiftEntry
from monitor.desk.calendar.view import CalendarView, calendar_view
from monitor.text import plural
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.leave import ask_leave
from monitor.tui.screens.shifts import edits, rows
from monitor.tui.widgets.table import Table

LISTS = ("shifts", "holidays", "leave", "without")
Entry: TypeAlias = ShiftEntry | Holiday | LeaveEntry | Person
"""Of these lists."""


class ShiftsScreen(DeskScreen[CalendarView]):
    """Who is expected when."""

    mode = "shifts"
    AUTO_FOCUS = "#shifts"
    HELP = """\
# Shifts

Who is expected when. A person's own shift counts, else the group's, else everybody's. Who has no shift is never
absent or late; nobody is on a public holiday.

- A shift is typed in one line, `lab mon-fri 8-16:30 grace 10 break 30`, or field by field. Where it is changed from a
  day on, the days before stay as they are.

In the lists, **2w** means every second week, **»** the next day, **p** a paid break.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("shifts"),
        Binding("shift+tab", "list(-1)", "List before", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._active = "shifts"

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        with Horizontal(id="main"):
            with Vertical(id="left", classes="list"):
                with Container(classes="pane list", id="shifts-pane"):
                    yield Table(rows.shift_columns(wide=False), empty="Loading", id="shifts")
                with Horizontal(id="lower", classes="list"):
                    with Container(classes="pane list", id="holidays-pane"):
                        yield Table(rows.HOLIDAYS, empty="Loading", id="holidays")
                    with Container(classes="pane list", id="leave-pane"):
                        yield Table(rows.LEAVE, empty="Loading", id="leave")
            with Container(classes="pane list", id="without-pane"):
                yield Table(rows.WITHOUT, empty="Loading", id="without")
        yield Static("2w every second week   » ends on the next day   p paid break", id="legend", markup=False)

    def on_mount(self) -> None:
        self._mark()

    def query_job(self) -> Callable[[], CalendarView]:
        return partial(calendar_view, self.app.engine, self.app.settings.zone, self.app.clock())

    # What is shown

    def show(self, loaded: CalendarView) -> None:
        self._show_shifts(loaded)
        add, load = (self.app.settings.keys.shown(name) for name in ("add", "file_import"))
        none = f"No public holidays. Press {add}, or {load} for those of a country such as DE-BE."
        self.query_one("#holidays", Table).show([*map(rows.holiday_row, loaded.holidays)], empty=none)
        nobody = f"Nobody is on leave, now or later. Press {add}."
        self.query_one("#leave", Table).show([*map(rows.leave_row, loaded.leave)], empty=nobody)
        people = [*map(rows.person_row, loaded.shifts.without)]
        none = "Everybody has a shift." if loaded.shifts.entries else "Nobody is enrolled."
        self.query_one("#without", Table).show(people, empty=none)
        self._title(loaded)
        self.refresh_bindings()

    def _show_shifts(self, loaded: CalendarView) -> None:
        table, signs = self.query_one("#shifts", Table), self.app.signs
        wide = table.size.width >= rows.WIDE
        shown = [rows.shift_row(one, signs.dash, signs.dot, wide=wide) for one in loaded.shifts.entries]
        table.retitle(rows.shift_columns(wide=wide))
        add = self.app.settings.keys.shown("add")
        table.show(shown, empty=f"No shifts: nobody is ever late or absent. Press {add} to add one.")

    def _title(self, loaded: CalendarView) -> None:
        counts = {
            "shifts": ("Shifts", len(loaded.shifts.entries)),
            "holidays": ("Public holidays", len(loaded.holidays)),
            "leave": ("Leave", len(loaded.leave)),
            "without": ("No shift", loaded.shifts.without_count),
        }
        for key, (title, count) in counts.items():
            self.query_one(f"#{key}-pane").border_title = f"{title} ({count:,})"
        if self.has_class("-narrow") or self.has_class("-low"):
            names = (f"{title} {count:,}" for title, count in counts.values())
            marked = zip(LISTS, names, strict=True)
            self.say("  ".join(f"[{name}]" if key == self._active else f" {name} " for key, name in marked))
            return
        missing = loaded.shifts.without_count
        without = f"{plural(missing, 'person has', 'people have')} none: never absent or late." if missing else ""
        rule = "Who is expected when: a person's own shift, else the group's, else everybody's."
        both = f"{rule}   {without}".rstrip()
        self.say(both if len(both) <= self.size.width - 2 else without or rule)

    def on_resize(self, _: events.Resize) -> None:
        self.call_after_refresh(self.redraw)

    # The lists

    def action_list(self, by: int) -> None:
        """To the next list."""
        self._active = LISTS[(LISTS.index(self._active) + by) % len(LISTS)]
        self._mark()
        self.query_one(f"#{self._active}", Table).focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget.id in LISTS and event.widget.id != self._active:
            self._active = event.widget.id
            self._mark()

    def _mark(self) -> None:
        for pane in self.query(".list"):
            pane.set_class(bool(pane.query(f"#{self._active}")), "-active")
        if self.loaded is not None:
            self._title(self.loaded)
        self.refresh_bindings()

    @property
    def _chosen(self) -> Entry | None:
        """What is under the cursor of the active list."""
        if (loaded := self.loaded) is None:
            return None
        lists: dict[str, Sequence[Entry]] = {
            "shifts": loaded.shifts.entries,
            "holidays": loaded.holidays,
            "leave": loaded.leave,
            "without": loaded.shifts.without,
        }
        at = self.query_one(f"#{self._active}", Table).cursor
        return next(iter(lists[self._active][at : at + 1]), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "change":
            return isinstance(self._chosen, ShiftEntry | LeaveEntry)
        if action == "end":
            return isinstance(self._chosen, ShiftEntry | LeaveEntry | Holiday)
        return super().check_action(action, parameters)

    # What the keys do

    def action_add(self) -> None:
        if self._active == "holidays":
            edits.add_holiday(self)
        elif self._active == "leave":
            ask_leave(self, None, self.app.today)
        else:
            person = self._chosen
            edits.add_shift(self, (person.group or person.name) if isinstance(person, Person) else "")

    def action_change(self) -> None:
        match self._chosen:
            case ShiftEntry() as shift:
                edits.change_shift(self, shift)
            case LeaveEntry() as away:
                ask_leave(self, away.person, away.leave.first, away.leave)

    def action_end(self) -> None:
        match self._chosen:
            case ShiftEntry() as shift:
                edits.end_shift(self, shift)
            case LeaveEntry() as away:
                edits.remove_leave(self, away)
            case Holiday() as holiday:
                edits.remove_holiday(self, holiday)

    def action_import(self) -> None:
        if self._active == "holidays":
            edits.ask_for_holidays(self)
        else:
            edits.ask_for_list(self, leave=self._active == "leave")
