"""Migrations: the tables that they make are the ones that the code describes, and data survives them."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from db import migrate, people
from db.engine import open_database, reading, writing
from db.schema import Base


def test_the_migrations_make_what_the_schema_describes(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_newest_revision_is_the_one_that_the_code_knows(sqlite: Engine) -> None:
    with sqlite.connect() as connection:
        scripts = ScriptDirectory.from_config(migrate.config(connection))
    assert scripts.get_heads() == [migrate.HEAD]
    assert max(script.revision for script in scripts.walk_revisions()) == migrate.HEAD


def test_every_older_version_is_brought_up_with_its_data(tmp_path: Path, at: datetime) -> None:
    made = create_engine(f"sqlite:///{tmp_path / 'list.sqlite3'}")
    with made.connect() as connection:
        scripts = ScriptDirectory.from_config(migrate.config(connection))
    for script in scripts.walk_revisions():
        file = tmp_path / f"{script.revision}.sqlite3"
        old = create_engine(f"sqlite:///{file}")
        with old.begin() as connection:
            command.upgrade(migrate.config(connection), script.revision)
            connection.execute(
                text(
                    "INSERT INTO person (id, name, active, notes, created_at)"
                    " VALUES ('00000000000070008000000000000001', 'Ada', 1, '', '2026-03-02 08:00:00.000000')"
                )
            )
        old.dispose()
        new = open_database(str(file))
        with reading(new) as session:
            (found,) = people.list_people(session)
        assert (found.person.name, found.person.created_at) == ("Ada", at)
        new.dispose()


def test_two_programs_may_start_on_an_empty_folder_at_once(tmp_path: Path) -> None:
    code = "import sys; from db.engine import open_database; open_database(sys.argv[1])"
    file = str(tmp_path / "shared.sqlite3")
    both = [subprocess.Popen([sys.executable, "-c", code, file], stderr=subprocess.PIPE) for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors


def test_a_database_that_was_only_begun_is_finished(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    opened = open_database(str(tmp_path / "x.sqlite3"))
    with opened.connect() as connection:
        assert "person" in inspect(connection).get_table_names()
    opened.dispose()


def test_opening_again_changes_nothing(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        people.add_person(session, "Ada", at=at, actor="test")
    again = open_database(engine.url.render_as_string(hide_password=False))
    with reading(again) as session:
        assert people.count_people(session) == 1
    again.dispose()
