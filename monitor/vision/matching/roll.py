"""Ids and names of everyone in a gallery: 16 bytes and the name a person, where Python's objects take 200."""

from collections.abc import Iterable, Iterator, Sequence, Set
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.bytes_]
"""Ids of people, (n,) of 16 bytes each."""


class Roll:
    """Who is who, by number."""

    def __init__(self, ids: Ids, names: bytes | bytearray, lengths: Sequence[int] | NDArray[np.uint32]) -> None:
        """
        Args:
            ids: in any order.
            names: in UTF-8, one behind the other.
            lengths: of each name, bytes.
        """
        self.ids, self._names = ids, names
        self._ends = np.cumsum(lengths, dtype=np.uint32)

    def __len__(self) -> int:
        return len(self.ids)

    def person(self, row: int) -> UUID:
        """The id of the person with this number."""
        return _uuid(self.ids[row])

    def name(self, row: int) -> str:
        """The name of the person with this number."""
        start = int(self._ends[row - 1]) if row else 0
        return self._names[start : int(self._ends[row])].decode()

    def names(self) -> dict[UUID, str]:
        """Everybody's name by id."""
        return {self.person(row): self.name(row) for row in range(len(self))}

    def row(self, person: UUID) -> int | None:
        """The number of a person; None for somebody who is not on the roll."""
        found = np.flatnonzero(self.ids == ids_of([person]))
        return int(found[0]) if len(found) else None


class Some(Set[UUID]):
    """Some of the people on a roll, whose ids are in order."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def __contains__(self, person: object) -> bool:
        if not isinstance(person, UUID):
            return False
        wanted = ids_of([person])[0]
        place = int(np.searchsorted(self._ids, wanted))
        return place < len(self._ids) and bool(self._ids[place] == wanted)

    def __iter__(self) -> Iterator[UUID]:
        return map(_uuid, self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def ids_of(people: Iterable[UUID]) -> Ids:
    """Ids as `Roll` keeps them."""
    return np.frombuffer(b"".join(person.bytes for person in people), "S16")


def _uuid(kept: np.bytes_) -> UUID:
    return UUID(bytes=bytes(kept).ljust(16, b"\0"))  # numpy leaves out zeros at the end
