"""Identifiers: UUIDv7 (RFC 9562), so rows of one table sort by the time they were made."""

from uuid import UUID


def new_id() -> UUID:
    """A new UUIDv7 as the standard library's own class."""
    from uuid6 import uuid7  # only now: it reads the description of its own package, and a report makes no ids

    return UUID(int=uuid7().int)
