"""Rows that are added unless they are there: an INSERT in the words of the database in use."""

from typing import cast

from sqlalchemy import Insert, Table

from db.schema.base import Base


def insert_new(row: type[Base], dialect: str) -> Insert:
    """An INSERT that leaves a row alone that is there. Only the dialect in use is imported: PostgreSQL's takes 30 ms.

    Args:
        dialect: "sqlite" or "postgresql".
    """
    table = cast(Table, row.__table__)
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table).on_conflict_do_nothing()
