"""SQLite takes a limited number of values in one statement; this restricts a query to any number of ids."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

_AT_ONCE: Final = 10_000


def batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """The ids in parts that fit into one `IN (…)`."""
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
