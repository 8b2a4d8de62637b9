"""Two people become one, and two again.

The ledger is never touched: it names people by pseudonym, and `ledger_subject` says whose pseudonym it is. What a merge
moves is kept as ids, so that taking it back gives each their own again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, true, update
from sqlalchemy.orm import Session

from db import audit
from db.batches import among
from db.crypto import TemplateCipher
from db.errors import InvalidRecord
from db.ids import new_id
from db.people import consents, people
from db.privacy import merged_images
from db.proof import contents, entries
from db.records.people import ConsentKind
from db.schema.audit import AuditRow, UndoRow
from db.schema.calendar import LeaveRow, ShiftRow
from db.schema.faces import PortraitRow, TemplateRow, WrongPairRow
from db.schema.moods import MoodRow
from db.schema.observations import SightingRow
from db.schema.people import ConsentRow, PersonRow, SubjectRow
from db.schema.programs import RollCallMarkRow

_MOVED: Final[Mapping[str, Any]] = {
    "subjects": SubjectRow, "sightings": SightingRow, "moods": MoodRow, "shifts": ShiftRow, "leave": LeaveRow,
    "audit": AuditRow, "wrong": WrongPairRow, "undo": UndoRow,
}  # fmt: skip
"""The tables whose rows become the other person's by their `person_id`."""
_NAMED: Final[Mapping[str, Any]] = {
    "best": SightingRow.best_id, "runner_up": SightingRow.runner_up_id, "really": WrongPairRow.other_id,
}  # fmt: skip
"""Other columns that name a person."""
_KINDS: Final[tuple[ConsentKind, ...]] = ("face", "mood")
_KEPT: Final = ("number", "group", "notes", "pin_hash")
"""What stays of who goes, where the other has none."""


def merge(
    session: Session,
    cipher: TemplateCipher,
    source: UUID,
    into: UUID,
    *,
    number: str | None = None,
    at: datetime,
    actor: str,
) -> UUID:
    """Makes two people one: everything of `source` becomes `into`'s, and `source` is gone.

    The mean template of `into` is then stale: compute it from `templates.load_members` and set it in the same
    transaction. Images that both have are kept once; candidates of `source` that wait for a review are not kept. The
    consents of `into` count, but what `source` refuses stays refused. Number, PIN, group and notes of `source` stay
    where `into` has none.

    Args:
        number: which of two numbers stays, with its PIN; that of `into` if not given.

    Returns:
        The entry of the audit log, with which `take_back` makes two of them again.

    Raises:
        InvalidRecord: one of the two does not exist, both are one person, or the number is neither's.
    """
    _require_two(session, source, into)
    gone, stays = session.get_one(PersonRow, source), session.get_one(PersonRow, into)
    content = _describe(session, gone, stays)
    kept = _what_stays(gone, stays, number)
    merged_images.move(session, cipher, source, into, content)
    entry = _join(session, source, into, at=at, actor=actor)
    stays = session.get_one(PersonRow, into)
    for name, value in kept.items():
        setattr(stays, name, value)
    content["after"] = kept
    content["refused"] = {
        kind: before for kind, before in content["refused"].items() if consents.current(session, into, kind) != before
    }
    audit.keep(session, entry, content, person=into)
    session.flush()
    return entry


def merge_without_faces(session: Session, source: UUID, into: UUID, *, at: datetime, actor: str) -> None:
    """Makes two people one where no key is known: `source` has no face here that would have to be sealed anew.

    Raises:
        InvalidRecord: one of the two does not exist, both are one person, or `source` has faces.
    """
    _require_two(session, source, into)
    if has_faces(session, source):
        raise InvalidRecord(f"The person {source} has faces here; merge them with 'muster people merge'.")
    _join(session, source, into, at=at, actor=actor)


def take_back(session: Session, cipher: TemplateCipher, entry: UUID, *, at: datetime, actor: str) -> tuple[UUID, UUID]:
    """Makes two people of one again: who was merged gets what was theirs, under their old id.

    What was written since the merge stays with who stayed, except events that another door wrote under the other's
    pseudonym. Both mean templates are stale afterwards.

    Returns:
        Who is back, and who stayed.

    Raises:
        InvalidRecord: something depends on the merge: they were merged further, or the number is another's.
    """
    row = session.get(UndoRow, entry)
    if row is None or row.person_id is None:
        raise InvalidRecord("What this merge moved was not kept: it was made before Muster 0.8, or between two doors.")
    if row.content["into"] != str(row.person_id):
        raise InvalidRecord("They were merged further since; take back the later merge first.")
    content, into = row.content, row.person_id
    source = UUID(content["gone"]["id"])
    stays = session.get_one(PersonRow, into)
    for name in _KEPT:
        if getattr(stays, name) == content["after"][name]:
            setattr(stays, name, content["before"][name])
    session.flush()
    number = content["gone"]["number"]
    if number is not None and people.find_by_number(session, number) is not None:
        raise InvalidRecord(f"The number {number} belongs to somebody else by now; give them another number first.")
    session.add(PersonRow(**content["gone"] | {"id": source, "created_at": _instant(content["gone"]["created_at"])}))
    session.flush()
    _give_back_rows(session, content, source, into)
    merged_images.give_back(session, cipher, content, source, into)
    for kind, given, decided, by in content["consents"]:
        session.add(
            ConsentRow(id=new_id(), person_id=source, kind=kind, given=given, at=_instant(decided), recorded_by=by)
        )
    for kind, before in content["refused"].items():
        if before:
            consents.set_consent(session, into, kind, True, at=at, actor=actor)
    session.execute(delete(UndoRow).where(UndoRow.id == entry))
    session.expire_all()
    return source, into


