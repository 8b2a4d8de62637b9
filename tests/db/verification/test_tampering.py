"""Nine ways of changing a database behind Muster's back, times what is proved: each is found, and named.

The attacker owns the database, knows this code, drops the triggers and puts them back, and lacks the key only.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

import pytest
from sqlalchemy import Engine, Table, create_engine, delete, insert, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from db import audit
from db.attendance import holidays, kiosks, leave, ledger, shifts
from db.calendar import Leave, Shift
from db.crypto import TemplateCipher
from db.engine import writing
from db.ids import new_id
from db.people import consents, desk_users, people
from db.programs import keys
from db.proof import contents, entries, heads
from db.proof.heads import HEADS_FILE, open_with
from db.proof.key import ProofKey, Prover, proof_key, use
from db.records.attendance import NewEvent
from db.schema.attendance import EventRow
from db.schema.proof import ProofRow
from db.schema.tables import METADATA
from db.verification.verdict import verify

TABLES: Final[dict[str, Table]] = {
    kind: cast(Table, row.__table__) for row, kind in {EventRow: "event", **contents.KIND_OF}.items()
}
EDITED: Final = {
    "event": "actor", "subject": "person_id", "person": "name", "consent": "given", "audit": "actor", "kiosk": "site",
    "shift": "grace_minutes", "holiday": "name", "leave": "note", "user": "pin_hash", "key": "hash",
}  # fmt: skip
"""The column that is edited."""


Written: TypeAlias = list[tuple[Table, list[dict[str, Any]]]]
"""The rows of tables, in an order in which they can be inserted."""


@pytest.fixture(scope="module")
def written() -> dict[str, Written]:
    """What `proved` holds on each kind of database, once it was made there."""
    return {}


@pytest.fixture
def proved(engine: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime, written: dict[str, Written]) -> Engine:
    """Three people with consents, audit entries, a calendar and nine events, and a head that was noted at the end."""
    with engine.begin() as connection:
        for table, some in written.get(engine.dialect.name, []):
            connection.execute(insert(table), some)
    open_with(engine, cipher, tmp_path)
    if engine.dialect.name not in written:
        _write(engine, at)
        with engine.connect() as connection:
            found = [(table, connection.execute(select(table)).mappings()) for table in METADATA.sorted_tables]
            rows = [(table, [dict(row) for row in some]) for table, some in found]
        written[engine.dialect.name] = [(table, some) for table, some in rows if some]
    heads.note(engine, at)
    return engine


def _write(engine: Engine, at: datetime) -> None:
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=at).id
        who = [people.add_person(session, name, at=at, actor="desk").id for name in ("Ada", "Bob", "Cleo")]
        for number, person in enumerate(who, start=1):
            site, day = f"site {number}", date(2026, 12, 24 + number)
            kiosks.register(session, f"{site}, door", site=site, role="in", time_zone="UTC", at=at)
            mine = Shift(new_id(), frozenset({number}), time(9), time(17), person, grace_minutes=number)
            shifts.add(session, mine, at=at, actor="desk")
            holidays.add(session, day, f"Day {number}", at=at, actor="desk")
            leave.add(session, Leave(new_id(), person, day, day, "sick", note=f"{number}"), at=at, actor="desk")
            desk_users.add(session, f"Clerk {number}", f"pin {number}", at=at, actor="desk")
            keys.add(
                session, f"Board {number}", f"{number}", (f"right {number}",), expires_at=None, at=at, actor="desk"
            )
    for number in range(9):
        when = at + timedelta(hours=number)
        with writing(engine) as session:
            person = who[number % 3]
            ledger.append(session, NewEvent(new_id(), "check_in", person, when, "UTC", kiosk, "face", "door", when))
            consents.set_consent(session, person, "mood", number % 2 == 0, at=when, actor="desk")
            audit.note(session, "rename", at=when, actor="desk", person=person, detail={"before": f"X{number}"})


def check(engine: Engine, cipher: TemplateCipher, folder: Path, now: datetime | None = None) -> tuple[str, ...]:
    """What is wrong; with a time, a check that finds nothing is noted, and the next goes on behind it."""
    return verify(engine, cipher, folder / HEADS_FILE, now=now).problems


def test_what_nobody_touched_is_whole(proved: Engine, cipher: TemplateCipher, tmp_path: Path) -> None:
    found = verify(proved, cipher, tmp_path / HEADS_FILE)
    assert found.problems == ()
    assert (found.ledger.events, found.proved, found.ledger.foreign, found.entries.foreign) == (9, True, 0, 0)
    assert found.heads > 0
    others = 3 * 5 * 2
    """Calendars, desk users and keys, with an entry of the audit log each."""
    assert found.entries.entries == 2 + 4 + 3 * 3 + others + 9 * 2


# The attacker


@contextmanager
def _without_triggers(engine: Engine) -> Iterator[Session]:
    """A session of another program: without triggers and references, and nothing is noted beside the key."""
    plain = create_engine(engine.url, poolclass=NullPool)
    with Session(plain) as session, session.begin():
        if engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL session_replication_role = replica"))
            yield session
            return
        kept = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _ in kept:
            session.execute(text(f"DROP TRIGGER {name}"))
        yield session
        for _, sql in kept:
            session.execute(text(sql))


def _rows(session: Session, kind: str) -> list[dict[str, Any]]:
    table = TABLES[kind]
    order = table.c.seq if kind == "event" else table.c.id
    return [dict(row) for row in session.execute(select(table).order_by(order)).mappings()]


def _set(session: Session, kind: str, row: UUID, **values: Any) -> None:
    table = TABLES[kind]
    session.execute(update(table).where(table.c.id == row).values(**values))


def edit(session: Session, kind: str) -> None:
    rows = _rows(session, kind)
    column = EDITED[kind]
    changed = {"person_id": rows[2].get("person_id"), "given": not rows[1].get("given"), "grace_minutes": 99}
    other = changed.get(column, "Mallory")
    _set(session, kind, rows[1]["id"], **{column: other})


def remove(session: Session, kind: str) -> None:
    table = TABLES[kind]
    row = _rows(session, kind)[1]["id"]
    session.execute(delete(table).where(table.c.id == row))


def _new_row(session: Session, kind: str) -> dict[str, Any]:
    row = _rows(session, kind)[-1] | {"id": new_id()}
    if kind == "event":
        row |= {"seq": row["seq"] + 1, "previous_hash": row["hash"]}
        row["hash"] = ledger.chain_hash(EventRow(**row), row["seq"], row["previous_hash"])
    other: dict[str, dict[str, Any]] = {
        "person": {"number": "777"}, "kiosk": {"name": "M"}, "holiday": {"on_day": date(2027, 1, 1)},
        "user": {"name": "M"}, "key": {"name": "M", "hash": "M"},
    }  # fmt: skip
    return row | other.get(kind, {})


def add(session: Session, kind: str) -> None:
    session.execute(insert(TABLES[kind]).values(**_new_row(session, kind)))


def swap(session: Session, kind: str) -> None:
    rows = _rows(session, kind)
    one, other = rows[0], next(row for row in rows[1:] if row[SWAPPED[kind]] != rows[0][SWAPPED[kind]])
    _set(session, kind, one["id"], **{SWAPPED[kind]: other[SWAPPED[kind]]})
    _set(session, kind, other["id"], **{SWAPPED[kind]: one[SWAPPED[kind]]})


SWAPPED: Final = EDITED | {"event": "subject", "audit": "person_id", "key": "rights"}


def renumber(session: Session, kind: str) -> None:
    if kind == "event":
        table, column = TABLES["event"], EventRow.__table__.c.seq
        one, other = 3, 4
    else:
        mine = select(ProofRow.seq).where(ProofRow.kind == kind).order_by(ProofRow.seq)
        table, column = ProofRow.__table__, ProofRow.__table__.c.seq  # type: ignore[assignment]
        one, other = session.scalars(mine.limit(2)).all()
    for before, after in ((one, 10_000), (other, one), (10_000, other)):
        session.execute(update(table).where(column == before).values(seq=after))


def cut(session: Session, kind: str) -> None:
    """The newest rows of a kind go, and whatever of the proof was written since."""
    rows = _rows(session, kind)[-2:]
    table = TABLES[kind]
    if kind != "event":
        row_ids = [row["id"] for row in rows]
        if kind == "person":
            row_ids = [owner for person, (owner, _) in entries.load_salts(session).items() if person in row_ids]
        first = session.scalars(select(ProofRow.seq).where(ProofRow.row_id.in_(row_ids)).order_by(ProofRow.seq)).first()
        assert first is not None
        session.execute(delete(ProofRow).where(ProofRow.seq >= first))
        for later in ("consent", "audit"):
            _delete_unproved(session, later)
    session.execute(delete(table).where(table.c.id.in_([row["id"] for row in rows])))


def _delete_unproved(session: Session, kind: str) -> None:
    proved = select(ProofRow.row_id).where(ProofRow.kind == kind)
    session.execute(delete(TABLES[kind]).where(TABLES[kind].c.id.not_in(proved)))


def empty(session: Session, kind: str) -> None:
    session.execute(delete(TABLES[kind]))
    if kind != "event":
        session.execute(delete(ProofRow))


def rehash(session: Session, kind: str) -> None:
    """A row is edited, and every hash that needs no key is computed anew, to the end."""
    edit(session, kind)
    session.flush()
    session.expire_all()
    if kind == "event":
        previous = entries.START
        for row in _rows(session, kind):
            hashed = ledger.chain_hash(EventRow(**row), row["seq"], previous)
            _set(session, kind, row["id"], previous_hash=previous, hash=hashed)
            previous = hashed
        return
    _prove(session, kind)


def forge(session: Session, kind: str) -> None:
    """A row is added that is right but for the key: another key under the right key's name."""
    wrong = ProofKey(bytes(32), proof_key(TemplateCipher(bytes(range(32)))).id)
    row = _new_row(session, kind)
    if kind == "event":
        session.execute(insert(TABLES[kind]).values(**row | {"mac": wrong.of_event(row["hash"])}))
        return
    session.execute(insert(TABLES[kind]).values(**row))
    entries.touch(session, kind, [row["id"]])
    use(session.get_bind().engine, Prover(wrong))


