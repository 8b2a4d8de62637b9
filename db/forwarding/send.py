"""Sends what a kiosk wrote to the database that many doors share: each row exactly once, by its UUID.

Nothing is remembered about what was sent. The other side is asked what it has, so an interrupted run, a lost
acknowledgement or days offline need no repair: the next run sends what is missing. Faces are not sent from here:
pictures of unknown people are sealed with this installation's key and stay, as do PINs; `db.forwarding.follow` sends
templates.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Table, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.attendance import ledger
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import DatabaseBusy, InvalidRecord
from db.forwarding import chains, deleted_moods, doors, received
from db.forwarding.changes import send_changes, send_erasures, send_merges
from db.forwarding.people import People, send_kiosks, send_people
from db.observations import moods
from db.privacy import retention
from db.proof import contents, entries
from db.schema.attendance import EventRow
from db.schema.audit import AuditRow
from db.schema.base import Base
from db.schema.faces import WrongPairRow
from db.schema.moods import MoodRow
from db.schema.observations import SightingRow
from db.schema.people import ConsentRow

BATCH: Final = 500
"""Rows of one transaction."""
_CROWD: Final = timedelta(hours=1)
"""Moods without a person have their hour only; they are sent when it is over, so that nothing tells who was in view."""

Told: TypeAlias = Callable[["Forwarded"], None]


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

    @property
    def rows(self) -> int:
        sent = self.people + self.consents + self.events + self.sightings + self.changed + self.moods
        return sent + self.merged + self.updated + self.erased + self.moods_deleted

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
    batch: int = BATCH,
    cipher: TemplateCipher | None = None,
    known: People | None = None,
    tell: Told = lambda done: None,
) -> Forwarded:
    """Sends everything that the other side lacks.

    Args:
        since: leave out sightings and moods that began earlier; events, people and consents are never left out.
        batch: rows of one transaction; what was sent stays sent when a later one fails.
        cipher: of the faces there, for the doors of a site: who is one here is one there too, whatever is kept of them,
            and who was erased here is erased there, whoever else knows them.
        known: who is who, where nothing but events, sightings and moods was written on either side since it was found.
        tell: called after every transaction with what was sent so far.

    Raises:
        DatabaseUnavailable: the server cannot be reached.
        DatabaseBusy: somebody was erased or merged there meanwhile; the next run knows.
        InvalidRecord: the ledger here is not the one of which events were sent before, or it was changed.
    """
    done = Forwarded()

    def add(**sent: int) -> None:
        nonlocal done
        done = replace(done, **{name: getattr(done, name) + count for name, count in sent.items()})
        tell(done)

    chain = chains.of(source)
    with reading(source) as here, writing(target) as there:
        ledger.lock(there)  # two doors of one name may come at once
        gone = retention.gone_before(there)
        _require_same_ledger(here, there, chain)
        send_kiosks(here, there)
        doors.report(here, there, chain, now)
    by_hand: dict[str, Any] = {}
    people = known
    try:
        if people is None:
            people, by_hand = _send_people(source, target, now, batch, cipher, add)
        _send_events(source, target, chain, people, batch, add)
        _send_sightings(source, target, people, _sightings_since(since, gone), batch, add)
        _send_moods(source, target, people, max(since or gone["moods"], gone["moods"]), now, batch, add)
        if known is None:
            add(moods_deleted=deleted_moods.take_back(source, target, max(since or gone["moods"], gone["moods"])))
    except IntegrityError:
        raise DatabaseBusy("People changed while their rows were sent; try again.") from None
    with writing(target) as there:
        doors.reached(there, chain, now)
    return replace(done, **by_hand)


def _send_people(
    source: Engine, target: Engine, now: datetime, batch: int, cipher: TemplateCipher | None, add: "_Add"
) -> tuple[People, dict[str, Any]]:
    """Sends who was erased, merged, added and changed, and consents; gives who is who, and what is to do by hand."""
    erased, erased_here = send_erasures(source, target, now=now, wholly=cipher is not None)
    merged, merged_here = send_merges(source, target, now=now, cipher=cipher)
    updated, without = send_changes(source, target)  # first, so that a number is free for who has it now
    people, new, newcomers = send_people(source, target, batch)
    add(people=new, erased=erased, merged=merged, updated=updated)
    more, _ = send_changes(source, target)  # of who came just now
    if more:
        add(updated=more)
    add(consents=send_consents(source, target, people, batch))
    taken = tuple(sorted(without | newcomers))
    return people, {"erased_here": erased_here, "merged_here": merged_here, "numbers_taken": taken}


_Add: TypeAlias = Callable[..., None]


def _require_same_ledger(here: Session, there: Session, chain: UUID) -> None:
    seq, known = received.head(there, chain)
    mine = here.scalar(select(EventRow.hash).where(EventRow.seq == seq)) if seq else known
    if mine != known:
        raise InvalidRecord(
            f"The ledger here does not continue the one of which {seq} events were forwarded; it was changed, comes "
            "from an older backup, or is a copy of another kiosk's: 'muster db new-chain' gives a copy a chain of its "
            "own."
        )


def _send_events(source: Engine, target: Engine, chain: UUID, people: People, batch: int, add: _Add) -> None:
    while True:
        with reading(source) as here, writing(target) as there:
            ledger.lock(there)
            seq, _ = received.head(there, chain)
            query = select(EventRow).where(EventRow.seq > seq).order_by(EventRow.seq).limit(batch)
            rows = here.scalars(query).all()
            sent = received.take(there, chain, rows)
            _send_reasons(here, there, people, [row.id for row in rows])
        add(events=sent)
        if len(rows) < batch:
            return


def _send_reasons(here: Session, there: Session, people: People, events: Sequence[UUID]) -> None:
    """Why events were voided, corrected or added by hand; not what is said of somebody whom the other side erased."""
    rows = _plain(here, AuditRow, AuditRow.event_id.in_(events), limit=10 * len(events))
    known = {"person_id": people.known}
    theirs = [_mapped(row, known) | ({} if _may_go(row, people) else {"detail": {}}) for row in rows]
    _add_missing(there, AuditRow, theirs)


def send_consents(source: Engine, target: Engine, people: People, batch: int) -> int:
    """Adds the decisions that are not there; gives how many."""
    sent = 0
    for rows in _pages(source, ConsentRow, None, batch):
        theirs = [_mapped(row, {"person_id": people.known}) for row in rows if _counts(row, people)]
        with writing(target) as there:
            ledger.lock(there)
            sent += _add_missing(there, ConsentRow, theirs)
    return sent


def _counts(consent: Mapping[str, Any], people: People) -> bool:
    """Whether a decision holds there: as with a merge, of somebody who is another person there only a refusal does."""
    known = people.known(consent["person_id"])
    return known is not None and (known == consent["person_id"] or not consent["given"])


def _send_sightings(
    source: Engine, target: Engine, people: People, which: Sequence[ColumnElement[bool]], batch: int, add: _Add
) -> None:
    whose = {"person_id": people.known, "best_id": people.known, "runner_up_id": people.known}
    for rows in _pages(source, SightingRow, SightingRow.first_at, batch, *which):
        without_face = dict.fromkeys(("embedding", "second", "portrait"))
        wanted = [_mapped(row, whose) | without_face for row in rows if _may_go(row, people)]
        with writing(target) as there:
            ledger.lock(there)
            wrong = _wrong_names(there, [row["id"] for row in wanted])
            wanted = [row | {"person_id": None} if (row["id"], row["person_id"]) in wrong else row for row in wanted]
            changed = _update_sightings(there, wanted)
            sent = _add_missing(there, SightingRow, wanted)
        add(sightings=sent, changed=changed)


def _sightings_since(since: datetime | None, gone: Mapping[str, datetime]) -> list[ColumnElement[bool]]:
    """Those that began since then, without those that the other side has deleted because of their age."""
    kept = [
        or_(SightingRow.person_id.is_not(None), SightingRow.last_at >= gone["visitors"]),
        or_(SightingRow.person_id.is_(None), SightingRow.last_at >= gone["sightings"]),
    ]
    return kept if since is None else [*kept, SightingRow.first_at >= since]


def _update_sightings(there: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Sightings that went on, or whose name was taken off or given, since they were sent."""
    columns = (SightingRow.id, SightingRow.last_at, SightingRow.frames, SightingRow.person_id)
    query = select(*columns).where(SightingRow.id.in_([row["id"] for row in rows]))
    known = {row.id: tuple(row)[1:] for row in there.execute(query)}
    changed = [
        row for row in rows if known.get(row["id"], ()) not in ((), (row["last_at"], row["frames"], row["person_id"]))
    ]
    for row in changed:
        there.execute(update(SightingRow).where(SightingRow.id == row["id"]).values(**row))
        if row["person_id"] is None:
            moods.unname(there, row["id"])
    return len(changed)


