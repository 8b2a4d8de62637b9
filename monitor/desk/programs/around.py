"""Runs beside a kiosk what tells other programs of it; each in a thread of its own, so that the door never waits."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias

from sqlalchemy import Engine

from db.errors import DatabaseError
from monitor.config import Settings
from monitor.config_outbound import Webhook
from monitor.desk.programs import opener, roll_call
from monitor.domain import KioskEvent

Hear: TypeAlias = Callable[[KioskEvent], None]

_NOT_IN_LEDGER: Final = frozenset({"unknown", "not_live", "source_lost", "source_back"})
_PATIENCE: Final = 15.0
"""Seconds for which the end of Muster waits for messages under way."""

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Told:
    """Events on their way into a thread; who hands one over never waits."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[KioskEvent] = queue.SimpleQueue()
        self._news = threading.Condition()
        self._some = self._ended = False

    def hear(self, event: KioskEvent) -> None:
        self._events.put(event)
        self.wake()

    def wake(self) -> None:
        """Ends a `wait` that is under way, or the next one."""
        with self._news:
            self._some = True
            self._news.notify_all()

    def end(self) -> None:
        """Has `wait` return False from now on."""
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait(self, seconds: float) -> bool:
        """Waits for an event, the end, or so many seconds; False at the end."""
        with self._news:
            self._news.wait_for(lambda: self._some or self._ended, seconds)
            self._some = False
            return not self._ended

    def taken(self) -> list[KioskEvent]:
        """The events since the last call."""
        events: list[KioskEvent] = []
        while not self._events.empty():
            events.append(self._events.get())
        return events


Job: TypeAlias = Callable[[Told], None]


@contextmanager
def programs_around(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], datetime] = _now,
    *,
    live: bool = False,
    site: Job | None = None,
    trouble: Callable[[str], None] = log.warning,
) -> Iterator[Hear]:
    """Runs what the settings ask for, until the block ends; gives a function that takes each event of the kiosk.

    Args:
        live: whether faces are asked to show that they are alive.
        site: follows the other doors; None for a kiosk that is alone.
        trouble: gets one sentence when something cannot be told, from the threads.
    """
    beside = _Beside(engine, settings, clock, live, trouble)
    wanted = dict(beside.jobs()) | ({"site": site} if site else {})
    jobs = [(name, job, Told()) for name, job in wanted.items()]
    threads = [
        threading.Thread(target=_guarded, args=(name, job, told), name=name, daemon=True) for name, job, told in jobs
    ]
    for thread in threads:
        thread.start()

    def hear(event: KioskEvent) -> None:
        for _, _, told in jobs:
            told.hear(event)

    try:
        yield hear
    finally:
        for _, _, told in jobs:
            told.end()
        until = time.monotonic() + _PATIENCE
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


def _guarded(name: str, job: Job, told: Told) -> None:
    """What goes wrong beside the kiosk must not end the kiosk."""
    try:
        job(told)
    except Exception:
        log.exception("%s ended", name)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What runs beside a kiosk; the arguments of `programs_around`."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    live: bool
    trouble: Callable[[str], None]

    def jobs(self) -> Iterator[tuple[str, Job]]:
        """Name and job of each thread that the settings ask for."""
        for webhook in self.settings.webhooks:
            yield f"webhook {webhook.name}", partial(self._tell_receiver, webhook)
        if self.settings.opener.opens:
            yield "opener", self._open
        if self.settings.assembly_point:
            yield "assembly point", self._tick
        if self.settings.mqtt.host:
            yield "mqtt", self._tell_broker

    def _tell_receiver(self, webhook: Webhook, told: Told) -> None:
        from monitor.desk.programs import webhooks  # only where they are wanted: aiohttp takes 10 MB

        def happened() -> list[webhooks.Happened]:
            kinds = ((event.kind.value, event) for event in told.taken())
            return [webhooks.Happened(kind, event.at, event.text) for kind, event in kinds if kind in _NOT_IN_LEDGER]

        webhooks.follow(
            self.engine, self.settings, webhook,
            clock=self.clock, wait=told.wait, happened=happened, trouble=self.trouble,
        )  # fmt: skip

    def _tell_broker(self, told: Told) -> None:
        from monitor.desk.programs import mqtt

        mqtt.follow(
            self.engine, self.settings,
            clock=self.clock, wait=told.wait, taken=told.taken, wake=told.wake, trouble=self.trouble,
        )  # fmt: skip

    def _open(self, told: Told) -> None:
        while told.wait(_PATIENCE):
            for event in told.taken():
                try:
                    fault = opener.on_event(self.engine, self.settings, event, self.clock, live=self.live)
                except DatabaseError as error:
                    fault = f"The door stays shut. {error}"
                if fault is not None:
                    self.trouble(fault)

    def _tick(self, told: Told) -> None:
        while told.wait(_PATIENCE):
            for event in told.taken():
                if event.person is None or event.kind.value in _NOT_IN_LEDGER:
                    continue  # a face that may be a photograph ticks nobody off
                try:
                    roll_call.seen(self.engine, event.person, at=self.clock(), actor=self.settings.kiosk)
                except DatabaseError as error:
                    self.trouble(f"The roll call was not told of {event.name or 'somebody'}. {error}")
