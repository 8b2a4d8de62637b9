"""Brings the tables of a database to the version that this Muster needs."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from db.errors import DatabaseDamaged, NewerDatabase

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0022"
"""The newest revision in `db/migrations`; known here so that a start needs no Alembic."""

_LOCK = 7_301_188_203
"""PostgreSQL's advisory lock that lets one process at a time migrate."""


def current(connection: Connection) -> str | None:
    """The revision of the database; None when it has no tables yet.

    Raises:
        DatabaseDamaged: the tables in it are not Muster's.
    """
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if revision is not None:
            return str(revision)
    if tables - {"alembic_version"}:
        raise DatabaseDamaged(f"{where(connection.engine)} is not a database of Muster; give another file.")
    return None


def upgrade(engine: Engine) -> None:
    """Brings the database to HEAD in one transaction; does nothing when it is there.

    Raises:
        NewerDatabase: a newer Muster wrote it.
        DatabaseDamaged: the tables in it are not Muster's.
    """
    with engine.connect() as connection:
        if _is_current(connection):
            return
    from alembic import command

    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if not _is_current(connection):
            command.upgrade(config(connection), "head")


def require_ours(engine: Engine) -> None:
    """Raises unless the tables are Muster's, of this version or an older one, or there are none.

    Raises:
        NewerDatabase: a newer Muster wrote it.
        DatabaseDamaged: the tables in it are not Muster's.
    """
    with engine.connect() as connection:
        _is_current(connection)


def require_current(engine: Engine) -> None:
    """Raises unless the database is at HEAD.

    Raises:
        NewerDatabase: a newer Muster wrote it.
        DatabaseDamaged: it is older or empty, so it would have to be upgraded first.
    """
    with engine.connect() as connection:
        if not _is_current(connection):
            raise DatabaseDamaged(
                f"{where(engine)} has tables of an older Muster or none; run 'muster db upgrade --db URL' first."
            )


def config(connection: Connection) -> "Config":
    """Alembic's configuration for this connection."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def where(engine: Engine) -> str:
    """The database's file or URL, without a password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.render_as_string(hide_password=True)


def _is_current(connection: Connection) -> bool:
    revision = current(connection)
    if revision is not None and revision > HEAD:
        raise NewerDatabase(
            f"{where(connection.engine)} was written by a newer Muster "
            f"(tables {revision}, known here {HEAD}); update Muster."
        )
    return revision == HEAD
