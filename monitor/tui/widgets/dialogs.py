"""The dialog of the app: a title, a sentence, some fields, two buttons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Select, Static

from monitor.errors import UsageError
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.runtime.work import WorkApp
from monitor.tui.widgets.path_suggester import PathSuggester

T = TypeVar("T")
Answers = dict[str, str]
YES_NO = (("yes", "yes"), ("no", "no"))


@dataclass(frozen=True, slots=True)
class Ask:
    """A field of a dialog."""

    key: str
    label: str
    value: str = ""
    choices: tuple[tuple[str, str], ...] = field(default=())
    """(label, value) each; none for free text."""
    secret: bool = False
    optional: bool = False
    path: bool = False
    """The path of a file or folder, which is completed while it is typed."""


class Choice(Button):
    """A button of a dialog; the arrow keys go to the one beside it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]


class Dialog(ModalScreen[Answers | None]):
    """Gives the answers by key, or None when it was left with escape.

    Args:
        title: what will be done.
        text: one or two sentences; may hold names.
        fields: the questions.
        yes: the text of the button that confirms.
        no: the text of the button that leaves it.
        danger: it cannot be undone.
        problem: why answers given before could not be used.
    """

    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-short"), (30, "-high")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Cancel")]

    def __init__(
        self,
        title: str,
        text: str = "",
        fields: Sequence[Ask] = (),
        *,
        yes: str = "OK",
        no: str = "Cancel",
        danger: bool = False,
        problem: str = "",
        focus: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self.fields = tuple(fields)
        self._yes = yes
        self._no = no
        self._danger = danger
        self._problem = problem
        self._focus = focus
        self._warned = False

    def again(self, answers: Answers, problem: str) -> "Dialog":
        """A copy of the dialog with the answers filled in, and the reason why they could not be used."""
        fields = [replace(one, value=answers[one.key]) for one in self.fields]
        return Dialog(self._title, self._text, fields, yes=self._yes, no=self._no, danger=self._danger, problem=problem)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog", classes="-danger" if self._danger else "", can_focus=False):
            yield Static(Text(self._title), id="title")
            if self._text:
                yield Static(Text(self._text), id="text")
            yield from self.pictures()
            for one in self.fields:
                yield Label(Text(one.label))
                if one.choices:
                    yield Select(
                        [(Text(label), value) for label, value in one.choices],
                        id=f"ask-{one.key}",
                        allow_blank=False,
                        value=one.value or one.choices[0][1],
                        compact=True,
                    )
                else:
                    suggester = PathSuggester() if one.path else None
                    yield Input(one.value, id=f"ask-{one.key}", password=one.secret, suggester=suggester, compact=True)
            yield Static(Text(self._problem), id="problem")
            with Horizontal(id="buttons"):
                yield Choice(Text(self._yes), id="yes", variant="error" if self._danger else "primary", compact=True)
                yield Choice(Text(self._no), id="no", compact=True)

    def pictures(self) -> ComposeResult:
        """What a kind of dialog shows between its text and its fields."""
        yield from ()

    def on_mount(self) -> None:
        if self._focus:
            self.query_one(f"#ask-{self._focus}").focus()
            return
        self.call_after_refresh(self.query_one("#dialog").scroll_home, animate=False)  # the title is in view
        if not self.fields:
            self.query_one("#no" if self._danger else "#yes", Button).focus()

    def close_if_open(self) -> None:
        """Close it if it is still in front: whoever opened it may have walked away."""
        if self.is_attached and self.app.screen is self:
            self.dismiss(None)

    def keeps(self) -> bool:
        """Whether something was typed that leaving the app would lose; says so, and only the first time."""
        answers = self._answers()
        changed = any(answers[one.key] != one.value for one in self.fields if not one.choices)
        if self._warned or not (changed or self._problem):
            return False
        self._warned = True
        self._say("What you typed would be lost; press the key again to leave Muster.")
        return True

    def _answers(self) -> Answers:
        widgets = {one.key: self.query_one(f"#ask-{one.key}") for one in self.fields}
        return {key: str(one.value) for key, one in widgets.items() if isinstance(one, Select | Input)}

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        """Enter sends the answers, or goes on to the next field where a secret is typed a second time."""
        inputs = list(self.query(Input))
        following = inputs[inputs.index(event.input) + 1 :]
        if event.value and following and following[0].password and not following[0].value:
            following[0].focus()
        else:
            self._try()

    @on(Button.Pressed, "#no")
    def action_leave(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#yes")
    def _try(self) -> None:
        answers = self._answers()
        missing = next((one for one in self.fields if not one.optional and not answers[one.key].strip()), None)
        if missing:
            self.query_one(f"#ask-{missing.key}").focus()
            self._say(f"{missing.label}: please fill this in.")
        else:
            self.dismiss(answers)

    def _say(self, problem: str) -> None:
        self.query_one("#problem", Static).update(Text(problem))


def question(app: WorkApp, dialog: Dialog, then: Callable[[Answers], object]) -> None:
    """Ask, then go on with the answers, on the loop; escape ends it.

    Where that raises a UsageError the dialog comes back with the answers and says why.
    """

    def answered(answers: Answers | None) -> None:
        if answers is None:
            return
        try:
            then(answers)
        except UsageError as error:
            question(app, dialog.again(answers, str(error)), then)

    app.push_screen(dialog, answered)


def ask(
    app: WorkApp,
    dialog: Dialog,
    job: Callable[[Answers], Callable[[], T]],
    then: Callable[[T], None],
    failed: Callable[[str], None] | None = None,
) -> None:
    """Ask, do in a worker what the answers say, then go on; escape ends it.

    When it failed, the dialog comes back with the answers and says why, so that nothing has to be typed anew.

    Args:
        job: what to do with the answers, or raises a UsageError; the returned job blocks and touches no widget.
        then: gets the result, on the loop.
        failed: gets the sentence when it failed and there is nothing to answer anew; a toast shows it otherwise.
    """
    came_from = app.screen

    def answered(answers: Answers) -> None:
        app.in_background(job(answers), then, partial(not_done, answers))

    def not_done(answers: Answers, sentence: str) -> None:
        if dialog.fields and app.screen is came_from:
            question(app, dialog.again(answers, sentence), answered)
        else:
            (failed or app.toast_problem)(sentence)

    question(app, dialog, answered)


def ask_file(app: DeskApp, title: str, text: str, name: str, write: Callable[[Path], object], advice: str = "") -> None:
    """Ask for a file, have it written in a worker, and say where it is.

    Args:
        name: of the file that is proposed, in the home folder.
        write: blocks.
        advice: what to do with the file; a sentence.
    """

    def job(answers: Answers) -> Callable[[], Path]:
        app.notify("Writing the file")
        return partial(written, typed_path(answers["file"]))

    def written(file: Path) -> Path:
        """In a worker."""
        write(file)
        return file

    dialog = Dialog(title, text, [Ask("file", "File", str(Path.home() / name))], yes="Write")
    ask(app, dialog, job, lambda file: app.notify(f"{app.hand_over(file)}. {advice}".rstrip()))


def typed_path(text: str) -> Path:
    """The file or folder that was typed; ~ stands for the home folder."""
    try:
        return Path(text.strip()).expanduser()
    except RuntimeError:  # ~NAME of nobody here: a file of this name is not found, either
        return Path(text.strip())
