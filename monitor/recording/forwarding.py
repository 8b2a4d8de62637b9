"""Sends what a kiosk writes to the database that many doors share, again and again, also after that was away."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import Engine

from db import migrate
from db.engine import open_database
from db.errors import DatabaseBusy, DatabaseFull, DatabaseUnavailable, NoDatabase
from db.forwarding.send import Forwarded, forward
from db.proof.heads import begin
from db.proof.key import of_engine
from monitor.errors import UsageError

_LOOK_BACK: Final = timedelta(days=2)
"""Age of the sightings and moods that every round compares; older ones change rarely, and wait for a whole round."""
_WHOLE_EVERY: Final = timedelta(days=1)
"""Time between whole rounds, which compare everything; the first round is a whole one."""
_LONGER: Final = 1.1
"""Factor from pause to pause while the server is away, so that it is there again for a tenth of that time at most."""
_LONGEST_PAUSE: Final = 300.0

Step: TypeAlias = Callable[[Engine, Engine, datetime, datetime | None], Forwarded]


def open_shared(source: Engine, url: str) -> Engine:
    """The database that many doors share; its tables are not upgraded.

    Raises:
        UsageError: the database is this kiosk's own, or does not exist.
        DatabaseError: the database cannot be reached, or has other tables than this Muster needs.
    """
    try:
        target = open_database(url, upgrade=False)
    except NoDatabase as error:
        raise UsageError(
            f"There is no database at {error.place}; correct the URL, or create the database with 'muster db upgrade'."
        ) from None
    try:
        here, there = (Path(migrate.where(engine)).resolve() for engine in (source, target))
        if here == there:
            raise UsageError(
                "The URL is of this kiosk's own database; give the URL of the database that many doors share."
            )
        prover = of_engine(source)
        if prover is not None:
            begin(target, None, prover, own=False)
    except BaseException:
        target.dispose()
        raise
    return target


def _send(source: Engine, target: Engine, now: datetime, since: datetime | None) -> Forwarded:
    return forward(source, target, now=now, since=since)


def forward_for_ever(
    source: Engine,
    url: str,
    *,
    every: float,
    clock: Callable[[], datetime],
    wait: Callable[[float], bool],
    sent: Callable[[Forwarded], None],
    trouble: Callable[[str], None],
    step: Step = _send,
    longest: float = _LONGEST_PAUSE,
) -> None:
    """Send what the shared database lacks, again and again.

    Args:
        url: of the shared database.
        every: seconds between rounds.
        clock: gives the time now, in UTC.
        wait: waits that many seconds; False ends the loop.
        sent: called after each round that sent rows, or that found other people to be erased by hand than before.
        trouble: called with one sentence when the server is away, and again only when the sentence changes; of a
            server that is busy only when it is still so at the next try.
        longest: most seconds between tries while the server is away, unless `every` is longer.
        step: one round, with the time now, and since when it compares sightings and moods (`since` of `forward`).

    Raises:
        UsageError: the shared database is the kiosk's own.
        DatabaseError: a fault that waiting does not mend: another version, a changed ledger, a wrong URL.
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
                done = step(source, target, now, None if whole else now - _LOOK_BACK)
            except (DatabaseUnavailable, DatabaseBusy, DatabaseFull) as error:
                if str(error) != said and (pause > every or not isinstance(error, DatabaseBusy)):
                    said = str(error)
                    trouble(said)
                pause = min(pause * _LONGER, max(longest, every))
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
