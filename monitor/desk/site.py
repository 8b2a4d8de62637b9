"""A door and its site: sends up what it wrote and brings down what the others did, again and again."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from db import changes
from db.crypto import TemplateCipher
from db.engine import apart, database_file, writing
from db.errors import DatabaseError
from db.forwarding import doors, follow, site_key
from db.forwarding.follow import Followed
from db.forwarding.observations import Sent
from db.forwarding.send import Forwarded
from db.people import people
from db.proof import chains
from monitor.desk.store import Store
from monitor.errors import MusterError
from monitor.recording.forwarding import forward_for_ever

_WIDE_EVERY: Final = timedelta(minutes=10)
"""Time between two rounds that look at the sightings and moods of days; the others look at those of `_QUICK`."""
_QUICK: Final = timedelta(minutes=20)
_HEARTBEAT: Final = timedelta(minutes=1)
"""Time after which a door where nothing happens says that it is in touch."""
_LOOK_EVERY: Final = 0.05
"""Seconds between two looks at the database here, which cost a tenth of a millisecond each."""
_LONGEST: Final = 30.0
"""Most seconds between two rounds."""
_LONGEST_AWAY: Final = 5.0
"""Most seconds between two tries while the centre is away; one that is refused costs a millisecond."""
_AFTER_FAULT: Final = 300.0
"""Seconds until the next try after a fault that waiting alone does not mend."""
EVERY: Final = 0.25
"""Seconds between two looks at a centre that does not tell of news by itself."""

log = logging.getLogger(__name__)


def follow_once(store: Store, centre: Engine, site: TemplateCipher, now: datetime) -> Followed:
    """One whole round. Raises: DatabaseError."""
    return Site(store, site).round(centre, now, None)


def follow_for_ever(
    store: Store,
    url: str,
    key: TemplateCipher,
    *,
    clock: Callable[[], datetime],
    pause: Callable[[float], bool],
    tell: Callable[[Followed], None] = lambda done: None,
    trouble: Callable[[str], None],
    every: float = EVERY,
) -> None:
    """Follow the site, round after round, at once when something is written on either side.

    Args:
        url: of the site's database.
        clock: gives the time now, in UTC.
        pause: waits so many seconds, or shorter where there is news; False ends it all.
        tell: called after each round that sent or brought something.
        trouble: called with one sentence when the centre is away, and again only when the sentence changes.
        every: seconds between two looks at a centre that does not tell of news by itself.

    Raises:
        UsageError: the centre is the kiosk's own database.
        DatabaseError: a fault that waiting does not mend.
    """
    site = Site(store, key, tell)

    def fault(sentence: str) -> None:
        _note_trouble(store.engine, clock(), sentence)
        trouble(sentence)

    try:
        forward_for_ever(
            store.engine, url, every=every, clock=clock, wait=lambda seconds: site.wait(seconds, pause),
            sent=lambda done: None, trouble=fault, step=site.step, longest=_LONGEST_AWAY,
        )  # fmt: skip
    except MusterError as error:
        _note_trouble(store.engine, clock(), str(error))
        raise
    finally:
        site.close()


def follow_beside(
    store: Store,
    url: str,
    folder: Path,
    *,
    clock: Callable[[], datetime],
    pause: Callable[[float], bool],
    trouble: Callable[[str], None],
) -> None:
    """Follow the site beside a kiosk until `pause` gives False, whatever goes wrong.

    Args:
        folder: with the site key.
    """
    while True:
        try:
            follow_for_ever(store, url, site_key.load(folder), clock=clock, pause=pause, trouble=trouble)
            return
        except MusterError as error:  # also where there is no site key to begin with
            _note_trouble(store.engine, clock(), str(error))
            trouble(f"This kiosk does not follow its site. {error}")
        until = time.monotonic() + _AFTER_FAULT
        while (left := until - time.monotonic()) > 0:
            if not pause(left):
                return


def _note_trouble(engine: Engine, now: datetime, sentence: str) -> None:
    with suppress(DatabaseError):
        chains.of(engine)  # a door that was never in touch has a row, too
        with writing(engine) as session:
            doors.note_here(session, now=now, trouble=sentence)


def _state(here: Engine) -> str:
    """Changes with each commit of others, and when another file has the database's name."""
    with here.connect() as connection:
        return f"{database_file(here)} {changes.state(connection)}"


