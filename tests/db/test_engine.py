"""Opening a database: what goes right, and one clear sentence for everything that does not."""

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from psycopg import OperationalError
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.exc import StatementError

from db.engine import _postgresql_engine, _tls, open_database, reading, scrub, writing
from db.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseError,
    DatabaseFull,
    DatabaseUnavailable,
    Interrupted,
    NewerDatabase,
    NoDatabase,
    explain,
)
from db.people import people
from db.people.listing import list_people
from monitor.errors import MusterError
from tests.db.doors import AT


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "100% ours.sqlite3"
    open_database(f"sqlite:///{file}").dispose()
    assert file.is_file()


def test_only_the_owner_reads_the_database_and_its_log(tmp_path: Path) -> None:
    file = tmp_path / "private" / "muster.sqlite3"
    engine = open_database(str(file))
    with writing(engine) as session:
        people.add_person(session, "Ada", at=AT, actor="test")
        assert {one.name: one.stat().st_mode & 0o777 for one in file.parent.iterdir()} == {
            "muster.sqlite3": 0o600, "muster.sqlite3-wal": 0o600, "muster.sqlite3-shm": 0o600,
        }  # fmt: skip
    assert file.parent.stat().st_mode & 0o777 == 0o700
    engine.dispose()
    file.chmod(0o644)
    open_database(str(file)).dispose()
    assert file.stat().st_mode & 0o777 == 0o600, "a database of before loses its rights for others"


