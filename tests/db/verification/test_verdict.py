"""What Muster itself does to a database leaves the proof whole; what is wrong beside the rows is found."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine, insert, select, text

from db import backup
from db.attendance import corrections, holidays, kiosks, leave, ledger, shifts
from db.calendar import Leave, Shift
from db.crypto import TemplateCipher
from db.engine import open_database, reading, writing
from db.errors import DatabaseDamaged, WrongKey
from db.faces import templates
from db.forwarding.send import Forwarded, forward
from db.ids import new_id
from db.key_store import load_key
from db.people import consents, people
from db.privacy import erasure, merges, rotation
from db.proof import chains, heads
from db.proof.heads import HEADS_FILE, open_with
from db.proof.key import Prover, of_engine, proof_key, use
from db.records.attendance import NewEvent, Role
from db.schema.calendar import HolidayRow
from db.verification.verdict import Verdict, verify
from tests.db.doors import CIPHER, Door
from tests.db.rows import enrol_image

FACE = np.linspace(-1, 1, 128, dtype=np.float32)


def _check(engine: Engine, cipher: TemplateCipher, folder: Path) -> Verdict:
    return verify(engine, cipher, folder / HEADS_FILE)


def _enrol(engine: Engine, cipher: TemplateCipher, name: str, at: datetime) -> UUID:
    with writing(engine) as session:
        person = people.add_person(session, name, at=at, actor="desk").id
        consents.set_consent(session, person, "face", True, at=at, actor="desk")
        enrol_image(session, cipher, person, FACE, at, image=name, chip=b"jpeg")
        templates.set_mean_template(session, cipher, person, encoder="test-1", embedding=FACE, members=1, at=at)
    return person


def _come(engine: Engine, person: UUID, at: datetime, *, clock_suspect: bool = False) -> UUID:
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=at).id
        event = NewEvent(
            new_id(), "check_in", person, at, "UTC", kiosk, "face", "door", at, clock_suspect=clock_suspect
        )
        ledger.append(session, event)
        corrections.void(session, event.id, id=new_id(), at=at, kiosk=kiosk, actor="desk", reason="Ada was not here")
    return event.id


def test_the_first_head_of_a_day_waits_for_the_end_of_the_transaction(
    sqlite: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    _enrol(sqlite, cipher, "Ada", at)
    use(sqlite, Prover(proof_key(cipher), tmp_path / HEADS_FILE))
    with writing(sqlite) as session:
        with session.begin_nested():
            people.add_person(session, "Bob", at=at, actor="desk")
        people.add_person(session, "Cleo", at=at, actor="desk")
        assert not (tmp_path / HEADS_FILE).exists()
    assert (tmp_path / HEADS_FILE).read_text().count("\n") == 1


def test_erasing_and_merging_leave_it_whole(
    engine: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(engine, cipher, tmp_path)
    ada, bob, cleo = (_enrol(engine, cipher, name, at) for name in ("Ada", "Bob", "Cleo"))
    for person in (ada, bob, cleo):
        _come(engine, person, at)
    with writing(engine) as session:
        people.rename(session, ada, "Ada Lovelace", at=at, actor="desk")
        merges.merge(session, cipher, bob, ada, at=at, actor="desk")
    with writing(engine) as session:
        consents.set_consent(session, cleo, "mood", False, at=at, actor="desk")
        erasure.erase(session, cleo, at=at, actor="desk")
    assert _check(engine, cipher, tmp_path).problems == ()
    with writing(engine) as session:
        erasure.erase(session, ada, at=at, actor="desk")
    assert _check(engine, cipher, tmp_path).problems == ()
    with reading(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM proof_salt")) == 0


def test_who_is_expected_when_changes_by_muster_itself_and_stays_whole(
    engine: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(engine, cipher, tmp_path)
    ada, bob = (_enrol(engine, cipher, name, at) for name in ("Ada", "Bob"))
    plans = [Shift(new_id(), frozenset({0}), time(9), time(17), one) for one in (None, ada, bob, bob)]
    days = [date(2026, 3, day) for day in (9, 10)]
    away = [Leave(new_id(), one, day, day, "sick", note="flu") for one in (ada, bob) for day in days]
    with writing(engine) as session:
        for plan in plans:
            shifts.add(session, plan, at=at, actor="desk")
        for one in away:
            leave.add(session, one, at=at, actor="desk")
        free = [holidays.add(session, day, "Free", at=at, actor="desk").id for day in days]
    with writing(engine) as session:
        shifts.end(session, plans[0].id, days[0], at=at, actor="desk")
        shifts.remove(session, plans[3].id, at=at, actor="desk")
        leave.remove(session, away[0].id, at=at, actor="desk")
        holidays.remove(session, free[0], at=at, actor="desk")
    assert _check(engine, cipher, tmp_path).problems == ()
    with writing(engine) as session:
        merged = merges.merge(session, cipher, bob, ada, at=at, actor="desk")
    assert _check(engine, cipher, tmp_path).problems == ()
    with writing(engine) as session:
        merges.take_back(session, cipher, merged, at=at, actor="desk")
    assert _check(engine, cipher, tmp_path).problems == ()
    with writing(engine) as session:
        erasure.erase(session, bob, at=at, actor="desk")
    assert _check(engine, cipher, tmp_path).problems == ()


def test_what_muster_deleted_and_another_program_puts_back_is_found(
    engine: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(engine, cipher, tmp_path)
    with writing(engine) as session:
        free = holidays.add(session, date(2026, 5, 1), "Labour Day", at=at, actor="desk").id
        row = dict(session.execute(select(HolidayRow.__table__)).mappings().one())
    with writing(engine) as session:
        holidays.remove(session, free, at=at, actor="desk")
    with engine.begin() as connection:
        connection.execute(insert(HolidayRow), row)
    told = f"the public holiday {free} (Labour Day, 2026-05-01) is there again after Muster deleted it"
    assert _check(engine, cipher, tmp_path).problems == (told,)


def test_a_shift_that_was_changed_is_named_by_whom_it_is_for(
    engine: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(engine, cipher, tmp_path)
    with writing(engine) as session:
        for group in (None, "Lab"):
            shifts.add(session, Shift(new_id(), frozenset({0}), time(9), time(17), None, group), at=at, actor="desk")
    with engine.begin() as connection:
        connection.execute(text("UPDATE shift SET grace_minutes = 60"))
    told = [problem.split(maxsplit=3)[3] for problem in _check(engine, cipher, tmp_path).problems]
    assert told == ["of everybody was changed", "of the group Lab was changed"]


def test_a_kiosk_that_was_only_seen_is_not_proved_again(
    engine: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(engine, cipher, tmp_path)

    def proved(role: Role, minute: int) -> int:
        with writing(engine) as session:
            then = at + timedelta(minutes=minute)
            door = kiosks.register(session, "door", site="main", role=role, time_zone="UTC", at=then).id
            kiosks.seen(session, door, then)
        return _check(engine, cipher, tmp_path).entries.entries

    assert [proved("auto", 0), proved("auto", 1), proved("in", 2)] == [3, 3, 4]


def test_rows_of_before_the_key_are_adopted_and_then_kept(
    engine: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    ada = _enrol(engine, cipher, "Ada", at)
    _come(engine, ada, at)
    open_with(engine, cipher, tmp_path)
    _come(engine, ada, at + timedelta(hours=1))
    assert _check(engine, cipher, tmp_path).problems == ()
    open_with(engine, cipher, tmp_path)
    found = _check(engine, cipher, tmp_path)
    assert (found.problems, found.ledger.events) == ((), 4)


def test_a_new_key_still_verifies_what_the_old_one_proved(sqlite: Engine, tmp_path: Path, at: datetime) -> None:
    for hour in range(3):
        cipher = TemplateCipher(load_key(tmp_path))
        open_with(sqlite, cipher, tmp_path)
        _come(sqlite, _enrol(sqlite, cipher, f"Ada {hour}", at), at + timedelta(hours=hour))
        heads.note(sqlite, at + timedelta(hours=hour))
        rotation.rotate(sqlite, tmp_path, at=at, actor="desk")
    cipher = TemplateCipher(load_key(tmp_path))
    found = _check(sqlite, cipher, tmp_path)
    assert (found.problems, found.ledger.events, found.sealed) == ((), 6, 9)


def test_a_shared_database_is_verified_by_each_door(
    door: Door, other: Door, engine: Engine, tmp_path: Path, at: datetime
) -> None:
    keys = (CIPHER, TemplateCipher(bytes(32)))
    for one, key, name in ((door, keys[0], "Ada"), (other, keys[1], "Bob")):
        (tmp_path / name).mkdir()
        open_with(one.engine, key, tmp_path / name)
        one.see(one.enrol(name))
    for one in (door, other, door):
        prover = of_engine(one.engine)
        assert prover is not None
        heads.begin(engine, None, prover, own=False)
        forward(one.engine, engine, now=at + timedelta(hours=5))
    for key, name in zip(keys, ("Ada", "Bob"), strict=True):
        found = _check(engine, key, tmp_path / name)
        assert found.problems == ()
        assert (found.ledger.foreign, len(found.forwarded)) == (1, 2)
        assert found.entries.foreign > 0


def test_without_the_key_nothing_is_written_behind_what_it_proved(
    engine: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(engine, cipher, tmp_path)
    ada = _enrol(engine, cipher, "Ada", at)
    _come(engine, ada, at)
    use(engine, None)
    with pytest.raises(WrongKey, match="proved with a key"):
        _come(engine, ada, at)
    with pytest.raises(WrongKey, match="proved with a key"), writing(engine) as session:
        people.rename(session, ada, "Mallory", at=at, actor="desk")
    with pytest.raises(WrongKey):
        open_with(engine, TemplateCipher(bytes(32)), tmp_path)
    assert _check(engine, cipher, tmp_path).problems == ()


def test_what_is_wrong_beside_the_rows_is_found(
    sqlite: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(sqlite, cipher, tmp_path)
    ada, bob = (_enrol(sqlite, cipher, name, at) for name in ("Ada", "Bob"))
    _come(sqlite, ada, at)
    with sqlite.begin() as connection:
        connection.execute(text("DROP TRIGGER proof_entry_no_delete"))
        connection.execute(text("CREATE TRIGGER evil AFTER INSERT ON person BEGIN SELECT 1; END"))
        two = connection.execute(text("SELECT person_id, embedding FROM mean_template ORDER BY person_id")).all()
        for (person, _), (_, sealed) in zip(two, reversed(two), strict=True):
            connection.execute(
                text("UPDATE mean_template SET embedding = :sealed WHERE person_id = :person"),
                {"sealed": sealed, "person": person},
            )
    with (tmp_path / HEADS_FILE).open("a") as file:
        file.write('{"at": "2026-03-02"}\n')
    problems = "; ".join(_check(sqlite, cipher, tmp_path).problems)
    assert "the trigger proof_entry_no_delete, which refuses changes, is missing" in problems
    assert "the trigger evil is not Muster's" in problems
    assert "(mean_template.embedding) of Ada was changed or moved" in problems
    assert "(mean_template.embedding) of Bob was changed or moved" in problems
    assert f"{tmp_path / HEADS_FILE} was changed (line 2)" in problems
    assert bob != ada


@pytest.mark.parametrize("change", ["UPDATE person SET created_at = 5", "UPDATE ledger_chain SET id = x'0102'"])
def test_a_value_of_another_kind_is_one_sentence(
    sqlite: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime, change: str
) -> None:
    open_with(sqlite, cipher, tmp_path)
    _enrol(sqlite, cipher, "Ada", at)
    with sqlite.begin() as connection:
        connection.execute(text(change))
    with pytest.raises(DatabaseDamaged, match="is not of the kind that Muster writes"):
        _check(sqlite, cipher, tmp_path)


def test_another_database_in_the_place_of_the_first_is_found(
    sqlite: Engine, migrated: Path, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(sqlite, cipher, tmp_path)
    _come(sqlite, _enrol(sqlite, cipher, "Ada", at), at)
    heads.note(sqlite, at)
    sqlite.dispose()
    for file in tmp_path.glob("muster.sqlite3*"):
        file.unlink()
    (tmp_path / "muster.sqlite3").write_bytes(migrated.read_bytes())
    open_with(sqlite, cipher, tmp_path)
    problems = _check(sqlite, cipher, tmp_path).problems
    assert any("another ledger of 2 events was at this place" in problem for problem in problems)


def test_heads_of_another_key_say_nothing_and_a_changed_one_is_found(
    sqlite: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(sqlite, cipher, tmp_path)
    _come(sqlite, _enrol(sqlite, cipher, "Ada", at), at)
    file, head, other = tmp_path / HEADS_FILE, heads.current(sqlite, at), proof_key(TemplateCipher(bytes(32)))
    heads.append(file, replace(head, events=9), other)
    signed = heads.signed(replace(head, events=8), other)
    del signed["key"]  # as an earlier Muster wrote it
    with file.open("a") as lines:
        lines.write(json.dumps(signed | {"chain": "another"}) + "\n")
    assert _check(sqlite, cipher, tmp_path).problems == ()
    with file.open("a") as lines:
        lines.write(json.dumps(heads.signed(head, proof_key(cipher)) | {"events": 1}) + "\n")
    assert _check(sqlite, cipher, tmp_path).problems == (f"{file} was changed (line 4)",)


def test_a_copy_and_its_original_go_on_and_are_both_whole(
    sqlite: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(sqlite, cipher, tmp_path)
    ada = _enrol(sqlite, cipher, "Ada", at)
    _come(sqlite, ada, at)
    heads.note(sqlite, at)
    backup.back_up(sqlite, tmp_path / "copy.sqlite3")
    copy = open_database(str(tmp_path / "copy.sqlite3"))
    open_with(copy, cipher, tmp_path)
    with writing(copy) as session:
        chains.renew(session, at=at, actor="desk")
    for hour in (1, 2):
        for engine in (copy, sqlite):
            _come(engine, ada, at + timedelta(hours=hour))
            heads.note(engine, at + timedelta(hours=hour))
    assert [_check(engine, cipher, tmp_path).problems for engine in (sqlite, copy)] == [(), ()]
    copy.dispose()


def test_a_copy_whose_proof_was_emptied_is_found_wherever_it_lies(
    sqlite: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    open_with(sqlite, cipher, tmp_path)
    ada = _enrol(sqlite, cipher, "Ada", at)
    heads.note(sqlite, at)
    _come(sqlite, ada, at)
    backup.back_up(sqlite, tmp_path / "copy.sqlite3")
    _come(sqlite, ada, at + timedelta(hours=9))
    heads.note(sqlite, at)
    copy = open_database(str(tmp_path / "copy.sqlite3"))
    assert _check(copy, cipher, tmp_path).problems == ()
    with copy.begin() as forger:
        forger.execute(text("DROP TRIGGER proof_entry_no_delete"))
        forger.execute(text("DELETE FROM proof_entry"))
        forger.execute(text("DELETE FROM proof_salt"))
    assert heads.EMPTIED in _check(copy, cipher, tmp_path).problems
    copy.dispose()


def test_a_suspect_clock_is_part_of_what_is_proved(
    engine: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime, send: Callable[..., Forwarded]
) -> None:
    open_with(engine, cipher, tmp_path)
    event = _come(engine, _enrol(engine, cipher, "Ada", at), at, clock_suspect=True)
    with reading(engine) as session:
        kept = ledger.get(session, event)
        row = ledger.of_person(session, kept.person)[1] if kept and kept.person else None
    assert kept is not None
    assert row is not None
    assert (kept.clock_suspect, row.clock_suspect) == (True, False)
    assert _check(engine, cipher, tmp_path).problems == ()
