"""Sends what a kiosk wrote to the database that many doors share: each row exactly once, by its UUID.

Nothing is remembered about what was sent. The other side is asked what it has, so an interrupted run, a lost
acknowledgement or days offline need no repair: the next run sends what is missing. Faces are not sent from here:
pictures of unknown people are sealed with this installation's key and stay, as do PINs; `db.forwarding.follow` sends
templates.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import DatabaseBusy, InvalidRecord
from db.forwarding import doors, received
from db.forwarding.changes import send_erasures, send_merges, send_people_and_changes
from db.forwarding.observations import Sent, Unsent, send_moods, send_sightings, take_back_moods
from db.forwarding.people import BATCH, People, send_kiosks
from db.forwarding.rows import add_missing, mapped, may_go, missing, pages, plain
from db.forwarding.written import EVERYTHING, Written
from db.privacy import retention
from db.proof import chains
from db.schema.attendance import EventRow
from db.schema.audit import AuditRow
from db.schema.people import ConsentRow

_NEWS: Final = ("events", "sightings", "changed", "moods", "moods_deleted")
"""Of `Forwarded`, what `send_news` sends."""


class Taken(NamedTuple):
    """Attendance events of one transaction."""

    rows: int
    new: int
    """Those that had not come another way."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What was sent: rows that were missing there."""

    people: int = 0
    consents: int = 0
    events: int = 0
    sightings: int = 0
    changed: int = 0
    """Sightings that were there, and lasted longer or got another name since."""
    moods: int = 0
    moods_deleted: int = 0
    """Moods that were deleted there because they were deleted here: their person was named later, and refuses them."""
    merged: int = 0
    updated: int = 0
    """People whose name, number, group, notes or state was changed here."""
    erased: int = 0
    """People who were erased there because they were erased here."""
    erased_here: tuple[UUID, ...] = ()
    """Ids there of people who were erased here, but whom another database sent too."""
    merged_here: tuple[tuple[UUID, UUID], ...] = ()
    """Ids there of people who are one here, but whose faces are kept there."""
    numbers_taken: tuple[UUID, ...] = ()
    """People who have no number there since now, because somebody else has it there."""
    known: People | None = field(default=None, compare=False, repr=False)
    """Who is who there."""

    @property
    def rows(self) -> int:
        sent = self.people + self.consents + self.events + self.sightings + self.changed + self.moods
        return sent + self.merged + self.updated + self.erased + self.moods_deleted

    def plus(self, rows: Mapping[str, int]) -> "Forwarded":
        """With so many more rows, by the names of the fields."""
        return replace(self, **{name: getattr(self, name) + count for name, count in rows.items()})

    @property
    def news(self) -> dict[str, int]:
        """The rows of `send_news`."""
        return {name: getattr(self, name) for name in _NEWS}

    @property
    def by_hand(self) -> tuple[tuple[UUID, ...], ...]:
        """What somebody has to do there."""
        return tuple(one for one in (self.erased_here, *self.merged_here) if one)


def forward(
    source: Engine,
    target: Engine,
    *,
    now: datetime,
    since: datetime | None = None,
    cipher: TemplateCipher | None = None,
    known: People | None = None,
    sent: Sent | None = None,
) -> Forwarded:
    """Sends everything that the other side lacks; what was sent stays sent when a later transaction fails.

    Args:
        since: leave out sightings and moods that began earlier; events, people and consents are never left out.
        cipher: of the faces there, for the doors of a site: who is one here is one there too, whatever is kept of them,
            and who was erased here is erased there, whoever else knows them.
        known: who is who, where nothing but events, sightings and moods was written on either side since it was found.
        sent: what was sent of the last minutes; where `since` is of its beginning, only what is new is sent.

    Raises:
        DatabaseUnavailable: the server cannot be reached.
        DatabaseBusy: somebody was erased or merged there meanwhile; the next run knows.
        InvalidRecord: the ledger here is not the one of which events were sent before, or it was changed.
    """
    chain = chains.of(source)
    with reading(source) as here, writing(target) as there:
        ledger.lock(there)  # two doors of one name may come at once
        gone = retention.gone_before(there)
        _require_same_ledger(here, there, chain)
        send_kiosks(here, there)
        waiting = doors.report(here, there, chain, now)
    try:
        done = Forwarded(known=known)
        if known is None:
            done = send_who(source, target, EVERYTHING, now=now, cipher=cipher)
        people = done.known or People({})
        if sent is not None and since == sent.since:
            done = done.plus(send_news(source, target, people, sent, events=True).news)
        else:
            done = done.plus({"events": _send_events(source, target, chain, people)})
            done = done.plus(send_sightings(source, target, people, since, gone))
            moods_since = max(since or gone["moods"], gone["moods"])
            done = done.plus({"moods": send_moods(source, target, people, moods_since, now, sent)})
            if known is None:
                done = done.plus({"moods_deleted": take_back_moods(source, target, moods_since)})
    except IntegrityError:
        raise DatabaseBusy("People changed while their rows were sent; try again.") from None
    if waiting:
        with writing(target) as there:
            doors.reached(there, chain, now)
    return done