@dataclass(slots=True)
class Site:
    """A door that follows its site."""

    store: Store
    key: TemplateCipher
    tell: Callable[[Followed], None] = lambda done: None
    """Called after each round that sent or brought something."""
    _heads: follow.Heads | None = None
    _wide_at: datetime | None = None
    _reported_at: datetime | None = None
    _told: bool = True
    """Whether something may have been written at the centre since; False where its news would have come."""
    _sent: Sent = field(default_factory=lambda: Sent(datetime.min.replace(tzinfo=UTC)))
    _here: Engine | None = field(default=None, repr=False)
    """The database here, apart from the door's threads: what a round writes wakes no other round."""
    _news: changes.News | None = field(default=None, repr=False)

    def step(self, kiosk: Engine, centre: Engine, now: datetime, since: datetime | None) -> Forwarded:
        """The round of `forward_for_ever`; costs one look-up where nothing was written on either side."""
        try:
            return self._step(kiosk, centre, now, since)
        except DatabaseError:
            self._reported_at = None  # the next round that goes through says so at once
            self.close()  # so that what is written here ends no pause while the centre is away
            raise

    def _step(self, kiosk: Engine, centre: Engine, now: datetime, since: datetime | None) -> Forwarded:
        wide = since is None or self._wide_at is None or now - self._wide_at >= _WIDE_EVERY
        here = self._here = self._here or apart(kiosk)
        self._listen(centre)
        before = self._heads or follow.Heads()
        heads = self._heads_now(here, centre, before, wide)
        if not wide and heads.there == before.there and heads.is_same_here(before):
            self._report(here, centre, now)
            return Forwarded()
        self._sent.forget(now - _QUICK)
        done = self.round(centre, now, since if wide else self._sent.since, heads)
        self._wide_at = now if wide else self._wide_at
        self._report(here, centre, now)
        if done.brought or sum(done.up.values()) or done.sent.rows:
            self.tell(done)
        return done.sent

    def _heads_now(self, here: Engine, centre: Engine, before: follow.Heads, wide: bool) -> follow.Heads:
        """How far both are; a side is not asked that would have told of news. Raises: DatabaseError."""
        told, self._told = self._told or wide or not before.state, True
        state = _state(here)
        return follow.Heads(
            follow.head_of(here) if wide or state != before.state else before.here,
            follow.head_of(centre) if told else before.there,
            state=state,
        )

    def round(
        self, centre: Engine, now: datetime, since: datetime | None, heads: follow.Heads | None = None
    ) -> Followed:
        """A round, after which the look-alikes of new faces are known here. Raises: DatabaseError."""
        engine, cipher = self._here or self.store.engine, self.store.cipher
        done = follow.follow(
            engine, centre, cipher, self.key,
            now=now, since=since, before=self._heads, sent=self._sent, heads=heads,
        )  # fmt: skip
        if done.faces_of:
            from enroll.people.store import renew  # only now: it is a quarter of what a start takes

            with writing(engine) as session:
                known = people.by_id(session, list(done.faces_of))
                renew(session, cipher, known.values(), at=now)
        self._heads = done.heads
        return done

    def wait(self, seconds: float, pause: Callable[[float], bool]) -> bool:
        """Waits until something is written here or at the centre; at most so many seconds.

        Args:
            seconds: until the next look at a centre that does not tell of news by itself.
            pause: waits so long, or shorter where there is news; False ends the waiting and gives False.
        """
        until = time.monotonic() + (_LONGEST if self._news is not None else min(seconds, _LONGEST))
        while time.monotonic() < until:
            if self._came():
                return pause(0.0)
            if not pause(_LOOK_EVERY if self._news is None else 0.0):
                return False
            if self._here is not None and self._heads is not None and _state(self._here) != self._heads.state:
                self._told = self._news is None
                return True
        return True

    def close(self) -> None:
        if self._here is not None:
            self._here.dispose()
        if self._news is not None:
            self._news.close()
        self._here = self._news = None
        self._sent = Sent(self._sent.since)
        if self._heads is not None:  # another connection counts from another number
            self._heads = replace(self._heads, state="")

    def _listen(self, centre: Engine) -> None:
        if self._news is None and centre.dialect.name == "postgresql":
            self._news = changes.News(centre)

    def _came(self) -> bool:
        """Whether the centre told of news within a moment."""
        if self._news is None:
            return False
        try:
            return self._news.came(_LOOK_EVERY)
        except DatabaseError as error:  # the next round tries again
            log.info("%s", error)
            self._news.close()
            self._news = None
            return True

    def _report(self, kiosk: Engine, centre: Engine, now: datetime) -> None:
        """Says at the centre and here that the door is in touch, once a minute."""
        if self._reported_at is not None and now - self._reported_at < _HEARTBEAT:
            return
        with writing(kiosk) as here:
            doors.note_here(here, now=now, trouble=None)
            chain = chains.known(here)
        if chain is not None:
            with writing(centre) as there:
                doors.reached(there, chain, now)
        self._reported_at = now