def _prove(session: Session, kind: str) -> None:
    """Computes the hashes of all entries of a kind from the rows as they are now."""
    salts = entries.load_salts(session)
    for content in contents.read(session, kind):
        owner, salt = salts[content.person] if content.person else (None, b"")
        row = owner if kind == "person" and owner else content.row
        seq = session.scalar(select(ProofRow.seq).where(ProofRow.kind == kind, ProofRow.row_id == row))
        assert seq is not None
        hashes = {
            "public": contents.public_hash(kind, content),
            "personal": contents.personal_hash(kind, content, salt),
            "owner": owner,
        }
        session.execute(update(ProofRow).where(ProofRow.seq == seq).values(**hashes))


WAYS: Final[dict[str, Callable[[Session, str], None]]] = {
    "edit": edit, "delete": remove, "insert": add, "swap": swap, "renumber": renumber, "cut": cut, "empty": empty,
    "re-hash": rehash, "forge": forge,
}  # fmt: skip
NOT_MUSTER: Final = "not written by Muster"
NAMED: Final[dict[tuple[str, str], str]] = {
    ("event", "edit"): "row 2 of the ledger was changed",
    ("event", "delete"): "row 2 of the ledger is missing",
    ("event", "insert"): "row 10 of the ledger was not written by Muster",
    ("event", "swap"): "row 1 of the ledger was changed",
    ("event", "renumber"): "row 3 of the ledger does not follow the row before it",
    ("event", "cut"): "rows were cut off",
    ("event", "empty"): "rows were cut off",
    ("event", "re-hash"): "row 9 of the ledger is not the one that was noted earlier: all was written anew",
    ("event", "forge"): "row 10 of the ledger was not written by Muster: its code is wrong",
    ("subject", "edit"): "the pseudonym * was given to another person",
    ("subject", "delete"): "the pseudonym * was deleted",
    ("subject", "insert"): "the pseudonym * was not written by Muster",
    ("subject", "swap"): "the pseudonym * was given to another person",
    ("person", "edit"): "the person Mallory * was changed",
    ("person", "delete"): "the person * was deleted",
    ("person", "insert"): "the person Cleo * was not written by Muster",
    ("person", "swap"): "the person * was changed",
    ("consent", "edit"): "the consent * was changed",
    ("consent", "delete"): "the consent * was deleted",
    ("consent", "insert"): "the consent * was not written by Muster",
    ("consent", "swap"): "the consent * was changed",
    ("audit", "edit"): "the audit entry * was changed",
    ("audit", "delete"): "the audit entry * was deleted",
    ("audit", "insert"): "the audit entry * was not written by Muster",
    ("audit", "swap"): "the audit entry * was given to another person",
    ("kiosk", "edit"): "the kiosk * (site 1, door) was changed",
    ("kiosk", "delete"): "the kiosk * was deleted",
    ("kiosk", "insert"): "the kiosk * (M) was not written by Muster",
    ("kiosk", "swap"): "the kiosk * (door) was changed",
    ("shift", "edit"): "the shift * of Bob was changed",
    ("shift", "delete"): "the shift * of Bob was deleted",
    ("shift", "insert"): "the shift * of Cleo was not written by Muster",
    ("shift", "swap"): "the shift * of Ada was changed",
    ("holiday", "edit"): "the public holiday * (Mallory, 2026-12-26) was changed",
    ("holiday", "delete"): "the public holiday * was deleted",
    ("holiday", "insert"): "the public holiday * (Day 3, 2027-01-01) was not written by Muster",
    ("holiday", "swap"): "the public holiday * (Day 2, 2026-12-25) was changed",
    ("leave", "edit"): "the leave * (2026-12-26 to 2026-12-26) of Bob was changed",
    ("leave", "delete"): "the leave * of Bob was deleted",
    ("leave", "insert"): "the leave * (2026-12-27 to 2026-12-27) of Cleo was not written by Muster",
    ("leave", "swap"): "the leave * (2026-12-25 to 2026-12-25) of Ada was changed",
    ("user", "edit"): "the desk user * (Clerk 2) was changed",
    ("user", "delete"): "the desk user * was deleted",
    ("user", "insert"): "the desk user * (M) was not written by Muster",
    ("user", "swap"): "the desk user * (Clerk 1) was changed",
    ("key", "edit"): "the API key * (Board 2) was changed",
    ("key", "delete"): "the API key * was deleted",
    ("key", "insert"): "the API key * (M) was not written by Muster",
    ("key", "swap"): "the API key * (Board 1) was changed",
}
CALLED: Final = {
    "subject": "pseudonym", "audit": "audit entry", "holiday": "public holiday", "user": "desk user", "key": "API key",
}  # fmt: skip
LATER: Final = {
    "renumber": "proof entry * was changed, or not written by Muster",
    "cut": "were cut off",
    "empty": "the proof ends at entry 0",
    "re-hash": "proof entry *, about the {called} *was changed, or not written by Muster",
    "forge": "proof entry *, about the {called} *was changed, or not written by Muster",
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("way", WAYS)
def test_each_way_is_found_and_named(
    proved: Engine, cipher: TemplateCipher, tmp_path: Path, kind: str, way: str
) -> None:
    with _without_triggers(proved) as session:
        WAYS[way](session, kind)
    assert_named(check(proved, cipher, tmp_path), kind, way)


def assert_named(found: tuple[str, ...], kind: str, way: str) -> None:
    wanted = NAMED.get((kind, way)) or LATER[way].format(called=CALLED.get(kind, kind))
    parts = wanted.replace(" * was changed, or", "*was changed, or").split("*")
    assert any(all(part.strip() in problem for part in parts) for problem in found), found


def test_who_hashes_all_events_anew_and_takes_the_heads_away_is_found_by_the_codes(
    proved: Engine, cipher: TemplateCipher, tmp_path: Path
) -> None:
    with _without_triggers(proved) as session:
        rehash(session, "event")
    (tmp_path / HEADS_FILE).unlink()
    assert check(proved, cipher, tmp_path) == ("row 2 of the ledger was not written by Muster: its code is wrong",)


@pytest.mark.parametrize("kind", [kind for kind in TABLES if kind not in contents.LATER])
@pytest.mark.parametrize("way", WAYS)
def test_each_way_is_found_and_named_behind_a_check_that_goes_on(
    proved: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime, kind: str, way: str
) -> None:
    assert check(proved, cipher, tmp_path, at) == ()
    with _without_triggers(proved) as session:
        WAYS[way](session, kind)
    assert_named(check(proved, cipher, tmp_path, at), kind, way)


@pytest.mark.parametrize(("way", "first"), [("edit", 2), ("swap", 1)])
def test_an_old_row_that_only_a_count_covers_is_found_when_it_is_read_again_and_by_a_full_check(
    proved: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime, way: str, first: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("db.verification.verdict.AGAIN", 4)
    file = tmp_path / HEADS_FILE
    checks = [verify(proved, cipher, file, now=at) for _ in range(2)]
    assert [(one.since, one.ledger.before, one.ledger.again) for one in checks] == [
        (None, 0, range(0)),
        (at, 9, range(1, 5)),
    ]
    with _without_triggers(proved) as session:
        WAYS[way](session, "event")
    assert f"row {first} " in verify(proved, cipher, file, full=True).problems[0]
    seen = [verify(proved, cipher, file, now=at) for _ in range(3)]
    assert [(one.problems == (), one.ledger.again) for one in seen[:2]] == [(True, range(5, 9)), (True, range(9, 10))]
    assert f"row {first} " in seen[2].problems[0]


def test_a_check_goes_on_behind_the_last_one_and_counts_what_lies_before(
    proved: Engine, cipher: TemplateCipher, tmp_path: Path, at: datetime
) -> None:
    file = tmp_path / HEADS_FILE
    assert verify(proved, cipher, file, now=at).since is None
    with writing(proved) as session:
        first = ledger.between(session, at, at + timedelta(hours=9))[0]
        assert first.person is not None
        again = NewEvent(new_id(), "check_out", first.person, at, "UTC", first.kiosk, "face", "door", at)
        last = ledger.append(session, again)
    found = verify(proved, cipher, file, known_head=first.hash, now=at)
    assert (found.problems, found.ledger.events, found.ledger.head, found.ledger.before) == ((), 10, last.hash, 9)
    assert "cut off" in verify(proved, cipher, file, known_head="f" * 64).problems[0]
    with _without_triggers(proved) as session:
        remove(session, "event")
    assert verify(proved, cipher, file, now=at).problems[0] == "row 2 of the ledger is missing"
    assert not any("missing" in line for line in file.read_text().splitlines())
    assert verify(proved, cipher, file).problems[0] == "row 2 of the ledger is missing"