def send_news(source: Engine, target: Engine, people: People, sent: Sent, *, events: bool) -> Forwarded:
    """Sends what was written here since the last round, in one transaction; without one where that is nothing.

    Args:
        people: who is who there.
        events: whether there are new attendance events.

    Raises:
        IntegrityError: people changed there meanwhile.
        DatabaseError: as `forward`.
    """
    done, chain = Forwarded(known=people), None
    while True:
        with reading(source) as here:
            new = Unsent.of(here, people, sent)
            chain = chain or (chains.known(here) if events else None)
        if not (new or events):
            return done
        chain = chain or chains.of(source)
        with reading(source) as here, writing(target) as there:
            ledger.lock(there)
            count = _send_some_events(here, there, chain, people) if events else Taken(0, 0)
            told = new.put(there)
        new.note(sent)
        done = done.plus(told | {"events": count.new})
        events = count.rows == BATCH
        if not events and not new.is_full:
            return done


def send_who(
    source: Engine, target: Engine, new: Written, *, now: datetime, cipher: TemplateCipher | None
) -> Forwarded:
    """Sends who was erased, merged, added and changed, and consents.

    Args:
        new: of whom anything was written here.
    """
    whose = new.people
    erased, erased_here = send_erasures(source, target, now=now, wholly=cipher is not None, gone=new.erased)
    merged, merged_here = send_merges(source, target, now=now, cipher=cipher, whose=whose) if new.merged else (0, ())
    people, added, updated, without = send_people_and_changes(source, target, whose=whose)
    return Forwarded(
        people=added, consents=send_consents(source, target, people, whose), merged=merged, updated=updated,
        erased=erased, erased_here=erased_here, merged_here=merged_here, numbers_taken=tuple(sorted(without)),
        known=people,
    )  # fmt: skip


def _require_same_ledger(here: Session, there: Session, chain: UUID) -> None:
    seq, known = received.head(there, chain)
    mine = here.scalar(select(EventRow.hash).where(EventRow.seq == seq)) if seq else known
    if mine != known:
        raise InvalidRecord(
            f"The ledger here does not continue the one of which {seq} events were forwarded; it was changed, comes "
            "from an older backup, or is a copy of another kiosk's: 'muster db new-chain' gives a copy a chain of its "
            "own."
        )


def _send_events(source: Engine, target: Engine, chain: UUID, people: People) -> int:
    """How many were new there."""
    new = 0
    while True:
        with reading(source) as here, writing(target) as there:
            ledger.lock(there)
            count = _send_some_events(here, there, chain, people)
        new += count.new
        if count.rows < BATCH:
            return new


def _send_some_events(here: Session, there: Session, chain: UUID, people: People) -> Taken:
    last = received.head(there, chain)
    rows = here.scalars(select(EventRow).where(EventRow.seq > last[0]).order_by(EventRow.seq).limit(BATCH)).all()
    new = received.take(there, chain, rows, last)
    if rows:
        _send_reasons(here, there, people, [row.id for row in rows])
    return Taken(len(rows), new)


def _send_reasons(here: Session, there: Session, people: People, events: Sequence[UUID]) -> None:
    """Why events were voided, corrected or added by hand; not what is said of somebody whom the other side erased."""
    rows = plain(here, AuditRow, AuditRow.event_id.in_(events), limit=10 * len(events))
    known = {"person_id": people.known}
    theirs = [mapped(row, known) | ({} if may_go(row, people) else {"detail": {}}) for row in rows]
    add_missing(there, AuditRow, theirs)


def send_consents(source: Engine, target: Engine, people: People, whose: Collection[UUID] | None = None) -> int:
    """Adds the decisions that are not there, of these people or of everybody; gives how many."""
    sent = 0
    theirs_only = () if whose is None else (ConsentRow.person_id.in_(whose),)
    for rows in pages(source, ConsentRow, None, *theirs_only):
        theirs = [mapped(row, {"person_id": people.known}) for row in rows if _counts(row, people)]
        with reading(target) as there:
            new = missing(there, ConsentRow, theirs)
        if new:
            with writing(target) as there:
                ledger.lock(there)
                sent += add_missing(there, ConsentRow, new)
    return sent


def _counts(consent: Mapping[str, Any], people: People) -> bool:
    """Whether a decision holds there: as with a merge, of somebody who is another person there only a refusal does."""
    known = people.known(consent["person_id"])
    return known is not None and (known == consent["person_id"] or consent["given"] is False)
