"""Column types of our own."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, SafeUUID

from sqlalchemy import ColumnElement, DateTime, Dialect, String, Text, type_coerce
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Takes aware times only and gives them back in UTC, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its time zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


_DIGITS: Final = 32
"""Of an id in SQLite, which are hexadecimal."""
_bare = object.__new__
_set_number, _set_safety = (UUID.__dict__[name].__set__ for name in ("int", "is_safe"))  # a UUID itself refuses changes
_UNKNOWN: Final = SafeUUID.unknown  # looking an enum's member up takes as long as making an id


def raw(column: Any) -> ColumnElement[str]:
    """The column as the driver gives it, for thousands of rows: SQLite texts, PostgreSQL objects."""
    return type_coerce(column, String)


def uuid_of(value: Any) -> UUID:
    """The id that a raw column gave. Raises: ValueError, where it is not an id."""
    if isinstance(value, UUID):
        return value
    if len(value) != _DIGITS:
        return UUID(value)
    # What `UUID` does, without its checks of text that the database keeps: a third of the time, for thousands of rows.
    made = _bare(UUID)
    _set_number(made, int(value, 16))
    _set_safety(made, _UNKNOWN)
    return made


def utc_of(value: Any) -> datetime:
    """The instant that a raw column gave."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.fromisoformat(f"{value}+00:00")


FoldedText: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is sorted by its characters' numbers, whatever a server thinks the order of a language to be."""
