"""What a key says that is about a row, on a list that has none."""

from textual.binding import Binding
from textual.dom import DOMNode

from monitor.tui.runtime.actions import ACTIONS
from monitor.tui.widgets.table import Table


def nothing_for(does: str, node: DOMNode) -> str:
    """What is said where a key of this screen or list is about a row, and there is none; empty where there is one."""
    screen = node.screen
    if getattr(screen, "loaded", True) is None:
        return ""  # the rows are still to come
    if isinstance(node, Table):
        return "The list is empty: there is nothing to open." if does == "select" and node.is_bare else ""
    focused = screen.focused
    table = focused if isinstance(focused, Table) else next(iter(screen.query(Table)), None)
    actions = (ACTIONS.get(one.id or "") for one in node.BINDINGS if isinstance(one, Binding))
    found = next((one for one in actions if one is not None and one.row and one.does == does), None)
    if found is None or table is None or not table.is_bare:
        return ""
    return f"The list is empty, so {found.title!r} has nothing to do."
