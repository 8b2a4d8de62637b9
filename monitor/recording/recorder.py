"""Writes sightings, PINs, attendance and moods in one thread; whoever hands a fact over never waits.

A fact leaves the queue only when its transaction is committed; then its events are published. While the database is
locked or the disk is full, facts wait in the queue and writing is tried again.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import Engine

from db.attendance import corrections, kiosks
from db.crypto import TemplateCipher, bind_key
from db.engine import writing
from db.errors import DatabaseDamaged, DatabaseError, InvalidRecord, WrongKey
from db.ids import new_id
from monitor.config import Settings
from monitor.domain import KioskEvent, Phase, Sighting
from monitor.recording import candidate_store, transactions
from monitor.recording.candidates import TemplateCandidate
from monitor.text import plural

MANY_WAITING: Final = 500
"""Waiting facts from which new ones are kept without pictures, and moods of people who stay in view are dropped."""

MOST_WAITING: Final = 50_000
"""Waiting facts from which sightings of unknown people are dropped too; those of known people never are."""

FIRST_PAUSE: Final = 0.1
"""Seconds before the second try to write a fact; each later pause is twice as long."""
LONGEST_PAUSE: Final = 5.0
"""Most seconds between two tries to write a fact."""

log = logging.getLogger(__name__)

Publish: TypeAlias = Callable[[KioskEvent], None]
Clock: TypeAlias = Callable[[], datetime]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A phase of a sighting, with the id for an attendance event, so that a second try writes the same row."""

    sighting: Sighting
    event: UUID


@dataclass(frozen=True, slots=True, eq=False)
class _NotMe:
    attendance: UUID
    actor: str
    id: UUID
    done: Future[None]


@dataclass(frozen=True, slots=True)
class _Pin:
    person: UUID
    at: datetime
    event: UUID


_Fact: TypeAlias = _Seen | _Pin | _NotMe | TemplateCandidate


def _is_hopeless(fact: _Fact, error: DatabaseError) -> bool:
    """Whether another try cannot help; only attendance waits until a damaged database or a wrong key is put right."""
    faces = isinstance(fact, TemplateCandidate | _NotMe) and isinstance(error, DatabaseDamaged | WrongKey)
    return faces or isinstance(error, InvalidRecord)


