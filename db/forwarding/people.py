"""Forwarding: kiosks and people, and who is who on the other side.

A pseudonym of the ledger means the same person on both sides. Somebody enrolled at two kiosks under one number is one
person there; without a number they are two, until somebody merges them, here or there. A number that was given on to
somebody else makes nobody one: whoever has it there and is somebody else here as well is another person. Who was erased
there stays erased, also when somebody else has the number since.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, Row, select
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.batches import batches
from db.engine import reading, writing
from db.errors import DatabaseBusy
from db.privacy import erasure
from db.schema.attendance import KioskRow
from db.schema.people import PersonRow, SubjectRow

BATCH: Final = 500
"""People, or rows of another table, of one transaction."""
_PERSON = ("id", "name", "number", "group", "active", "notes", "created_at")


@dataclass(frozen=True, slots=True)
class People:
    """Who is who: ids there by ids here."""

    there: dict[UUID, UUID]

    def known(self, person: UUID | None) -> UUID | None:
        """The id there; None for nobody, and for somebody who was erased there."""
        return None if person is None else self.there.get(person)

    def among(self, ids: Collection[UUID]) -> "People":
        """Those who are among these ids here."""
        return People({own: theirs for own, theirs in self.there.items() if own in ids})


def send_kiosks(here: Session, there: Session) -> None:
    """Adds this database's kiosks, or brings them up to date; the ledger's rows name them by id."""
    for kiosk in here.scalars(select(KioskRow)):
        row = there.get(KioskRow, kiosk.id)
        if row is None:
            row = KioskRow(id=kiosk.id, name=_free_name(there, kiosk), created_at=kiosk.created_at)
            there.add(row)
        row.site, row.role, row.time_zone, row.seen_at = kiosk.site, kiosk.role, kiosk.time_zone, kiosk.seen_at
        there.flush()


def _free_name(there: Session, kiosk: KioskRow) -> str:
    """The kiosk's name; with its site, then its id, where another place has one of the same name."""
    names = (kiosk.name, f"{kiosk.name} ({kiosk.site})", f"{kiosk.name} {kiosk.id}")
    taken = set(there.scalars(select(KioskRow.name).where(KioskRow.name.in_(names))))
    return next(name for name in names if name not in taken)


def send_people(
    source: Engine, target: Engine, *, wins: bool = False, whose: Collection[UUID] | None = None
) -> tuple[People, int, frozenset[UUID]]:
    """Adds the people whom the other side lacks; `db.forwarding.changes.send_changes` looks after those who are there.

    Args:
        wins: a newcomer whose number somebody else has there gets it; else the newcomer comes without a number.
        whose: only these people here.

    Returns:
        Who is who, how many were added, and the ids of those who came without their number.
    """
    with reading(source) as here:
        query = select(*(getattr(PersonRow, name) for name in _PERSON)).order_by(PersonRow.id)
        rows = here.execute(query if whose is None else query.where(PersonRow.id.in_(whose))).all()
        pseudonyms = pseudonyms_of(here, whose)
    found: dict[UUID, UUID] = {}
    added, without = 0, set()
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        theirs = [each for row in some for each in pseudonyms.get(row.id, ())]
        with reading(target) as there:
            index = _Index.of(there, some, theirs)
        known_there = {row.id: index.who(row, pseudonyms.get(row.id, ())) for row in some}
        if None not in known_there.values() and index.pseudonyms.keys() >= set(theirs):
            found |= known_there
            continue
        numbered = set(index.numbers.values())
        strangers = _strangers(source, target, numbered)
        with writing(target) as there:
            ledger.lock(there)
            gone = erasure.erased_pseudonyms(there)
            index = _Index.of(there, some, theirs)
            for row in some:
                mine = pseudonyms.get(row.id, [])
                known = index.who(row, mine)
                if known is None and not gone.isdisjoint(mine):
                    continue
                holder = index.numbers.get(row.number or "")
                if known is None and holder is not None:
                    if holder not in numbered:
                        raise DatabaseBusy("Numbers changed while people were sent or brought down; try again.")
                    known = holder if holder in strangers else None
                if known is None:
                    there.add(PersonRow(**{name: getattr(row, name) for name in _PERSON} | {"number": None}))
                    there.flush()
                    if not give_number(there, row.id, row.number, wins=wins):
                        without.add(row.id)
                    added += 1
                    index.add(row)
                found[row.id] = known or row.id
                _add_pseudonyms(there, found[row.id], set(mine) - index.pseudonyms.keys() - gone)
    return People(found), added, frozenset(without)


