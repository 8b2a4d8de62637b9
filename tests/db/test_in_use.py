"""Whether another program has the database open, on both engines."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.in_use import is_open_elsewhere


def test_whoever_has_the_database_open_is_seen_also_while_idle(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    engine.connect().close()
    assert is_open_elsewhere(url)
    engine.dispose()
    if engine.dialect.name == "sqlite":  # a server needs a moment to see the end of a connection
        assert not is_open_elsewhere(url)


@pytest.mark.parametrize("content", [None, b"", b"a shopping list " * 100])
def test_nobody_has_a_database_open_that_is_missing_or_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "muster.sqlite3").write_bytes(content)
    assert not is_open_elsewhere(str(tmp_path / "muster.sqlite3"))
