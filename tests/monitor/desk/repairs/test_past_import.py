"""Attendance of another machine: read, judged by the rules, added once, and taken back."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.attendance import kiosks
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.people import people
from db.verification import ledger_check
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.desk.days.attendance import attendance
from monitor.desk.people.undo import acts, undo_last
from monitor.desk.repairs.past_import import import_past, take_back
from monitor.errors import UsageError

NOW = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
BY: Actor = {"at": NOW, "actor": "desk"}
EXPORT = (
    "\ufeff        17\t2026-03-02 08:01:10\t1\t0\t1\t0\n"
    "        17\t2026-03-02 08:01:40\t1\t0\t1\t0\n"
    "        17\t2026-03-02 16:31:00\t1\t{out}\t15\t0\n"
    "        99\t2026-03-02 09:00:00\t1\t0\t1\t0\n"
    "\n"
    "        18\t2026-03-29 02:30:00\t1\t0\t1\t0\n"
)


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    with writing(sqlite) as session:
        for name, number in (("Ada Lovelace", "17"), ("Alan Turing", "18")):
            people.add_person(session, name, number=number, at=datetime(2026, 1, 1, tzinfo=UTC), actor="desk")
    return sqlite


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(db=str(tmp_path / "muster.sqlite3"), time_zone="Europe/Berlin")


def hours(engine: Engine, settings: Settings, day: date) -> dict[str, int | None]:
    return {one.person.name: one.summary.minutes for one in attendance(engine, settings, Period(day, day), NOW)}


def later(minutes: int) -> Actor:
    return {**BY, "at": NOW + timedelta(minutes=minutes)}


@pytest.mark.parametrize(("out", "by_rules"), [("1", False), ("0", True)])
def test_a_zkteco_export_comes_in_once_and_goes_again(
    engine: Engine, settings: Settings, tmp_path: Path, out: str, by_rules: bool
) -> None:
    file = tmp_path / "1_attlog.dat"
    file.write_text(EXPORT.format(out=out), encoding="utf-8")
    assert import_past(engine, settings, file, dry_run=True, **BY).added == 2
    with reading(engine) as session:
        assert kiosks.all_kiosks(session) == [], "a dry run writes nothing"
    done = import_past(engine, settings, file, **BY)
    assert (done.added, done.same, done.people, done.by_rules) == (2, 1, 1, by_rules)
    assert [problem.split(":")[0] for problem in done.problems] == ["Line 4", "Line 6"]
    assert "number 99" in done.problems[0]
    assert "put forward" in done.problems[1]
    day = date(2026, 3, 2)
    assert hours(engine, settings, day)["Ada Lovelace"] == 8 * 60 + 30
    again = import_past(engine, settings, file, **BY)
    assert (again.added, again.same, again.id) == (0, 3, None)
    assert acts(engine)[0].words == "2 entries that were added for Ada Lovelace"
    assert done.id
    assert take_back(engine, settings, done.id, **later(1)) == 2
    assert not hours(engine, settings, day).get("Ada Lovelace")
    for id, said in ((done.id, "taken back already"), ("nothing", "no import")):
        with pytest.raises(UsageError, match=said):
            take_back(engine, settings, id, **BY)
    undone = undo_last(engine, TemplateCipher(bytes(32)), settings, **later(2))
    assert undone.words == "voiding 2 entries of Ada Lovelace"
    assert hours(engine, settings, day)["Ada Lovelace"] == 8 * 60 + 30, "the taking back is taken back"
    assert take_back(engine, settings, done.id, **later(3)) == 2, "and done once more"
    assert not hours(engine, settings, day).get("Ada Lovelace")
    with reading(engine) as session:
        assert ledger_check.verify(session).whole
    assert import_past(engine, settings, file, **BY).added == 2, "what was taken back may come again"


@pytest.mark.parametrize(
    "line",
    [
        "        17\t{}\t1\t{}\t15\t0",
        "    17 {} 1 {} 15 0",
        "17\tAda Lovelace\t{}\t1\t{}\t15\t0",
        "17 Ada Lovelace  {}  1  {}",
        "Ada Lovelace\t{}\t1\t{}\t15\t0",
    ],
)
def test_an_export_may_have_blanks_and_names(engine: Engine, settings: Settings, tmp_path: Path, line: str) -> None:
    file = tmp_path / "all my attlog.dat"
    times = (("2026-03-02 08:00:00", 0), ("2026-03-02 16:30:00", 1))
    file.write_text("\n".join([*(line.format(*each) for each in times), "17\tnever\t1\t0"]), encoding="utf-8")
    done = import_past(engine, settings, file, **BY)
    assert (done.added, done.people, done.by_rules) == (2, 1, False)
    assert hours(engine, settings, date(2026, 3, 2))["Ada Lovelace"] == 8 * 60 + 30
    assert [problem.split(":")[0] for problem in done.problems] == ["Line 3"]


def test_a_reading_within_the_cool_down_of_the_one_before_is_the_same_arrival(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "past.csv"
    times = ("08:00:00", "08:01:30", "08:03:00", "17:00:00")
    file.write_text("name,time\n" + "".join(f"ada lovelace,2026-03-03 {at}\n" for at in times), encoding="utf-8")
    assert import_past(engine, settings, file, **BY).added == 2
    assert hours(engine, settings, date(2026, 3, 3))["Ada Lovelace"] == 9 * 60


def test_a_list_names_people_and_says_in_or_out(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "past.csv"
    file.write_text(
        "Name;Date;Time;Direction\nalan turing;2026-03-03;08:00;in\nAlan Turing;2026-03-03;17:00;C/Out\n"
        "Ada;2026-03-03;x;in\nAda;2026-03-03;08:00;sideways\nAda;2031-03-03;08:00;in\nAda;1999-12-31;08:00;in\n",
        encoding="utf-8",
    )
    done = import_past(engine, settings, file, **BY)
    assert (done.added, len(done.problems)) == (2, 4)
    assert done.problems[2:] == (
        "Line 6: 2031-03-03 08:00 is in the future.",
        "Line 7: 1999-12-31 08:00 is before 2000-01-01, the first day that reports can show.",
    )
    assert hours(engine, settings, date(2026, 3, 3))["Alan Turing"] == 9 * 60
    file.write_text("Name;Direction\nAda;in\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no column 'time'"):
        import_past(engine, settings, file, **BY)
