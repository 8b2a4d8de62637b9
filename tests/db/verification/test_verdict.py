"""What Muster itself does to a database leaves the proof whole; what is wrong beside the rows is found."""

import json
from dataclasses import dataclass, replace
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
from db.forwarding.send import forward
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
from tests.db.doors import AT, CIPHER, Door
from tests.db.rows import enrol_image

FACE = np.linspace(-1, 1, 128, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Kept:
    """A database whose rows are proved, from `begin` on."""

    engine: Engine
    cipher: TemplateCipher
    folder: Path
    """Of the key and of the heads."""
    at: datetime

    @property
    def heads(self) -> Path:
        return self.folder / HEADS_FILE

    def begin(self) -> "Kept":
        open_with(self.engine, self.cipher, self.folder)
        return self

    def check(self) -> Verdict:
        return verify(self.engine, self.cipher, self.heads)

    def problems(self) -> tuple[str, ...]:
        return self.check().problems

    def enrol(self, name: str) -> UUID:
        with writing(self.engine) as session:
            person = people.add_person(session, name, at=self.at, actor="desk").id
            consents.set_consent(session, person, "face", True, at=self.at, actor="desk")
            enrol_image(session, self.cipher, person, FACE, self.at, image=name, chip=b"jpeg")
            templates.set_mean_template(
                session, self.cipher, person, encoder="test-1", embedding=FACE, members=1, at=self.at
            )
        return person

    def come(self, person: UUID, hours: int = 0, *, clock_suspect: bool = False) -> UUID:
        """A check-in that is voided; gives the check-in."""
        at = self.at + timedelta(hours=hours)
        with writing(self.engine) as session:
            kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=at).id
            event = NewEvent(
                new_id(), "check_in", person, at, "UTC", kiosk, "face", "door", at, clock_suspect=clock_suspect
            )
            ledger.append(session, event)
            corrections.void(session, event.id, id=new_id(), at=at, kiosk=kiosk, actor="desk", reason="not here")
        return event.id

    def note(self, hours: int = 0) -> None:
        heads.note(self.engine, self.at + timedelta(hours=hours))


@pytest.fixture
def kept(engine: Engine, tmp_path: Path) -> Kept:
    """On both kinds of databases."""
    return Kept(engine, CIPHER, tmp_path, AT).begin()


@pytest.fixture
def file(sqlite: Engine, tmp_path: Path) -> Kept:
    """On SQLite."""
    return Kept(sqlite, CIPHER, tmp_path, AT).begin()


def test_the_first_head_of_a_day_waits_for_the_end_of_the_transaction(sqlite: Engine, tmp_path: Path) -> None:
    kept = Kept(sqlite, CIPHER, tmp_path, AT)
    kept.enrol("Ada")
    use(sqlite, Prover(proof_key(CIPHER), kept.heads))
    with writing(sqlite) as session:
        with session.begin_nested():
            people.add_person(session, "Bob", at=AT, actor="desk")
        people.add_person(session, "Cleo", at=AT, actor="desk")
        assert not kept.heads.exists()
    assert kept.heads.read_text().count("\n") == 1


def test_erasing_and_merging_leave_it_whole(kept: Kept) -> None:
    ada, bob, cleo = (kept.enrol(name) for name in ("Ada", "Bob", "Cleo"))
    for person in (ada, bob, cleo):
        kept.come(person)
    with writing(kept.engine) as session:
        people.rename(session, ada, "Ada Lovelace", at=AT, actor="desk")
        merges.merge(session, kept.cipher, bob, ada, at=AT, actor="desk")
    with writing(kept.engine) as session:
        consents.set_consent(session, cleo, "mood", False, at=AT, actor="desk")
        erasure.erase(session, cleo, at=AT, actor="desk")
    assert kept.problems() == ()
    with writing(kept.engine) as session:
        erasure.erase(session, ada, at=AT, actor="desk")
    assert kept.problems() == ()
    with reading(kept.engine) as session:
        assert session.scalar(text("SELECT count(*) FROM proof_salt")) == 0


def test_who_is_expected_when_changes_by_muster_itself_and_stays_whole(kept: Kept) -> None:
    ada, bob = (kept.enrol(name) for name in ("Ada", "Bob"))
    plans = [Shift(new_id(), frozenset({0}), time(9), time(17), one) for one in (None, ada, bob, bob)]
    days = [date(2026, 3, day) for day in (9, 10)]
    away = [Leave(new_id(), one, day, day, "sick", note="flu") for one in (ada, bob) for day in days]
    with writing(kept.engine) as session:
        for plan in plans:
            shifts.add(session, plan, at=AT, actor="desk")
        for one in away:
            leave.add(session, one, at=AT, actor="desk")
        free = [holidays.add(session, day, "Free", at=AT, actor="desk").id for day in days]
    with writing(kept.engine) as session:
        shifts.end(session, plans[0].id, days[0], at=AT, actor="desk")
        shifts.remove(session, plans[3].id, at=AT, actor="desk")
        leave.remove(session, away[0].id, at=AT, actor="desk")
        holidays.remove(session, free[0], at=AT, actor="desk")
    assert kept.problems() == ()
    with writing(kept.engine) as session:
        merged = merges.merge(session, kept.cipher, bob, ada, at=AT, actor="desk")
    assert kept.problems() == ()
    with writing(kept.engine) as session:
        merges.take_back(session, kept.cipher, merged, at=AT, actor="desk")
    assert kept.problems() == ()
    with writing(kept.engine) as session:
        erasure.erase(session, bob, at=AT, actor="desk")
    assert kept.problems() == ()


