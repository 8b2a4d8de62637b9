"""Heads: where the chains of a database ended at a moment, noted outside the database, in a file beside the key.

Whoever cuts rows off, empties the ledger or puts an older database in its place cannot change what was noted. The file
is only ever appended to: one JSON object a line, each with the HMAC of the rest of the line. Databases that lie beside
one key share the file, and what one of them notes is nothing to the others.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from db import migrate
from db.crypto import TemplateCipher, bind_key, bound_key
from db.engine import apart, reading, writing
from db.errors import DatabaseUnavailable
from db.proof import entries, images
from db.proof.contents import canonical
from db.proof.key import ProofKey, Prover, of_engine, of_session, proof_key, use
from db.schema.attendance import EventRow
from db.schema.proof import ChainRow, ProofRow

HEADS_FILE: Final = "ledger.heads"
EMPTIED: Final = "its proof was emptied: what was noted of this ledger earlier had entries"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """The ends of a database's two chains at a moment."""

    at: str
    """ISO 8601, UTC."""
    database: str
    """Its file or URL, without a password."""
    chain: str
    """The id of its ledger."""
    events: int
    head: str
    """The hash of the last event."""
    entries: int
    proof: str
    """The code of the last proof entry."""
    restored: bool = False
    """Whether a backup was put in place then: heads that were noted before do not count."""
    verified: bool = False
    """Whether everything up to here was verified then, and found whole."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What the file of heads says."""

    heads: tuple[Head, ...]
    changed: tuple[int, ...]
    """Numbers of the lines, from 1, that nobody can read, or that are of this ledger and not as a known key wrote them.
    Lines of a key that is not here, as of another installation or an older backup, are not among them."""


def open_with(engine: Engine, cipher: TemplateCipher, folder: Path | None, *, own: bool = True) -> None:
    """Has everything that is written from now on proved with this key, and begins the proof of what is not proved yet.

    Hashes and names of pictures that an earlier Muster wrote as they are become keyed ones (`db.proof.images`).

    Args:
        folder: of the key; the file of heads is in it. None for a database that is thrown away.
        own: the database belongs to this key; False for one that several doors share.

    Raises:
        WrongKey: the database belongs to another key.
    """
    begin(engine, cipher, Prover(proof_key(cipher), folder / HEADS_FILE if folder else None), own=own)


def begin(engine: Engine, cipher: TemplateCipher | None, prover: Prover, *, own: bool) -> None:
    """As `open_with`, with a prover that another database may use too."""
    use(engine, prover)
    with reading(engine) as session:
        proved = not entries.unproved(session)
        bound = bound_key(session)
        plain = own and cipher is not None and images.is_plain(session)
    mine = not own or cipher is None or bound == cipher.key_id
    if proved and mine and not plain:
        return
    with writing(engine) as session:
        if own and cipher is not None:
            bind_key(session, cipher, datetime.now(UTC))
            if plain:
                images.key_all(session, images.known_secret(session, cipher))
        entries.adopt(session)


def current(engine: Engine, now: datetime) -> Head:
    """Where the chains end now. Raises: DatabaseError."""
    with reading(engine) as session:
        chain = session.scalar(select(ChainRow.id))
        last, entry = entries.last_event(session), entries.last_entry(session)
    return Head(
        now.astimezone(UTC).isoformat(timespec="seconds"), migrate.where(engine), str(chain or ""), *last, *entry
    )


def note(engine: Engine, now: datetime, *, restored: Head | None = None) -> Head | None:
    """Appends the present head to the file; None where the engine has none.

    Args:
        restored: where the chains of a backup ended that was put in the database's place just now; it is appended
            before: heads of the replaced database say nothing of this one.

    Raises:
        DatabaseUnavailable: the file cannot be written.
    """
    prover = of_engine(engine)
    if prover is None or prover.heads is None:
        return None
    head = current(engine, now)
    if restored is not None:
        append(prover.heads, replace(restored, database=head.database, restored=True), prover.key)
    append(prover.heads, head, prover.key)
    prover.noted = now.astimezone(UTC).date()
    return head


