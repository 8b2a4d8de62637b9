"""The Visitors screen: unknown faces, one row per likely person."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.widgets import Static

from db.records.people import Person
from monitor.desk.days.why import why_sighting
from monitor.desk.people import visitor_naming
from monitor.desk.people import visitors as queries
from monitor.desk.people.merging import FacesDifferError
from monitor.desk.people.visitor_naming import VisitorEnrolled
from monitor.desk.people.visitors import VisitorGroup, VisitorsView
from monitor.text import day_name, plural
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.people.person_actions import UNDO, consent_fields, consents_in
from monitor.tui.screens.people.person_text import called
from monitor.tui.screens.people.picker import PersonPicker
from monitor.tui.screens.why import WhyScreen
from monitor.tui.style.text import at_clock, clean, day_text, moment_text
from monitor.tui.widgets.dialogs import Ask, Dialog
from monitor.tui.widgets.table import Column, Row, Table
from monitor.tui.widgets.thumbnail import Thumbnail

COLUMNS = (
    Column("last", "Last seen"),
    Column("visits", "Visits", 6, right=True),
    Column("days", "Days", 4, right=True),
    Column("first", "First seen", 16, rank=1),
)
EMPTY = "No unknown faces are kept."
ENROLLED_FROM = "The visitor is enrolled from their best shots."
SHOWN = 40
"""Most visits of one visitor that are listed."""
BECOME_TEMPLATES = "The visitor's best shots become templates of the person whom you choose."


class VisitorsScreen(DeskScreen[VisitorsView]):
    """Unknown faces, to be named, merged or discarded."""

    mode = "visitors"
    HELP = """\
# Visitors

Unknown faces. A visitor who came on several days is one row. Older visitors follow at the end of the list.