def test_what_muster_deleted_and_another_program_puts_back_is_found(kept: Kept) -> None:
    with writing(kept.engine) as session:
        free = holidays.add(session, date(2026, 5, 1), "Labour Day", at=AT, actor="desk").id
        row = dict(session.execute(select(HolidayRow.__table__)).mappings().one())
    with writing(kept.engine) as session:
        holidays.remove(session, free, at=AT, actor="desk")
    with kept.engine.begin() as connection:
        connection.execute(insert(HolidayRow), row)
    told = f"the public holiday {free} (Labour Day, 2026-05-01) is there again after Muster deleted it"
    assert kept.problems() == (told,)


def test_a_shift_that_was_changed_is_named_by_whom_it_is_for(kept: Kept) -> None:
    with writing(kept.engine) as session:
        for group in (None, "Lab"):
            shifts.add(session, Shift(new_id(), frozenset({0}), time(9), time(17), None, group), at=AT, actor="desk")
    with kept.engine.begin() as connection:
        connection.execute(text("UPDATE shift SET grace_minutes = 60"))
    told = [problem.split(maxsplit=3)[3] for problem in kept.problems()]
    assert told == ["of everybody was changed", "of the group Lab was changed"]


def test_a_kiosk_that_was_only_seen_is_not_proved_again(kept: Kept) -> None:
    def proved(role: Role, minute: int) -> int:
        with writing(kept.engine) as session:
            then = AT + timedelta(minutes=minute)
            door = kiosks.register(session, "door", site="main", role=role, time_zone="UTC", at=then).id
            kiosks.seen(session, door, then)
        return kept.check().entries.entries

    assert [proved("auto", 0), proved("auto", 1), proved("in", 2)] == [3, 3, 4]


def test_rows_of_before_the_key_are_adopted_and_then_kept(engine: Engine, tmp_path: Path) -> None:
    kept = Kept(engine, CIPHER, tmp_path, AT)
    ada = kept.enrol("Ada")
    kept.come(ada)
    kept.begin()
    kept.come(ada, hours=1)
    assert kept.problems() == ()
    found = kept.begin().check()
    assert (found.problems, found.ledger.events) == ((), 4)


def test_a_new_key_still_verifies_what_the_old_one_proved(sqlite: Engine, tmp_path: Path) -> None:
    for hour in range(3):
        kept = Kept(sqlite, TemplateCipher(load_key(tmp_path)), tmp_path, AT).begin()
        kept.come(kept.enrol(f"Ada {hour}"), hour)
        kept.note(hour)
        rotation.rotate(sqlite, tmp_path, at=AT, actor="desk")
    found = Kept(sqlite, TemplateCipher(load_key(tmp_path)), tmp_path, AT).check()
    assert (found.problems, found.ledger.events, found.sealed) == ((), 6, 9)


def test_a_shared_database_is_verified_by_each_door(door: Door, other: Door, engine: Engine, tmp_path: Path) -> None:
    keys = (CIPHER, TemplateCipher(bytes(32)))
    for one, key, name in ((door, keys[0], "Ada"), (other, keys[1], "Bob")):
        (tmp_path / name).mkdir()
        open_with(one.engine, key, tmp_path / name)
        one.see(one.enrol(name))
    for one in (door, other, door):
        prover = of_engine(one.engine)
        assert prover is not None
        heads.begin(engine, None, prover, own=False)
        forward(one.engine, engine, now=AT + timedelta(hours=5))
    for key, name in zip(keys, ("Ada", "Bob"), strict=True):
        found = Kept(engine, key, tmp_path / name, AT).check()
        assert found.problems == ()
        assert (found.ledger.foreign, len(found.forwarded)) == (1, 2)
        assert found.entries.foreign > 0


def test_without_the_key_nothing_is_written_behind_what_it_proved(kept: Kept) -> None:
    ada = kept.enrol("Ada")
    kept.come(ada)
    use(kept.engine, None)
    with pytest.raises(WrongKey, match="proved with a key"):
        kept.come(ada)
    with pytest.raises(WrongKey, match="proved with a key"), writing(kept.engine) as session:
        people.rename(session, ada, "Mallory", at=AT, actor="desk")
    with pytest.raises(WrongKey):
        open_with(kept.engine, TemplateCipher(bytes(32)), kept.folder)
    assert kept.problems() == ()