def _wrong_names(there: Session, seen: Sequence[UUID]) -> set[tuple[UUID | None, UUID]]:
    """Names that somebody on the other side took off these sightings: they do not come back."""
    query = select(WrongPairRow.sighting_id, WrongPairRow.person_id).where(WrongPairRow.sighting_id.in_(seen))
    return {(sighting, person) for sighting, person in there.execute(query)}


def _send_moods(
    source: Engine, target: Engine, people: People, since: datetime, now: datetime, batch: int, add: _Add
) -> None:
    over = or_(MoodRow.token.is_(None), MoodRow.at <= now - _CROWD)
    for rows in _pages(source, MoodRow, MoodRow.at, batch, over, MoodRow.at >= since):
        wanted = [_mapped(row, {"person_id": people.known}) for row in rows if _may_go(row, people)]
        with writing(target) as there:
            ledger.lock(there)
            seen = [row["sighting_id"] for row in wanted if row["sighting_id"] is not None]
            kept = {None, *there.scalars(select(SightingRow.id).where(SightingRow.id.in_(seen)))}
            wrong = _wrong_names(there, seen)
            nobody = {"person_id": None, "group_name": None}
            theirs = [
                row | (nobody if (row["sighting_id"], row["person_id"]) in wrong else {})
                for row in wanted
                if row["sighting_id"] in kept
            ]
            sent = _add_missing(there, MoodRow, theirs)
        add(moods=sent)


