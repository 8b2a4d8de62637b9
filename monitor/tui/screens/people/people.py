"""The People screen: who is enrolled, all about each person, and the desk's changes."""

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import ClassVar
from uuid import UUID

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.markup import escape
from textual.widgets import Static

from db.records.pages import Page
from db.records.people import Person, PersonSummary
from monitor.desk.people import merging
from monitor.desk.people import people as queries
from monitor.desk.people.enrolment_session import CaptureSetup
from monitor.desk.people.merging import MergePreview
from monitor.desk.people.people import PeopleCounts, PersonDetails
from monitor.text import plural
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.desk import DeskScreen, Filter
from monitor.tui.screens.leave import ask_leave
from monitor.tui.screens.people.enrolment import Enrolment
from monitor.tui.screens.people.merge_dialog import MergeDialog
from monitor.tui.screens.people.person_actions import CHANGES, UNDO, consent_of_many
from monitor.tui.screens.people.person_text import called, person_text
from monitor.tui.screens.people.picker import PersonPicker
from monitor.tui.screens.people.template_review import TemplateReview
from monitor.tui.screens.person_sheet import PersonSheet
from monitor.tui.style.text import clean, enrolled
from monitor.tui.widgets.dialogs import Answers
from monitor.tui.widgets.paged import PagedTable
from monitor.tui.widgets.table import Column, Row, Table
from monitor.tui.widgets.thumbnail import Thumbnail

COLUMNS = (
    Column("name", "Name", least=20, most=44),
    Column("group", "Group", 12, rank=3),
    Column("images", "Images", 6, right=True),
    Column("consent", "Consent", 9, rank=1),
    Column("alike", "Similar", 7, right=True, rank=2),
)