def test_what_is_wrong_beside_the_rows_is_found(file: Kept) -> None:
    ada, bob = (file.enrol(name) for name in ("Ada", "Bob"))
    file.come(ada)
    with file.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER proof_entry_no_delete"))
        connection.execute(text("CREATE TRIGGER evil AFTER INSERT ON person BEGIN SELECT 1; END"))
        two = connection.execute(text("SELECT person_id, embedding FROM mean_template ORDER BY person_id")).all()
        for (person, _), (_, sealed) in zip(two, reversed(two), strict=True):
            connection.execute(
                text("UPDATE mean_template SET embedding = :sealed WHERE person_id = :person"),
                {"sealed": sealed, "person": person},
            )
    with file.heads.open("a") as lines:
        lines.write('{"at": "2026-03-02"}\n')
    problems = "; ".join(file.problems())
    assert "the trigger proof_entry_no_delete, which refuses changes, is missing" in problems
    assert "the trigger evil is not Muster's" in problems
    assert "(mean_template.embedding) of Ada was changed or moved" in problems
    assert "(mean_template.embedding) of Bob was changed or moved" in problems
    assert f"{file.heads} was changed (line 2)" in problems
    assert bob != ada


@pytest.mark.parametrize("change", ["UPDATE person SET created_at = 5", "UPDATE ledger_chain SET id = x'0102'"])
def test_a_value_of_another_kind_is_one_sentence(file: Kept, change: str) -> None:
    file.enrol("Ada")
    with file.engine.begin() as connection:
        connection.execute(text(change))
    with pytest.raises(DatabaseDamaged, match="is not of the kind that Muster writes"):
        file.check()


def test_another_database_in_the_place_of_the_first_is_found(file: Kept, migrated: Path) -> None:
    file.come(file.enrol("Ada"))
    file.note()
    file.engine.dispose()
    for part in file.folder.glob("muster.sqlite3*"):
        part.unlink()
    (file.folder / "muster.sqlite3").write_bytes(migrated.read_bytes())
    problems = file.begin().problems()
    assert any("another ledger of 2 events was at this place" in problem for problem in problems)


def test_heads_of_another_key_say_nothing_and_a_changed_one_is_found(file: Kept) -> None:
    file.come(file.enrol("Ada"))
    head, other = heads.current(file.engine, AT), proof_key(TemplateCipher(bytes(32)))
    heads.append(file.heads, replace(head, events=9), other)
    signed = heads.signed(replace(head, events=8), other)
    del signed["key"]  # as an earlier Muster wrote it
    with file.heads.open("a") as lines:
        lines.write(json.dumps(signed | {"chain": "another"}) + "\n")
    assert file.problems() == ()
    with file.heads.open("a") as lines:
        lines.write(json.dumps(heads.signed(head, proof_key(file.cipher)) | {"events": 1}) + "\n")
    assert file.problems() == (f"{file.heads} was changed (line 4)",)


def _copy(file: Kept) -> Kept:
    backup.back_up(file.engine, file.folder / "copy.sqlite3")
    return replace(file, engine=open_database(str(file.folder / "copy.sqlite3")))


def test_a_copy_and_its_original_go_on_and_are_both_whole(file: Kept) -> None:
    ada = file.enrol("Ada")
    file.come(ada)
    file.note()
    copy = _copy(file).begin()
    with writing(copy.engine) as session:
        chains.renew(session, at=AT, actor="desk")
    for hour in (1, 2):
        for one in (copy, file):
            one.come(ada, hour)
            one.note(hour)
    assert [one.problems() for one in (file, copy)] == [(), ()]


def test_a_copy_whose_proof_was_emptied_is_found_wherever_it_lies(file: Kept) -> None:
    ada = file.enrol("Ada")
    file.note()
    file.come(ada)
    copy = _copy(file)
    file.come(ada, hours=9)
    file.note()
    assert copy.problems() == ()
    with copy.engine.begin() as forger:
        forger.execute(text("DROP TRIGGER proof_entry_no_delete"))
        forger.execute(text("DELETE FROM proof_entry"))
        forger.execute(text("DELETE FROM proof_salt"))
    assert heads.EMPTIED in copy.problems()


def test_a_suspect_clock_is_part_of_what_is_proved(kept: Kept) -> None:
    event = kept.come(kept.enrol("Ada"), clock_suspect=True)
    with reading(kept.engine) as session:
        found = ledger.get(session, event)
        row = ledger.of_person(session, found.person)[1] if found and found.person else None
    assert found is not None
    assert row is not None
    assert (found.clock_suspect, row.clock_suspect) == (True, False)
    assert kept.problems() == ()