@pytest.mark.parametrize(
    ("url", "variable", "wanted"),
    [
        ("postgresql://host/x", None, {"sslmode": "verify-full", "sslrootcert": "system"}),
        ("postgresql://host/x?sslrootcert=ours.pem", None, {"sslmode": "verify-full"}),
        ("postgresql://host/x?sslmode=disable", None, {}),
        ("postgresql://host/x", "require", {}),
    ],
)
def test_a_server_must_prove_who_it_is_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, variable: str | None, wanted: dict[str, str]
) -> None:
    for name in ("PGSSLMODE", "PGSSLROOTCERT"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv("PGSSLMODE", variable)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _tls(make_url(url)) == wanted


@pytest.mark.parametrize(
    ("host", "said", "told"),
    [
        ("db.example.org", "SSL error: certificate verify failed", "sslrootcert=FILE"),
        ("db.example.org", "server does not support SSL, but SSL was required", "sslrootcert=FILE"),
        ("localhost:5432", "server does not support SSL, but SSL was required", "on this machine, so sslmode=disable"),
        ("db.example.org", "SSL connection has been closed unexpectedly", "cannot be reached"),
        ("db.example.org", "SSL SYSCALL error: EOF detected", "cannot be reached"),
    ],
)
def test_encryption_is_given_up_on_this_machine_only(host: str, said: str, told: str) -> None:
    error = explain(OperationalError(said), f"postgresql+psycopg://muster@{host}/muster")
    assert told in str(error)
    assert "disable" not in str(error) or host.startswith("localhost")


@pytest.mark.usefixtures("in_earnest")
def test_an_acknowledged_commit_is_on_the_disk(sqlite: Engine) -> None:
    with sqlite.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(DatabaseError, match="needs a file"):
        open_database(url)


@pytest.mark.parametrize("url", ["mysql://host/x", "::://", "nonsense://x"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(DatabaseError, match=r"(?i)sqlite"):
        open_database(url)


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="is a folder"):
        open_database(str(tmp_path))


def test_a_text_file_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to have a header\n" * 100)
    with pytest.raises(DatabaseDamaged, match="is not a database"):
        open_database(str(file))
    assert file.read_text().startswith("not a database")


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite3"
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = file.read_bytes()
    with pytest.raises(DatabaseDamaged, match="not a database of Muster"):
        open_database(str(file))
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_another_programs_log_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite3"
    other = sqlite3.connect(file)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE theirs (x)")
    left = {part.name: part.read_bytes() for part in tmp_path.iterdir() if not part.name.endswith("-shm")}
    other.close()
    for name, content in left.items():  # as after a crash
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DatabaseDamaged, match="not a database of Muster"):
        open_database(str(file))
    assert {name: (tmp_path / name).read_bytes() for name in left} == left


def test_a_newer_version_is_refused(sqlite: Engine) -> None:
    file = Path(str(sqlite.url.database))
    with sqlite.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    sqlite.dispose()
    with closing(sqlite3.connect(file)) as plain, plain:
        plain.execute("PRAGMA journal_mode=DELETE")
    before = file.read_bytes()
    with pytest.raises(NewerDatabase, match="newer Muster"):
        open_database(str(file))
    assert file.read_bytes() == before


def test_an_empty_database_is_not_opened_without_upgrade(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite3").touch()
    with pytest.raises(DatabaseDamaged, match="muster db upgrade"):
        open_database(str(tmp_path / "empty.sqlite3"), upgrade=False)


@pytest.mark.parametrize("how", [{"upgrade": False}, {"read_only": True}, {"create": False}])
def test_a_mistyped_name_makes_nothing(tmp_path: Path, how: dict[str, bool]) -> None:
    with pytest.raises(NoDatabase, match="There is no database at"):
        open_database(str(tmp_path / "folder" / "none.sqlite3"), **how)
    assert not list(tmp_path.iterdir())


def test_read_only_reads_and_never_writes(sqlite: Engine) -> None:
    with writing(sqlite) as session:
        people.add_person(session, "Ada", at=AT, actor="test")
    looker = open_database(str(sqlite.url.database), read_only=True)
    with reading(looker) as session:
        assert [found.person.name for found in list_people(session)] == ["Ada"]
    with pytest.raises(DatabaseUnavailable, match="read-only"), writing(looker) as session:
        people.add_person(session, "Bob", at=AT, actor="test")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to everything")
def test_a_file_without_write_permission_is_named(sqlite: Engine) -> None:
    file = Path(str(sqlite.url.database))
    file.chmod(0o400)
    with pytest.raises(DatabaseUnavailable, match="read-only"):
        open_database(str(file))


def test_a_locked_database_says_so(sqlite: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 10)
    other = open_database(str(sqlite.url.database))
    with writing(sqlite) as owner:
        people.add_person(owner, "Ada", at=AT, actor="test")
        with pytest.raises(DatabaseBusy, match="locked"), writing(other) as session:
            people.add_person(session, "Bob", at=AT, actor="test")


def test_the_wait_for_a_lock_is_said_once_until_it_is_over(
    sqlite: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 10)
    other = open_database(str(sqlite.url.database))

    def write() -> None:
        with writing(other) as session:
            people.count_people(session)

    for _ in range(2):
        with writing(sqlite) as owner:
            people.count_people(owner)
            for _ in range(2):
                with pytest.raises(DatabaseBusy):
                    write()
        write()
    assert [record.getMessage().split("; ")[-1] for record in caplog.records] == ["waiting for it."] * 2


def test_a_disk_without_room_for_shared_memory_is_full_and_not_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = 4874  # SQLITE_IOERR_SHMSIZE
    for free, told in ((0, DatabaseFull), (10**9, DatabaseUnavailable)):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        assert type(explain(error, str(tmp_path / "a.sqlite3"))) is told


def test_a_full_disk_says_so_and_loses_nothing(sqlite: Engine) -> None:
    with writing(sqlite) as session:
        people.add_person(session, "Ada", at=AT, actor="test")
    with sqlite.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
    event.listen(sqlite, "begin", lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(DatabaseFull, match="disk is full"), writing(sqlite) as session:
        people.add_person(session, "Bob", notes="x" * 100_000, at=AT, actor="test")
    with reading(sqlite) as session:
        assert [found.person.name for found in list_people(session)] == ["Ada"]


def test_of_a_new_database_nothing_is_left_where_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(engine: Engine) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE people (id BLOB)")
        raise DatabaseFull("The disk is full.")

    monkeypatch.setattr("db.migrate.upgrade", full)
    (tmp_path / "there.sqlite3").touch()
    for name in ("new.sqlite3", "there.sqlite3"):
        with pytest.raises(DatabaseFull):
            open_database(str(tmp_path / name))
    assert {file.name for file in tmp_path.iterdir()} == {"there.sqlite3"}


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached") as caught:
        open_database("postgresql://someone:secret@127.0.0.1:1/muster")
    assert "secret" not in str(caught.value)


def test_a_connection_to_a_server_is_watched(server: str) -> None:
    engine = _postgresql_engine(make_url(server), read_only=True)
    with engine.connect() as connection:
        given = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    assert (given["keepalives_idle"], given["tcp_user_timeout"]) == ("5", "11000")


def test_a_missing_database_on_a_server_is_named(server: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="does not exist"):
        open_database(server.replace("/postgres?", "/nowhere?"))


def test_a_time_without_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="time zone"), writing(engine) as session:
        people.add_person(session, "Ada", at=AT.replace(tzinfo=None), actor="test")


def test_errors_do_not_show_what_was_stored(sqlite: Engine) -> None:
    with pytest.raises(StatementError) as caught, writing(sqlite) as session:
        people.add_person(session, "Very Secret", at=AT.replace(tzinfo=None), actor="test")
    assert "Very Secret" not in str(caught.value)


def test_scrubbing_waits_for_nobody(sqlite: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scrub(sqlite) is True
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 10)
    other = open_database(str(sqlite.url.database))
    with writing(sqlite) as owner:
        owner.execute(text("UPDATE alembic_version SET version_num = version_num"))
        assert scrub(other) is False


def test_a_read_that_nobody_waits_for_is_given_up(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'muster.sqlite3'}")
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    endless = text("WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up) SELECT max(n) FROM up")
    with pytest.raises(Interrupted), reading(engine, stop) as session:
        session.scalar(endless)
    with reading(engine) as session:  # the connection is in the pool again and works as before
        assert (
            session.scalar(
                text(
                    "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up LIMIT 400000) "
                    "SELECT max(n) FROM up"
                )
            )
            == 400_000
        )


def test_an_error_of_the_database_is_one_of_muster_and_has_a_code() -> None:
    error = NoDatabase(Path("nowhere.sqlite3"))
    assert isinstance(error, MusterError)
    assert (error.code, error.exit_code) == ("no-database", 2)
    assert (DatabaseError("The disk is full.", code="disk").code, DatabaseError.code) == ("disk", "database")
