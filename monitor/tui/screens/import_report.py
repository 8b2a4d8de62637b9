"""What an enrolment took, and why it did not take the rest."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from enroll.report import PersonReport
from monitor.tui.table import Column, Row, Table
from monitor.tui.text import clean

if TYPE_CHECKING:
    from monitor.tui.app import MusterApp

COLUMNS = (
    Column("person", "Person", 20),
    Column("image", "Picture", 20, rank=1),
    Column("reason", "Not taken because"),
)


class ImportReport(ModalScreen[None]):
    """A page of rejected pictures with the reason of each."""

    CSS_PATH = "import_report.tcss"
    AUTO_FOCUS = "Table"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter", "leave", "Close")]
    app: "MusterApp"

    def __init__(self, reports: Sequence[PersonReport]) -> None:
        super().__init__()
        self._reports = tuple(reports)

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield Static(id="title", markup=False)
            yield Table(COLUMNS, empty="Every picture was taken.")
            yield Static(id="reason", markup=False)
            yield Footer(compact=True)

    def on_mount(self) -> None:
        accepted = sum(one.accepted for one in self._reports)
        unchanged = sum(one.unchanged for one in self._reports)
        rejected = [(one, picture) for one in self._reports for picture in one.rejected]
        known = f", {unchanged} known already" if unchanged else ""
        title = f"{len(self._reports)} people: {accepted} pictures taken{known}, {len(rejected)} not taken"
        self.query_one("#title", Static).update(title)
        rows = [
            Row(str(index), (clean(one.person), clean(PurePath(picture.image).name), clean(picture.reason, 200)))
            for index, (one, picture) in enumerate(rejected)
        ]
        self.query_one(Table).show(rows)

    def on_table_highlighted(self, message: Table.Highlighted) -> None:
        """The whole reason of the row under the cursor, which the column may cut."""
        row = next((row for row in message.table.rows if row.key == message.key), None)
        self.query_one("#reason", Static).update(row.cells[2] if row else "")

    def action_leave(self) -> None:
        self.dismiss(None)
