"""The chain of proof entries: what Muster wrote of the rows that `db.proof.contents` reads.

An entry's `mac` is the HMAC, with the installation's proof key, of the `mac` before it, a line feed, and the entry's
canonical form: a JSON array of seq, kind, row, owner, and two hashes. `public` hashes what stays for ever; `personal`
is keyed with a salt per person, which goes when they are erased: nothing leads back to them, and the chain is whole.
An entry without hashes says that Muster deleted the row.

Sessions of `engine.writing` append entries by themselves before they commit. A statement that changes rows behind the
session's back says so with `touch` or `end`.
"""

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

from sqlalchemy import Engine, event, insert, literal_column, select, text
from sqlalchemy.orm import Session

from db.batches import among, batches
from db.errors import WrongKey
from db.proof import contents
from db.proof.contents import Kind, canonical
from db.proof.key import ProofKey, of_session
from db.schema.attendance import EventRow
from db.schema.audit import AuditRow
from db.schema.proof import ChainRow, ProofRow, SaltRow

_Entry: TypeAlias = tuple[Kind, UUID, UUID | None, str | None, str | None]
"""Kind, row, owner, public and personal hash."""

START: Final = "0" * 64
"""The `mac` before the first entry."""
_CHANGED: Final = "muster_proof_changed"
_APPENDED: Final = "muster_proof_appended"
_AT_ONCE: Final = 5_000
_LOCK: Final = 7_301_188_205
"""PostgreSQL's advisory lock that lets one transaction at a time append."""
NO_KEY: Final = (
    "What is in this database was proved with a key that is not here; put the key back (its file, or MUSTER_KEY) "
    "before anything is written."
)


def touch(session: Session, kind: Kind, rows: Iterable[UUID]) -> None:
    """Says that these rows were written by a statement that the session cannot see."""
    session.info.setdefault(_CHANGED, {}).setdefault(kind, {}).update(dict.fromkeys(rows))


def end(session: Session, person: UUID) -> None:
    """Says that this person is about to be erased, or merged into another."""
    owner = session.scalar(select(SaltRow.owner).where(SaltRow.person_id == person))
    if owner is not None:
        touch(session, "ended", [owner])


def own_chain(session: Session) -> UUID:
    """The id of this database's chain, made when first needed; the session must be able to write."""
    row = session.scalar(select(ChainRow))
    if row is None:
        row = ChainRow(id=uuid4())
        session.add(row)
        session.flush()
    return row.id


def is_begun(session: Session) -> bool:
    """Whether anything in this database is proved."""
    return session.scalar(select(ProofRow.seq).limit(1)) is not None


def unproved(session: Session) -> tuple[Kind, ...]:
    """Kinds of rows of which the chain does not speak yet: all where it is not begun, some in one of before 0.12."""
    if not is_begun(session):
        return contents.KINDS
    said = session.scalars(select(ProofRow.public).where(ProofRow.kind == literal_column("'begun'")))  # by an index
    begun = {kind for kinds in said for kind in kinds_of(kinds)}
    return tuple(kind for kind in contents.LATER if kind not in begun)


def kinds_of(begun: str | None) -> list[Kind]:
    """The kinds of which an entry "begun" says that the chain speaks of them from there on."""
    return (begun or "").split()


def adopt(session: Session) -> None:
    """Has the chain speak of everything that is there already; nothing where it does."""
    prover = of_session(session)
    if prover is None:
        return
    _lock(session)  # two doors may come to a new centre at once
    new = unproved(session)
    if not new:
        return
    chain = own_chain(session)
    begun: _Entry = ("begun", chain, None, " ".join(kind for kind in new if kind in contents.LATER), None)
    before = [] if is_begun(session) else [("ledger", chain, None, ledger_hash(chain, *last_event(session)), None)]
    _append(session, prover.key, [*before, begun])
    for kind in new:
        touch(session, kind, contents.ids(session, kind))


def ledger_hash(chain: UUID, seq: int, head: str) -> str:
    """What the entry "ledger" says of the events that were there before the key: their number and their head."""
    return contents.public_hash("ledger", contents.Content(chain, None, (str(chain), seq, head), ())) or ""


def last_event(session: Session) -> tuple[int, str]:
    """Number and hash of the ledger's last event; 0 and `START` where there is none."""
    last = session.execute(select(EventRow.seq, EventRow.hash).order_by(EventRow.seq.desc()).limit(1)).first()
    return (last.seq, last.hash) if last else (0, START)


