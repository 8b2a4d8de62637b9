"""The question before a merge: both faces side by side, and what would become one."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from monitor.desk.people.merging import MergePreview, MergeSide
from monitor.text import plural
from monitor.tui.screens.people.person_text import called
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Ask, Dialog
from monitor.tui.widgets.thumbnail import Thumbnail


class MergeDialog(Dialog):
    """Asks whether two people are one; the answer "number" says which number stays, where both have one."""

    DEFAULT_CSS = """
    MergeDialog .faces { height: 8; margin-bottom: 1; }
    MergeDialog .faces Static { width: 1fr; height: 8; padding-left: 1; }
    MergeDialog.-short .faces { height: 6; margin: 0; }
    MergeDialog.-short .faces Static { height: 6; }
    MergeDialog.-short .faces Thumbnail { width: 12; height: 6; }
    MergeDialog.-low .faces, MergeDialog.-low .faces Static { height: auto; margin: 0; }
    MergeDialog.-low .faces Thumbnail { width: 0; height: 0; }
    """

    def __init__(self, seen: MergePreview) -> None:
        self._seen = seen
        name, other = called(seen.source.person), called(seen.into.person)
        alike = "" if seen.similarity is None else f"Their faces have the similarity {seen.similarity:.3f}. "
        if seen.unlike:
            alike = f"{clean(str(seen.unlike), 300)} "
        numbers = [one.person.number or "" for one in (seen.into, seen.source)]
        choices = tuple((f"{clean(one, 30)}, with its PIN", one) for one in numbers)
        super().__init__(
            "Merge",
            f"All data of {name} moves to {other}, and the entry {name} goes. {alike}Ctrl+Z takes it back.",
            [Ask("number", "Which number stays", numbers[0], choices)] if seen.two_numbers else (),
            yes="Merge anyway" if seen.unlike else "Merge",
            danger=True,
        )
        self.add_class("-faces")

    def pictures(self) -> ComposeResult:
        with Horizontal(classes="faces"):
            for id, title, side in (("goes", "Goes", self._seen.source), ("stays", "Stays", self._seen.into)):
                yield Thumbnail(id=f"face-{id}", keeps_room=True)
                yield Static(_about(title, side), id=f"about-{id}", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#face-goes", Thumbnail).show(self._seen.source.portrait)
        self.query_one("#face-stays", Thumbnail).show(self._seen.into.portrait)


def _about(title: str, side: MergeSide) -> str:
    person = side.person
    lines = [title, clean(person.name, 40), f"number {clean(person.number, 20)}" if person.number else "no number"]
    return "\n".join([*lines, plural(side.images, "image"), plural(side.passages, "passage")])
