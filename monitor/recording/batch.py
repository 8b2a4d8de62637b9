"""Facts that wait for the database: which of them share a transaction, and how each is written in it."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, takewhile
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from db.attendance import corrections, kiosks
from db.errors import DatabaseDamaged, DatabaseError, InvalidRecord, WrongKey
from monitor.config import Settings
from monitor.domain import KioskEvent
from monitor.recording import candidate_store, transactions
from monitor.recording.arrivals import ReadTogether
from monitor.recording.candidates import TemplateCandidate
from monitor.recording.journal import PinGiven, Seen

MOST_TOGETHER: Final = 100
"""Facts in one transaction. It keeps other programs from writing for about so many times 1 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class NotMe:
    """Somebody says that an attendance event is not theirs."""

    attendance: UUID
    actor: str
    id: UUID
    done: Future[None]


@dataclass(frozen=True, slots=True)
class Start:
    """The kiosk is to be registered in the database, which could not be written when it started."""


Fact: TypeAlias = Seen | PinGiven | NotMe | Start | TemplateCandidate


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A fact that is not in the database yet."""

    fact: Fact
    in_journal: bool = False
    again: bool = False
    """Whether it is of an earlier run, which may have written it already."""


def is_hopeless(fact: Fact, error: DatabaseError) -> bool:
    """Whether another try cannot help; only attendance waits until a damaged database or a wrong key is put right."""
    faces = isinstance(fact, TemplateCandidate | NotMe) and isinstance(error, DatabaseDamaged | WrongKey)
    return faces or isinstance(error, InvalidRecord)


def first_of(waiting: Iterable[Waiting]) -> list[Waiting]:
    """The oldest facts that may share a transaction: sightings and PINs. Of other facts, one."""
    oldest = list(islice(waiting, MOST_TOGETHER))
    return list(takewhile(lambda one: isinstance(one.fact, Seen | PinGiven), oldest)) or oldest[:1]


def write(
    session: Session, context: transactions.WriteContext, batch: Sequence[Waiting], now: datetime
) -> list[KioskEvent]:
    """Writes facts that may share a transaction; writing them again changes nothing.

    Returns:
        The events to publish once the transaction is committed.
    """
    kiosks.seen(session, context.kiosk, now)
    if len(batch) > 1:
        context = replace(context, arrivals=_read(session, context.settings, batch))
    return [event for one in batch for event in _write(session, context, one, now)]


def _read(session: Session, settings: Settings, batch: Sequence[Waiting]) -> ReadTogether:
    people, times, seen, events = set[UUID](), list[datetime](), set[UUID](), set[UUID]()
    for fact in (one.fact for one in batch):
        if isinstance(fact, Seen):
            people.update(transactions.named(fact.sighting))
            seen.add(fact.sighting.id)
            at = fact.sighting.first_at
        elif isinstance(fact, PinGiven):
            people.add(fact.person)
            at = fact.at
        else:
            continue
        events.add(fact.event)
        times += [at, at - fact.clock_off]
    return ReadTogether.of(session, settings, people, min(times), max(times), seen=seen, events=events)


def _write(session: Session, context: transactions.WriteContext, waiting: Waiting, now: datetime) -> list[KioskEvent]:
    match waiting.fact:
        case Seen(sighting, event, clock_off):
            return transactions.write(session, context, sighting, event, now, again=waiting.again, clock_off=clock_off)
        case PinGiven(person, at, event, clock_off):
            return transactions.write_pin(session, context, person, event, at, clock_off=clock_off)
        case TemplateCandidate() as candidate:
            candidate_store.take(session, context.cipher, candidate)
        case NotMe(attendance, actor, id):
            corrections.not_me(session, context.cipher, attendance, id=id, at=now, kiosk=context.kiosk, actor=actor)
    return []
