"""People at the desk have names, by their PIN."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading
from db.errors import InvalidRecord
from monitor.config import Settings
from monitor.desk.desk_users import add_user, all_users, remove_user
from monitor.desk.people.undo import undo_last
from monitor.desk.pin_entry import unlock, write_admin_pin
from monitor.errors import UsageError
from tests.db.rows import newest_entries

AT = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
CIPHER = TemplateCipher(bytes(range(32)))


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    return sqlite


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    kept = write_admin_pin(engine, CIPHER, tmp_path / "muster.toml", "141421", shortest=6, at=AT, actor="desk")
    return Settings(admin_pin_hash=kept)


def opened_by(engine: Engine, settings: Settings, pin: str) -> str | None:
    answer = unlock(engine, CIPHER, pin, settings.admin_pin_hash, at=AT, actor="door")
    return answer.at_desk if answer.right else None


def test_a_pin_says_who_opened_the_desk(engine: Engine, settings: Settings) -> None:
    add_user(engine, CIPHER, settings, "Ingrid Sund", "271828", at=AT, actor="desk")
    add_user(engine, CIPHER, settings, "Will Archer", "314159", at=AT, actor="desk")
    assert opened_by(engine, settings, "314159") == "Will Archer"
    assert opened_by(engine, settings, "271828") == "Ingrid Sund"
    assert opened_by(engine, settings, "141421") == ""
    assert opened_by(engine, settings, "999999") is None
    with reading(engine) as session:
        entries = newest_entries(session)
    assert {one.actor for one in entries if one.action == "unlock desk"} == {"Will Archer", "Ingrid Sund", "door"}
    assert [one.name for one in all_users(engine)] == ["Ingrid Sund", "Will Archer"]


def test_who_was_removed_opens_nothing_and_both_acts_are_taken_back(engine: Engine, settings: Settings) -> None:
    add_user(engine, CIPHER, settings, "Ingrid Sund", "271828", at=AT, actor="desk")
    later = AT + timedelta(minutes=1)
    remove_user(engine, "ingrid sund", at=later, actor="desk")
    assert opened_by(engine, settings, "271828") is None
    undone = undo_last(engine, CIPHER, settings, at=later + timedelta(minutes=1), actor="desk")
    assert undone.words == "the removal of Ingrid Sund from the desk"
    assert opened_by(engine, settings, "271828") == "Ingrid Sund"
    add_user(engine, CIPHER, settings, "Will Archer", "314159", at=later + timedelta(minutes=2), actor="desk")
    undone = undo_last(engine, CIPHER, settings, at=later + timedelta(minutes=3), actor="desk")
    assert undone.words == "the desk's PIN of Will Archer"
    assert opened_by(engine, settings, "314159") is None


@pytest.mark.parametrize("pin", ["271828", "141421"])
def test_no_pin_is_two_peoples(engine: Engine, settings: Settings, pin: str) -> None:
    add_user(engine, CIPHER, settings, "Ingrid Sund", "271828", at=AT, actor="desk")
    with pytest.raises(UsageError, match="cannot be used"):
        add_user(engine, CIPHER, settings, "Will Archer", pin, at=AT, actor="desk")


def test_a_user_of_the_desk_keeps_their_pin_from_being_the_admin_pin(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    add_user(engine, CIPHER, settings, "Ingrid Sund", "271828", at=AT, actor="desk")
    with pytest.raises(UsageError, match="cannot be used"):
        write_admin_pin(engine, CIPHER, tmp_path / "muster.toml", "271828", shortest=6, at=AT, actor="desk")


def test_what_makes_no_sense_is_refused_in_a_sentence(engine: Engine, settings: Settings) -> None:
    with pytest.raises(UsageError, match="Set the admin PIN first"):
        add_user(engine, CIPHER, Settings(), "Ingrid Sund", "271828", at=AT, actor="desk")
    with pytest.raises(UsageError, match="at least 6 digits"):
        add_user(engine, CIPHER, settings, "Ingrid Sund", "2718", at=AT, actor="desk")
    add_user(engine, CIPHER, settings, "Ingrid Sund", "271828", at=AT, actor="desk")
    with pytest.raises(InvalidRecord, match="works at the desk already"):
        add_user(engine, CIPHER, settings, "ingrid SUND", "314159", at=AT, actor="desk")
    with pytest.raises(UsageError, match="entered are: Ingrid Sund"):
        remove_user(engine, "Will", at=AT, actor="desk")
