"""Verifies the chain of proof entries, and that people, their records, kiosks and calendars are what it says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.proof import contents, entries
from db.proof.contents import Content, Kind
from db.proof.key import ProofKey
from db.schema.proof import ProofRow
from db.schema.types import raw, uuid_of

_AT_ONCE: Final = 10_000
_CALLED: Final[Mapping[Kind, str]] = {
    "subject": "pseudonym", "audit": "audit entry", "holiday": "public holiday", "user": "desk user", "key": "API key",
}  # fmt: skip


def _scope(shift: Content) -> str:
    """For whom it is, where that is not one person."""
    if shift.person is not None:
        return ""
    group = shift.personal[2]
    return f" of the group {group}" if group else " of everybody"


_TOLD: Final[Mapping[Kind, Callable[[Content], str]]] = {
    "audit": lambda row: f" ({row.public[3]}, {row.public[1]:%Y-%m-%d %H:%M})",
    **dict.fromkeys(("kiosk", "user", "key"), lambda row: f" ({row.personal[1]})"),
    "shift": _scope,
    "holiday": lambda row: f" ({row.personal[2]}, {row.personal[1]})",
    "leave": lambda row: f" ({row.personal[2]} to {row.personal[3]})",
}
"""What tells people which row is meant, beside its id and its person."""
MOST_NAMED: Final = 20
"""So many problems are named one by one."""


@dataclass(frozen=True, slots=True)
class EntriesCheck:
    """What a check of the proof entries found."""

    entries: int
    head: str
    """The code of the last entry."""
    foreign: int
    """Entries of another installation's key, of which only the order was verified."""
    adopted: str | None
    """What the entry "ledger" says of the events that were there before the key."""
    problems: tuple[str, ...]
    unproved: tuple[Kind, ...] = ()
    """Kinds of rows of which an older Muster's chain does not speak yet."""


_Said: TypeAlias = tuple[UUID | None, str | None, str | None]
"""Owner, public and personal hash of a row."""
_GONE: Final[_Said] = (None, None, None)
"""Muster deleted the row."""


@dataclass(slots=True)
class _State:
    """What the chain says, up to an entry."""

    seq: int = 0
    previous: str = entries.START
    foreign: int = 0
    adopted: str | None = None
    latest: dict[tuple[Kind, UUID], _Said] = field(default_factory=dict)
    ended: set[UUID] = field(default_factory=set)
    begun: set[Kind] = field(default_factory=lambda: set(contents.KINDS).difference(contents.LATER))
    """The kinds of rows of which it speaks."""


def verify(
    session: Session, keys: Mapping[str, ProofKey], noted: Mapping[int, str], *, shared: bool = False
) -> EntriesCheck:
    """Recomputes the codes of all entries, and compares every row with what its last entry says.

    Args:
        keys: the proof keys of this installation, by their ids; without any, the codes are not verified.
        noted: codes of entries that were noted outside the database, by their numbers.
        shared: other installations write here too, with keys that are not known.
    """
    state = _State()
    problem = _walk(session, state, keys, noted, shared=shared)
    problems = [problem] if problem else list(_compared(session, state)) if state.seq else []
    left = len(problems) - MOST_NAMED
    if left > 0:
        problems = [*problems[:MOST_NAMED], f"and {left:,} more"]
    unproved = tuple(kind for kind in contents.KINDS if kind not in state.begun)
    return EntriesCheck(state.seq, state.previous, state.foreign, state.adopted, tuple(problems), unproved)


