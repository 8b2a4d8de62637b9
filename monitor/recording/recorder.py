"""Writes sightings, PINs, attendance and moods in one thread; whoever hands a fact over never waits.

A fact leaves the queue only when its transaction is committed; then its events are published. While the database is
locked, away or the disk is full, facts wait in the queue and in the journal, and writing is tried again. What an
earlier run of the kiosk left in the journal is written first.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from time import monotonic
from typing import Final
from uuid import UUID

from sqlalchemy import Engine

from db import audit, migrate
from db.attendance import kiosks
from db.crypto import TemplateCipher, bind_key
from db.engine import database_file, writing
from db.errors import DatabaseBusy, DatabaseError, DatabaseFull, DatabaseUnavailable, InvalidRecord
from db.ids import new_id
from monitor.config import Settings
from monitor.domain import KioskEvent, Sighting
from monitor.recording import batch, this_kiosk, transactions
from monitor.recording.backlog import MANY_WAITING, Backlog
from monitor.recording.batch import Fact, NotMe, Start, Waiting
from monitor.recording.candidates import TemplateCandidate
from monitor.recording.clock_watch import WatchedClock
from monitor.recording.journal import Journal, PinGiven, Seen
from monitor.text import plural

LOOK_AT_CLOCK_EVERY: Final = 5.0
"""Seconds between two looks at the clock while no fact comes."""

FIRST_PAUSE: Final = 0.1
"""Seconds before the second try to write a fact; each later pause is twice as long."""
LONGEST_PAUSE: Final = 5.0
"""Most seconds between two tries to write a fact."""

HANGS: Final = 5.0
"""Seconds without an answer of the database from which that is said: as of one behind a cable that was cut."""
ANSWERS_WITHIN: Final = 10.0
"""Seconds that closing waits for the answer to a statement, after facts were given up."""

log = logging.getLogger(__name__)


class Recorder:
    """Writes facts in the order they come, in a thread of its own; those that wait share transactions (`batch`)."""

    def __init__(
        self,
        engine: Engine,
        cipher: TemplateCipher,
        settings: Settings,
        *,
        publish: Callable[[KioskEvent], None],
        clock: Callable[[], datetime] | None = None,
        elapsed: Callable[[], float] | None = None,
        journal: Journal | None = None,
        registered: Callable[[], object] = lambda: None,
    ) -> None:
        """Registers the kiosk and starts the thread; a database that cannot be written now is waited for.

        Args:
            publish: gets events after they are committed, from the recorder's thread.
            clock: gives the time now, in UTC; None for the machine's clock.
            elapsed: seconds that never jump, by which the clock is watched; None for the machine's, and not at all
                where a clock is given.
            journal: keeps facts that wait for the database; None keeps them in memory only. Closed with the recorder.
            registered: called each time the kiosk was registered, in whichever thread does that; when it raises
                a DatabaseError, both are tried again.

        Raises:
            DatabaseError: the database is not one that this kiosk can use, or its templates belong to another key.
        """
        self._health: str | None = None
        self._writing_since: float | None = None
        """Since when an answer of the database is awaited, in elapsed seconds; None between two tries."""
        self._engine, self._cipher, self._settings = engine, cipher, settings
        self._publish = publish
        self._clock = WatchedClock(clock, elapsed)
        self._backlog = Backlog(journal, trouble=self._note)
        self._refused = 0
        self._registered = registered
        self._context: transactions.WriteContext | None = None
        self._file: tuple[int, int] | None = None
        self.kiosk: UUID | None = None
        """This kiosk's id in the database; None until it could be registered there."""
        try:
            self._register()
        except (DatabaseBusy, DatabaseFull, DatabaseUnavailable) as error:
            self._backlog.put(Start())
            self._note(str(error))
        self._backlog.read_journal()
        self._give_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def health(self) -> str | None:
        """One sentence on why facts cannot be written now; None when all is well."""
        since = self._writing_since
        waited = monotonic() - since if since is not None else 0.0
        return self._health or (f"The database has not answered for {waited:.0f} seconds." if waited > HANGS else None)

    @property
    def lost(self) -> int:
        """Facts that were dropped: too many waited for the database, or the database refused them."""
        return self._backlog.lost + self._refused

    @property
    def clock_trouble(self) -> str | None:
        """One sentence while the machine's clock is not where it was going; None when all is well."""
        return self._clock.sentence()

    def record(self, sighting: Sighting) -> None:
        """Takes a phase of a sighting; returns once it is in the journal, in a few milliseconds."""
        kept = self._backlog.fit(sighting)
        if kept is not None:
            self._backlog.put(Seen(kept, new_id(), self._clock.look()))

    def record_pin(self, person_id: UUID) -> None:
        """Takes the fact that somebody gave number and PIN instead of their face; returns as `record` does."""
        self._backlog.put(PinGiven(person_id, self._clock.now(), new_id(), self._clock.look()))

    def offer(self, candidate: TemplateCandidate) -> None:
        """Takes a candidate for a template; returns at once, and drops the candidate when many facts wait."""
        if len(self._backlog) < MANY_WAITING:
            self._backlog.put(candidate)

    def void(self, attendance: UUID, actor: str) -> Future[None]:
        """Takes a "not me" for an attendance event; returns at once.

        Returns:
            A future that is done once the void is committed; it raises DatabaseError when there is no such event.
        """
        fact = NotMe(attendance, actor, new_id(), Future())
        self._backlog.put(fact)
        return fact.done

    def close(self, timeout: float = 5.0) -> None:
        """Writes what is waiting and ends the thread. Calling it again does nothing.

        Args:
            timeout: seconds after which facts that still cannot be written are given up. A database that does not
                answer at all is given up `ANSWERS_WITHIN` later; the thread then ends with the program.

        Raises:
            DatabaseError: facts had to be given up.
        """
        if not self._backlog.close():
            return
        self._thread.join(timeout)
        self._give_up.set()
        self._thread.join(ANSWERS_WITHIN)
        facts = [one for one in self._backlog.waiting() if not isinstance(one.fact, Start)]
        if not self._thread.is_alive():
            self._backlog.drop()
        if facts:
            kept = all(one.in_journal for one in facts)
            raise DatabaseError(
                f"{plural(len(facts), 'entry', 'entries')} could not be written: "
                f"{self.health or 'the database is away.'}"
                + (" They are kept, and written when this kiosk starts again." if kept else "")
            )

    def _register(self) -> transactions.WriteContext:
        """Registers the kiosk, also again in a file that took the place of the one before, as a backup does."""
        settings, now = self._settings, self._clock.now()
        migrate.require_current(self._engine)
        file = database_file(self._engine)
        with writing(self._engine) as session:
            bind_key(session, self._cipher, now)
            kiosk = this_kiosk.register(session, settings, now)
            kiosks.seen(session, kiosk, now)
        self._registered()
        if self._file not in (None, file):
            log.warning("The database was replaced by another file while this kiosk runs; it goes on with the new one.")
        self.kiosk, self._file = kiosk, file
        self._context = transactions.WriteContext(kiosk, settings, self._cipher)
        return self._context

    def _run(self) -> None:
        while facts := self._backlog.next(self._clock.look, LOOK_AT_CLOCK_EVERY):
            done = self._write_until_done(facts)
            if not done:
                return
            self._backlog.done(done)

    def _write_until_done(self, facts: Sequence[Waiting]) -> int:
        """Tries until facts are written or refused.

        Returns:
            How many of them, from the first on, for a fact that is refused must not hold up the others; 0 when the
            recorder was told to give up.
        """
        pause = FIRST_PAUSE
        while True:
            self._writing_since = monotonic()
            try:
                events = self._write(facts)
            except DatabaseError as error:
                refused = error
            except Exception as error:
                log.debug("refused", exc_info=error)
                refused = InvalidRecord(f"An entry could not be written ({type(error).__name__}).")
            else:
                self._note(None)
                self._announce(facts, events)
                return len(facts)
            finally:
                self._writing_since = None
            if any(batch.is_hopeless(one.fact, refused) for one in facts):
                if len(facts) == 1:
                    self._refuse(facts[0].fact, refused)
                    return 1
                facts = facts[: len(facts) // 2]
                continue
            self._note(str(refused))
            self._backlog.sync()
            if self._give_up.wait(pause):
                return 0
            pause = min(pause * 2, LONGEST_PAUSE)

    def _write(self, facts: Sequence[Waiting]) -> list[KioskEvent]:
        self._clock.look()
        now, context = self._clock.now(), self._context
        if context is None or database_file(self._engine) != self._file:
            context = self._register()
        jumps = tuple(self._clock.jumps)
        with writing(self._engine) as session:
            for jump in jumps:
                detail = {"seconds": round(jump.total_seconds())}
                audit.note(session, "clock jumped", at=now, actor=context.settings.kiosk, detail=detail)
            events = batch.write(session, context, facts, now)
        del self._clock.jumps[: len(jumps)]
        return events

    def _announce(self, facts: Sequence[Waiting], events: Sequence[KioskEvent]) -> None:
        for one in facts:
            if isinstance(one.fact, NotMe):
                one.fact.done.set_result(None)
        for event in events:
            try:
                self._publish(event)
            except Exception:  # a listener's mistake must not stop the writing
                log.exception("a listener failed on a %s event", event.kind)

    def _refuse(self, fact: Fact, error: DatabaseError) -> None:
        self._refused += 1
        log.error("a fact was not written: %s", error)
        if isinstance(fact, NotMe):
            fact.done.set_exception(error)
        else:
            self._note(str(error))

    def _note(self, health: str | None) -> None:
        if health != self._health:
            self._health = health
            if health:
                waiting = len(self._backlog)
                log.warning("%s%s", health, f" Waiting to be written: {plural(waiting, 'fact')}." if waiting else "")
