"""SQLite takes a limited number of values in one statement; this restricts a query to any number of them."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

_AT_ONCE: Final = 10_000
_Value = TypeVar("_Value")


def batches(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """Ids or other values in parts that fit into one `IN (…)`."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
