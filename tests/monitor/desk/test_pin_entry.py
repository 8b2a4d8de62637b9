"""Number and PIN: whose they are, and how wrong ones are counted over all programs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from db.crypto import TemplateCipher
from db.engine import open_database, reading, writing
from db.key_store import load_cipher
from db.people import people, pins
from db.privacy import rotation
from db.proof.heads import open_with
from monitor.attendance.pin import hash_pin
from monitor.desk.pin_entry import in_use, peppers, person_of, unlock, write_admin_pin
from monitor.errors import UsageError
from tests.db.rows import newest_entries
from tests.monitor.attendance.test_pin import of_before

AT = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
CIPHER = TemplateCipher(bytes(range(32)))


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    return sqlite


@pytest.fixture
def ada(engine: Engine) -> UUID:
    """Ada with the number 17 and the PIN 271828; Alan with the number 18 and none."""
    with writing(engine) as session:
        ada = people.add_person(session, "Ada", at=AT, actor="test", number="17").id
        people.add_person(session, "Alan", at=AT, actor="test", number="18")
        pins.set_pin(session, ada, hash_pin("271828", peppers(session, CIPHER)))
    return ada


def _try(
    engine: Engine, number: str, pin: str, at: datetime = AT, cipher: TemplateCipher = CIPHER
) -> tuple[UUID | None, int]:
    answer = person_of(engine, cipher, number, pin, at=at, actor="door")
    return answer.person, answer.seconds_left


def test_number_and_pin_lead_to_the_person(engine: Engine, ada: UUID) -> None:
    assert _try(engine, "17", "271828") == (ada, 0)


@pytest.mark.parametrize(
    ("number", "pin"), [("17", "271829"), ("99", "271828"), ("18", "271828"), ("18", ""), ("", "271828"), ("17", "")]
)
def test_anything_else_leads_to_nobody(engine: Engine, ada: UUID, number: str, pin: str) -> None:
    assert _try(engine, number, pin) == (None, 0)


def test_who_is_deactivated_has_no_pin(engine: Engine, ada: UUID) -> None:
    assert in_use(engine)
    with writing(engine) as session:
        people.set_active(session, ada, False, at=AT, actor="test")
    assert _try(engine, "17", "271828") == (None, 0)
    assert not in_use(engine)


def test_a_hash_of_before_is_replaced_when_its_pin_is_typed(engine: Engine, ada: UUID) -> None:
    with writing(engine) as session:
        pins.set_pin(session, ada, of_before("2718"))
    assert _try(engine, "17", "2718") == (ada, 0)
    with reading(engine) as session:
        found = pins.find(session, "17")
    assert found is not None
    assert str(found.pin_hash).startswith("argon2id$")
    assert _try(engine, "17", "2718") == (ada, 0)


def test_a_pin_survives_a_new_key(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUSTER_KEY", raising=False)
    monkeypatch.setattr("db.key_store._has_keyring", lambda: False)
    open_with(engine, load_cipher(tmp_path), tmp_path)
    with writing(engine) as session:
        ada = people.add_person(session, "Ada", at=AT, actor="test", number="17").id
        pins.set_pin(session, ada, hash_pin("271828", peppers(session, load_cipher(tmp_path))))
    for _ in range(2):
        rotation.rotate(engine, tmp_path, at=AT, actor="desk")
    cipher = load_cipher(tmp_path)
    open_with(engine, cipher, tmp_path)
    assert _try(engine, "17", "271828", cipher=cipher) == (ada, 0)


def test_a_right_pin_forgives_its_own_number_only(engine: Engine, ada: UUID) -> None:
    for number in ("17", "99"):
        for _ in range(4):
            assert _try(engine, number, "000000") == (None, 0)
    assert _try(engine, "17", "271828") == (ada, 0)
    assert _try(engine, "99", "000000") == (None, 60)
    assert _try(engine, "17", "000000") == (None, 0)


def test_the_lock_outlives_the_program_and_grows(engine: Engine, ada: UUID) -> None:
    for _ in range(4):
        _try(engine, "17", "000000")
    assert _try(engine, "17", "000000") == (None, 60)
    url = str(engine.url)
    engine.dispose()
    again = open_database(url)
    assert _try(again, "17", "271828", AT + timedelta(seconds=30)) == (None, 30)
    assert _try(again, "17", "000000", AT + timedelta(seconds=60)) == (None, 120)
    assert _try(again, "17", "271828", AT + timedelta(seconds=180)) == (ada, 0)
    again.dispose()


def test_many_numbers_lock_the_whole_desk(engine: Engine, ada: UUID) -> None:
    waits = [_try(engine, str(1000 + number), "000000")[1] for number in range(20)]
    assert waits == [0] * 19 + [60]
    assert _try(engine, "17", "271828") == (None, 60)
    assert _try(engine, "17", "271828", AT + timedelta(seconds=60)) == (ada, 0)


def test_a_right_pin_does_not_free_who_tries_the_numbers_of_others(engine: Engine, ada: UUID) -> None:
    """Somebody with a PIN of their own types it between the tries."""
    waits = []
    for number in range(22):
        waits.append(_try(engine, str(1000 + number), "000000")[1])
        if number % 4 == 3:
            _try(engine, "17", "271828")
    assert 60 in waits


def test_a_number_that_is_typed_in_other_ways_has_no_more_tries(engine: Engine, ada: UUID) -> None:
    waits = [_try(engine, typed, "000000")[1] for typed in ("17", "17 ", " 17", "1\u202a7", "1\x027")]
    assert waits == [0, 0, 0, 0, 60]


def test_tries_at_once_are_all_counted(engine: Engine, ada: UUID) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _try(engine, "17", "000000"), range(12)))
    assert sum(wait == 0 for _, wait in answers) <= 4
    assert _try(engine, "17", "271828")[0] is None


def test_wrong_tries_and_locks_stand_in_the_audit_log_without_numbers_or_names(engine: Engine, ada: UUID) -> None:
    for _ in range(5):
        _try(engine, "17", "000000")
    with reading(engine) as session:
        entries = newest_entries(session)
        counted = str(session.execute(text("SELECT scope FROM pin_tries")).all())
    lock = next(entry for entry in entries if entry.action == "lock PIN entry")
    assert (lock.actor, lock.at, lock.person) == ("door", AT, None)
    assert lock.detail == {"wrong_tries": 5, "seconds": 60}
    assert [one.action for one in entries].count("wrong pin") == 5
    assert "number:17" not in counted


def test_the_admin_pin_is_set_and_unlocks(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "muster.toml"
    with pytest.raises(UsageError, match="at least 6 digits"):
        write_admin_pin(engine, CIPHER, file, "1234", shortest=6, at=AT, actor="desk")
    kept = write_admin_pin(engine, CIPHER, file, "141421", shortest=6, at=AT, actor="desk")
    assert kept in file.read_text()
    assert unlock(engine, CIPHER, "141421", kept, at=AT, actor="door").right
    for _ in range(4):
        assert unlock(engine, CIPHER, "000000", kept, at=AT, actor="door").seconds_left == 0
    assert unlock(engine, CIPHER, "000000", kept, at=AT, actor="door").seconds_left == 60
    locked = unlock(engine, CIPHER, "141421", kept, at=AT, actor="door")
    assert (locked.right, locked.seconds_left) == (False, 60)
    with reading(engine) as session:
        acts = [entry.action for entry in newest_entries(session)]
    assert {"set admin pin", "unlock desk", "wrong pin", "lock admin PIN"} <= set(acts)


def test_a_kiosk_whose_database_is_away_can_still_be_closed(engine: Engine, tmp_path: Path) -> None:
    kept = write_admin_pin(engine, CIPHER, tmp_path / "muster.toml", "141421", shortest=6, at=AT, actor="desk")
    engine.dispose()
    (tmp_path / "muster.sqlite3").rename(tmp_path / "away.sqlite3")
    (tmp_path / "muster.sqlite3").mkdir()
    assert unlock(engine, CIPHER, "141421", kept, at=AT, actor="door").right
    assert not unlock(engine, CIPHER, "123457", kept, at=AT, actor="door").right


def test_while_the_database_is_away_wrong_admin_pins_lock_too(engine: Engine, tmp_path: Path) -> None:
    kept = write_admin_pin(engine, CIPHER, tmp_path / "muster.toml", "141421", shortest=6, at=AT, actor="desk")
    engine.dispose()
    (tmp_path / "muster.sqlite3").rename(tmp_path / "away.sqlite3")
    (tmp_path / "muster.sqlite3").mkdir()

    def left(pin: str, seconds: int = 0) -> tuple[bool, int]:
        answer = unlock(engine, CIPHER, pin, kept, at=AT + timedelta(seconds=seconds), actor="door")
        return answer.right, answer.seconds_left

    assert [left("000000") for _ in range(5)] == [(False, 0)] * 4 + [(False, 60)]
    assert left("141421") == (False, 60)
    assert left("000000", 60) == (False, 120)
    assert left("141421", 180) == (True, 0)
    assert left("000000", 181) == (False, 0)