- **Tab**: to the pane with the visits, to scroll it, and back.
- Of a visitor who is named, the best shots become their templates. Where faces are discarded, the sightings stay.
"""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("visitors")]

    def __init__(self) -> None:
        super().__init__()
        self._batches = 1
        self._chosen = False

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        with Horizontal(id="main"):
            with Container(classes="pane", id="list"):
                yield Table(COLUMNS, empty="Loading", id="visitors")
            with VerticalScroll(classes="pane details", id="person"):
                yield Thumbnail(id="face")
                yield Static(id="about", markup=False)

    def query_job(self) -> Callable[[], VisitorsView]:
        return partial(queries.visitors_view, self.app.engine, self.app.cipher, self._batches, self.app.settings.zone)

    @on(Table.Highlighted, "#visitors")
    def _near_the_end(self, message: Table.Highlighted) -> None:
        """Older faces come when the cursor is on the last row."""
        loaded = self.loaded
        if loaded and loaded.more and loaded.groups and message.key == loaded.groups[-1].key:
            self._batches = loaded.batches + 1
            self.reload()

    def show(self, loaded: VisitorsView) -> None:
        self.query_one("#visitors", Table).show([self._row(one) for one in loaded.groups], empty=EMPTY)
        visitors, visits = len(loaded.groups), loaded.faces
        shown = f"{plural(visitors, 'unknown visitor')}, {plural(visits, 'visit')}"
        self.say(f"{shown}; older ones follow at the end of the list" if loaded.more else shown)
        self._show_group()

    def _row(self, group: VisitorGroup) -> Row:
        zone, last = self.app.settings.zone, group.last_at
        first = day_text(group.visits[-1].sighting.first_at, zone)
        return Row(group.key, (moment_text(last, zone), str(len(group.visits)), str(group.days), first))

    @property
    def selected(self) -> VisitorGroup | None:
        """The visitor under the cursor."""
        key = self.query_one("#visitors", Table).selected_key
        return next((group for group in self.loaded.groups if group.key == key), None) if self.loaded else None

    @on(Table.Highlighted, "#visitors")
    def _show_group(self) -> None:
        group, zone = self.selected, self.app.settings.zone
        self.query_one(Thumbnail).show(group.portrait if group else None)
        text = Text()
        for visit in group.visits[:SHOWN] if group else ():
            seen = visit.sighting
            seconds = round((seen.last_at - seen.first_at).total_seconds())
            text.append(f"{day_name(seen.first_at.astimezone(zone).date()):<11}", "dim")
            text.append(f"{at_clock(seen.first_at, zone)}  {seconds} s in view\n")
        if group and len(group.visits) > SHOWN:
            text.append(f"and {len(group.visits) - SHOWN:,} more\n", "dim")
        self.query_one("#about", Static).update(text)
        if self._chosen != (group is not None):  # the footer composes itself anew each time it is told
            self._chosen = group is not None
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"name", "merge", "discard", "why"}:
            return self.loaded is not None and self.selected is not None
        return super().check_action(action, parameters)

    def action_why(self) -> None:
        group, app = self.selected, self.app
        if group is not None:
            job = partial(why_sighting, app.engine, app.cipher, app.settings, group.visits[0].sighting.id)
            app.push_screen(WhyScreen(job))

    def action_name(self) -> None:
        group, app = self.selected, self.app
        unasked = consent_fields({"face": None, "mood": None})
        if group is not None:
            self.ask(
                Dialog("Name this visitor", ENROLLED_FROM, [Ask("name", "Name"), *unasked], yes="Enrol"),
                lambda answers: app.by_desk(
                    visitor_naming.name, app.cipher, group, answers["name"], app.settings.quality, consents_in(answers)
                ),
                lambda done: self._named(group, done),
            )

    def _named(self, group: VisitorGroup, done: VisitorEnrolled) -> str:
        """Offer to write down when they came today: the door saw them, and did not know them yet."""
        app, zone = self.app, self.app.settings.zone
        if (came := visitor_naming.came_today(group, zone, app.clock())) is not None:
            text = f"{called(done.person)} was seen today at {at_clock(came, zone)}. Write down that they came in then?"
            write = partial(app.by_desk, visitor_naming.write_arrival, app.settings, done.person.id, came)
            dialog = Dialog("Seen before they had a name", text, yes="Write it down")
            app.call_later(lambda: self.ask(dialog, lambda _: write(), "The arrival is written down."))
        return named_text(done)

    def action_merge(self) -> None:
        group = self.selected
        if group is not None:
            picker = PersonPicker("Who is this visitor?", BECOME_TEMPLATES)
            self.app.push_screen(picker, lambda person: self._compare(group, person) if person else None)

    def _compare(self, group: VisitorGroup, person: Person) -> None:
        """Compare the faces first: people take a wrong face for right more easily than Muster does."""
        app = self.app
        job = partial(visitor_naming.compare, app.engine, app.cipher, group, person.id)
        app.in_background(job, partial(self._merge, group, person), self.refused)

    def _merge(self, group: VisitorGroup, person: Person, unlike: FacesDifferError | None) -> None:
        if not self.is_current:
            return
        app, who = self.app, called(person)
        visits = plural(len(group.visits), "visit")
        text = f"{visits} will be {who}'s; the best shots become templates. "
        if unlike:
            text += f"{clean(str(unlike), 200)} "
        self.ask(
            Dialog("Merge the visitor", f"{text}Ctrl+Z takes it back within a day.", yes="Merge", danger=True),
            lambda _: app.by_desk(
                visitor_naming.is_person, app.cipher, group, person.id, app.settings.quality, force=unlike is not None
            ),
            lambda done: f"Merged with {who}.{shots_text(done)} {UNDO}",
        )

    def action_discard(self) -> None:
        group, app = self.selected, self.app
        if group is not None:
            faces = plural(len(group.visits), "face")
            text = f"Deletes {faces}; the sightings stay on record. Ctrl+Z brings the faces back within a day."
            self.ask(
                Dialog("Discard the faces", text, yes="Discard", danger=True),
                lambda _: app.by_desk(queries.discard, group),
                f"The faces are deleted. {UNDO}",
            )


def named_text(done: VisitorEnrolled) -> str:
    """The next step for the desk after a visitor was named."""
    told = "A consent that is missing is recorded on the People screen."
    if done.namesakes > 1:
        told = f"{done.namesakes} people have this name now: give them numbers, or merge them on the People screen."
    return f"Enrolled. {told}{shots_text(done)}"


def shots_text(done: VisitorEnrolled) -> str:
    """The shots that are not used, with a reason, and the look-alikes."""
    text, left = "", len(done.rejected)
    if left:
        text = f" Not used: {left} of {plural(done.taken + left, 'shot')}. {done.rejected[0].reason}"
    if done.alike:
        others = ", ".join(clean(one.name, 40) for one in done.alike[:3])
        text += f" Looks like {others}: compare them on the People screen."
    return text
