"""Who can be recognised, some thousand people at a time and column by column: for galleries of a million."""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, and_, exists, func, select, true
from sqlalchemy.orm import Session

from db import migrate
from db.batches import among
from db.crypto import EMBEDDING_SIZE, TemplateCipher, bound_key, halves_as_one, owner
from db.errors import DatabaseDamaged, WrongKey, explain
from db.people import consents, look_alikes
from db.records.faces import GalleryPerson
from db.schema.faces import MeanTemplateRow
from db.schema.people import ConsentRow, PersonRow
from db.schema.types import raw, uuid_of

_Row: TypeAlias = tuple[Any, ...]

log = logging.getLogger(__name__)

_AT_ONCE: Final = 1024
"""People that are read at once: what stays in the processor's cache while it is opened."""
_NOBODY: Final = UUID(int=0)
_NONCE: Final = slice(9, 17)
"""Bytes of a sealed template that no two templates share."""


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """Some of those who can be recognised, by id: active, with a template, face not refused."""

    ids: bytes | bytearray
    """16 bytes each."""
    stamps: NDArray[np.uint64]
    """Another one whenever the template was written anew; (n,)."""
    names: bytes | bytearray
    """In UTF-8, one behind the other."""
    name_lengths: NDArray[np.uint32]
    """Bytes of each name; (n,)."""
    mood_consent: NDArray[np.int8]
    """1 for who agreed, 0 for who refused, -1 for who was not asked; (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """The same people with their mean templates, not scaled back to length 1."""

    listed: Listed
    first: NDArray[np.float32]
    """The first encoder's, (n, 128)."""
    second: NDArray[np.float32]
    """The second encoder's, (n, 128); zeros where there is none."""
    has_second: NDArray[np.bool_]


class Listing:
    """Parts that come one by one and are one in the end, without a second copy of all of them."""

    def __init__(self) -> None:
        self._columns = tuple(bytearray() for _ in range(5))

    def add(self, part: Listed) -> None:
        """The next people, whose ids follow those before."""
        arrays = part.stamps.tobytes(), part.name_lengths.tobytes(), part.mood_consent.tobytes()
        for column, more in zip(self._columns, (part.ids, part.names, *arrays), strict=True):
            column += more

    def all(self) -> Listed:
        """Everybody; nobody can be added any more."""
        ids, names, stamps, lengths, mood = self._columns
        return Listed(
            ids,
            np.frombuffer(stamps, np.uint64),
            names,
            np.frombuffer(lengths, np.uint32),
            np.frombuffer(mood, np.int8),
        )


def joined(parts: Iterable[Listed]) -> Listed:
    """All parts as one."""
    listing = Listing()
    for part in parts:
        listing.add(part)
    return listing.all()


def listed(session: Session, encoder: str) -> Iterator[Listed]:
    """Everybody who can be recognised, without templates."""
    stamp = func.substr(MeanTemplateRow.embedding, _NONCE.start + 1, _NONCE.stop - _NONCE.start)
    refused = consents.refusals(session)
    for rows in _parts(session, _people(encoder, raw(stamp))):
        given = _face_given(rows, refused)
        yield _listed(given, [row[3] for row in given], refused)


def opened(
    session: Session, cipher: TemplateCipher, encoder: str, people: Sequence[UUID] | None = None
) -> Iterator[Opened]:
    """Everybody who can be recognised, or those of them among these people.

    Whose template was changed or moved outside Muster is left out and logged; `muster db verify` names them, too.

    Raises:
        WrongKey: the templates were encrypted with another key.
    """
    query = _people(encoder, raw(MeanTemplateRow.embedding), raw(MeanTemplateRow.second))
    if people is not None:
        query = query.where(among(PersonRow.id, people))
    refused = consents.refusals(session)
    for rows in _parts(session, query):
        yield _opened(session, cipher, encoder, _face_given(rows, refused), refused)


def load_gallery(session: Session, cipher: TemplateCipher, encoder: str) -> list[GalleryPerson]:
    """As `opened`, everybody as a record, by id, with what makes a name for them need a larger margin."""
    images = select(MeanTemplateRow.person_id, MeanTemplateRow.members).where(MeanTemplateRow.encoder == encoder)
    members = dict(session.execute(images).all())
    alike, wrong = look_alikes.by_person(session), look_alikes.wrongly_named(session)
    return [
        GalleryPerson(person, name, embedding, members[person], tuple(alike.get(person, ())), wrong.get(person, 0))
        for part in opened(session, cipher, encoder)
        for person, name, embedding in _each(part)
    ]


def _each(part: Opened) -> Iterator[tuple[UUID, str, NDArray[np.float32]]]:
    """Id, name and mean template of each."""
    listed, joined_halves = part.listed, halves_as_one(part.first, part.second)
    ends = np.cumsum(listed.name_lengths)
    for number, end in enumerate(ends):
        person = UUID(bytes=bytes(listed.ids[16 * number : 16 * number + 16]))
        name = listed.names[end - listed.name_lengths[number] : end].decode()
        embedding = joined_halves[number] if part.has_second[number] else part.first[number]
        yield person, name, embedding


