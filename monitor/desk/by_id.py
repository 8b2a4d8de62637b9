"""What an id means that somebody typed, of which the end is enough."""

from collections.abc import Mapping
from typing import TypeVar

from monitor.errors import UsageError
from monitor.text import plural

T = TypeVar("T")


def with_id(by_id: Mapping[str, T], text: str, what: str, command: str) -> T:
    """The one whose id is this text, or ends in it.

    Args:
        by_id: all there are.
        what: one of them is called so, for the error.
        command: lists their ids, for the error.

    Raises:
        UsageError: there is none, or several.
    """
    end = text.strip().lower()
    found = [one for id, one in by_id.items() if end and id.endswith(end)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{plural(len(found), what)} have an id that ends in {text!r}; give more of it.")
    there = f"there {'is' if len(by_id) == 1 else 'are'} {plural(len(by_id), what)}"
    raise UsageError(f"No {what} has the id {text!r}: {there}; see '{command}'.")
