"""A backup that is put in the place of the database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db import backup
from db.attendance import kiosks, ledger
from db.crypto import TemplateCipher, bind_key
from db.engine import open_database, reading, writing
from db.errors import DatabaseDamaged, DatabaseError, WrongKey
from db.ids import new_id
from db.people import people
from db.privacy import erasure
from db.records import NewEvent, Person
from monitor.config import Settings
from monitor.desk.maintenance.restore import restore
from monitor.desk.maintenance.upkeep import back_up
from monitor.errors import UsageError
from tests.monitor.recording.arrivals import CIPHER

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)


def settings(engine: Engine) -> Settings:
    return Settings(db=f"sqlite:///{engine.url.database}")


def live(engine: Engine, *names: str) -> list[Person]:
    """People who came today."""
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=NOW).id
        made = [people.add_person(session, name, at=NOW, actor="test") for name in names]
        for person in made:
            ledger.append(session, NewEvent(new_id(), "check_in", person.id, NOW, "UTC", kiosk, "pin", "door", NOW))
    return made


def names(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return sorted(person.name for person in people.members(session))


def test_a_backup_takes_the_place_of_the_database_which_is_kept(sqlite: Engine, tmp_path: Path) -> None:
    live(sqlite, "Ada", "Bob")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    live(sqlite, "Eve")
    done = restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW, actor="test")
    assert (done.people, done.events, done.newer_events, done.erased_again) == (2, 2, 1, 0)
    assert names(sqlite) == ["Ada", "Bob"], "a program that has the database open goes on with the new one"
    assert done.aside is not None
    assert names(open_database(str(done.aside))) == ["Ada", "Bob", "Eve"]
    assert file.exists()


def test_who_was_erased_since_stays_erased(sqlite: Engine, tmp_path: Path) -> None:
    ada, _ = live(sqlite, "Ada", "Bob")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    with writing(sqlite) as session:
        erasure.erase(session, ada.id, at=NOW, actor="test")
    done = restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW + timedelta(hours=1), actor="test")
    assert done.erased_again == 1
    assert names(sqlite) == ["Bob"]


@pytest.mark.parametrize("before", ["missing", "damaged"])
def test_a_backup_mends_a_database_that_is_missing_or_damaged(sqlite: Engine, tmp_path: Path, before: str) -> None:
    live(sqlite, "Ada")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    sqlite.dispose()
    database = Path(str(sqlite.url.database))
    database.unlink()
    if before == "damaged":
        database.write_bytes(b"not a database" * 1000)
    done = restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW, actor="test")
    assert names(open_database(str(database))) == ["Ada"]
    assert (done.aside is not None) == (before == "damaged")


def test_what_is_not_a_whole_backup_of_this_installation_changes_nothing(sqlite: Engine, tmp_path: Path) -> None:
    live(sqlite, "Ada")
    good = back_up(sqlite, tmp_path, at=NOW, actor="test")
    foreign, damaged, other_key = tmp_path / "x.txt", tmp_path / "damaged.sqlite3", tmp_path / "key.sqlite3"
    foreign.write_text("a shopping list")
    damaged.write_bytes(good.read_bytes()[:-4096])
    backup.copy_backup(good, other_key)
    with writing(open_database(str(other_key))) as session:
        bind_key(session, TemplateCipher(b"x" * 32), NOW)
    live(sqlite, "Eve")
    found: list[tuple[Path, type[Exception]]] = [
        (foreign, DatabaseDamaged), (damaged, DatabaseError), (other_key, WrongKey), (tmp_path / "none", UsageError),
    ]  # fmt: skip
    for file, error in found:
        with pytest.raises(error):
            restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW, actor="test")
    assert names(sqlite) == ["Ada", "Eve"]
    assert not list(Path(str(sqlite.url.database)).parent.glob(".*")), "no unfinished copy is left"


def test_a_changed_ledger_is_not_restored(sqlite: Engine, tmp_path: Path) -> None:
    live(sqlite, "Ada", "Bob")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    with open_database(str(file)).begin() as connection:
        for (trigger,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.exec_driver_sql("UPDATE attendance_event SET actor = 'nobody' WHERE seq = 1")
    with pytest.raises(DatabaseDamaged, match="not whole"):
        restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW, actor="test")
    assert names(sqlite) == ["Ada", "Bob"]