def _people(encoder: str, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Id, name, whether the person was asked about their mood, and these columns."""
    asked = and_(
        exists().where(ConsentRow.person_id == PersonRow.id, ConsentRow.kind == "mood"),
        PersonRow.id.not_in(consents.taken_back("mood")),
    )
    return (
        select(raw(PersonRow.id), PersonRow.name, asked, *columns)
        .join(MeanTemplateRow, MeanTemplateRow.person_id == PersonRow.id)
        .where(PersonRow.active == true(), MeanTemplateRow.encoder == encoder)
        .order_by(PersonRow.id)
    )


def _parts(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[Sequence[_Row]]:
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        yield from connection.execute(query, execution_options={"yield_per": _AT_ONCE}).partitions()
        return
    cursor = connection.execute(query).cursor  # the driver's: SQLAlchemy's own rows would take as long again
    assert cursor is not None
    try:
        while rows := cursor.fetchmany(_AT_ONCE):
            yield rows
    except sqlite3.Error as error:
        raise explain(error, migrate.where(connection.engine)) or error from error


def _face_given(rows: Sequence[_Row], refused: set[consents.Decided]) -> Sequence[_Row]:
    if not refused:
        return rows
    return [row for row in rows if (uuid_of(row[0]), "face") not in refused]


def _listed(rows: Sequence[_Row], stamps: Sequence[bytes | None], refused: set[consents.Decided]) -> Listed:
    ids, names = [row[0] for row in rows], [row[1].encode() for row in rows]
    mood = np.array([1 if row[2] else -1 for row in rows], np.int8)
    for number, one in enumerate(ids if refused else ()):
        if (uuid_of(one), "mood") in refused:
            mood[number] = 0
    return Listed(
        _packed(ids),
        np.frombuffer(b"".join((one or b"").ljust(8, b"\0") for one in stamps), np.uint64),
        b"".join(names),
        np.fromiter(map(len, names), np.uint32, len(names)),
        mood,
    )


def _opened(
    session: Session,
    cipher: TemplateCipher,
    encoder: str,
    rows: Sequence[_Row],
    refused: set[consents.Decided],
) -> Opened:
    try:
        values = _decrypted(cipher, encoder, rows)
    except (DatabaseDamaged, WrongKey):
        if bound_key(session) != cipher.key_id:
            raise
        rows = [row for row in rows if _is_whole(cipher, encoder, row)]
        values = _decrypted(cipher, encoder, rows)
    return Opened(_listed(rows, [row[3][_NONCE] for row in rows], refused), *values)


def _decrypted(
    cipher: TemplateCipher, encoder: str, rows: Sequence[_Row]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    both = [row for row in rows if row[4] is not None]
    to_first, to_second = (owner(one, _NOBODY, encoder) for one in (MeanTemplateRow.embedding, MeanTemplateRow.second))
    first = cipher.open_embeddings([row[3] for row in rows], _owners(to_first, [row[0] for row in rows]))
    second = cipher.open_embeddings([row[4] for row in both], _owners(to_second, [row[0] for row in both]))
    if len(both) == len(rows):
        return first, second, np.ones(len(rows), np.bool_)
    has_second = np.array([row[4] is not None for row in rows], np.bool_)
    seconds = np.zeros((len(rows), EMBEDDING_SIZE), np.float32)
    seconds[has_second] = second
    return first, seconds, has_second


def _is_whole(cipher: TemplateCipher, encoder: str, row: _Row) -> bool:
    try:
        _decrypted(cipher, encoder, [row])
    except (DatabaseDamaged, WrongKey):
        log.error("The template of the person %s was changed or moved: enrol them anew.", uuid_of(row[0]))
        return False
    return True


def _owners(pattern: str, ids: Sequence[Any]) -> list[bytes]:
    """What the templates of these people are bound to, made in one go: a text each would take as long as opening it.

    Args:
        pattern: for the person `_NOBODY`.
        ids: as the driver gives them.
    """
    letters = np.frombuffer(pattern.encode(), np.uint8)
    nobody = str(_NOBODY)
    places = [pattern.index(nobody) + place for place, letter in enumerate(nobody) if letter != "-"]
    owners = np.tile(letters, (len(ids), 1))
    owners[:, places] = np.frombuffer(_packed(ids).hex().encode(), np.uint8).reshape(-1, len(places))
    made: list[bytes] = owners.view(f"S{len(letters)}").ravel().tolist()
    return made


def _packed(ids: Sequence[Any]) -> bytes:
    """16 bytes for each id, as the driver gives them: a `UUID`, or 32 hexadecimal digits."""
    if ids and isinstance(ids[0], UUID):
        return b"".join([one.bytes for one in ids])
    return bytes.fromhex("".join(ids))