def _may_go(row: Mapping[str, Any], people: People) -> bool:
    """Not what belongs to somebody whom the other side has erased."""
    return row["person_id"] is None or people.known(row["person_id"]) is not None


def _pages(
    source: Engine,
    table: type[Base],
    time: InstrumentedAttribute[datetime] | None,
    batch: int,
    *conditions: ColumnElement[bool],
) -> Iterator[list[dict[str, Any]]]:
    """All rows that fulfil the conditions, by time and id, without keeping a transaction open between pages.

    Args:
        time: the column with an index, so that only the rows since a time are read; None for a table without one.
    """
    key = table.__table__.c.id
    more: tuple[ColumnElement[bool], ...] = conditions
    while True:
        with reading(source) as here:
            rows = _plain(here, table, *more, by=[key] if time is None else [time, key], limit=batch)
        if rows:
            yield rows
            last = rows[-1]
            behind = key > last["id"]
            if time is None:
                more = (*conditions, behind)
            else:
                more = (*conditions, time >= last[time.key], or_(time > last[time.key], behind))
        if len(rows) < batch:
            return


def _plain(
    session: Session, table: type[Base], *conditions: Any, by: Sequence[Any] = (), limit: int
) -> list[dict[str, Any]]:
    columns = table.__table__.columns
    query = select(*columns).where(*conditions).order_by(*(by or [columns.id])).limit(limit)
    return [dict(row) for row in session.execute(query).mappings()]


def _mapped(row: Mapping[str, Any], columns: Mapping[str, Callable[[UUID | None], UUID | None]]) -> dict[str, Any]:
    """The row with people as the other side calls them."""
    return dict(row) | {name: known(row[name]) for name, known in columns.items()}


def _add_missing(there: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Adds the rows whose ids are not there; the caller holds the lock."""
    if not rows:
        return 0
    key = table.__table__.c.id
    known = set(there.scalars(select(key).where(key.in_([row["id"] for row in rows]))))
    missing = [dict(row) for row in rows if row["id"] not in known]
    if missing:
        there.execute(insert(cast(Table, table.__table__)), missing)
        if table in contents.KIND_OF:
            entries.touch(there, contents.KIND_OF[table], [row["id"] for row in missing])
    return len(missing)