def append(file: Path, head: Head, key: ProofKey) -> None:
    """Appends a head to the file. Raises: DatabaseUnavailable: the file cannot be written."""
    line = json.dumps(signed(head, key), ensure_ascii=False) + "\n"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(opened, line.encode())
            os.fsync(opened)
        finally:
            os.close(opened)
    except OSError as error:
        raise DatabaseUnavailable(f"The file of heads {file} cannot be written: {error.strerror}.") from None


def signed(head: Head, key: ProofKey) -> dict[str, str | int | bool]:
    """The head as a line of the file has it."""
    values = asdict(head)
    if not head.verified:  # lines of before this value keep their code
        del values["verified"]
    return values | {"key": key.id, "mac": key.mac(f"head\n{canonical(list(values.values()))}")}


def read(file: Path, keys: Mapping[str, ProofKey], chain: UUID | None) -> Noted:
    """The heads in the file; none where there is no file.

    Args:
        chain: the id of the ledger whose changed lines are wanted.

    Raises:
        DatabaseUnavailable: it cannot be read.
    """
    found: list[Head] = []
    changed: list[int] = []
    for number, line in enumerate(_lines(file), start=1):
        try:
            values = json.loads(line)
            mac, by = values.pop("mac"), values.pop("key", None)
            head = Head(**values)
        except (ValueError, TypeError, KeyError, AttributeError):
            changed.append(number)
            continue
        tried = [keys[by]] if by in keys else [] if by else keys.values()  # lines of before do not name their key
        if any(signed(head, key)["mac"] == mac for key in tried):
            found.append(head)
        elif head.chain == str(chain) and tried:
            changed.append(number)
    return Noted(tuple(found), tuple(changed))


def of_database(session: Session, noted: Noted, chain: UUID | None, place: str) -> tuple[Head, ...]:
    """The heads of the database at this place, since a backup was put there last: it may be of another line than they.

    Those of the same ledger at other places belong to it until the first one here, for it was moved or copied from
    there, or until a backup was put there that does not have what this one has, as the database that was kept aside
    then. What is noted there later is of the other copy, which may say something else since.
    """
    found: list[Head] = []
    elsewhere = True
    for head in noted.heads:
        same = head.chain == str(chain)
        if head.database == place:
            elsewhere = elsewhere and not same
        elif not elsewhere or not same:
            continue
        elif head.restored and any(_is_behind(head, one) and _has(session, one) for one in reversed(found)):
            elsewhere = False
            continue
        found = [head] if head.restored else [*found, head]
    return tuple(found)


def _is_behind(one: Head, other: Head) -> bool:
    return one.events < other.events or one.entries < other.entries


def _has(session: Session, head: Head) -> bool:
    """Whether both chains have the rows at which they ended then."""
    event = session.scalar(select(EventRow.hash).where(EventRow.seq == head.events))
    entry = session.scalar(select(ProofRow.mac).where(ProofRow.seq == head.entries))
    return (event or entries.START, entry or entries.START) == (head.head, head.proof)


def is_emptied(now: Head, noted: Noted) -> bool:
    """Whether a database that has no proof had one: a head of its ledger was noted with fewer events, and with entries.

    That counts for each copy, also for one that an earlier head says nothing of. Who was never proved has no such head.
    """
    mine = (one for one in noted.heads if one.chain == now.chain)
    return not now.entries and any(one.entries and one.events < now.events for one in mine)


def verified(mine: Sequence[Head], chain: UUID | None, place: str) -> tuple[Head, ...]:
    """Of `of_database`'s heads, those at which this very file was verified."""
    return tuple(one for one in mine if one.verified and one.database == place and one.chain == str(chain))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DatabaseUnavailable(f"The file of heads {file} cannot be read: {error.strerror}.") from None


@event.listens_for(Session, "after_commit")
def _note_daily(session: Session) -> None:
    """Notes a head after the first transaction of a day; the end of a savepoint does not end it."""
    if session.in_nested_transaction():
        return
    prover = of_session(session)
    now = datetime.now(UTC)
    if prover is None or prover.heads is None or prover.noted == now.date():
        return
    prover.noted = now.date()
    beside = apart(session.get_bind().engine)  # the session's connection is not free yet, and may be the only one
    try:
        note(beside, now)
    except DatabaseUnavailable as error:
        log.warning("%s", error)
    finally:
        beside.dispose()
