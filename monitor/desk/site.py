"""A door and its site: sends up what it wrote and brings down what the others did, again and again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from db import changes
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.forwarding import follow
from db.forwarding.follow import Followed
from db.forwarding.send import Forwarded
from db.people import people
from enroll.people.store import renew
from monitor.desk.store import Store

_WIDE_EVERY: Final = timedelta(minutes=10)
"""Time between two rounds that look at the sightings and moods of days; the others look at those of `_QUICK`."""
_QUICK: Final = timedelta(minutes=20)


def follow_once(store: Store, centre: Engine, site: TemplateCipher, now: datetime) -> Followed:
    """One whole round. Raises: DatabaseError."""
    return Site(store, site).round(centre, now, None)


@dataclass(slots=True)
class Site:
    """A door that follows its site."""

    store: Store
    key: TemplateCipher
    tell: Callable[[Followed], None] = lambda done: None
    """Called after each round that sent or brought something."""
    _heads: follow.Heads | None = None
    _wide_at: datetime | None = None
    _seen: str = ""
    """The state of the database here before the last round."""
    _watch: Connection | None = field(default=None, repr=False)

    def step(self, kiosk: Engine, centre: Engine, now: datetime, since: datetime | None) -> Forwarded:
        """The round of `forward_for_ever`; costs two look-ups where nothing was written on either side."""
        wide = since is None or self._wide_at is None or now - self._wide_at >= _WIDE_EVERY
        self._watch = self._watch or kiosk.connect()
        seen = changes.state(self._watch)
        with reading(centre) as there:
            same = self._heads is not None and follow.head(there) == self._heads.there
        if not wide and same and seen == self._seen:
            return Forwarded()
        done = self.round(centre, now, since if wide else now - _QUICK)
        self._seen = seen
        self._wide_at = now if wide else self._wide_at
        if done.brought or sum(done.up.values()) or done.sent.rows:
            self.tell(done)
        return done.sent

    def round(self, centre: Engine, now: datetime, since: datetime | None) -> Followed:
        """A round, after which the look-alikes of new faces are known here. Raises: DatabaseError."""
        engine, cipher = self.store.engine, self.store.cipher
        done = follow.follow(engine, centre, cipher, self.key, now=now, since=since, before=self._heads)
        if done.faces_of:
            with writing(engine) as session:
                known = people.by_id(session, list(done.faces_of))
                renew(session, cipher, known.values(), at=now)
        self._heads = done.heads
        return done

    def close(self) -> None:
        if self._watch is not None:
            self._watch.close()