def last_entry(session: Session) -> tuple[int, str]:
    """Number and code of the last entry; 0 and `START` where there is none."""
    last = session.execute(select(ProofRow.seq, ProofRow.mac).order_by(ProofRow.seq.desc()).limit(1)).first()
    return (last.seq, last.mac) if last else (0, START)


def entry_mac(key: ProofKey, previous: str, row: Sequence[Any]) -> str:
    """The code of an entry: seq, kind, row_id, owner, public and personal."""
    return key.mac(f"{previous}\n{canonical(row)}")


@event.listens_for(Session, "after_flush")
def _notice(session: Session, _context: object) -> None:
    written = [row for row in session.dirty if type(row) in contents.KIND_OF and contents.is_changed(row)]
    for row in (*session.new, *written, *session.deleted):
        kind = contents.KIND_OF.get(type(row))
        if kind is not None:
            touch(session, kind, [row.id])


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _transaction: object) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_CHANGED, None)


@event.listens_for(Session, "before_commit")
def _prove(session: Session) -> None:
    session.flush()
    changed = session.info.pop(_CHANGED, None)
    if not changed:
        return
    prover = of_session(session)
    if prover is None:
        if is_begun(session):
            raise WrongKey(NO_KEY)
        return
    _lock(session)
    _append(session, prover.key, _entries(session, changed))


def _lock(session: Session) -> None:
    """Keeps others from appending until the transaction's end; SQLite's write lock does so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _entries(session: Session, changed: Mapping[Kind, Mapping[UUID, None]]) -> Iterator[_Entry]:
    """What is to be said of the rows that changed, in parts, so that memory stays small."""
    salts: dict[UUID, tuple[UUID, bytes]] = {}
    for kind in contents.KINDS:
        for some in batches(list(changed.get(kind, ()))):
            found = list(contents.read(session, kind, some))
            whose = {one.person for one in found if one.person is not None}
            salts = {one: salts[one] for one in whose & salts.keys()} | _salts(session, whose - salts.keys())
            for one in found:
                owner, salt = salts[one.person] if one.person else (None, b"")
                personal = contents.personal_hash(kind, one, salt)
                row = owner if kind == "person" and owner else one.row
                yield kind, row, owner, contents.public_hash(kind, one), personal
            if kind in contents.LATER:
                there = {one.row for one in found}
                yield from ((kind, row, None, None, None) for row in some if row not in there)
    for owner in changed.get("ended", ()):
        yield "ended", owner, owner, None, None


def noted(engine: Engine, appended: list[range]) -> Engine:
    """The same database; the entries (by `seq`) that are appended through this engine are added to the list."""
    return engine.execution_options(**{_APPENDED: appended})


def _append(session: Session, key: ProofKey, rows: Iterable[_Entry]) -> None:
    before, previous = last_entry(session)
    seq = before
    made: list[dict[str, Any]] = []
    for row in rows:
        seq += 1
        previous = entry_mac(key, previous, (seq, *row))
        values = zip(("kind", "row_id", "owner", "public", "personal"), row, strict=True)
        made.append({"seq": seq, **dict(values), "key_id": key.id, "mac": previous})
        if len(made) == _AT_ONCE:
            session.execute(insert(ProofRow), made)
            made = []
    if made:
        session.execute(insert(ProofRow), made)
    appended = session.get_bind().engine.get_execution_options().get(_APPENDED)
    if isinstance(appended, list):
        appended.append(range(before + 1, seq + 1))


def _salts(session: Session, people: set[UUID]) -> dict[UUID, tuple[UUID, bytes]]:
    """Owner and salt of these people; made where somebody has none yet."""
    known = load_salts(session, people)
    new = [(person, uuid4(), secrets.token_bytes(32)) for person in sorted(people - known.keys())]
    if new:
        rows = [{"owner": owner, "person_id": person, "salt": salt} for person, owner, salt in new]
        session.execute(insert(SaltRow), rows)
    return known | {person: (owner, salt) for person, owner, salt in new}


def load_salts(session: Session, people: Collection[UUID] | None = None) -> dict[UUID, tuple[UUID, bytes]]:
    """Owner and salt of these people, or of everybody, by their ids."""
    query = select(SaltRow.person_id, SaltRow.owner, SaltRow.salt)
    if people is not None:
        query = query.where(among(SaltRow.person_id, people))
    return {person: (owner, salt) for person, owner, salt in session.execute(query)}


def touch_audit_of_others(session: Session, person: UUID, events: Any) -> None:
    """Says that the details of entries about these events, but not about this person, are emptied with theirs."""
    query = select(AuditRow.id).where(AuditRow.event_id.in_(events))
    touch(session, "audit", session.scalars(query.where(AuditRow.person_id.is_distinct_from(person))).all())
