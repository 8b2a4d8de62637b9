"""Parts of long lists."""

from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Want:
    """Which part of a list is wanted."""

    count: int
    """Rows."""
    key: UUID | None = None
    """The landmark's id."""
    back: int = 0
    """Rows before the landmark."""
    index: int = 0
    """The landmark's number in the list as last known; without a landmark, the first row's."""
    total: int | None = None
    """Rows of the whole list, where nothing changed since they were counted; None counts anew."""
    rough: bool = False
    """Whether the first rows may come before all are counted (see `Page.counted`)."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list."""

    first: int
    """The first item's number in the whole list, from 0."""
    total: int
    """Rows of the whole list."""
    items: tuple[Item, ...]
    counted: bool = True
    """False while `total` is a lower bound, because not all rows are counted."""
