"""The whole check of a database: both chains, the rows they speak of, the noted heads, triggers, and sealed values."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db import backup, migrate
from db.crypto import TemplateCipher
from db.engine import reading
from db.errors import DatabaseDamaged, DatabaseError, DatabaseUnavailable
from db.proof import entries, heads
from db.proof.heads import Head
from db.proof.key import ProofKey, known_keys, of_engine, proof_key
from db.schema.attendance import EventRow
from db.schema.forwarding import ForwardedRow
from db.schema.proof import ChainRow
from db.verification import entries_check, ledger_check, sealed, triggers
from db.verification.entries_check import EntriesCheck
from db.verification.ledger_check import Earlier, LedgerCheck
from monitor.text import few

log = logging.getLogger(__name__)
AGAIN: Final = 100_000
"""So many events of those that an earlier check verified are read again; the next check takes the next ones."""

_UNREADABLE: Final = (
    "The database is not whole: a value in it is not of the kind that Muster writes, so it was changed by "
    "another program or damaged; restore it from a backup."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check of the whole database."""

    ledger: LedgerCheck
    """Of this database's own chain of attendance events."""
    forwarded: dict[UUID, LedgerCheck]
    """Of the chains that other kiosks forwarded here."""
    entries: EntriesCheck
    """Of all other rows that are proved: `db.proof.contents`."""
    heads: int
    """Heads of this database that were noted outside it, and were compared."""
    sealed: int
    """Sealed values that were opened."""
    proved: bool
    """Whether the key was at hand, so that the codes were verified too."""
    since: datetime | None
    """When the check was made that this one went on from, UTC; None where every event was read now."""
    problems: tuple[str, ...]
    """Of everything; empty where all is whole."""


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError) as error:  # as an id of 16 bytes, or a time that is a number
        log.debug("not readable", exc_info=error)
        raise DatabaseDamaged(_UNREADABLE) from error


@_readable()
def verify(
    engine: Engine,
    cipher: TemplateCipher | None,
    heads_file: Path | None,
    *,
    known_head: str | None = None,
    full: bool = False,
    now: datetime | None = None,
) -> Verdict:
    """Checks everything; the events go on from where the last check of this file ended that found all whole.

    Of the events before that place, the number, the noted heads and `AGAIN` rows are verified, others with every check:
    a change of any is found by one of the next checks, and by a full one at once. A database that several doors share
    is always read from its first event.

    Args:
        cipher: of the installation; without it, only what needs no key is verified.
        heads_file: where heads of this database were noted; None for the file that the engine notes them in.
        known_head: another hash of the ledger that must still be in it.
        full: from the first event, the code of each, and SQLite's indexes and references: about 90 seconds a gigabyte.
        now: notes in the file of heads that all was whole then; None to note nothing.

    Raises:
        DatabaseError: the database cannot be read.
    """
    problems: list[str] = []
    opened = 0
    prover = of_engine(engine)
    heads_file = heads_file or (prover.heads if prover else None)
    with reading(engine) as session:
        keys = _keys(session, cipher, problems)
        chain = session.scalar(select(ChainRow.id))
        noted = _noted(session, engine, heads_file, keys, chain, problems)
        shared = session.scalar(select(ForwardedRow.seq).limit(1)) is not None
        proved = entries_check.verify(session, keys, {one.entries: one.proof for one in noted}, shared=shared)
        adopted = _adopted(session, chain, proved, problems)
        done = () if full or shared else heads.verified(noted, chain, migrate.where(engine))
        own = ledger_check.verify(
            session,
            known_head=known_head,
            noted={one.events: one.head for one in noted},
            proof=ledger_check.Proof(keys, adopted, shared) if keys and proved.entries else None,
            each=full,
            earlier=_earlier(done),
        )
        origins = session.scalars(select(ForwardedRow.origin).distinct().order_by(ForwardedRow.origin)).all()
        forwarded = {origin: ledger_check.verify_forwarded(session, origin) for origin in origins}
        if cipher is not None:
            opened, unopened = sealed.problems(session, cipher)
            problems += unopened
        problems += triggers.problems(session)
    broken = [one.problem for one in (own, *forwarded.values()) if one.problem]
    found = (*broken, *proved.problems, *problems, *backup.problems(engine, quick=not full))
    if now is not None and not found and chain is not None and cipher is not None and heads_file is not None:
        ends = (str(chain), own.events, own.head, proved.entries, proved.head)
        _note(heads_file, engine, ends, proof_key(cipher), now)
    since = datetime.fromisoformat(done[-1].at) if own.before else None
    return Verdict(own, forwarded, proved, len(noted), opened, bool(keys), since, found)


