"""People: who is enrolled, everything about each, and what the desk may change."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.widgets import Input, Static

from enroll.report import PersonReport
from monitor.tui import people_queries as queries
from monitor.tui.dialogs import Answers, Ask, Dialog
from monitor.tui.greeting import Thumbnail
from monitor.tui.people_queries import PeoplePage, PersonDetails
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.import_report import ImportReport
from monitor.tui.screens.person_text import person_text
from monitor.tui.table import Column, Row, Table
from monitor.tui.text import clean

COLUMNS = (
    Column("name", "Name"),
    Column("group", "Group", 12, rank=3),
    Column("images", "Images", 6, right=True),
    Column("consent", "Consent", 10, rank=2),
    Column("alike", "Alike", 5, right=True, rank=1),
)
AGREED = (("yes", "yes"), ("not asked", "no"))
YES_NO = (("given", "yes"), ("refused", "no"))


class PeopleScreen(DeskScreen[PeoplePage]):
    """The enrolled people."""

    mode = "people"
    HELP = """\
# People

The list finds people by name, number or group; the pane shows everything about the one under the cursor.

- **/**: filter. **I**: enrol from a folder, a ZIP or a list.
- **R** rename, **G** group, **C** consents, **D** deactivate or reactivate.
- **M**: merge into somebody else. **O**: write all data about the person to a folder.
- **X**: erase for good.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "enrol", "Enrol", tooltip="Enrol people from a folder, a ZIP or a list", id="people.enrol"),
        Binding("r", "change('rename')", "Rename", id="people.rename"),
        Binding("g", "change('group')", "Group", show=False, id="people.group"),
        Binding("c", "consent", "Consent", tooltip="What the person agreed to", id="people.consent"),
        Binding("d", "active", "Active", tooltip="Keep, but do not recognise", id="people.active"),
        Binding("m", "merge", "Merge", tooltip="The same person twice: make them one", id="people.merge"),
        Binding(
            "o", "export", "Data", tooltip="Write all data about the person to a folder", show=False, id="people.export"
        ),
        Binding("x", "erase", "Erase", tooltip="Delete for good", id="people.erase"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._details: PersonDetails | None = None

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        yield Input(id="filter", placeholder="name, number or group", compact=True)
        with Horizontal(id="main"):
            with Container(classes="pane", id="list"):
                yield Table(COLUMNS, empty="Loading", id="people")
            with VerticalScroll(classes="pane details", id="person", can_focus=False):
                yield Thumbnail(id="face", ascii_only=self.app.ascii_only)
                yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        self.query_one(Thumbnail).show(None)

    # The list

    def query_job(self) -> Callable[[], PeoplePage]:
        return partial(queries.people_page, self.app.engine, self.needle)

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        self.facts_changed()

    def show(self, loaded: PeoplePage) -> None:
        rows = []
        for one in loaded.people:
            given = {True: "yes", False: "no", None: "-"}
            consent = f"{given[one.face_consent]} / {given[one.mood_consent]}"
            name = clean(one.person.name) + ("" if one.person.active else " (inactive)")
            cells = (name, clean(one.person.group), str(one.templates), consent, str(one.look_alikes or ""))
            rows.append(Row(str(one.person.id), cells, (None if one.person.active else "faint",)))
        empty = "Nobody matches the filter." if self.needle else "Nobody is enrolled yet. Press I to enrol a folder."
        self.query_one("#people", Table).show(rows, empty=empty)
        more = f", the first {len(rows)} shown" if len(rows) == queries.PAGE else ""
        self.say(f"{loaded.total} people enrolled{more}")
        self._load_person()

    # The person

    @on(Table.Highlighted, "#people")
    def _load_person(self) -> None:
        key = self.query_one("#people", Table).selected_key
        if key is None:
            self._show_person(None)
            return
        app = self.app
        job = partial(queries.person_details, app.engine, app.cipher, app.settings, UUID(key), app.clock())
        app.in_background(job, lambda details: self._person_loaded(key, details))

    def _person_loaded(self, key: str, details: PersonDetails) -> None:
        if self.query_one("#people", Table).selected_key == key:
            self._show_person(details)

    def _show_person(self, details: PersonDetails | None) -> None:
        self._details = details
        self.query_one(Thumbnail).show(details.portrait if details else None)
        pane = self.query_one("#person")
        pane.border_title = clean(details.person.name, 30) if details else ""
        about = person_text(details, self.app.settings.zone, self.app.signs) if details else Text("")
        self.query_one("#about", Static).update(about)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"change", "consent", "active", "merge", "export", "erase"}:
            return self._details is not None
        return super().check_action(action, parameters)

    # Changes

    def _ask(self, dialog: Dialog, job: Callable[[Answers], Callable[[], None]], done: str) -> None:
        def answered(answers: Answers | None) -> None:
            if answers is not None:
                self.app.in_background(job(answers), lambda _: self._changed(done))

        self.app.push_screen(dialog, answered)

    def _changed(self, done: str) -> None:
        self.app.notify(done, markup=False)
        self.app.live.people_changed()
        self.reload()

    @property
    def _who(self) -> UUID:
        assert self._details is not None
        return self._details.person.id

    @property
    def _shown_name(self) -> str:
        return clean(self._details.person.name, 40) if self._details else ""

    def action_change(self, what: str) -> None:
        if self._details is None:
            return
        person, app = self._details.person, self.app
        if what == "rename":
            dialog = Dialog("Rename", "", [Ask("value", "Name", person.name)], yes="Rename")
            self._ask(
                dialog,
                lambda answers: partial(
                    queries.change_person, app.engine, person.id, "rename", answers["value"], app.clock()
                ),
                "Renamed.",
            )
        else:
            dialog = Dialog(
                "Group", self._shown_name, [Ask("value", "Group", person.group or "", optional=True)], yes="Set"
            )
            self._ask(
                dialog,
                lambda answers: partial(
                    queries.change_person, app.engine, person.id, "group", answers["value"], app.clock()
                ),
                "The group is set.",
            )

    def action_consent(self) -> None:
        if self._details is None:
            return
        who, app = self._who, self.app
        face = "yes" if self._details.face_consent else "no"
        mood = "yes" if self._details.mood_consent else "no"
        fields = [Ask("face", "To be recognised", face, YES_NO), Ask("mood", "To have moods estimated", mood, YES_NO)]
        self._ask(
            Dialog("Consent", f"What {self._shown_name} agreed to.", fields, yes="Write down"),
            lambda answers: partial(
                queries.set_consents, app.engine, who, answers["face"] == "yes", answers["mood"] == "yes", app.clock()
            ),
            "The decision is written down.",
        )

    def action_active(self) -> None:
        if self._details is None:
            return
        active = not self._details.person.active
        job = partial(queries.set_active, self.app.engine, self._who, active, self.app.clock())
        done = f"{self._shown_name} is {'active' if active else 'inactive: kept, but not recognised'}."
        self.app.in_background(job, lambda _: self._changed(done))

    def action_merge(self) -> None:
        if self._details is None or self.loaded is None:
            return
        who, app = self._who, self.app
        others = tuple(
            (clean(one.person.name, 50), str(one.person.id)) for one in self.loaded.people if one.person.id != who
        )
        if not others:
            app.notify("There is nobody else in the list; clear the filter first.", severity="warning")
            return
        text = f"Everything of {self._shown_name} becomes the other's, and they are gone. This cannot be undone."
        self._ask(
            Dialog("Merge into", text, [Ask("into", "Into", others[0][1], others)], yes="Merge", danger=True),
            lambda answers: partial(
                queries.merge_people, app.engine, app.cipher, who, UUID(answers["into"]), app.clock()
            ),
            "Merged.",
        )

    def action_erase(self) -> None:
        if self._details is None:
            return
        app = self.app
        text = (
            f"Delete {self._shown_name} with {len(self._details.templates)} images, consents, sightings and moods. "
            "The ledger keeps the events without a name. This cannot be undone."
        )
        self._ask(
            Dialog("Erase for good", text, yes="Erase", danger=True),
            lambda _: partial(queries.erase_person, app.engine, self._who, app.clock()),
            "Erased.",
        )

    def action_export(self) -> None:
        app, who = self.app, self._who
        folder = Path.home() / f"muster-person-{who.hex[-8:]}"
        self._ask(
            Dialog("Write all data", self._shown_name, [Ask("folder", "Into the folder", str(folder))], yes="Write"),
            lambda answers: partial(
                queries.export_person, app.engine, app.cipher, who, Path(answers["folder"]).expanduser()
            ),
            "Written.",
        )

    # Enrolment

    def action_enrol(self) -> None:
        fields = [
            Ask("path", "Folder (one sub-folder a person), ZIP, CSV or XLSX"),
            Ask(
                "consent",
                "Have they agreed to be recognised, and to moods?",
                "no",
                (("yes", "yes"), ("not asked", "no")),
            ),
        ]

        def answered(answers: Answers | None) -> None:
            if answers is not None:
                self._enrol(Path(answers["path"].strip()).expanduser(), answers["consent"] == "yes")

        self.app.push_screen(Dialog("Enrol", "", fields, yes="Enrol"), answered)

    def _enrol(self, path: Path, consented: bool) -> None:
        app = self.app
        self.say("Enrolling: reading the pictures")
        job = partial(queries.import_folder, app.engine, app.cipher, path, consented, app.clock(), self._progress)
        app.in_background(job, self._enrolled, self._not_enrolled)

    def _not_enrolled(self, sentence: str) -> None:
        self.app.toast_problem(sentence)
        self.reload()

    def _progress(self, done: int, total: int) -> None:
        """From the worker."""
        self.app.show_later(lambda: self.say(f"Enrolling: picture {done} of {total}"))

    def _enrolled(self, reports: list[PersonReport]) -> None:
        self._changed(f"{sum(one.accepted > 0 for one in reports)} people enrolled.")
        self.app.push_screen(ImportReport(reports))