class Recorder:
    """Writes facts in the order they come, one transaction each, in a thread of its own."""

    def __init__(
        self,
        engine: Engine,
        cipher: TemplateCipher,
        settings: Settings,
        *,
        publish: Publish,
        clock: Clock | None = None,
    ) -> None:
        """Registers the kiosk and starts the thread.

        Args:
            publish: gets events after they are committed, from the recorder's thread.
            clock: gives the time now, in UTC; None for the machine's clock.

        Raises:
            DatabaseError: the database cannot be written, or its templates belong to another key.
        """
        self.health: str | None = None
        """One sentence on why facts cannot be written now; None when all is well."""
        self.lost = 0
        """Facts that were dropped: too many waited for the database, or the database refused them."""
        self._engine = engine
        self._publish = publish
        self._clock = clock = clock or partial(datetime.now, UTC)
        with writing(engine) as session:
            bind_key(session, cipher, clock())
            kiosk = kiosks.register(
                session,
                settings.kiosk,
                site=settings.site,
                role=settings.role,
                time_zone=settings.time_zone,
                at=clock(),
            )
        self.kiosk = kiosk.id
        """This kiosk's id in the database."""
        self._context = transactions.WriteContext(kiosk.id, settings, cipher, transactions.CrowdTokens())
        self._waiting: deque[_Fact] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._give_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def record(self, sighting: Sighting) -> None:
        """Takes a phase of a sighting; returns at once."""
        kept = self._fit(sighting)
        if kept is not None:
            self._put(_Seen(kept, new_id()))

    def record_pin(self, person_id: UUID) -> None:
        """Takes the fact that somebody gave number and PIN instead of their face; returns at once."""
        self._put(_Pin(person_id, self._clock(), new_id()))

    def offer(self, candidate: TemplateCandidate) -> None:
        """Takes a candidate for a template; returns at once, and drops the candidate when many facts wait."""
        if len(self._waiting) < MANY_WAITING:
            self._put(candidate)

    def void(self, attendance: UUID, actor: str) -> Future[None]:
        """Takes a "not me" for an attendance event; returns at once.

        Returns:
            A future that is done once the void is committed; it raises DatabaseError when there is no such event.
        """
        fact = _NotMe(attendance, actor, new_id(), Future())
        self._put(fact)
        return fact.done

    def close(self, timeout: float = 30.0) -> None:
        """Writes what is waiting and ends the thread. Calling it again does nothing.

        Args:
            timeout: seconds after which facts that still cannot be written are given up.

        Raises:
            DatabaseError: facts had to be given up.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)
        self._give_up.set()
        self._thread.join()
        left = len(self._waiting)
        if left:
            self._waiting.clear()
            raise DatabaseError(
                f"{plural(left, 'entry', 'entries')} could not be written: {self.health or 'the database is away.'}"
            )

    def _put(self, fact: _Fact) -> None:
        with self._changed:
            if self._closing:
                raise RuntimeError("the recorder is closed")
            self._waiting.append(fact)
            self._changed.notify()

    def _fit(self, sighting: Sighting) -> Sighting | None:
        """The part of a sighting that is kept, given how many facts wait; None when it is dropped."""
        waiting = len(self._waiting)
        if waiting < MANY_WAITING:
            return sighting
        if sighting.phase is Phase.CONTINUED:
            return None
        if waiting >= MOST_WAITING and sighting.match.person is None:
            self.lost += 1
            return None
        return replace(sighting, embedding=None, portrait=None)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                fact = self._waiting[0]
            if not self._write_until_done(fact):
                return
            with self._changed:
                self._waiting.popleft()

    def _write_until_done(self, fact: _Fact) -> bool:
        """Tries until the fact is written or refused; False when the recorder was told to give up."""
        pause = FIRST_PAUSE
        while True:
            try:
                events = self._write(fact)
            except DatabaseError as error:
                if _is_hopeless(fact, error):
                    self._refuse(fact, error)
                    return True
                self._note(str(error))
            except Exception as error:
                # Another try would not help this fact, and the next facts must be written.
                log.debug("refused", exc_info=error)
                self._refuse(fact, DatabaseError(f"An entry could not be written ({type(error).__name__})."))
                return True
            else:
                self._note(None)
                self._announce(fact, events)
                return True
            if self._give_up.wait(pause):
                return False
            pause = min(pause * 2, LONGEST_PAUSE)

    def _write(self, fact: _Fact) -> list[KioskEvent]:
        now = self._clock()
        with writing(self._engine) as session:
            if isinstance(fact, _Seen):
                return transactions.write(session, self._context, fact.sighting, fact.event, now)
            if isinstance(fact, TemplateCandidate):
                candidate_store.take(session, self._context.cipher, fact)
                return []
            if isinstance(fact, _Pin):
                return transactions.write_pin(session, self._context, fact.person, fact.event, fact.at)
            context = self._context
            corrections.not_me(
                session, context.cipher, fact.attendance, id=fact.id, at=now, kiosk=context.kiosk, actor=fact.actor
            )
        return []

    def _announce(self, fact: _Fact, events: list[KioskEvent]) -> None:
        if isinstance(fact, _NotMe):
            fact.done.set_result(None)
        for event in events:
            try:
                self._publish(event)
            except Exception:  # a listener's mistake must not stop the writing
                log.exception("a listener failed on a %s event", event.kind)

    def _refuse(self, fact: _Fact, error: DatabaseError) -> None:
        self.lost += 1
        log.error("a fact was not written: %s", error)
        if isinstance(fact, _NotMe):
            fact.done.set_exception(error)
        else:
            self._note(str(error))

    def _note(self, health: str | None) -> None:
        if health != self.health:
            self.health = health
            if health:
                log.warning("%s Waiting to be written: %s.", health, plural(len(self._waiting), "fact"))
