"""The report of an enrolment: the pictures that were not taken, with reasons, and remarks."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from monitor.desk.people.enrolment_session import PersonReport
from monitor.text import plural
from monitor.tui.style.text import clean
from monitor.tui.widgets.sheet import Sheet
from monitor.tui.widgets.table import Column, Row, Table

COLUMNS = (
    Column("person", "Person", 20),
    Column("image", "Picture", 20, rank=1),
    Column("reason", "Why not taken, or remark"),
)


class ImportReport(Sheet[None]):
    """A table of rejected pictures with the reason of each."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter", "dismiss", "Close")]

    def __init__(self, reports: Sequence[PersonReport]) -> None:
        super().__init__()
        self._reports = tuple(reports)

    def body(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Table(COLUMNS, empty="No picture was left out.")
        yield Static(id="reason", markup=False)

    def on_mount(self) -> None:
        accepted = sum(one.accepted for one in self._reports)
        unchanged = sum(one.unchanged for one in self._reports)
        rejected = [(one, picture) for one in self._reports for picture in one.rejected]
        known = f", {unchanged:,} already known" if unchanged else ""
        people = plural(len(self._reports), "person", "people")
        missing = sum(one.consent_missing for one in self._reports)
        asked = f"; consent missing for {missing:,}" if missing else ""
        title = f"{people}: {plural(accepted, 'picture')} taken{known}, {len(rejected):,} not taken{asked}"
        self.query_one("#title", Static).update(title)
        lines = [(one.person, PurePath(picture.image).name, picture.reason) for one, picture in rejected]
        lines += [line for one in self._reports for line in _remarks(one)]
        rows = [
            Row(str(index), (clean(person), clean(image), clean(reason, 200)))
            for index, (person, image, reason) in enumerate(lines)
        ]
        self.query_one(Table).show(rows)

    def on_table_highlighted(self, message: Table.Highlighted) -> None:
        """Show the whole reason of the row under the cursor; its column may be too narrow."""
        row = next((row for row in message.table.rows if row.key == message.key), None)
        self.query_one("#reason", Static).update(row.cells[2] if row else "")


def _remarks(report: PersonReport) -> Iterator[tuple[str, str, str]]:
    """Remarks about pictures that were taken, as (person, picture, remark)."""
    for warning in report.warnings:
        yield report.person, "", warning
    for other in report.alike[:3]:
        yield report.person, "", f"May be the same person as {other.name} (similarity {other.similarity:.3f})."
