"""News of the database, on both engines."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from db import audit, changes
from db.attendance import kiosks, ledger
from db.engine import apart, writing
from db.errors import DatabaseUnavailable
from db.ids import new_id
from db.people import people
from db.records.attendance import NewEvent
from tests.db.doors import AT


def register(session: Session, at: datetime) -> None:
    kiosks.register(session, "door", site="main", role="auto", time_zone="Europe/Berlin", at=at)


def enrol(session: Session, at: datetime) -> None:
    people.add_person(session, "Ada Lovelace", at=at, actor="desk")


def check_in(session: Session, at: datetime) -> None:
    ada = people.add_person(session, "Ada Lovelace", at=at, actor="desk").id
    kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="Europe/Berlin", at=at).id
    ledger.append(session, NewEvent(new_id(), "check_in", ada, at, "Europe/Berlin", kiosk, "face", "door", at))


def told(
    connection: Connection, engine: Engine, write: Callable[[], None]
) -> tuple[bool, changes.Heads, changes.Heads]:
    """Whether the state changed by writing, and the heads before and after."""
    state, heads = changes.state(connection), changes.heads(connection)
    connection.rollback()
    write()
    return changes.state(connection) != state, heads, changes.heads(connection)


@pytest.mark.parametrize("write", [register, enrol, check_in])
def test_every_commit_of_another_connection_is_news(engine: Engine, write: Callable[[Session, datetime], None]) -> None:
    def commit() -> None:
        with writing(engine) as session:
            write(session, AT)

    with engine.connect() as connection:
        changed, before, after = told(connection, engine, commit)
        assert len(changes.appended(connection, before.ledger)) == (write is check_in)
    assert changed
    assert (after.ledger != before.ledger) == (write is check_in)
    assert (after.people != before.people) == (write is not register)


def test_an_entry_that_is_older_than_the_newest_is_news_too(engine: Engine) -> None:
    def forwarded() -> None:
        with writing(engine) as session:
            people.rename(session, people.find_by_name(session, "Ada Lovelace")[0].id, "Ada", at=before, actor="office")

    before = AT - timedelta(days=1)
    with writing(engine) as session:
        enrol(session, AT)
    with engine.connect() as connection:
        changed, heads, after = told(connection, engine, forwarded)
    assert changed
    assert heads.people != after.people


def test_reading_is_no_news(sqlite: Engine) -> None:
    with sqlite.connect() as connection:
        changed, *_ = told(connection, sqlite, lambda: (changes.heads(connection), None)[1])
    assert not changed


def test_an_entry_about_an_attendance_event_is_no_news_of_people(engine: Engine) -> None:
    def void() -> None:
        with writing(engine) as session:
            audit.note(session, "void", at=AT, actor="desk", event=new_id())

    with engine.connect() as connection:
        changed, before, after = told(connection, engine, void)
    assert changed
    assert after == before


def test_postgresql_tells_of_what_others_commit(postgresql: Engine) -> None:
    office = apart(postgresql)
    news, of_office = changes.News(postgresql), changes.News(office)
    assert not news.came(0.0)
    with writing(office) as session:
        people.add_person(session, "Ada", at=AT, actor="desk")
    assert news.came(60.0)
    assert not of_office.came(0.0)
    office.dispose()
    with postgresql.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"))
    for one in (news, of_office):
        with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
            any(one.came(60.0) for _ in range(9))
        one.close()


def test_sqlite_tells_of_what_others_commit_and_not_of_what_the_engine_apart_does(sqlite: Engine) -> None:
    mine, told = apart(sqlite), []
    for engine in (mine, mine, sqlite, mine):
        with mine.connect() as connection:
            told.append(changes.state(connection))
        with writing(engine) as session:
            people.add_person(session, "Ada", at=AT, actor="desk")
    with mine.connect() as connection:
        assert [*told[1:3], changes.state(connection)] == [told[0], told[0], told[3]]
    assert told[3] != told[2]
