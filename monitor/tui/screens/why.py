"""Why an entry or a face got its name, or none: pictures, scores, and what another threshold would have said."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from monitor.desk.days import corrections
from monitor.desk.days.evidence import Otherwise, Score, Why, write_why
from monitor.desk.exports import note_export
from monitor.text import plural
from monitor.tui.runtime.key_bindings import bindings, of_the_app
from monitor.tui.style.text import clean, moment_text
from monitor.tui.widgets.dialogs import Dialog, ask, ask_file
from monitor.tui.widgets.sheet import Sheet
from monitor.tui.widgets.thumbnail import Thumbnail

PICTURES = 3
NAME = 18
"""Cells of a name beside a bar."""
BAR = 40
"""Cells of a bar."""


class WhyScreen(Sheet[None]):
    """The evidence for one entry."""

    AUTO_FOCUS = ""
    HELP = """\
# Why?

What the camera saw when the entry was made, and why the name was given, or none.

- The first column is the **similarity** of the face to the enrolled images, from -1 to 1, both encoders together; the
  second that of SFace alone. A name needs the threshold, and a lead over the next best.
- **What if**: the arrow keys choose how many strangers may be named, and the line says what would have been said then.
"""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("why"), *of_the_app("help")]

    def __init__(self, job: Callable[[], Why]) -> None:
        """
        Args:
            job: loads the evidence; runs in a worker.
        """
        super().__init__()
        self._job = job
        self._why: Why | None = None
        self._choice = 0

    def body(self) -> ComposeResult:
        yield Static("Loading", id="title", markup=False)
        with Horizontal(id="top"):
            for number in range(PICTURES):
                yield Thumbnail(id=f"seen-{number}")
            yield Static(id="sentence", markup=False)
        with VerticalScroll(id="facts", can_focus=False):
            yield Static(id="scores", markup=False)

    def on_mount(self) -> None:
        self.load(self._job, self._show)

    def _show(self, why: Why) -> None:
        self._why = why
        self._choice = next((at for at, one in enumerate(why.otherwise) if one.in_force), 0)
        app = self.app
        voided = ", now void" if why.voided else ""
        title = f"Why? {clean(why.title, 60)}{voided}, {moment_text(why.at, app.settings.zone)}, {clean(why.kiosk, 24)}"
        self.query_one("#title", Static).update(Text(title, no_wrap=True, overflow="ellipsis"))
        for number, picture in enumerate(why.pictures[:PICTURES]):
            self.query_one(f"#seen-{number}", Thumbnail).show(picture.picture)
        self.query_one("#sentence", Static).update(sentence_text(why, app.settings.zone))
        self._show_scores()

    def _show_scores(self) -> None:
        if self._why is not None:
            self.query_one("#scores", Static).update(scores_text(self._why, self._choice))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        why = self._why
        if action == "what_if":
            to = self._choice + (parameters[0] if isinstance(parameters[0], int) else 0)
            return (True if 0 <= to < len(why.otherwise) else None) if why and why.otherwise else False
        if action == "not_me":
            return why is not None and why.event is not None and why.method == "face" and not why.voided
        return why is not None if action == "export" else True

    def action_what_if(self, by: int) -> None:
        self._choice += by
        self._show_scores()
        self.refresh_bindings()

    def action_not_me(self) -> None:
        why, app = self._why, self.app
        if why is None or why.event is None:
            return
        event = why.event
        text = (
            "The entry stays in the ledger but no longer counts, and its pictures are deleted. Muster remembers the "
            "mistake and asks for more before it gives this name again."
        )
        ask(
            app, Dialog("Was it somebody else?", text, yes="Make void", danger=True),
            lambda _: app.by_desk(corrections.not_me, app.cipher, app.settings, event), self._voided,
        )  # fmt: skip

    def _voided(self, _: object) -> None:
        self.app.notify("The entry is void, and the mistake is remembered.")
        self.app.controller.people_changed()
        if self.is_attached:
            self.dismiss()

    def action_export(self) -> None:
        """Ask for a file and write the evidence to it."""
        why, app = self._why, self.app
        if why is None:
            return
        name = f"muster-why-{why.at.astimezone(app.settings.zone):%Y-%m-%d-%H%M%S}.json"

        def write(file: Path) -> None:
            """In a worker."""
            note_export(app.engine, "reasons of an entry", file, at=app.clock(), actor=app.at_desk)
            write_why(why, file)

        ask_file(app, "Export why", "Writes scores and reasons, without the pictures.", name, write)


def sentence_text(why: Why, zone: ZoneInfo) -> Text:
    """The reason, and what it is based on."""
    text = Text(clean(why.sentence, 300))
    seen = why.sighting
    if seen is not None:
        kept = f"The {len(why.pictures)} best of {plural(seen.frames, 'frame')}" if why.pictures else (
            f"{plural(seen.frames, 'frame')}; no picture is kept"
        )  # fmt: skip
        text.append(f"\n\n{kept}; enrolled: {plural(why.enrolled, 'image')}.", "dim")
    if why.kept_until is not None:
        text.append(f"\nPictures are kept until {moment_text(why.kept_until, zone)}.", "dim")
    return text


def scores_text(why: Why, choice: int) -> Text:
    """The similarities as bars with the threshold, and what the chosen threshold would have said."""
    text = Text()
    seen = why.sighting
    if seen is not None and why.best is not None:
        chosen = why.otherwise[choice] if why.otherwise else None
        threshold = chosen.threshold if chosen else seen.threshold
        scores = [score for score in (why.best, why.runner_up) if score is not None]
        low = min(0.95 * min(*(score.similarity for score in scores), threshold), threshold - 0.1)
        text.append(
            f"{'':<{NAME}}  {'joined' if seen.encoders == 'both' else seen.encoders or 'dlib':>6}   SFace\n", "dim"
        )
        for score in scores:
            text.append(_score_line(score, threshold, low))
        text.append(f"{'Threshold':<{NAME}}  {seen.threshold:>6.3f}           the name needed so much\n")
        lead = why.best.similarity - why.runner_up.similarity if why.runner_up else None
        if lead is not None:
            text.append(
                f"{'Lead':<{NAME}}  {lead:>6.3f}           over the next best; {why.needed_lead:.3f} is needed\n"
            )
        if chosen is not None:
            text.append("\nWhat if  ", "bold").append(_what_if(why, chosen))
    for note in why.notes:
        text.append(f"\n{clean(note, 300)}")
    return text


def _score_line(score: Score, threshold: float, low: float) -> Text:
    span = 1.0 - low
    filled, at = (round(BAR * min(max(value - low, 0.0) / span, 1.0)) for value in (score.similarity, threshold))
    bar = "".join("│" if cell == at else "█" if cell < filled else " " for cell in range(BAR + 1))
    second = "" if score.second is None else f"{score.second:.2f}"
    name = clean(score.name, NAME) if score.name else "erased"
    tone = "green" if score.similarity >= threshold else "yellow"
    return Text(f"{name:<{NAME}}  {score.similarity:>6.3f}  {second:>6}  ").append(bar, tone).append("\n")


def _what_if(why: Why, chosen: Otherwise) -> str:
    share = f"{chosen.target:.1%}".replace(".0%", "%").replace("%", " %")
    now = ", as set now" if chosen.in_force else ""
    verdict = f"named {clean(chosen.name, 40)}" if chosen.name else "named nobody"
    least = f" The name is given up to {why.named_down_to:.3f}." if why.named_down_to is not None else ""
    return f"{share} of strangers may be named{now}: threshold {chosen.threshold:.3f}, {verdict}.{least}"
