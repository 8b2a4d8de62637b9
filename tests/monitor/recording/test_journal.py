"""The journal: what a kiosk that is killed, or whose database is away, keeps for its next start."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from sqlalchemy import Engine

from db.attendance import ledger
from db.crypto import TemplateCipher
from db.engine import open_database, reading, writing
from db.errors import DatabaseError
from db.ids import new_id
from db.key_store import load_cipher, retired_ciphers
from db.observations import moods, sightings
from db.people import people
from db.privacy import rotation
from db.proof.heads import open_with
from db.records.people import Person
from monitor.domain import Phase
from monitor.recording import journal as journaling
from monitor.recording.journal import RESERVE, Journal, PinGiven, Seen, journal_file
from tests.monitor.recording.arrivals import AT, CIPHER, PORTRAIT, Listener, Lock, Start, seen

ADA = Person(new_id(), "Ada [b]\x1b[31m", None, "Team", True, "", AT)


def test_facts_that_wait_together_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    monkeypatch.setattr(journaling, "SYNC_EVERY", 3600.0)
    journal = Journal(tmp_path / "journal", CIPHER)
    for _ in range(3):
        journal.append(Seen(seen(ADA), new_id()), sync=True)
    assert len(synced) == 1
    for _ in range(2):
        journal.sync()
    assert len(synced) == 2


def test_facts_whose_first_try_failed_outlive_a_power_cut(
    ada: Person, told: Listener, start: Start, tmp_path: Path, lock: Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journaling, "SYNC_EVERY", 3600.0)
    synced = Event()
    monkeypatch.setattr(os, "fsync", lambda _: synced.set())
    recorder = start(Journal(tmp_path / "journal", CIPHER))
    with lock():
        recorder.record(seen(ada))
        assert synced.wait(60)
    recorder.close(timeout=20)
    assert told.kinds == ["sighting", "check_in"]


def test_facts_come_back_as_they_were(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", CIPHER)
    stranger, named = Seen(seen(None), new_id()), Seen(seen(ADA, phase=Phase.CONTINUED), new_id())
    pin = PinGiven(ADA.id, AT, new_id(), timedelta(hours=5))
    for fact in (stranger, named, pin):
        journal.append(fact, sync=True)
    facts, unread = Journal(tmp_path / "journal", CIPHER).read()
    assert unread == 0
    first, second, third = facts
    assert isinstance(first, Seen)
    assert isinstance(second, Seen)
    assert (first.event, first.sighting.id, first.sighting.phase) == (
        stranger.event,
        stranger.sighting.id,
        Phase.OPENED,
    )
    assert first.sighting.embedding is not None
    assert first.sighting.portrait is not None
    assert stranger.sighting.embedding is not None
    np.testing.assert_array_equal(first.sighting.embedding, stranger.sighting.embedding)
    np.testing.assert_array_equal(first.sighting.portrait, PORTRAIT)
    arrays = {"embedding", "portrait", "views"}
    for name in {one.name for one in fields(named.sighting)} - arrays:
        assert getattr(second.sighting, name) == getattr(named.sighting, name), name
    assert third == pin
    assert pin.clock_off == timedelta(hours=5)


def test_only_what_was_not_written_comes_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", CIPHER)
    facts = [PinGiven(new_id(), AT, new_id()) for _ in range(3)]
    for fact in facts:
        journal.append(fact, sync=False)
    journal.written()
    assert Journal(tmp_path / "journal", CIPHER).read() == (facts[1:], 0)
    journal.written()
    journal.written()
    assert (tmp_path / "journal").stat().st_size == 0
    journal.close()
    assert not (tmp_path / "journal").exists()


def _damage(file: Path, line: int, byte: int) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line][:byte] + b"~" + lines[line][byte + 1 :]
    file.write_bytes(b"".join(lines))


@pytest.mark.parametrize(("byte", "unread"), [(5, 1), (40, 0)])
def test_a_damaged_line_that_was_written_hides_no_other(tmp_path: Path, byte: int, unread: int) -> None:
    """Where its hash is whole it is known to have been written."""
    journal = Journal(tmp_path / "journal", CIPHER)
    facts = [PinGiven(new_id(), AT, new_id()) for _ in range(3)]
    for fact in facts:
        journal.append(fact, sync=False)
    journal.written()
    _damage(tmp_path / "journal", 0, byte)
    assert Journal(tmp_path / "journal", CIPHER).read() == (facts[1:], unread)


def test_each_file_with_damaged_lines_is_kept(tmp_path: Path) -> None:
    file, contents = tmp_path / "journal", []
    for _ in range(2):
        journal = Journal(file, CIPHER)
        journal.append(PinGiven(new_id(), AT, new_id()), sync=False)
        _damage(file, 0, 40)
        contents.append(file.read_bytes())
        for _ in range(2):
            assert Journal(file, CIPHER).read() == ([], 1)
        file.unlink()
    assert [one.read_bytes() for one in sorted(tmp_path.glob("*.unreadable*"))] == contents


def test_what_waited_while_the_key_was_changed_is_read_with_the_old_one(engine: Engine, tmp_path: Path) -> None:
    old, fact = load_cipher(tmp_path), PinGiven(new_id(), AT, new_id())
    open_with(engine, old, tmp_path)
    Journal(tmp_path / "journal", old).append(fact, sync=False)
    rotation.rotate(engine, tmp_path, at=AT, actor="desk")
    new = load_cipher(tmp_path)
    assert new.key_id != old.key_id
    assert Journal(tmp_path / "journal", new, retired_ciphers(tmp_path)).read() == ([fact], 0)


def test_nothing_in_the_file_can_be_read_without_the_key(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    Journal(file, CIPHER).append(Seen(seen(replace(ADA, name="Ada Lovelace")), new_id()), sync=False)
    content = file.read_bytes()
    assert b"Lovelace" not in content  # three letters come into 900 random ones in one run of 280
    assert str(ADA.id).encode() not in content
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", [2, 30, 200])
def test_a_line_that_a_power_cut_left_unfinished_is_left_out_and_kept(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "journal"
    journal = Journal(file, CIPHER)
    whole, broken = PinGiven(new_id(), AT, new_id()), PinGiven(new_id(), AT, new_id())
    journal.append(whole, sync=False)
    journal.append(broken, sync=False)
    os.truncate(file, file.stat().st_size - cut)
    content = file.read_bytes()
    again = Journal(file, CIPHER)
    assert again.read() == ([whole], 1)
    assert file.with_suffix(".unreadable").read_bytes() == content
    again.append(broken, sync=False)
    assert Journal(file, CIPHER).read() == ([whole, broken], 1)


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    Journal(file, CIPHER).append(PinGiven(new_id(), AT, new_id()), sync=False)
    assert Journal(file, TemplateCipher(b"x" * 32)).read() == ([], 1)


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "journal"
    journal = Journal(file, CIPHER)
    first, second = PinGiven(new_id(), AT, new_id()), PinGiven(new_id(), AT, new_id())
    journal.append(first, sync=False)
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:20]))
    with pytest.raises(OSError, match="No space left"):
        journal.append(second, sync=False)
    monkeypatch.undo()
    journal.append(second, sync=False)
    assert Journal(file, CIPHER).read() == ([first, second], 0)


def test_on_a_full_disk_facts_take_the_room_that_was_kept_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, reserve, write = tmp_path / "journal", tmp_path / "journal.reserve", os.write
    journal = Journal(file, CIPHER)
    assert (reserve.stat().st_size, reserve.stat().st_blocks * 512 >= RESERVE) == (RESERVE, True)

    def on_a_full_disk(descriptor: int, data: bytes) -> int:
        return write(descriptor, data[:20] if reserve.exists() else data)

    monkeypatch.setattr(os, "write", on_a_full_disk)
    facts = [PinGiven(new_id(), AT, new_id()) for _ in range(2)]
    for fact in facts:
        journal.append(fact, sync=False)
    assert not reserve.exists()
    assert Journal(file, CIPHER).read() == (facts, 0)
    reserve.unlink()
    for _ in facts:
        journal.written()
    assert reserve.exists(), "once all are written it is kept again"
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_each_pair_of_kiosk_and_database_has_a_file_of_its_own(tmp_path: Path) -> None:
    files = {journal_file(tmp_path, base, kiosk) for base in ("a.db", "b.db") for kiosk in ("main", "../x", "x")}
    assert len(files) == 6
    assert {file.parent for file in files} == {tmp_path}


def test_what_waits_for_a_locked_database_is_written_at_the_next_start(
    ada: Person, told: Listener, start: Start, tmp_path: Path, lock: Lock
) -> None:
    file = tmp_path / "journal"
    first = start(Journal(file, CIPHER))
    with lock():
        first.record(seen(ada))
        first.record(seen(None, minute=1))
        with pytest.raises(DatabaseError, match=r"2 entries could not be written.*kiosk starts again"):
            first.close(timeout=0.05)
    assert told.events == []
    start(Journal(file, CIPHER)).close()
    assert told.kinds == ["sighting", "check_in", "unknown"]
    assert not file.exists()


@pytest.mark.parametrize("mood", ["individual", "aggregate"])
def test_a_fact_that_was_written_before_the_kill_is_not_written_twice(
    engine: Engine, ada: Person, start: Start, tmp_path: Path, mood: str
) -> None:
    opened = seen(ada)
    facts = [Seen(opened, new_id()), Seen(seen(ada, phase=Phase.CONTINUED, id=opened.id, lasting=9), new_id())]
    for _ in range(2):
        journal = Journal(tmp_path / "journal", CIPHER)
        for fact in facts:
            journal.append(fact, sync=False)
        start(Journal(tmp_path / "journal", CIPHER), mood=mood).close()
    with reading(engine) as session:
        assert ledger.count(session) == 1
        assert sightings.get(session, opened.id) is not None
        written = moods.count(session)
        # An anonymous mood of an earlier run is left out, because it may be there already.
        assert written == (2 if mood == "individual" else 1)


def test_a_kiosk_starts_on_a_locked_database_and_says_so(ada: Person, told: Listener, start: Start, lock: Lock) -> None:
    with lock():
        recorder = start()
        assert recorder.health is not None
        assert "locked" in recorder.health
        recorder.record(seen(ada))
    told.wait_for(2)
    recorder.close()
    assert told.kinds == ["sighting", "check_in"]
    assert recorder.lost == 0


@pytest.mark.parametrize("back", ["the same file", "a copy"])
def test_facts_wait_while_the_database_is_gone_and_go_into_the_one_that_comes_back(
    engine: Engine, ada: Person, told: Listener, start: Start, tmp_path: Path, back: str
) -> None:
    file, away = Path(str(engine.url.database)), tmp_path / "away.db"
    recorder = start()
    recorder.record(seen(ada))
    told.wait_for(2)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    file.rename(away)
    recorder.record(seen(ada, minute=10))
    while recorder.health is None:
        time.sleep(0.01)
    assert "deleted, moved or replaced" in recorder.health
    assert not file.exists(), "no empty database takes its place"
    if back == "a copy":
        (tmp_path / "copy").write_bytes(away.read_bytes())
        (tmp_path / "copy").rename(file)
    else:
        away.rename(file)
    told.wait_for(4)
    recorder.close()
    assert recorder.health is None
    with open_database(str(file)).connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM attendance_event").scalar() == 2


KILLED = """
import os, sys
from pathlib import Path
from db.engine import open_database, writing, reading
from db.people import people
from monitor.config import Settings
from monitor.recording.journal import Journal
from monitor.recording.recorder import Recorder
from tests.monitor.recording.arrivals import CIPHER, AT, seen
database, file, moment = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
engine = open_database(database)
with reading(engine) as session:
    who = people.members(session)
journal = Journal(file, CIPHER)
recorder = Recorder(engine, CIPHER, Settings(db="unused"), publish=print, clock=lambda: AT, journal=journal)
for number, person in enumerate(who):
    one = seen(person, minute=number)
    recorder.record(one)
    os.write(1, f'\\ntaken {one.id}\\n'.encode())
    if number == moment:
        os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_was_taken_before_a_kill_is_written_once(engine: Engine, start: Start, tmp_path: Path) -> None:
    kills = int(os.environ.get("MUSTER_KILLS", "3"))
    with writing(engine) as session:
        for number in range(40):
            people.add_person(session, f"Person {number}", at=AT, actor="test")
    taken: list[str] = []
    for kill in range(kills):
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, str(engine.url.database), str(tmp_path / "journal"), str(1 + 7 * kill % 37)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        taken += [line.split()[1] for line in ended.stdout.splitlines() if line.startswith("taken")]
    start(Journal(tmp_path / "journal", CIPHER)).close()
    with reading(engine) as session:
        written = [str(one.id) for one in sightings.between(session, AT, AT.replace(hour=23))]
    assert sorted(written) == sorted(taken)
