"""Keeps sending what a kiosk writes to the database that many doors share, however often that is away."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import Engine

from db import migrate
from db.engine import open_database
from db.errors import DatabaseBusy, DatabaseFull, DatabaseUnavailable, NoDatabase
from db.forwarding.send import Forwarded, forward
from monitor.errors import UsageError

_LOOK_BACK: Final = timedelta(days=2)
"""Sightings and moods that began earlier change rarely, so they are compared only in a whole round..."""
_WHOLE_EVERY: Final = timedelta(days=1)
"""...of which there is one at the start and then one a day."""
_LONGEST_PAUSE: Final = 300.0
"""Seconds between tries while the server is away, at most."""


def open_shared(source: Engine, url: str) -> Engine:
    """The database that many doors share, as it is.

    Raises:
        UsageError: it is the kiosk's own, or is not there.
        DatabaseError: it cannot be reached, or has other tables than this Muster needs.
    """
    try:
        target = open_database(url, upgrade=False)
    except NoDatabase as error:
        raise UsageError(
            f"There is no database at {error.place} to send to; correct its URL, or make it with 'muster db upgrade'."
        ) from None
    here, there = (Path(migrate.where(engine)).resolve() for engine in (source, target))
    if here == there:
        target.dispose()
        raise UsageError("That is this kiosk's own database; give the URL of the one that many doors share.")
    return target


def forward_for_ever(
    source: Engine,
    url: str,
    *,
    every: float,
    clock: Callable[[], datetime],
    wait: Callable[[float], bool],
    sent: Callable[[Forwarded], None],
    trouble: Callable[[str], None],
) -> None:
    """Send what is missing, again and again.

    Args:
        url: of the shared database.
        every: seconds between rounds.
        clock: the time now, in UTC.
        wait: waits that many seconds; False when it is time to end.
        sent: told of each round that sent something, or found something else that has to be done there by hand.
        trouble: told one sentence when the server is away, and again only when the sentence changes.

    Raises:
        UsageError: the shared database is the kiosk's own.
        DatabaseError: what waiting does not help against: another version, a ledger that was changed, a wrong URL.
    """
    target: Engine | None = None
    whole_at: datetime | None = None
    pause, said = every, ""
    by_hand: tuple[tuple[UUID, ...], ...] = ()
    try:
        while True:
            now = clock()
            whole = whole_at is None or now - whole_at >= _WHOLE_EVERY
            try:
                target = target or open_shared(source, url)
                done = forward(source, target, now=now, since=None if whole else now - _LOOK_BACK)
            except (DatabaseUnavailable, DatabaseBusy, DatabaseFull) as error:
                if str(error) != said:
                    said = str(error)
                    trouble(said)
                pause = min(pause * 2, max(_LONGEST_PAUSE, every))
            else:
                pause, said = every, ""
                whole_at = now if whole else whole_at
                if done.rows or (done.by_hand and done.by_hand != by_hand):
                    sent(done)
                by_hand = done.by_hand
            if not wait(pause):
                return
    finally:
        if target is not None:
            target.dispose()
