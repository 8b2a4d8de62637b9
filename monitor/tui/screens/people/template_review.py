"""The review of captures from the door, which may join the template of their person."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from db.records.people import Person
from monitor.desk.people import template_review as review
from monitor.desk.people.template_review import Accepted, View
from monitor.text import plural
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.style.text import clean, moment_text
from monitor.tui.widgets.dialogs import Dialog, question
from monitor.tui.widgets.sheet import Sheet
from monitor.tui.widgets.table import Column, Row, Table
from monitor.tui.widgets.thumbnail import Thumbnail

COLUMNS = (
    Column("state", "State", 6),
    Column("at", "Seen", 22),
    Column("kiosk", "Kiosk", rank=1),
    Column("similarity", "Similarity", 10, right=True),
)


class TemplateReview(Sheet[None]):
    """The captures of one person, with the picture of the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("review")]

    def __init__(self, person: Person) -> None:
        super().__init__()
        self._person = person
        self._views: dict[str, View] = {}
        self._busy = True

    def body(self) -> ComposeResult:
        yield Static(Text(f"Captures of {clean(self._person.name, 40)} from the door"), id="title")
        with Horizontal(id="main"):
            yield Table(COLUMNS, empty="Loading", id="views")
            with Vertical(id="side"):
                yield Thumbnail(id="face")
                yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        self._reload()

    def _reload(self) -> None:
        job = partial(review.views_of, self.app.engine, self.app.cipher, self._person.id)
        self.load(job, self._show)

    def _show(self, views: list[View]) -> None:
        self._busy = False
        self._views = {str(view.id): view for view in views}
        self.query_one(Table).show([self._row(view) for view in views], empty="No captures to review.")
        self._show_view()

    def _row(self, view: View) -> Row:
        zone = self.app.settings.zone
        like = "" if view.similarity is None else f"{view.similarity:.3f}"
        state = "waits" if view.waits else "taken"
        cells = (state, moment_text(view.at, zone), clean(view.kiosk, 30), like)
        return Row(str(view.id), cells, ("warn" if view.waits or view.doubted else "good",))

    @property
    def _selected(self) -> View | None:
        return self._views.get(self.query_one(Table).selected_key or "")

    @on(Table.Highlighted)
    def _show_view(self) -> None:
        view = self._selected
        self.query_one(Thumbnail).show(view.picture if view else None)
        self.query_one("#about", Static).update(about(view) if view else "")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"take", "discard"}:
            view = self._selected if self.is_mounted else None
            return view is not None and (view.waits or action == "discard")
        return True

    def action_take(self) -> None:
        if view := self._selected:
            job = self.app.by_desk(review.accept, self.app.cipher, view.id, of=self._person)
            self._change(lambda: accepted_text(job()))

    def action_discard(self) -> None:
        view = self._selected
        if view and not view.waits:
            self._roll_back(view)
        elif view:
            text = "The capture is deleted and not used. This cannot be undone."
            job = self.app.by_desk(review.reject, view.id, of=self._person)
            self._ask(Dialog("Discard the capture", text, yes="Discard", danger=True), job, "The capture is deleted.")

    def _roll_back(self, view: View) -> None:
        text = "The capture is removed from the template and deleted. This cannot be undone."
        job = self.app.by_desk(review.roll_back, self.app.cipher, view.id, of=self._person)
        dialog = Dialog("Remove the capture", text, yes="Remove", danger=True)
        self._ask(dialog, job, "The capture is removed from the template.")

    def _ask(self, dialog: Dialog, job: Callable[[], object], done: str) -> None:
        def change() -> str:
            job()
            return done

        question(self.app, dialog, lambda _: self._change(change))

    def _change(self, job: Callable[[], str]) -> None:
        """Run the job once, however often the key is pressed; then load again, also after a failure."""
        if not self._busy:
            self._busy = True
            self.app.in_background(job, self._changed, self._refused)

    def _changed(self, done: str) -> None:
        self.app.notify(clean(done, 300))
        self.app.controller.people_changed()
        self._reload()

    def _refused(self, sentence: str) -> None:
        self.app.toast_problem(clean(sentence, 300))
        self._reload()


def accepted_text(done: Accepted) -> str:
    """The result of taking a capture into a template."""
    looks = f" Looks like {', '.join(one.name for one in done.alike)} now." if done.alike else ""
    return f"{done.name} is recognised by {plural(done.members, 'image')} from now on.{looks}"


def about(view: View) -> Text:
    """Facts for and against taking a capture."""
    text = Text()
    if view.picture is None:
        text.append("The picture is damaged.\n")
    if view.similarity is not None and view.lead is not None and view.nearest is not None:
        text.append(f"Similarity {view.similarity:.3f}\n{view.lead:.3f} above the threshold\n")
        text.append(f"Nearest image {view.nearest:.3f}\n")
    if view.doubted:
        text.append("Its check-in is void now: remove it.\n")
    return text