def _note(file: Path, engine: Engine, ends: tuple[str, int, str, int, str], key: ProofKey, now: datetime) -> None:
    """Notes that all was whole up to these ends; a check whose result cannot be noted counts all the same."""
    head = Head(now.astimezone(UTC).isoformat(timespec="seconds"), migrate.where(engine), *ends, verified=True)
    try:
        heads.append(file, head, key)
    except DatabaseUnavailable as error:
        log.warning("%s", error)


def _earlier(done: Sequence[Head]) -> Earlier | None:
    """The last of these checks; which rows it has read again goes round with their number."""
    if not done or not done[-1].events:
        return None
    last = done[-1]
    start = 1 + (len(done) - 1) % -(-last.events // AGAIN) * AGAIN
    return Earlier(last.events, last.head, range(start, min(start + AGAIN, last.events + 1)))


def _keys(session: Session, cipher: TemplateCipher | None, problems: list[str]) -> Mapping[str, ProofKey]:
    if cipher is None:
        return {}
    try:
        return known_keys(session, cipher)
    except DatabaseError as error:
        problems.append(f"a proof key of before a rotation cannot be opened ({error})")
        current = proof_key(cipher)
        return {current.id: current}


def _noted(
    session: Session,
    engine: Engine,
    file: Path | None,
    keys: Mapping[str, ProofKey],
    chain: UUID | None,
    problems: list[str],
) -> tuple[Head, ...]:
    """The heads of this database; what is wrong with the file is added to the problems."""
    if file is None or not keys:
        return ()
    noted = heads.read(file, keys, chain)
    if noted.changed:
        problems.append(f"{file} was changed (line {few(list(map(str, noted.changed)), ', ')})")
    place = migrate.where(engine)
    mine = heads.of_database(session, noted, chain, place)
    strange = [head for head in mine if head.chain and head.chain != str(chain)]
    if strange:
        last, when = strange[-1], strange[-1].at[:16].replace("T", " ")
        problems.append(
            f"another ledger of {last.events} events was at this place on {when} UTC: it was emptied or replaced"
        )
    ours = [head for head in mine if head.chain == str(chain)]
    if all(head.database == place for head in ours):
        return tuple(ours)
    # Of the database whose copy this is, what was noted after the copy was made says nothing: a backup ends earlier.
    now = heads.current(engine, datetime.now(UTC))
    if heads.is_emptied(now, noted):
        problems.append(heads.EMPTIED)
    ends = now.events, now.entries
    return tuple(one for one in ours if one.database == place or (one.events <= ends[0] and one.entries <= ends[1]))


def _adopted(session: Session, chain: UUID | None, proved: EntriesCheck, problems: list[str]) -> int:
    """How many events were there before the key; they are those that have no code, and the proof says which."""
    if proved.adopted is None:
        return 0
    first = session.scalar(select(EventRow.seq).where(EventRow.mac.is_not(None)).order_by(EventRow.seq).limit(1))
    query = select(EventRow.seq, EventRow.hash).order_by(EventRow.seq.desc()).limit(1)
    last = session.execute(query if first is None else query.where(EventRow.seq < first)).first()
    seq, head = (last.seq, last.hash) if last else (0, entries.START)
    if chain is None or entries.ledger_hash(chain, seq, head) != proved.adopted:
        problems.append(f"the events of before the key, up to row {seq}, are not those that were there")
    return seq