def _walk(
    session: Session, state: _State, keys: Mapping[str, ProofKey], noted: Mapping[int, str], *, shared: bool
) -> str | None:
    """Follows the chain; gives the first thing that is wrong with it."""
    waiting = dict(noted)
    columns = (ProofRow.seq, ProofRow.kind, raw(ProofRow.row_id), raw(ProofRow.owner), ProofRow.public)
    query = select(*columns, ProofRow.personal, ProofRow.key_id, ProofRow.mac).order_by(ProofRow.seq)
    for seq, kind, of, whose, public, personal, key_id, mac in session.execute(
        query.execution_options(yield_per=_AT_ONCE)
    ):
        row_id, owner = uuid_of(of), uuid_of(whose) if whose else None
        if seq != state.seq + 1:
            return f"proof entry {state.seq + 1} is missing"
        key = keys.get(key_id)
        if key is None and keys:
            state.foreign += 1
            if not shared:
                return f"proof entry {seq} was not written by Muster: its code is of an unknown key"
        said = (seq, kind, row_id, owner, public, personal)
        if key is not None and entries.entry_mac(key, state.previous, said) != mac:
            about = f"the {_CALLED.get(kind, kind)} {row_id}"
            return f"proof entry {seq}, about {about}, was changed, or not written by Muster"
        if waiting and waiting.pop(seq, mac) != mac:
            return f"proof entry {seq} is not the one that was noted earlier: the proof was written anew"
        if kind == "begun" and not state.begun.isdisjoint(entries.kinds_of(public)):
            return f"proof entry {seq} takes rows as they are of which the proof speaks already: they may be changed"
        state.seq, state.previous = seq, mac
        _take(state, kind, row_id, owner, public, personal)
    if any(seq > 0 for seq in waiting):
        return (
            f"the proof ends at entry {state.seq}, but {max(waiting)} were noted earlier: people, consents, "
            "calendars or audit entries were cut off"
        )
    return None


def _take(state: _State, kind: Kind, row: UUID, owner: UUID | None, public: str | None, personal: str | None) -> None:
    if kind == "ended":
        state.ended.add(row)
    elif kind == "ledger":
        state.adopted = public
    elif kind == "begun":
        state.begun.update(entries.kinds_of(public))
    else:
        state.latest[kind, row] = (owner, public, personal)


def _compared(session: Session, state: _State) -> Iterator[str]:
    """What differs between the rows and what the chain says of them."""
    salts = entries.load_salts(session)
    owners: dict[UUID | None, UUID] = {owner: person for person, (owner, _) in salts.items()}
    names: dict[UUID, str] = {}
    for kind in (one for one in contents.KINDS if one in state.begun):
        for content in contents.read(session, kind):
            if kind == "person":
                names[content.row] = str(content.personal[1])
            owner, salt = salts.get(content.person, (None, b"")) if content.person else (None, b"")
            row = owner if kind == "person" and owner else content.row
            said = state.latest.pop((kind, row), None)
            problem = _problem(state, kind, content, said, owner, salt)
            if problem:
                yield f"{_named(kind, content, names)} {problem}"
    for (kind, row), said in state.latest.items():
        if said != _GONE and said[0] not in state.ended and kind in state.begun:
            yield f"the {_CALLED.get(kind, kind)} {row}{_of(owners.get(said[0]), names)} was deleted"
    for owner in sorted(state.ended.intersection(owners)):
        yield f"the salt {owner} of somebody who was erased is there again"


def _problem(
    state: _State,
    kind: Kind,
    content: Content,
    said: _Said | None,
    owner: UUID | None,
    salt: bytes,
) -> str | None:
    """What is wrong with a row, as a predicate."""
    if said is None:
        return "was not written by Muster"
    if said == _GONE:
        return "is there again after Muster deleted it"
    proved_owner, public, personal = said
    if contents.public_hash(kind, content) != public:
        return "was changed"
    if proved_owner in state.ended and proved_owner is not None:
        emptied = kind == "audit" and content.person is None and not content.personal[1]
        return None if emptied else "was changed after its person was erased"
    if proved_owner != owner:
        return "was given to another person" if owner else "was changed"
    return None if contents.personal_hash(kind, content, salt) == personal else "was changed"


def _named(kind: Kind, content: Content, names: Mapping[UUID, str]) -> str:
    if kind == "person":
        return f"the person {names[content.row]} ({content.row})"
    told = _TOLD[kind](content) if kind in _TOLD else ""
    return f"the {_CALLED.get(kind, kind)} {content.row}{told}{_of(content.person, names)}"


def _of(person: UUID | None, names: Mapping[UUID, str]) -> str:
    return f" of {names[person]}" if person is not None and person in names else ""
