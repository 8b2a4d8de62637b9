"""A backup that is put in the place of the database."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db import backup
from db.attendance import kiosks, leave, ledger, shifts
from db.calendar import Leave, Shift
from db.crypto import TemplateCipher, bind_key
from db.engine import open_database, reading, writing
from db.errors import DatabaseDamaged, DatabaseError, WrongKey
from db.faces import templates
from db.ids import new_id
from db.key_store import load_cipher
from db.people import consents, people, pins
from db.privacy import erasure
from db.privacy.rotation import rotate
from db.programs import keys
from db.proof import heads
from db.records.attendance import NewEvent
from db.records.people import Person
from monitor.config import Settings
from monitor.desk.maintenance import system
from monitor.desk.maintenance.restore import Lost, restore
from monitor.desk.maintenance.upkeep import back_up, look_after
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


def plan(engine: Engine, person: Person, day: date) -> Leave:
    """A shift for everybody and a day off."""
    away = Leave(new_id(), person.id, day, day, "sick")
    with writing(engine) as session:
        shifts.add(session, Shift(new_id(), frozenset({0}), time(9), time(17)), at=NOW, actor="test")
        return leave.add(session, away, at=NOW, actor="test")


def names(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return sorted(person.name for person in people.members(session))


def test_a_backup_takes_the_place_of_the_database_which_is_kept(sqlite: Engine, tmp_path: Path) -> None:
    live(sqlite, "Ada", "Bob")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    live(sqlite, "Eve")
    done = restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW, actor="test")
    assert (done.people, done.events, done.lost, done.erased_again) == (2, 2, Lost(1, {"add": 1}), 0)
    assert names(sqlite) == ["Ada", "Bob"], "a program that has the database open goes on with the new one"
    assert done.aside is not None
    assert names(open_database(str(done.aside))) == ["Ada", "Bob", "Eve"]
    assert file.exists()


def test_the_database_is_the_one_that_its_url_names_everywhere(sqlite: Engine, tmp_path: Path) -> None:
    live(sqlite, "Ada")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    live(sqlite, "Eve")
    url = Settings(db=f"sqlite+pysqlite:///{sqlite.url.database}?cache=private")
    restore(url, CIPHER, file, tmp_path, at=NOW, actor="test")
    assert names(sqlite) == ["Ada"]


def test_who_was_erased_since_stays_erased(sqlite: Engine, tmp_path: Path) -> None:
    ada, _ = live(sqlite, "Ada", "Bob")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    with writing(sqlite) as session:
        erasure.erase(session, ada.id, at=NOW, actor="test")
    done = restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW + timedelta(hours=1), actor="test")
    assert done.erased_again == 1
    assert names(sqlite) == ["Bob"]


def test_what_was_forbidden_since_stays_forbidden(sqlite: Engine, tmp_path: Path) -> None:
    ada, bob = live(sqlite, "Ada", "Bob")
    with writing(sqlite) as session:
        for person, number in ((ada, "1"), (bob, "2")):
            people.set_number(session, person.id, number, at=NOW, actor="test")
            pins.set_pin(session, person.id, "old")
        keys.add(session, "chat", "h", ("events",), expires_at=None, at=NOW, actor="test")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    with writing(sqlite) as session:
        consents.set_consent(session, ada.id, "mood", False, at=NOW, actor="test")
        people.set_active(session, bob.id, False, at=NOW, actor="test")
        pins.set_pin(session, ada.id, None)
        pins.set_pin(session, bob.id, "new")
        keys.revoke(session, "chat", at=NOW, actor="test")
    done = restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW + timedelta(hours=1), actor="test")
    assert done.taken_over == 5
    with reading(sqlite) as session:
        assert consents.current(session, ada.id, "mood") is False
        assert not people.get_person(session, bob.id).active
        assert pins.all_hashes(session) == {ada.id: None, bob.id: "new"}
        assert not keys.all_keys(session)[0].holds(NOW + timedelta(days=1))


def test_a_restored_database_is_whole_though_it_goes_on_differently(sqlite: Engine, tmp_path: Path) -> None:
    heads.open_with(sqlite, CIPHER, tmp_path)
    bob, _ = live(sqlite, "Bob", "Cleo")
    away = plan(sqlite, bob, date(2026, 4, 1))
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    ada, _ = live(sqlite, "Ada", "Dora")
    plan(sqlite, ada, date(2026, 4, 2))
    with writing(sqlite) as session:
        leave.remove(session, away.id, at=NOW, actor="test")
    heads.note(sqlite, NOW)
    with writing(sqlite) as session:
        people.set_active(session, ada.id, False, at=NOW, actor="test")
    heads.note(sqlite, NOW)
    restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW, actor="test")
    live(sqlite, "Eve", "Finn", "Gina", "Hal")
    assert system.verify(sqlite, CIPHER, tmp_path / heads.HEADS_FILE).problems == ()


def test_a_restore_that_is_taken_back_leaves_a_whole_database(sqlite: Engine, tmp_path: Path) -> None:
    heads.open_with(sqlite, CIPHER, tmp_path)
    ada, _ = live(sqlite, "Ada", "Bob")

    def rename(*names: str) -> None:
        for name in names:
            with writing(sqlite) as session:
                people.rename(session, ada.id, name, at=NOW, actor="test")
        heads.note(sqlite, NOW)

    def put_back(file: Path, hours: int, lost: Lost) -> Path:
        done = restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW + timedelta(hours=hours), actor="test")
        assert done.aside is not None
        assert done.lost == lost
        return done.aside

    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    rename("Augusta", "Countess")
    before = put_back(file, 1, Lost(0, {"rename": 2}))
    rename("Adelaide")
    put_back(before, 2, Lost(0, {"rename": 1}))
    rename("Ada L.")
    assert names(sqlite) == ["Ada L.", "Bob"]
    assert system.verify(sqlite, CIPHER, tmp_path / heads.HEADS_FILE).problems == ()


def test_nothing_is_restored_that_was_not_agreed(sqlite: Engine, tmp_path: Path) -> None:
    heads.open_with(sqlite, CIPHER, None)
    live(sqlite, "Ada")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    asked: list[Lost] = []

    def refuse(lost: Lost) -> bool:
        asked.append(lost)
        return False

    restore(settings(sqlite), CIPHER, file, tmp_path, agreed=refuse, at=NOW, actor="test")
    assert asked == [], "nothing is lost"
    live(sqlite, "Eve")
    with pytest.raises(UsageError, match="Nothing was restored"):
        restore(settings(sqlite), CIPHER, file, tmp_path, agreed=refuse, at=NOW, actor="test")
    assert asked == [Lost(1, {"add": 1})]
    assert names(sqlite) == ["Ada", "Eve"]


def test_a_backup_of_before_a_new_key_is_sealed_with_the_new_one(
    sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSTER_KEY", raising=False)
    monkeypatch.setattr("db.key_store._has_keyring", lambda: False)
    old = load_cipher(tmp_path)
    heads.open_with(sqlite, old, tmp_path)
    (ada,) = live(sqlite, "Ada")
    with writing(sqlite) as session:
        templates.set_portrait(session, old, ada.id, b"jpeg", at=NOW)
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    rotated = rotate(sqlite, tmp_path, at=NOW, actor="test")
    new = load_cipher(tmp_path)
    restore(settings(sqlite), new, file, tmp_path, at=NOW, actor="test")
    found = system.verify(sqlite, new, tmp_path / heads.HEADS_FILE)
    assert (found.problems, found.sealed) == ((), 1)
    assert rotated.before is not None
    rotated.before.unlink()
    with pytest.raises(WrongKey, match=f"with the key {old.key_id}, which is not here; put it into"):
        restore(settings(sqlite), new, file, tmp_path, at=NOW, actor="test")


def test_the_database_of_before_is_whole_and_a_change_in_it_is_found(sqlite: Engine, tmp_path: Path) -> None:
    heads.open_with(sqlite, CIPHER, tmp_path)
    live(sqlite, "Ada")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    live(sqlite, "Eve", "Bob")
    heads.note(sqlite, NOW)
    done = restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW, actor="test")
    restored = open_database(str(sqlite.url.database))
    heads.open_with(restored, CIPHER, tmp_path)
    for name in ("Zoe", "Yan", "Uma"):
        live(restored, name)
        heads.note(restored, NOW)
    before = open_database(str(done.aside))
    noted = tmp_path / heads.HEADS_FILE
    assert [system.verify(one, CIPHER, noted).problems for one in (restored, before)] == [(), ()]
    with before.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER attendance_event_no_delete")
        connection.exec_driver_sql("DELETE FROM attendance_event WHERE seq = 3")
    assert system.verify(before, CIPHER, noted).problems


def test_the_database_of_before_is_deleted_in_time(sqlite: Engine, tmp_path: Path) -> None:
    heads.open_with(sqlite, CIPHER, None)
    live(sqlite, "Ada")
    rules = settings(sqlite).model_copy(update={"backup_every_hours": 0})
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    done = restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW, actor="test")
    assert done.aside is not None
    kept = []
    for days in range(1, 33):
        look_after(sqlite, rules, NOW + timedelta(days=days))
        kept.append(done.aside.exists())
    assert kept == [True] * 30 + [False] * 2


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
    empty = tmp_path / "empty.sqlite3"
    empty.touch()
    damaged.write_bytes(good.read_bytes()[:-4096])
    backup.copy_backup(good, other_key)
    with writing(open_database(str(other_key))) as session:
        bind_key(session, TemplateCipher(b"x" * 32), NOW)
    live(sqlite, "Eve")
    found: list[tuple[Path, type[Exception]]] = [
        (foreign, DatabaseDamaged), (empty, DatabaseDamaged), (damaged, DatabaseError), (other_key, WrongKey),
        (tmp_path / "none", UsageError),
    ]  # fmt: skip
    for file, error in found:
        with pytest.raises(error, match=file.name):
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


def test_a_backup_whose_proof_was_emptied_is_not_restored(sqlite: Engine, tmp_path: Path) -> None:
    heads.open_with(sqlite, CIPHER, tmp_path)
    heads.note(sqlite, NOW)
    live(sqlite, "Ada")
    file = back_up(sqlite, tmp_path, at=NOW, actor="test")
    with open_database(str(file)).begin() as forger:
        guard = "SELECT sql FROM sqlite_master WHERE name = 'proof_entry_no_delete'"
        again = forger.exec_driver_sql(guard).scalar_one()
        forger.exec_driver_sql("DROP TRIGGER proof_entry_no_delete")
        for changed in ("DELETE FROM proof_entry", "UPDATE person SET name = 'Mallory'", again):
            forger.exec_driver_sql(changed)
    with pytest.raises(DatabaseDamaged, match="its proof was emptied"):
        restore(settings(sqlite), CIPHER, file, tmp_path, at=NOW, actor="test")
    assert names(sqlite) == ["Ada"]
