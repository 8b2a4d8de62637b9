"""People: who is enrolled, everything about each, and what the desk may change."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event
from typing import ClassVar
from uuid import UUID

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.markup import escape
from textual.widgets import Static

from db.records import Page, Person, PersonSummary
from monitor.desk.people import changes, merging
from monitor.desk.people import people as queries
from monitor.desk.people.enrolment_session import (
    CaptureSetup,
    PersonReport,
    capture_setup,
    enrol_from,
    enrolment_request,
)
from monitor.desk.people.merging import FacesDifferError
from monitor.desk.people.people import PeopleCounts, PersonDetails
from monitor.sources.source import FrameSource
from monitor.tui.screens.desk import DESK, DeskScreen, Filter
from monitor.tui.screens.people.capture import CaptureScreen
from monitor.tui.screens.people.growth_review import GrowthReview
from monitor.tui.screens.people.import_report import ImportReport
from monitor.tui.screens.people.person_actions import CHANGES
from monitor.tui.screens.people.person_text import called, person_text
from monitor.tui.screens.people.picker import PersonPicker
from monitor.tui.style.text import clean, enrolled
from monitor.tui.widgets.dialogs import YES_NO, Answers, Ask, Dialog, ask
from monitor.tui.widgets.paged import PagedTable
from monitor.tui.widgets.table import Column, Row, Table
from monitor.tui.widgets.thumbnail import Thumbnail

COLUMNS = (
    Column("name", "Name", most=44),
    Column("group", "Group", 12, rank=3),
    Column("images", "Images", 6, right=True),
    Column("consent", "Consent", 10, rank=2),
    Column("alike", "Alike", 5, right=True, rank=1),
)
CONSENT = Ask(
    "consent", "Have they agreed to be recognised, and to moods?", "no", (("yes", "yes"), ("not asked", "no"))
)
FIVE_SHOTS = "Five shots: straight ahead, then with the head turned as the screen says. It takes them by itself."


class PeopleScreen(DeskScreen[Page[PersonSummary]]):
    """The enrolled people."""

    mode = "people"
    HELP = """\
# People

The list finds people by name, number or group; the pane shows everything about the one under the cursor.

