"""Facts that wait for the database: in memory in their order, and in the journal those that must not be lost."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from monitor.domain import Phase, Sighting
from monitor.recording import batch
from monitor.recording.batch import Fact, Waiting
from monitor.recording.journal import Journal, PinGiven, Seen
from monitor.text import plural

MANY_WAITING: Final = 500
"""Waiting facts from which new ones are kept without pictures, and moods of people who stay in view are dropped."""

MOST_WAITING: Final = 50_000
"""Waiting facts from which sightings of unknown people are dropped too; those of known people never are."""

log = logging.getLogger(__name__)


class Backlog:
    """The queue between those who hand facts over, in any thread, and the one thread that writes them."""

    def __init__(self, journal: Journal | None, *, trouble: Callable[[str], None]) -> None:
        """
        Args:
            journal: None keeps facts in memory only. Closed with the backlog.
            trouble: gets one sentence when the journal cannot be written.
        """
        self.lost = 0
        """Facts that were dropped because too many waited, and lines of the journal that cannot be read."""
        self._journal, self._trouble = journal, trouble
        self._waiting: deque[Waiting] = deque()
        self._changed = threading.Condition()
        self._closing = False

    def __len__(self) -> int:
        return len(self._waiting)

    def read_journal(self) -> None:
        """Takes what an earlier run of this kiosk left in the journal."""
        if self._journal is None:
            return
        try:
            facts, unread = self._journal.read()
        except OSError as error:
            log.error("The journal %s cannot be read: %s.", self._journal.file, error.strerror)
            return
        if facts:
            log.warning("%s of an earlier run of this kiosk are written now.", plural(len(facts), "fact"))
        if unread:
            self.lost += unread
            log.error("%s in the journal cannot be read; a copy is kept beside it.", plural(unread, "line"))
        self._waiting.extend(Waiting(fact, in_journal=True, again=True) for fact in facts)

    def fit(self, sighting: Sighting) -> Sighting | None:
        """The part of a sighting that is kept, given how many facts wait; None when it is dropped."""
        waiting = len(self._waiting)
        if waiting < MANY_WAITING:
            return sighting
        if sighting.phase is Phase.CONTINUED:
            return None
        if waiting >= MOST_WAITING and sighting.match.person is None:
            self.lost += 1
            return None
        return replace(sighting, embedding=None, portrait=None, views=())

    def put(self, fact: Fact) -> None:
        """Adds a fact; those that must not be lost are in the journal when this returns."""
        with self._changed:
            if self._closing:
                raise RuntimeError("the recorder is closed")
            self._waiting.append(Waiting(fact, in_journal=self._journalled(fact)))
            self._changed.notify()

    def _journalled(self, fact: Fact) -> bool:
        """Adds a fact to the journal, where it is of a kind that must not be lost; False when that failed."""
        if self._journal is None or not isinstance(fact, Seen | PinGiven):
            return False
        try:
            if isinstance(fact, Seen):  # an entry must outlive a power cut; the pictures of why it was named need not
                fact = replace(fact, sighting=replace(fact.sighting, views=()))
            # A fact that is written at once outlives a power cut by its own transaction. So do those that wait for the
            # one before theirs; where that fails, `sync` follows.
            self._journal.append(fact, sync=bool(self._waiting))
        except OSError as error:
            self._trouble(f"{self._journal.file} cannot be written ({error.strerror}), so entries wait in memory only.")
            return False
        return True

    def sync(self) -> None:
        """Has all facts that wait longer outlive a power cut; a disk that refuses it is the database's too."""
        with self._changed, suppress(OSError):
            if self._journal is not None:
                self._journal.sync()

    def next(self, idle: Callable[[], object], every: float) -> list[Waiting]:
        """The oldest facts that may share a transaction, as soon as there is one; none once the backlog is closed.

        Args:
            idle: called each `every` seconds while no fact comes.
        """
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait(every)
                idle()
            return batch.first_of(self._waiting)

    def done(self, count: int) -> None:
        """So many of the oldest facts were written or refused."""
        with self._changed:
            for _ in range(count):
                if self._waiting.popleft().in_journal and self._journal is not None:
                    with suppress(OSError):  # it would be written once more, which changes nothing
                        self._journal.written()

    def close(self) -> bool:
        """Takes no more facts; `next` gives those that wait. Returns False where it was closed before."""
        with self._changed:
            closed, self._closing = self._closing, True
            self._changed.notify()
        return not closed

    def drop(self) -> None:
        """Forgets the facts that wait, once nobody calls `next` any more; the next run reads those in the journal."""
        self._waiting.clear()
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def waiting(self) -> list[Waiting]:
        """The facts that wait, oldest first."""
        return list(self._waiting)