def pseudonyms_of(session: Session, whose: Collection[UUID] | None = None) -> dict[UUID, list[UUID]]:
    """Of each of these people, or of everybody, the oldest first."""
    found: dict[UUID, list[UUID]] = {}
    query = select(SubjectRow.person_id, SubjectRow.id).order_by(SubjectRow.id)
    for person, pseudonym in session.execute(query if whose is None else query.where(SubjectRow.person_id.in_(whose))):
        found.setdefault(person, []).append(pseudonym)
    return found


def holders(session: Session, pseudonyms: Iterable[UUID]) -> dict[UUID, UUID]:
    """Who holds which of these pseudonyms."""
    found: dict[UUID, UUID] = {}
    for some in batches(sorted(pseudonyms)):
        query = select(SubjectRow.id, SubjectRow.person_id).where(SubjectRow.id.in_(some))
        found |= dict(session.execute(query).all())
    return found


def _strangers(source: Engine, target: Engine, people: Collection[UUID]) -> set[UUID]:
    """Who of these people there has no pseudonym that the sending side knows, or erased."""
    if not people:
        return set()
    with reading(target) as there:
        theirs = pseudonyms_of(there, people)
    with reading(source) as here:
        known = erasure.erased_pseudonyms(here) | holders(here, chain.from_iterable(theirs.values())).keys()
    return {person for person in people if known.isdisjoint(theirs.get(person, ()))}


def give_number(there: Session, person: UUID, number: str | None, *, wins: bool) -> bool:
    """Sets a number. Where somebody else has it: takes it from them if this side `wins`, else gives False."""
    same = select(PersonRow).where(PersonRow.number == number, PersonRow.id != person)
    holder = None if number is None else there.scalar(same)
    if holder is not None and not wins:
        return False
    if holder is not None:
        holder.number = None
        there.flush()
    there.get_one(PersonRow, person).number = number
    there.flush()
    return True


def _add_pseudonyms(there: Session, person: UUID, new: Iterable[UUID]) -> None:
    there.add_all(SubjectRow(id=one, person_id=person) for one in new)
    there.flush()


@dataclass(frozen=True, slots=True)
class _Index:
    """What the other side knows of some people."""

    ids: set[UUID]
    pseudonyms: dict[UUID, UUID]
    numbers: dict[str, UUID]

    @classmethod
    def of(cls, there: Session, rows: Sequence[Row[Any]], pseudonyms: Sequence[UUID]) -> "_Index":
        ids = set(there.scalars(select(PersonRow.id).where(PersonRow.id.in_([row.id for row in rows]))))
        wanted = [row.number for row in rows if row.number is not None]
        query_numbers = select(PersonRow.number, PersonRow.id).where(PersonRow.number.in_(wanted))
        numbers = {number: person for number, person in there.execute(query_numbers) if number is not None}
        return cls(ids, holders(there, pseudonyms), numbers)

    def who(self, row: Row[Any], pseudonyms: Sequence[UUID]) -> UUID | None:
        """The person's id there: their own, or that of the person with whom they were merged."""
        id: UUID = row.id
        if id in self.ids:
            return id
        return next((self.pseudonyms[one] for one in pseudonyms if one in self.pseudonyms), None)

    def add(self, row: Row[Any]) -> None:
        self.ids.add(row.id)
        if row.number is not None:
            self.numbers[row.number] = row.id