- **Tab**: to the pane, to scroll it, and back.
- **/**: filter. **E**: enrol from the camera. **I**: enrol from a folder, a ZIP or a list.
- **R** rename, **N** number, **G** group, **T** notes, **C** consents, **P** PIN for the door.
- **D** deactivate or reactivate, **M** merge into somebody else, **X** erase for good.
- **O**: write all data about the person to a ZIP archive.
- **V**: review what the door has seen of them, where captures wait or were taken.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "capture", "Enrol", tooltip="Enrol somebody before the camera", id="people.capture"),
        Binding("i", "enrol", "Import", tooltip="Enrol people from a folder, a ZIP or a list", id="people.enrol"),
        Binding("r", "change('rename')", "Rename", id="people.rename"),
        Binding("n", "change('number')", "Number", show=False, id="people.number"),
        Binding("g", "change('group')", "Group", show=False, id="people.group"),
        Binding("t", "change('notes')", "Notes", show=False, id="people.notes"),
        Binding("c", "change('consent')", "Consent", tooltip="What the person agreed to", id="people.consent"),
        Binding("p", "change('door_pin')", "PIN", tooltip="Number and PIN for the door", show=False, id="people.pin"),
        Binding("d", "active", "Active", tooltip="Keep, but do not recognise", show=False, id="people.active"),
        Binding("m", "merge", "Merge", tooltip="The same person twice: make them one", show=False, id="people.merge"),
        Binding("v", "review", "Review", tooltip="Views from the door: take or discard", id="people.review"),
        Binding("o", "change('export')", "Data", tooltip="Write all data to a ZIP", show=False, id="people.export"),
        Binding("x", "change('erase')", "Erase", tooltip="Delete for good", id="people.erase"),
    ]

    def __init__(self, setup: CaptureSetup | None = None) -> None:
        """
        Args:
            setup: what taking shots before the camera needs; None for the real camera and models.
        """
        super().__init__()
        self._given_setup = setup
        self._details: PersonDetails | None = None
        self._fetching = False
        self._meant: tuple[str | None, Callable[[], None]] | None = None
        """A key that was pressed before the person under the cursor was loaded: who was meant, and what to do; None
        for whoever comes first in the list that is loaded."""
        self._report: list[PersonReport] = []
        """Of an enrolment that ended while another screen was shown."""
        self._counts: PeopleCounts | None = None
        """None while it is not known how long the list is."""

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        yield Filter("name, number or group")
        with Horizontal(id="main"):
            with Container(classes="pane", id="list"):
                yield PagedTable(COLUMNS, empty="Loading", id="people")
            with VerticalScroll(classes="pane details", id="person"):
                yield Thumbnail(id="face", ascii_only=self.app.ascii_only)
                yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        self.query_one(Thumbnail).show(None)

    # The list

    def query_job(self) -> Callable[[], Page[PersonSummary]]:
        if self.stale:
            self._counts = None
        want = self.query_one(PagedTable).want(fresh=self.stale, rough=True)
        return partial(queries.people_page, self.app.engine, self.needle, want, self.stop)

    @on(PagedTable.Wanted)
    def _rows_missing(self) -> None:
        if self._counts is not None or (self.loaded is not None and self.loaded.counted):
            self.load_page()

    def show(self, loaded: Page[PersonSummary]) -> None:
        empty = "Nobody matches the filter." if self.needle else "Nobody is enrolled yet. Press E or I."
        rows = [_row(one) for one in loaded.items]
        self.query_one(PagedTable).show_page(loaded.first, loaded.total, rows, empty=empty)
        if self._counts is None:
            self._load_person()
            stop, found = self.stop, loaded.total if loaded.counted else None
            job = partial(queries.people_counts, self.app.engine, self.needle, found, stop)
            self.app.in_background(job, partial(self._counted, stop), partial(self._failed, stop))

    def _counted(self, stop: Event, counts: PeopleCounts) -> None:
        if stop.is_set():
            return
        self._counts = counts
        self.query_one(PagedTable).recount(counts.found)
        found = f", {counts.found:,} {'matches' if counts.found == 1 else 'match'} the filter" if self.needle else ""
        self.say(f"{enrolled(counts.active)}{found}")

    # The person

    @on(Table.Highlighted, "#people")
    def _load_person(self) -> None:
        """Load whoever is under the cursor; while one is loaded, only the last of those passed over is next."""
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
        self._fetching = False
        self.app.toast_problem(sentence)

    def _show_person(self, details: PersonDetails | None) -> None:
        changed = _offers(details) != _offers(self._details)
        if (details and details.person.id) != (self._details and self._details.person.id):
            self.query_one("#person").scroll_home(animate=False)
        self._details = details
        self.query_one(Thumbnail).show(details.portrait if details else None)
        pane = self.query_one("#person")
        pane.border_title = escape(clean(details.person.name, 30)) if details else ""
        about = person_text(details, self.app.settings.zone, self.app.signs) if details else Text("")
        self.query_one("#about", Static).update(about)
        if changed:  # the footer composes itself anew each time it is told
            self.refresh_bindings()
        if self._meant is not None and (details is None or not self.query_one(PagedTable).restarting):
            (key, then), self._meant = self._meant, None
            if details is not None and key in (None, str(details.person.id)) and self.is_current:
                then()

    def _person(self, then: Callable[[], None]) -> PersonDetails | None:
        """Everything about the person under the cursor; None while it is loaded, and `then` is called after that.

        Whoever is shown in the pane meanwhile was not meant.
        """
        table, details = self.query_one(PagedTable), self._details
        if details is not None and not table.restarting and str(details.person.id) == table.selected_key:
            return details
        self._meant = None if table.restarting else table.selected_key, then
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"change", "active", "merge"}:
            return self._details is not None
        if action == "review":
            return _offers(self._details) == (True, True)
        return super().check_action(action, parameters)

    # Changes

    def action_change(self, what: str) -> None:
        """Ask for one of `person_actions.CHANGES`, and do it."""
        if details := self._person(partial(self.action_change, what)):
            change = CHANGES[what](self.app, details)
            self.ask(change.dialog, change.job, change.done)

    def action_active(self) -> None:
        details = self._person(self.action_active)
        if details is None:
            return
        person = details.person
        app, active = self.app, not person.active
        job = partial(changes.set_active, app.engine, person.id, active, at=app.clock(), actor=DESK)
        done = f"{clean(person.name, 40)} is {'inactive: kept, but not recognised' if person.active else 'active'}."
        app.in_background(job, lambda _: self.changed(done), self.refused)

    def action_merge(self) -> None:
        details = self._person(self.action_merge)
        if details is None:
            return
        who = details.person
        text = f"Who is the same person as {called(who)}?"
        picker = PersonPicker("Merge into", text, but=who.id)
        self.app.push_screen(picker, lambda into: self._compare(who, into) if into else None)

    def _compare(self, who: Person, into: Person) -> None:
        """Look first how alike the two are: the merge is refused where they differ, unless the desk knows better."""
        job = partial(merging.compare, self.app.engine, self.app.cipher, who.id, into.id)
        self.app.in_background(job, partial(self._merge, who, into), self.refused)

    def _merge(self, who: Person, into: Person, unlike: FacesDifferError | None) -> None:
        if not self.is_current:
            return
        app, name, other = self.app, called(who), called(into)
        text = f"Everything of {name} becomes that of {other}, and {name} is gone. This cannot be undone."
        if unlike:
            text = f"{clean(str(unlike), 300)} {text}"
        job = partial(
            merging.merge, app.engine, app.cipher, who.id, into.id, at=app.clock(), actor=DESK, force=unlike is not None
        )
        dialog = Dialog("Merge", text, yes="Merge all the same" if unlike else "Merge", danger=True)
        self.ask(dialog, lambda _: job, "Merged.")

    def action_review(self) -> None:
        if details := self._person(self.action_review):
            self.app.push_screen(GrowthReview(details.person), lambda _: self.reload())

    # Enrolment

    def action_enrol(self) -> None:
        """From files."""
        fields = [Ask("path", "Folder (one sub-folder a person), ZIP, CSV or XLSX"), CONSENT]

        text = "Every picture is taken, or it is said why not."
        ask(self.app, Dialog("Enrol from files", text, fields, yes="Enrol"), self._enrol, self._enrolled, self.refused)

    def _enrol(self, answers: Answers) -> Callable[[], list[PersonReport]]:
        app, path, consented = self.app, Path(answers["path"].strip()).expanduser(), answers["consent"] == "yes"
        self.say("Enrolling: reading the pictures")
        limits = app.settings.quality
        return partial(
            queries.import_folder, app.engine, app.cipher, path, consented, limits, self._progress, at=app.clock(),
            actor=DESK,
        )  # fmt: skip

    def _progress(self, done: int, total: int) -> None:
        """From the worker."""
        self.app.show_later(lambda: self.say(f"Enrolling: picture {done} of {total}"))

    def _enrolled(self, reports: list[PersonReport]) -> None:
        self.changed(f"{enrolled(sum(one.accepted > 0 for one in reports))}.")
        self._report = reports
        self._show_report()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._show_report()

    def _show_report(self) -> None:
        """Never over another screen: the desk may be locked meanwhile, and the report has names."""
        if self._report and self.is_current:
            self.app.push_screen(ImportReport(self._report))
            self._report = []

    def action_capture(self) -> None:
        """From the camera."""
        fields = [
            Ask("name", "Name"),
            Ask("number", "Number (optional)", optional=True),
            Ask("group", "Group (optional)", optional=True),
            CONSENT,
            Ask("supervised", "Do you stand by and vouch for them?", "no", YES_NO),
        ]
        dialog = Dialog("Enrol from the camera", FIVE_SHOTS, fields, yes="Start")
        self.app.push_screen(dialog, lambda answers: self._capture(answers) if answers else None)

    def _capture(self, answers: Answers) -> None:
        app, agreed = self.app, answers["consent"] == "yes"
        request = enrolment_request(
            answers["name"], answers["number"], answers["group"], ("face", "mood") if agreed else (),
            supervised=answers["supervised"] == "yes", at=app.clock(), actor=DESK,
        )  # fmt: skip
        job = partial(enrol_from, self._frames(), self._capture_setup, app.engine, app.cipher, request)
        app.push_screen(CaptureScreen(request.identity.name, job), self._captured)

    @property
    def _capture_setup(self) -> CaptureSetup:
        return self._given_setup or capture_setup(self.app.settings.quality)

    def _frames(self) -> Callable[[], FrameSource]:
        """The door's own frames while it has the camera; else the source that the settings name."""
        kiosk = self.app.controller
        if kiosk.has_picture:
            return partial(kiosk.frames, self.app.source_name)
        return partial(self._capture_setup.open_source, self.app.settings.source)

    def _captured(self, report: PersonReport | None) -> None:
        if report is None:
            self.app.notify("Stopped: no shot is kept, nobody is enrolled.")
            return
        name = clean(report.person, 40)
        self.changed(
            f"{name} is enrolled with {report.accepted} shots." if report.accepted else f"{name}: no shot taken."
        )
        if report.rejected or report.warnings or report.alike:
            self.app.push_screen(ImportReport([report]))


def _offers(details: PersonDetails | None) -> tuple[bool, bool]:
    """Which keys there are: those for a person, and the one for what the door has seen of them."""
    return details is not None, details is not None and bool(details.waiting or details.grown)


def _row(one: PersonSummary) -> Row:
    given = {True: "yes", False: "no", None: "-"}
    consent = f"{given[one.face_consent]} / {given[one.mood_consent]}" if one.person.active else "inactive"
    cells = (clean(one.person.name), clean(one.person.group), str(one.templates), consent, str(one.look_alikes or ""))
    return Row(str(one.person.id), cells, (None if one.person.active else "faint",))
