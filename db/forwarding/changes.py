"""Forwarding: what was done with people here after they were sent: erased, merged, renamed, deactivated.

What is there is asked, as with rows: pseudonyms that one person holds here, and two there, tell of a merge; the audit
log tells who was erased, and which side changed a name last.
"""

from collections.abc import Collection, Sequence, Set
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Engine, select, true
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.batches import batches
from db.crypto import TemplateCipher
from db.engine import reading, scrub, writing
from db.faces import templates
from db.forwarding.people import People, give_number, holders, pseudonyms_of, send_people
from db.privacy import erasure, merges
from db.schema.audit import AuditRow
from db.schema.people import PersonRow, SubjectRow

_ACTOR: Final = "muster db forward"
CHANGES: Final = {
    "rename": "name", "number": "number", "group": "group", "notes": "notes", "activate": "active",
    "deactivate": "active",
}  # fmt: skip
"""The column that each action of the audit log changes."""
_ENTRY: Final = ("id", "at", "actor", "action", "person_id", "detail")


def send_erasures(
    source: Engine,
    target: Engine,
    *,
    now: datetime,
    wholly: bool = False,
    actor: str = _ACTOR,
    gone: Set[UUID] | None = None,
) -> tuple[int, tuple[UUID, ...]]:
    """Erases there who was erased here, unless another database knows them too.

    Args:
        wholly: also whom another database knows too: enrolled there under the same number, or merged with them.
        gone: the pseudonyms of who was erased here; None for everybody's.

    Returns:
        How many were erased there, and the ids there of those who have to be erased by hand.
    """
    if gone is None:
        with reading(source) as here:
            gone = erasure.erased_pseudonyms(here)
    with reading(target) as there:
        if not holders(there, gone):
            return 0, ()
    with writing(target) as there:
        ledger.lock(there)
        theirs = set(holders(there, gone).values())
        shared = {one for one in theirs if not (wholly or gone >= {*pseudonyms_of(there, [one])[one]})}
        for person in sorted(theirs - shared):
            erasure.erase(there, person, at=now, actor=actor)
    if theirs - shared:
        scrub(target)
    return len(theirs - shared), tuple(sorted(shared))


def send_merges(
    source: Engine,
    target: Engine,
    *,
    now: datetime,
    cipher: TemplateCipher | None = None,
    actor: str = _ACTOR,
    whose: Collection[UUID] | None = None,
) -> tuple[int, tuple[tuple[UUID, UUID], ...]]:
    """Makes one person there of those who are one here.

    Args:
        cipher: of the faces there; without it nobody is merged whose faces are kept there.
        whose: only of these people here.

    Returns:
        How many were merged there, and the pairs there that have to be merged by hand, because their faces are kept.
    """
    mine = _with_several_pseudonyms(source, whose)
    with reading(target) as there:
        held = holders(there, [one for theirs in mine.values() for one in theirs])
    if all(len({held[one] for one in theirs if one in held}) < 2 for theirs in mine.values()):
        return 0, ()
    merged, by_hand = 0, []
    with writing(target) as there:
        ledger.lock(there)
        for person, theirs in mine.items():
            there_now = sorted(set(holders(there, theirs).values()))
            into = person if person in there_now else next(iter(there_now), person)
            for other in there_now:
                if other == into:
                    continue
                if cipher is None and merges.has_faces(there, other):
                    by_hand.append((other, into))
                    continue
                if cipher is None:
                    merges.merge_without_faces(there, other, into, at=now, actor=actor)
                else:
                    merges.merge(there, cipher, other, into, at=now, actor=actor)
                    templates.refresh_means(there, cipher, into, at=now)
                merged += 1
    return merged, tuple(by_hand)


def adopt_ids(centre: Engine, door: Engine, cipher: TemplateCipher, *, now: datetime, actor: str) -> int:
    """Gives a person of the door the id that they have at the centre, where two people were merged another way there.

    Without it they would be one person under two ids, and changes of their name would not reach each other.

    Args:
        cipher: of the door's faces.
    """
    with reading(door) as here, reading(centre) as there:
        mine = dict(here.execute(select(SubjectRow.id, SubjectRow.person_id)).all())
        flagged = select(SubjectRow.id).where(SubjectRow.merged == true())
        came = {mine[one] for one in {*here.scalars(flagged), *there.scalars(flagged)} if one in mine}
        held = holders(there, [pseudonym for pseudonym, person in mine.items() if person in came])
        wanted = {mine[pseudonym]: id for pseudonym, id in held.items()}
        known = set(here.scalars(select(PersonRow.id)))
        new = {person: id for person, id in wanted.items() if id != person and id not in known}
        rows = {id: there.get_one(PersonRow, id) for id in new.values()}
    for id, person in {id: person for person, id in sorted(new.items())}.items():
        with writing(door) as here:
            row = rows[id]
            made = PersonRow(id=id, name=row.name, group=row.group, active=row.active, notes=row.notes, number=None)
            made.created_at = row.created_at
            here.add(made)
            here.flush()
            merges.merge(here, cipher, person, id, at=now, actor=actor)
            templates.refresh_means(here, cipher, id, at=now)
    return len(new)