class PeopleScreen(DeskScreen[Page[PersonSummary]]):
    """The enrolled people."""

    mode = "people"
    HELP = """\
# People

The filter finds people by name, number or group. The pane shows all about the person under the cursor.

- **Tab**: to the pane, to scroll it, and back.
- A consent is missing where nobody asked; until then no mood of theirs is kept. Tick people, or all who are listed, and
  the key for consent is about all of them.
- **Ctrl+Z**: take back what was done last at the desk, merging two people too.
"""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("people")]

    def __init__(self, setup: CaptureSetup | None = None) -> None:
        """
        Args:
            setup: what taking shots before the camera needs; None for the real camera and models.
        """
        super().__init__()
        self._enrolment = Enrolment(self, setup)
        self._details: PersonDetails | None = None
        self._fetching = False
        self._meant: tuple[str | None, Callable[[], None]] | None = None
        """A key that was pressed before the person under the cursor was loaded: the person's id, and what to do. None
        stands for the first person of the list that is being loaded."""
        self._counts: PeopleCounts | None = None
        """None while the length of the list is unknown."""
        self._consent_missing = False
        """Whether only those are listed whose consent is missing."""
        self._ticked: set[UUID] = set()
        self._ticking = False
        """Whether it is still looked up whom to tick."""
        self._consent_next = False
        """Whether the consents of all who are ticked were asked for meanwhile."""

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        yield Filter("name, number or group")
        with Horizontal(id="main"):
            with Container(classes="pane", id="list"):
                yield PagedTable(COLUMNS, empty="Loading", id="people")
            with VerticalScroll(classes="pane details", id="person"):
                yield Thumbnail(id="face")
                yield Static(id="about", markup=False)

    # The list

    def query_job(self) -> Callable[[], Page[PersonSummary]]:
        if self.stale:
            self._counts = None
        want = self.query_one(PagedTable).want(fresh=self.stale, rough=True)
        only = self._consent_missing
        return partial(queries.people_page, self.app.engine, self.needle, want, self.stop, consent_missing=only)

    def can_load_rows(self) -> bool:
        return self._counts is not None or (self.loaded is not None and self.loaded.counted)

    def show(self, loaded: Page[PersonSummary]) -> None:
        keys = self.app.settings.keys
        empty = (
            "Nobody matches the filter."
            if self.needle
            else f"Nobody is enrolled yet. Press {keys.shown('add')} or {keys.shown('file_import')}."
        )
        if self._consent_missing and not self.needle:
            empty = f"No consent is missing. {keys.shown('view')}: everybody."
        signs = self.app.signs.ticks if self._ticked else None
        rows = [_row(one, f"{signs[one.person.id in self._ticked]} " if signs else "") for one in loaded.items]
        self.query_one(PagedTable).show_page(loaded.first, loaded.total, rows, empty=empty)
        if self._counts is None:
            self._load_person()
            stop, found = self.stop, loaded.total if loaded.counted else None
            only = self._consent_missing
            job = partial(queries.people_counts, self.app.engine, self.needle, found, stop, consent_missing=only)
            self.app.in_background(job, partial(self._counted, stop), partial(self._failed, stop))

    def _counted(self, stop: Event, counts: PeopleCounts) -> None:
        if stop.is_set():
            return
        self._counts = counts
        self.query_one(PagedTable).recount(counts.found)
        self._say_counts(counts)

    def _say_counts(self, counts: PeopleCounts) -> None:
        found = f", {plural(counts.found, 'match', 'matches')}" if self.needle else ""
        missing, signs, key = "", self.app.signs, self.app.settings.keys.shown("view")
        if counts.consent_missing:
            missing = f"   {signs.lost} consent missing {counts.consent_missing:,}"
            missing += f": these are listed ({key}: everybody)" if self._consent_missing else f" ({key}: list them)"
        ticked = ""
        if self._ticked:
            keys = self.app.settings.keys
            ticked = f"   {len(self._ticked):,} ticked ({keys.shown('consent')}: their consents, Esc: none)"
        self.say(f"{enrolled(counts.active)}{found}{missing}{ticked}")

    def action_consent_missing(self, only: bool | None = None) -> None:
        """List only those whose consent is missing, or everybody again.

        Args:
            only: whether only those; None for the other list than now.
        """
        self._consent_missing = not self._consent_missing if only is None else only
        self.query_one(PagedTable).restart()
        self.reload()

    # Several people

    def action_tick(self) -> None:
        table = self.query_one(PagedTable)
        if table.selected_key is not None:
            self._tick(self._ticked ^ {UUID(table.selected_key)})
            table.action_move(1)

    def action_tick_all(self) -> None:
        """Tick everybody whom the filter finds; nobody where they all are ticked."""

        def found(ids: list[UUID]) -> None:
            wanted, self._ticking, self._consent_next = self._consent_next, False, False
            self._tick(self._ticked.difference(ids) if self._ticked.issuperset(ids) else self._ticked.union(ids))
            if wanted and self._ticked and self.is_current:
                self._consent_of_ticked()

        def not_found(sentence: str) -> None:
            self._ticking = self._consent_next = False
            self.app.toast_problem(sentence)

        self._ticking = True
        job = partial(queries.people_found, self.app.engine, self.needle, consent_missing=self._consent_missing)
        self.app.in_background(job, found, not_found)

    def _tick(self, ticked: set[UUID]) -> None:
        self._ticked = ticked
        if self.loaded is not None and self._counts is not None:
            self.show(self.loaded)
            self._say_counts(self._counts)

    def action_clear_filter(self) -> None:
        if self._ticked:
            self._tick(set())
        else:
            super().action_clear_filter()

    def _consent_of_ticked(self) -> None:
        consent_of_many(self, sorted(self._ticked), self._ticked.clear)

    # The person

    @on(Table.Highlighted, "#people")
    def _load_person(self) -> None:
        """Load the person under the cursor; of those passed over during a load, only the last one is loaded next."""
        key = self.query_one("#people", Table).selected_key
        if key is None:
            self._show_person(None)
        elif not self._fetching:
            self._fetching = True
            app = self.app
            job = partial(queries.person_details, app.engine, app.cipher, app.settings, UUID(key), app.clock())
            app.in_background(job, partial(self._person_loaded, key), self._person_failed)

    def _person_loaded(self, key: str, details: PersonDetails) -> None:
        self._fetching = False
        if self.query_one("#people", Table).selected_key == key:
            self._show_person(details)
        else:
            self._load_person()

    def _person_failed(self, sentence: str) -> None:
        self._fetching, self._meant = False, None  # no dialog opens by itself at a later load
        self.app.toast_problem(sentence)

    def _show_person(self, details: PersonDetails | None) -> None:
        changed = _offers(details) != _offers(self._details)
        if (details and details.person.id) != (self._details and self._details.person.id):
            self.query_one("#person").scroll_home(animate=False)
        self._details = details
        self.query_one(Thumbnail).show(details.portrait if details else None)
        pane = self.query_one("#person")
        pane.border_title = escape(clean(details.person.name, 30)) if details else ""
        about = self._about(details) if details else Text("")
        self.query_one("#about", Static).update(about)
        if changed:  # the footer composes itself anew each time it is told
            self.refresh_bindings()
        if self._meant is not None and (details is None or not self.query_one(PagedTable).restarting):
            (key, then), self._meant = self._meant, None
            if details is not None and key in (None, str(details.person.id)) and self.is_current:
                then()

    def _about(self, details: PersonDetails) -> Text:
        settings = self.app.settings
        return person_text(details, settings.zone, self.app.signs, settings.keys.shown("look_again"))

    def _person(self, then: Callable[[], None]) -> PersonDetails | None:
        """All about the person under the cursor; None while that is being loaded: `then` is called afterwards."""
        table, details = self.query_one(PagedTable), self._details
        if details is not None and not table.restarting and str(details.person.id) == table.selected_key:
            return details
        self._meant = None if table.restarting else table.selected_key, then
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"change", "merge", "leave", "sheet"}:
            return self._details is not None
        if action == "review":
            return _offers(self._details) == (True, True)
        return super().check_action(action, parameters)

    # Changes

    def action_change(self, what: str) -> None:
        """Ask for one of `person_actions.CHANGES`, and do it; for the consents of all who are ticked."""
        if what == "consent" and self._ticking:
            self._consent_next = True
        elif what == "consent" and self._ticked:
            self._consent_of_ticked()
        elif details := self._person(partial(self.action_change, what)):
            CHANGES[what](self, details)

    def action_leave(self) -> None:
        if details := self._person(self.action_leave):
            ask_leave(self, details.person, self.app.today)

    def action_sheet(self) -> None:
        if details := self._person(self.action_sheet):
            sheet = PersonSheet(details.person, self.app.today, DaySheet)
            self.app.push_screen(sheet, lambda _: self.reload())

    def action_merge(self) -> None:
        details = self._person(self.action_merge)
        if details is None:
            return
        who, alike = details.person, details.look_alikes
        text = f"Who is the same person as {called(who)}?"
        if alike:
            text += f" {clean(alike[0][0], 40)} looks most like them (similarity {alike[0][1]:.3f})."
        picker = PersonPicker("Merge with", text, but=who.id, search=alike[0][0] if alike else "")
        self.app.push_screen(picker, lambda into: self._compare(who, into) if into else None)

    def _compare(self, who: Person, into: Person) -> None:
        """Look at both first: a merge shows what it does."""
        job = partial(merging.preview, self.app.engine, self.app.cipher, who.id, into.id)
        self.app.in_background(job, self._merge, self.refused)

    def _merge(self, seen: MergePreview) -> None:
        if not self.is_current:
            return
        app, source, into = self.app, seen.source.person.id, seen.into.person.id

        def job(answers: Answers) -> Callable[[], Person]:
            number, force = answers.get("number"), seen.unlike is not None
            return app.by_desk(merging.merge, app.cipher, source, into, number=number, force=force)

        self.ask(MergeDialog(seen), job, f"Merged. {UNDO}")

    def action_review(self) -> None:
        if details := self._person(self.action_review):
            self.app.push_screen(TemplateReview(details.person), lambda _: self.reload())

    # Enrolment

    def action_enrol(self) -> None:
        self._enrolment.from_files()

    def action_capture(self) -> None:
        self._enrolment.from_camera()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._enrolment.show_report()


def _offers(details: PersonDetails | None) -> tuple[bool, bool]:
    """Which keys there are: those for a person, and the one for what the door has seen of them."""
    return details is not None, details is not None and bool(details.waiting or details.grown)


def _row(one: PersonSummary, tick: str) -> Row:
    given = {True: "yes", False: "no", None: "?"}
    consent = f"{given[one.face_consent]} / {given[one.mood_consent]}" if one.person.active else "inactive"
    cells = (
        tick + clean(one.person.name),
        clean(one.person.group),
        str(one.templates),
        consent,
        str(one.look_alikes or ""),
    )
    return Row(str(one.person.id), cells, (None if one.person.active else "faint",))
