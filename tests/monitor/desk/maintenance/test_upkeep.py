"""Backups and purges that Muster makes by itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from db.attendance import kiosks
from db.engine import reading, writing
from db.errors import DatabaseError
from db.ids import new_id
from db.observations import moods, sightings
from db.privacy import retention
from db.records.moods import MoodSample
from db.records.observations import SightingRecord
from db.records.privacy import Expired
from monitor.config import Settings
from monitor.desk.maintenance import upkeep
from tests.monitor.recording.arrivals import CIPHER
from tests.monitor.recording.arrivals import HAPPY as MOOD

NOW = datetime(2026, 3, 30, 3, 0, tzinfo=UTC)


def settings(folder: Path | None = None, **given: object) -> Settings:
    return Settings(db="unused", backup_folder=str(folder or ""), **given)  # type: ignore[arg-type]


def test_a_backup_is_made_once_a_day_and_the_oldest_ones_go(sqlite: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    rules = settings(folder, backup_keep=2)
    done = [upkeep.look_after(sqlite, rules, NOW + timedelta(hours=hours)) for hours in range(0, 24 * 6, 6)]
    assert [one.backup is not None for one in done] == [True, False, False, False] * 6
    kept = upkeep.backups(folder)
    assert [at for at, _ in kept] == [NOW + timedelta(days=4), NOW + timedelta(days=5)]
    assert all(file.stat().st_mode & 0o077 == 0 for _, file in kept)
    assert folder.stat().st_mode & 0o077 == 0


def test_backups_are_beside_the_database_unless_a_folder_is_set(sqlite: Engine, tmp_path: Path) -> None:
    done = upkeep.look_after(sqlite, settings(), NOW)
    assert done.backup == Path(str(sqlite.url.database)).parent / "backups" / "muster-20260330-030000.sqlite3"


def test_no_backup_is_made_where_none_is_wanted(sqlite: Engine, tmp_path: Path) -> None:
    assert upkeep.look_after(sqlite, settings(tmp_path, backup_every_hours=0), NOW).backup is None
    assert upkeep.backups(tmp_path) == []


def test_a_full_disk_is_said_and_older_backups_stay(
    sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upkeep.look_after(sqlite, settings(tmp_path), NOW)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(DatabaseError, match="less than twice the database; make room"):
        upkeep.look_after(sqlite, settings(tmp_path), NOW + timedelta(days=2))
    assert len(upkeep.backups(tmp_path)) == 1


def test_files_of_others_in_the_folder_are_left_alone(sqlite: Engine, tmp_path: Path) -> None:
    own = tmp_path / "muster-of-last-year.sqlite3"
    own.write_text("mine")
    for day in range(4):
        upkeep.look_after(sqlite, settings(tmp_path, backup_keep=1), NOW + timedelta(days=day))
    assert own.exists()
    assert len(upkeep.backups(tmp_path)) == 1


def test_what_is_past_its_time_goes_once_a_day_in_small_steps(
    sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "STEP", 7)
    long_ago = NOW - timedelta(days=40)
    with writing(sqlite) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=NOW).id
        for minute in range(30):
            at = long_ago + timedelta(minutes=minute)
            seen = SightingRecord(new_id(), kiosk, 1, at, at, 3, None, None, None, None, None, 0.5)
            sightings.add(session, CIPHER, seen, portrait=b"face")
            moods.add(session, kiosk, MoodSample(at, None, seen.id, None, None, "happy", MOOD.probabilities))
    rules = settings(tmp_path, backup_every_hours=0, keep_visitors_days=30)
    assert upkeep.look_after(sqlite, rules, NOW).purged == Expired(30, 30, 0, 30)
    assert upkeep.look_after(sqlite, rules, NOW + timedelta(hours=23)).purged is None
    assert upkeep.look_after(sqlite, rules, NOW + timedelta(hours=24)).purged == Expired(0, 0, 0, 0)
    with reading(sqlite) as session:
        assert (sightings.count_visitors(session), moods.count(session)) == (0, 0)


def _wrong_clock(engine: Engine, folder: Path) -> Settings:
    """A database with a look of today, and then one with the clock ten years ahead."""
    rules = settings(folder, backup_keep=1)
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=NOW).id
        seen = SightingRecord(new_id(), kiosk, 1, NOW, NOW, 3, None, None, None, None, None, 0.5)
        sightings.add(session, CIPHER, seen, portrait=b"face")
    upkeep.look_after(engine, rules, NOW)
    for minutes in (1, 11, 60 * 10):
        with pytest.raises(DatabaseError, match="The clock says 2036-03-27, and the newest entry is of 2026-03-30"):
            upkeep.look_after(engine, rules, NOW + timedelta(days=3650, minutes=minutes))
    return rules


def test_a_wrong_clock_deletes_nothing_and_ends_no_backups(sqlite: Engine, tmp_path: Path) -> None:
    rules = _wrong_clock(sqlite, tmp_path)
    assert upkeep.expired(sqlite, rules, NOW + timedelta(days=3650)).visitors == 1, "it is still there"
    assert [at for at, _ in upkeep.backups(tmp_path)] == [NOW]
    right = upkeep.look_after(sqlite, rules, NOW + timedelta(days=1))
    assert right.backup is not None, "the right clock goes on"
    assert right.purged is not None


def test_a_clock_that_went_on_for_a_day_is_believed(sqlite: Engine, tmp_path: Path) -> None:
    rules = _wrong_clock(sqlite, tmp_path)
    done = upkeep.look_after(sqlite, rules, NOW + timedelta(days=3651, minutes=2))
    assert done.purged == Expired(1, 1, 0, 0)


def test_stamps_of_the_future_stop_neither_purge_nor_backup(sqlite: Engine, tmp_path: Path) -> None:
    future = NOW + timedelta(days=3650)
    upkeep.purge_in_steps(sqlite, settings(tmp_path), at=future, actor="test")
    upkeep.back_up(sqlite, tmp_path, at=future, actor="test")
    days = [upkeep.look_after(sqlite, settings(tmp_path, backup_keep=1), NOW + timedelta(days=day)) for day in (0, 1)]
    assert all(day.backup is not None and day.purged is not None for day in days)
    assert [at for at, _ in upkeep.backups(tmp_path)] == [NOW + timedelta(days=1), future]