def send_changes(
    source: Engine, target: Engine, *, wins: bool = False, whose: Collection[UUID] | None = None
) -> tuple[int, frozenset[UUID]]:
    """Brings names, numbers, groups, notes and who is active up to date where they were changed here last.

    Only of people who were enrolled here: somebody who is another person there, by their number, is another door's.

    Args:
        wins: somebody whose new number another person has there gets it; else they have no number there.
        whose: only of these people here.

    Returns:
        How many people were changed there, and the ids of those whose number is another person's there.
    """
    query = select(AuditRow.person_id, AuditRow.action, AuditRow.id)
    query = query.where(AuditRow.action.in_(CHANGES), AuditRow.person_id.is_not(None))
    if whose is not None:
        query = query.where(AuditRow.person_id.in_(whose))
    with reading(source) as here:
        entries = here.execute(query.order_by(AuditRow.at, AuditRow.id)).all()
    newest = {(person, CHANGES[action]): id for person, action, id in entries}
    with reading(target) as there:
        new = _unknown(there, list(newest.values()))
    if not new:
        return 0, frozenset()
    with reading(source) as here:
        last = {key: here.get_one(AuditRow, id) for key, id in newest.items() if id in new}
        changers = [row.person_id for row in last.values()]
        found = (here.scalars(select(PersonRow).where(PersonRow.id.in_(some))) for some in batches(changers))
        ours = {row.id: row for rows in found for row in rows}
    changed: set[UUID] = set()
    numbers: dict[UUID, str | None] = {}
    with writing(target) as there:
        ledger.lock(there)
        for (person, column), row in last.items():
            known = there.get(PersonRow, person)
            if known is None or person is None or person not in ours:
                continue
            value = getattr(ours[person], column)
            if getattr(known, column) != value and not _is_newer_there(there, person, column, row.at):
                if column == "number":  # two may have changed numbers with each other
                    numbers[person], value = value, None
                setattr(known, column, value)
                changed.add(person)
            there.add(AuditRow(**{name: getattr(row, name) for name in _ENTRY}))
            there.flush()
        without = {person for person, number in numbers.items() if not give_number(there, person, number, wins=wins)}
    return len(changed), frozenset(without)


def send_people_and_changes(
    source: Engine, target: Engine, *, wins: bool = False, whose: Collection[UUID] | None = None
) -> tuple[People, int, int, frozenset[UUID]]:
    """Has the other side know these people, or everybody, as they are here; `wins` as in `send_people`.

    Returns:
        Who is who, how many were added, how many changed, and the ids of those who have no number there.
    """
    changed, without = send_changes(
        source, target, wins=wins, whose=whose
    )  # first, so that a number is free for its owner
    people, added, newcomers = send_people(source, target, wins=wins, whose=whose)
    if added:
        changed += send_changes(source, target, wins=wins, whose=whose)[0]  # of who came just now
    return people, added, changed, without | newcomers


def _is_newer_there(there: Session, person: UUID, column: str, at: datetime) -> bool:
    actions = [action for action, changes in CHANGES.items() if changes == column]
    query = select(AuditRow.id).where(AuditRow.person_id == person, AuditRow.action.in_(actions), AuditRow.at >= at)
    return there.scalar(query.limit(1)) is not None


def _unknown(there: Session, entries: Sequence[UUID]) -> set[UUID]:
    """Entries of an audit log that are not in the one there."""
    known = {
        one for some in batches(entries) for one in there.scalars(select(AuditRow.id).where(AuditRow.id.in_(some)))
    }
    return set(entries) - known


def _with_several_pseudonyms(source: Engine, whose: Collection[UUID] | None) -> dict[UUID, list[UUID]]:
    with reading(source) as here:
        return {person: theirs for person, theirs in pseudonyms_of(here, whose).items() if len(theirs) > 1}