def has_faces(session: Session, person: UUID) -> bool:
    """Whether templates or a portrait of the person are kept."""
    queries = (
        select(table.person_id).where(table.person_id == person).limit(1) for table in (TemplateRow, PortraitRow)
    )
    return any(session.scalar(query) is not None for query in queries)


def _require_two(session: Session, source: UUID, into: UUID) -> None:
    if source == into:
        raise InvalidRecord("A person cannot be merged with themselves; give two different people.")
    for person in (source, into):
        people.get_person(session, person)


def _what_stays(gone: PersonRow, stays: PersonRow, number: str | None) -> dict[str, str | None]:
    """Number, PIN, group and notes of the person whom the two become."""
    if number is not None and number not in (gone.number, stays.number):
        raise InvalidRecord(f"The number {number} belongs to neither of the two; give one of theirs.")
    first, second = (gone, stays) if number is not None and number != stays.number else (stays, gone)
    return {
        "number": first.number or second.number,
        "pin_hash": first.pin_hash or second.pin_hash,
        "group": stays.group or gone.group,
        "notes": stays.notes or gone.notes,
    }


def _describe(session: Session, gone: PersonRow, stays: PersonRow) -> dict[str, Any]:
    """What has to be known to take the merge back, as JSON takes it."""
    fields = ("name", "number", "group", "active", "notes", "pin_hash")
    person = {name: getattr(gone, name) for name in fields}
    moved = {name: select(table.id).where(table.person_id == gone.id) for name, table in _MOVED.items()}
    named = {name: select(column.class_.id).where(column == gone.id) for name, column in _NAMED.items()}
    merged = select(SubjectRow.id).where(SubjectRow.person_id == gone.id, SubjectRow.merged == true())
    decided = session.scalars(select(ConsentRow).where(ConsentRow.person_id == gone.id).order_by(ConsentRow.at))
    return {
        "into": str(stays.id),
        "gone": person | {"id": str(gone.id), "created_at": gone.created_at.isoformat()},
        "before": {name: getattr(stays, name) for name in _KEPT},
        "rows": {name: _ids(session, query) for name, query in (moved | named).items()},
        "merged": _ids(session, merged),
        "roll_calls": _ids(session, select(RollCallMarkRow.roll_call_id).where(*_only(gone.id, stays.id))),
        "consents": [[one.kind, one.given, one.at.isoformat(), one.recorded_by] for one in decided],
        "refused": {kind: consents.current(session, stays.id, kind) for kind in _KINDS},
    }


def _join(session: Session, source: UUID, into: UUID, *, at: datetime, actor: str) -> UUID:
    """Gives everything but faces of `source` to `into`, deletes `source`, and returns the audit log's entry."""
    name = people.get_person(session, source).name
    for kind in _KINDS:
        if consents.current(session, source, kind) is False and consents.current(session, into, kind) is not False:
            consents.set_consent(session, into, kind, False, at=at, actor=actor)
    for moved in _MOVED.values():
        if moved in contents.KIND_OF:
            theirs = session.scalars(select(moved.id).where(moved.person_id == source)).all()
            entries.touch(session, contents.KIND_OF[moved], theirs)
    entries.end(session, source)
    session.execute(update(SubjectRow).where(SubjectRow.person_id == source).values(merged=True))
    marked = RollCallMarkRow.person_id
    both = select(RollCallMarkRow.roll_call_id).where(marked == into)
    session.execute(delete(RollCallMarkRow).where(marked == source, RollCallMarkRow.roll_call_id.in_(both)))
    session.execute(update(RollCallMarkRow).where(marked == source).values(person_id=into))
    for table in _MOVED.values():
        session.execute(update(table).where(table.person_id == source).values(person_id=into))
    for column in _NAMED.values():
        session.execute(update(column.class_).where(column == source).values({column.key: into}))
    session.execute(delete(PersonRow).where(PersonRow.id == source))
    session.expire_all()
    entry = audit.note(session, "merge", at=at, actor=actor, person=into, detail={"source": name})
    session.flush()
    return entry


def _give_back_rows(session: Session, content: Mapping[str, Any], source: UUID, into: UUID) -> None:
    """Gives `source` its rows, as far as they are still `into`'s."""
    rows = {name: _uuids(ids) for name, ids in content["rows"].items()}
    for name, table in _MOVED.items():
        theirs = (among(table.id, rows[name]), table.person_id == into)
        session.execute(update(table).where(*theirs).values(person_id=source))
    for name, column in _NAMED.items():
        named = (among(column.class_.id, rows[name]), column == into)
        session.execute(update(column.class_).where(*named).values({column.key: source}))
    marks = (among(RollCallMarkRow.roll_call_id, _uuids(content["roll_calls"])), RollCallMarkRow.person_id == into)
    session.execute(update(RollCallMarkRow).where(*marks).values(person_id=source))
    own = (SubjectRow.person_id == source, ~among(SubjectRow.id, _uuids(content["merged"])))
    session.execute(update(SubjectRow).where(*own).values(merged=False))
    for name, table in _MOVED.items():
        if table in contents.KIND_OF:
            entries.touch(session, contents.KIND_OF[table], rows[name])


def _only(person: UUID, other: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Marks of a person in roll calls in which the other has none."""
    both = select(RollCallMarkRow.roll_call_id).where(RollCallMarkRow.person_id == other)
    return RollCallMarkRow.person_id == person, RollCallMarkRow.roll_call_id.not_in(both)


def _ids(session: Session, query: Any) -> list[str]:
    return [str(one) for one in session.scalars(query)]


def _uuids(ids: Sequence[str]) -> list[UUID]:
    return [UUID(one) for one in ids]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
