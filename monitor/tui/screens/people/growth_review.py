"""The review of captures from the door: which views of a face may join its person's template."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from db.records import Person
from monitor.desk.people import template_review as review
from monitor.desk.people.template_review import Accepted, View
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.screens.desk import DESK
from monitor.tui.style.text import at_clock, clean, day_text
from monitor.tui.widgets.dialogs import Dialog
from monitor.tui.widgets.key_bar import KeyBar
from monitor.tui.widgets.table import Column, Row, Table
from monitor.tui.widgets.thumbnail import Thumbnail

COLUMNS = (
    Column("state", "State", 6),
    Column("at", "Seen", 22),
    Column("kiosk", "At", rank=1),
    Column("like", "Like", 5, right=True),
)


class GrowthReview(ModalScreen[None]):
    """The views of one person, with a picture of the one under the cursor."""

    AUTO_FOCUS = "Table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "take", "Take", tooltip="Recognise the person by this view, too", id="growth.take"),
        Binding("x", "discard", "Discard", tooltip="Delete the capture unused", id="growth.discard"),
        Binding("r", "roll_back", "Roll back", tooltip="Take it out of the template again", id="growth.back"),
        Binding("escape", "leave", "Close"),
    ]
    app = getters.app(DeskApp)

    def __init__(self, person: Person) -> None:
        super().__init__()
        self._person = person
        self._views: dict[str, View] = {}
        self._busy = True

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield Static(Text(f"Views of {clean(self._person.name, 40)} from the door"), id="title")
            with Horizontal(id="main"):
                yield Table(COLUMNS, empty="Loading", id="views")
                with Vertical(id="side"):
                    yield Thumbnail(id="face", ascii_only=self.app.ascii_only)
                    yield Static(id="about", markup=False)
            yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(Thumbnail).show(None)
        self._reload()

    def _reload(self) -> None:
        job = partial(review.views_of, self.app.engine, self.app.cipher, self._person.id)
        self.app.in_background(job, self._show, self._not_loaded)

    def _show(self, views: list[View]) -> None:
        if not self.is_attached:
            return
        self._busy = False
        self._views = {str(view.id): view for view in views}
        self.query_one(Table).show([self._row(view) for view in views], empty="Nothing waits for a review.")
        self._show_view()

    def _not_loaded(self, sentence: str) -> None:
        self.app.toast_problem(sentence)
        if self.is_attached:
            self.query_one(Table).explain("Not loaded. Close this and open it again.")

    def _row(self, view: View) -> Row:
        zone = self.app.settings.zone
        like = "" if view.similarity is None else f"{view.similarity:.3f}"
        state = "waits" if view.waits else "taken"
        cells = (state, f"{day_text(view.at, zone)} {at_clock(view.at, zone)}", clean(view.kiosk, 30), like)
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
        if action in {"take", "discard", "roll_back"}:
            view = self._selected if self.is_mounted else None
            return view is not None and view.waits is not (action == "roll_back")
        return True

    def action_take(self) -> None:
        if view := self._selected:
            job = partial(review.accept, self.app.engine, self.app.cipher, view.id, **self._who)
            self._change(lambda: accepted_text(job()))

    def action_discard(self) -> None:
        if view := self._selected:
            text = "It is deleted unused. This cannot be undone."
            job = partial(review.reject, self.app.engine, view.id, **self._who)
            self._ask(Dialog("Discard the capture", text, yes="Discard", danger=True), job, "The capture is deleted.")

    def action_roll_back(self) -> None:
        if view := self._selected:
            text = "The person is no longer recognised by this view, and it is deleted. This cannot be undone."
            job = partial(review.roll_back, self.app.engine, self.app.cipher, view.id, **self._who)
            dialog = Dialog("Roll back", text, yes="Roll back", danger=True)
            self._ask(dialog, job, "The template is without it again.")

    @property
    def _who(self) -> dict[str, Any]:
        """What the use cases want to know of who does it, when, and whose view it is."""
        return {"of": self._person, "at": self.app.clock(), "actor": DESK}

    def _ask(self, dialog: Dialog, job: Callable[[], object], done: str) -> None:
        def change() -> str:
            job()
            return done

        self.app.push_screen(dialog, lambda answers: self._change(change) if answers is not None else None)

    def _change(self, job: Callable[[], str]) -> None:
        """Do it once, however often the key is pressed; then show what is there now, also when it failed."""
        if not self._busy:
            self._busy = True
            self.app.in_background(job, self._changed, self._refused)

    def _changed(self, done: str) -> None:
        self.app.notify(clean(done, 300), markup=False)
        self.app.controller.people_changed()
        self._reload()

    def _refused(self, sentence: str) -> None:
        self.app.toast_problem(clean(sentence, 300))
        self._reload()

    def action_leave(self) -> None:
        self.dismiss(None)


def accepted_text(done: Accepted) -> str:
    """What became of a template."""
    looks = f" Looks like {', '.join(one.name for one in done.alike)} now." if done.alike else ""
    return f"{done.name} is recognised by {done.members} images from now on.{looks}"


def about(view: View) -> Text:
    """What speaks for this view and against it."""
    text = Text()
    if view.picture is None:
        text.append("The picture is damaged.\n")
    if view.similarity is not None and view.lead is not None and view.nearest is not None:
        text.append(f"Similarity {view.similarity:.3f}\n{view.lead:.3f} above the threshold\n")
        text.append(f"Nearest image {view.nearest:.3f}\n")
    if view.doubted:
        text.append("The check-in was voided since: roll it back.\n")
    return text
