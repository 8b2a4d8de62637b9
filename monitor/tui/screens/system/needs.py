"""What needs a hand, above all else on the System screen: one row a finding, the worst first, and what to do."""

from collections.abc import Sequence
from typing import Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from monitor.desk.maintenance.system import Check, Status
from monitor.tui.style.text import Signs, clean
from monitor.tui.widgets.table import Column, Row, Table

COLUMNS: Final = (Column("sign", "", 2), Column("what", "What", 13), Column("finding", "Finding"))
FIRST: Final = (
    "camera",
    "disk",
    "opener",
    "site",
    "mqtt",
    "webhooks",
    "backup",
    "clock",
    "consent",
    "retention",
    "admin pin",
)
"""What comes first among findings that weigh the same; then the others, in the order in which they were checked."""
WORST: Final = (Status.FAIL, Status.WARN)
MOST_ROWS: Final = 6


class Needs(Vertical):
    """The findings that are not right, and a sentence about the one under the cursor."""

    DEFAULT_CSS = """
    Needs { height: auto; }
    Needs #advice { height: auto; max-height: 3; padding: 0 1; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__(classes="pane", id="needs-pane")
        self._checks: dict[str, Check] = {}

    def compose(self) -> ComposeResult:
        yield Table(COLUMNS, empty="Looking", id="needs")
        yield Static(id="advice", markup=False)

    def show(self, checks: Sequence[Check], signs: Signs, *, looking: bool) -> None:
        """Show what is wrong, the worst first.

        Args:
            looking: the checks still run.
        """
        wrong = [check for check in checks if check.status in WORST]
        rank = {name: index for index, name in enumerate(FIRST)}
        wrong.sort(key=lambda check: (WORST.index(check.status), rank.get(check.name, len(FIRST))))
        self._checks = {f"{check.name} {index}": check for index, check in enumerate(wrong)}
        marks = {Status.FAIL: (signs.lost * 2, "bad"), Status.WARN: ("!", "warn")}
        rows = [
            Row(key, (marks[one.status][0], clean(one.name, 13), clean(one.sentence, 300)), (marks[one.status][1],) * 2)
            for key, one in self._checks.items()
        ]
        table = self.query_one(Table)
        table.styles.height = max(1, min(len(rows), MOST_ROWS)) + 1
        table.show(rows, empty="Looking" if looking else "Nothing needs a hand.")
        self.border_title = f"Needs a hand ({len(rows)})"
        self._advise()

    @property
    def chosen(self) -> Check | None:
        """The finding under the cursor."""
        return self._checks.get(self.query_one(Table).selected_key or "")

    @on(Table.Highlighted)
    def _advise(self) -> None:
        one = self.chosen
        advice = f"{clean(one.sentence, 300)} {clean(one.advice or '', 300)}" if one else ""
        self.query_one("#advice", Static).update(Text(advice))
        self.screen.refresh_bindings()
