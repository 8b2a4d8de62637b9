"""Migrations: the tables that they make are the ones that the code describes, and data survives them."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Uuid, bindparam, create_engine, inspect, make_url, text
from sqlalchemy.orm import Session

from db import migrate
from db.attendance import holidays, kiosks, leave, ledger, shifts
from db.calendar import Leave, Shift
from db.crypto import TemplateCipher, owner
from db.engine import open_database, reading, writing
from db.errors import NewerDatabase
from db.faces import templates
from db.ids import new_id
from db.people import desk_users, people, pins
from db.people.listing import list_people
from db.programs import keys
from db.proof import contents, entries
from db.proof.heads import open_with
from db.records.attendance import NewEvent, Presence
from db.schema.faces import TemplateRow
from db.schema.folding import search_text
from db.schema.tables import METADATA
from db.verification import ledger_check
from db.verification.verdict import verify

# Indexes of expressions cannot be read back from SQLite, so they are not compared there.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index"),
]
FACE = np.linspace(-1, 1, 128, dtype=np.float32)


def test_the_migrations_make_what_the_schema_describes(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_the_newest_revision_is_the_one_that_the_code_knows(sqlite: Engine) -> None:
    with sqlite.connect() as connection:
        scripts = ScriptDirectory.from_config(migrate.config(connection))
    assert scripts.get_heads() == [migrate.HEAD]
    assert max(script.revision for script in scripts.walk_revisions()) == migrate.HEAD


PERSON = "00000000-0000-7000-8000-000000000001"
SEED = (
    "INSERT INTO person (id, name, active, notes, created_at) VALUES (:person, 'Zoë', :yes, '', :at)",
    "INSERT INTO ledger_subject (id, person_id) VALUES (:subject, :person)",
    "INSERT INTO kiosk (id, name, site, role, time_zone, created_at, seen_at)"
    " VALUES (:kiosk, :door, 'main', 'auto', 'UTC', :at, :at)",
    "INSERT INTO face_template (id, person_id, content_hash, encoder, embedding, quality, source, created_at)"
    " VALUES (:template, :person, 'aa', 'test-1', :sealed, '{}', 'ada.jpg', :at)",
)


def _person(number: int) -> UUID:
    return UUID(int=UUID(PERSON).int + 4 * number)


def _seed(connection: Connection, cipher: TemplateCipher, number: int = 0) -> None:
    """Rows as the first version wrote them, and from 0005 on with the folded names: one person, one kiosk."""
    lite = connection.dialect.name == "sqlite"
    first = _person(number).int
    ids = {name: UUID(int=first + row) for row, name in enumerate(("person", "subject", "kiosk", "template"))}
    sealed, _ = cipher.seal_embedding(FACE, owner(TemplateRow.embedding, ids["person"], ids["template"]))
    values = {name: each.hex if lite else each for name, each in ids.items()} | {
        "yes": True,
        "at": "2026-03-02 08:00:00.000000" if lite else datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        "sealed": sealed,
        "door": f"door {number}",
    }
    for statement in SEED:
        connection.execute(text(statement), values)
    if "search_text" in {column["name"] for column in inspect(connection).get_columns("person")}:
        connection.execute(text("UPDATE person SET search_text = :folded"), {"folded": search_text("Zoë", None, None)})


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Makes the URL of a new, empty database by its name."""
    if request.param == "sqlite":
        yield lambda name: f"sqlite:///{tmp_path / name}.sqlite3"
        return
    server = request.getfixturevalue("server")
    made: list[str] = []

    def make(name: str) -> str:
        made.append(f"old_{name}")
        _statement(server, f"CREATE DATABASE {made[-1]}")
        return make_url(server).set(database=made[-1]).render_as_string(hide_password=False)

    yield make
    for name in made:
        _statement(server, f"DROP DATABASE {name} WITH (FORCE)")


def _statement(server: str, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_every_older_version_is_brought_up_with_its_data(
    fresh: Callable[[str], str], cipher: TemplateCipher, at: datetime
) -> None:
    """A person, a kiosk and a template that each version wrote, all in one database that grows old with them."""
    url, older = fresh("older"), list(enumerate(reversed(_revisions()[1:])))
    old = create_engine(url)
    for number, revision in older:
        with old.begin() as connection:
            command.upgrade(migrate.config(connection), revision)
            _seed(connection, cipher, number)
    old.dispose()
    new = open_database(url)
    with reading(new) as session:
        found = list_people(session)
        assert list_people(session, search="zoe") == found
        assert pins.find(session, "7") is None
        members = {number: templates.load_members(session, cipher, _person(number), "test-1") for number, _ in older}
    assert {one.person.id for one in found} == {_person(number) for number, _ in older}
    assert {(one.person.name, one.person.created_at, one.templates) for one in found} == {("Zoë", at, 1)}
    assert all(np.array_equal(member.embedding, FACE) for (member,) in members.values())
    with writing(new) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        for number, _ in older:
            event = NewEvent(new_id(), "check_in", _person(number), at, "UTC", kiosk, "pin", "door", at)
            ledger.append(session, event)
        assert ledger_check.verify(session).whole
    with new.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_database_with_both_encoders_parts_goes_back_to_one_and_keeps_it(
    fresh: Callable[[str], str], cipher: TemplateCipher
) -> None:
    url = fresh("second")
    both = np.concatenate([FACE, FACE[::-1]]) * np.float32(np.sqrt(0.5))
    engine = open_database(url)
    with engine.begin() as connection:
        _seed(connection, cipher)
    with writing(engine) as session:
        person = UUID(PERSON)
        made = templates.add_template(
            session, cipher, person, content_hash="bb", encoder="test-1", embedding=both, quality={}, source="b.jpg",
            at=datetime(2026, 3, 2, tzinfo=UTC),
        )  # fmt: skip
        assert templates.with_second(session, person) == {made.id}
        old, new = (member.embedding for member in templates.load_members(session, cipher, person, "test-1"))
        assert (len(old), len(new)) == (128, 256)
        mean, count = templates.refresh_mean(
            session, cipher, person, "test-1", at=datetime(2026, 3, 2, tzinfo=UTC)
        ) or pytest.fail("there is a mean")
        assert (count, templates.count_means(session, "test-1")) == (2, (1, 0))
        assert mean == pytest.approx(both, abs=1e-6)  # the first halves are one, the second is over those that have it
    with engine.begin() as connection:
        command.downgrade(migrate.config(connection), "0005")
    with engine.begin() as connection:
        command.upgrade(migrate.config(connection), "0006")
    with reading(engine) as session:
        members = templates.load_members(session, cipher, person, "test-1")
        assert [len(member.embedding) for member in members] == [128, 128]
        assert members[1].embedding == pytest.approx(FACE, abs=1e-6)


def test_views_of_before_count_nights_on_the_day_of_the_door(
    fresh: Callable[[str], str], cipher: TemplateCipher
) -> None:
    engine = open_database(url := fresh("views"))
    came = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # eight o'clock in Tokyo
    with engine.begin() as connection:
        _seed(connection, cipher)
    with writing(engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        for kind, at in (("check_in", came), ("check_out", came + timedelta(hours=9))):
            event = NewEvent(new_id(), cast(Presence, kind), UUID(PERSON), at, "Asia/Tokyo", kiosk, "pin", "door", at)
            ledger.append(session, event)
    with engine.begin() as connection:
        command.downgrade(migrate.config(connection), "0018")
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert len(connection.execute(text("SELECT day FROM v_attendance_day")).all()) == 2, "days of UTC"
    engine.dispose()
    new = open_database(url)
    with new.connect() as connection:
        ((day, hours),) = connection.execute(text("SELECT day, hours FROM v_attendance_day"))
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    assert (str(day), float(hours)) == ("2026-03-03", 9)


def test_names_of_before_are_folded_however_many_there_are(fresh: Callable[[str], str], at: datetime) -> None:
    url = fresh("names")
    many = [(UUID(int=(7 << 100) + number), name) for number, name in enumerate(["Zoë Öztürk", *["Ada"] * 10_000])]
    insert = text(
        "INSERT INTO person (id, name, number, group_name, active, notes, created_at)"
        " VALUES (:id, :name, :number, 'Élan', :yes, '', :at)"
    )
    engine = create_engine(url)
    lite = engine.dialect.name == "sqlite"
    rows = [
        {"id": id.hex if lite else id, "name": name, "number": str(id.int % 99_991), "yes": True}
        | {"at": "2026-03-02 08:00:00.000000" if lite else at}
        for id, name in many
    ]
    with engine.begin() as connection:
        command.upgrade(migrate.config(connection), "0004")
        before = _person_table(connection)
        connection.execute(insert, rows)
    for _ in range(2):
        with engine.begin() as connection:
            command.upgrade(migrate.config(connection), "0005")
            kept = {tuple(row) for row in connection.execute(text("SELECT id, search_text, sort_group FROM person"))}
            assert _person_table(connection) != before
        wanted = zip(many, rows, strict=True)
        assert kept == {
            (row["id"], search_text(name, cast("str | None", row["number"]), "Élan"), "elan")
            for (_, name), row in wanted
        }
        with engine.begin() as connection:
            command.downgrade(migrate.config(connection), "0004")
            assert _person_table(connection) == before
            assert connection.scalar(text("SELECT count(*) FROM person")) == len(many)
    engine.dispose()


def _person_table(connection: Connection) -> tuple[set[str], set[str]]:
    """Names of the columns and of the indexes."""
    columns = {column["name"] for column in inspect(connection).get_columns("person")}
    table = "sqlite_master WHERE type = 'index' AND tbl_name" if connection.dialect.name == "sqlite" else None
    query = (
        f"SELECT name FROM {table} = 'person'"
        if table
        else "SELECT indexname FROM pg_indexes WHERE tablename = 'person'"
    )
    return columns, set(connection.scalars(text(query)))


def test_an_older_program_says_that_the_database_is_newer(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "HEAD", "0001")
    with pytest.raises(NewerDatabase, match=r"newer Muster \(tables \d{4}, known here 0001\); update Muster\.$"):
        open_database(engine.url.render_as_string(hide_password=False))


def _revisions() -> list[str]:
    """The newest first."""
    made = create_engine("sqlite://")
    with made.connect() as connection:
        scripts = ScriptDirectory.from_config(migrate.config(connection))
    return [script.revision for script in scripts.walk_revisions()]


def test_two_programs_may_start_on_an_empty_folder_at_once(tmp_path: Path) -> None:
    code = "import sys; from db.engine import open_database; open_database(sys.argv[1])"
    file = str(tmp_path / "shared.sqlite3")
    both = [subprocess.Popen([sys.executable, "-c", code, file], stderr=subprocess.PIPE) for _ in range(2)]
    errors = [process.communicate(timeout=400)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors


def test_a_database_that_was_only_begun_is_finished(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    opened = open_database(str(tmp_path / "x.sqlite3"))
    with opened.connect() as connection:
        assert "person" in inspect(connection).get_table_names()


def test_opening_again_changes_nothing(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        people.add_person(session, "Ada", at=at, actor="test")
    again = open_database(engine.url.render_as_string(hide_password=False))
    with reading(again) as session:
        assert people.count_people(session) == 1


SCHEDULES = [
    *((day, None, None, "09:00:00", "17:30:00") for day in (4, 0, 1, 2, 3)),
    *((day, PERSON, None, "22:00:00", "06:00:00") for day in (6, 5)),
    (0, None, "Lab", "08:00:00", "16:00:00"),
    (0, None, "Lab", "18:00:00", "20:00:00"),
]
"""Weekday, person, group, start and end, as version 0005 kept them."""
_SCHEDULE = text(
    "INSERT INTO schedule (id, person_id, group_name, weekday, starts, ends, grace_minutes, valid_from)"
    " VALUES (:id, :person, :group, :day, :start, :end, 7, :valid)"
).bindparams(bindparam("id", type_=Uuid()), bindparam("person", type_=Uuid()))


def test_schedules_of_before_become_shifts_and_go_back(fresh: Callable[[str], str], cipher: TemplateCipher) -> None:
    url = fresh("schedules")
    engine = create_engine(url)
    lite = engine.dialect.name == "sqlite"
    rows = [
        {"id": UUID(int=100 + number), "person": person and UUID(person), "group": group, "day": day}
        | {"start": start + ".000000" * lite, "end": end + ".000000" * lite, "valid": "2026-01-05"}
        for number, (day, person, group, start, end) in enumerate(SCHEDULES)
    ]
    with engine.begin() as connection:
        command.upgrade(migrate.config(connection), "0005")
        _seed(connection, cipher)
        connection.execute(_SCHEDULE, rows)
    office = Shift(UUID(int=100), frozenset(range(5)), time(9), time(17, 30))
    wanted = [
        office,
        Shift(UUID(int=105), frozenset({5, 6}), time(22), time(6), person=UUID(PERSON)),
        Shift(UUID(int=107), frozenset({0}), time(8), time(16), group="Lab"),
        Shift(UUID(int=108), frozenset({0}), time(18), time(20), group="Lab"),
    ]
    for turn in range(2):
        with engine.begin() as connection:
            command.upgrade(migrate.config(connection), "0007")
            with Session(connection) as session:
                found = shifts.all_shifts(session)
        want = [replace(one, grace_minutes=7, valid_from=date(2026, 1, 5)) for one in wanted]
        if turn == 0:
            assert found == want
        assert Counter(replace(one, id=PERSON) for one in found) == Counter(replace(one, id=PERSON) for one in want)  # type: ignore[arg-type]
        with engine.begin() as connection:
            command.downgrade(migrate.config(connection), "0005")
            assert connection.scalar(text("SELECT count(*) FROM schedule")) == len(SCHEDULES)
            assert not {"shift", "holiday", "leave"} & set(inspect(connection).get_table_names())
    engine.dispose()


def _written_by_011(monkeypatch: pytest.MonkeyPatch, engine: Engine, cipher: TemplateCipher, at: datetime) -> UUID:
    """A proof that does not speak of the later kinds of rows, beside rows of them; gives the leave."""
    with monkeypatch.context() as before:
        old = tuple(kind for kind in contents.KINDS if kind not in contents.LATER)
        before.setattr(contents, "KIND_OF", {row: kind for row, kind in contents.KIND_OF.items() if kind in old})
        before.setattr(contents, "KINDS", old)
        before.setattr(contents, "LATER", ())
        open_with(engine, cipher, None)
        with writing(engine) as session:
            ada = people.add_person(session, "Ada", at=at, actor="desk").id
            kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=at)
            shifts.add(session, Shift(new_id(), frozenset({0}), time(9), time(17)), at=at, actor="desk")
            holidays.add(session, date(2026, 5, 1), "Labour Day", at=at, actor="desk")
            desk_users.add(session, "Clerk", "hash", at=at, actor="desk")
            keys.add(session, "board", "hash", ("presence",), expires_at=None, at=at, actor="desk")
            away = Leave(new_id(), ada, date(2026, 3, 9), date(2026, 3, 9), "sick")
            return leave.add(session, away, at=at, actor="desk").id


def test_what_an_older_muster_did_not_prove_is_taken_as_it_is_once(
    fresh: Callable[[str], str], cipher: TemplateCipher, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = open_database(url := fresh("unproved"))
    away = _written_by_011(monkeypatch, old, cipher, at)
    with old.begin() as connection:
        command.downgrade(migrate.config(connection), "0020")
    change = text("UPDATE leave SET kind = :kind")
    with old.begin() as connection:
        connection.execute(change, {"kind": "training"})
    old.dispose()
    engine = open_database(url)
    first = verify(engine, cipher, None)
    assert first.problems == (), "of this kind nothing is proved yet"
    for _ in range(2):
        open_with(engine, cipher, None)
        found = verify(engine, cipher, None)
        assert (found.problems, found.entries.entries) == ((), first.entries.entries + 1 + 6)
    with engine.begin() as connection:
        connection.execute(change, {"kind": "holiday"})
    told = f"the leave {away} (2026-03-09 to 2026-03-09) of Ada was changed"
    assert verify(engine, cipher, None).problems == (told,)
    monkeypatch.setattr(entries, "unproved", lambda _: contents.LATER)  # as if the index had been damaged, too
    open_with(engine, cipher, None)
    (told,) = verify(engine, cipher, None).problems
    assert "takes rows as they are of which the proof speaks already" in told
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
