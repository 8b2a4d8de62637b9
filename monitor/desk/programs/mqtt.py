"""Tells an MQTT broker what happens at the door, and tells it everything again after each new connection."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final
from uuid import UUID

from paho.mqtt.client import Client, ConnectFlags, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy import Engine

from db.engine import reading, writing
from db.errors import DatabaseError
from db.programs import event_feed, webhooks
from monitor.config import Settings
from monitor.desk.days.today import Today, mood_of_day, today_of
from monitor.domain import EventKind, KioskEvent
from monitor.outbound.messages import WORDS, event_json
from monitor.outbound.mqtt import Message, availability, base, discovery, part, states
from monitor.text import plural

EVERY: Final = 60.0
"""Seconds between two looks at the database while nothing happens at this door."""
_PASSED: Final = (EventKind.CHECK_IN, EventKind.CHECK_OUT)

CONFIRMED_WITHIN: Final = 10.0
"""Seconds for which a round waits until the broker has confirmed its events."""
RECONNECT: Final = (1, 60)
"""Seconds before a broker that is away is tried again: at first, and at most; each pause is twice as long."""
AGAIN: Final = "it is tried again at least once a minute."
_ROUND: Final = 100
"""Events of the ledger that are under way at once."""

log = logging.getLogger(__name__)


def follow(
    engine: Engine,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    wait: Callable[[float], bool],
    taken: Callable[[], list[KioskEvent]],
    wake: Callable[[], None],
    trouble: Callable[[str], None],
) -> None:
    """Connects, and tells until `wait` says that it is over. A broker that is away is tried again by the client.

    Args:
        wait: waits that many seconds or until something happens; False ends the loop.
        taken: the events since the last call.
        wake: ends a `wait` early; called from the client's thread.
        trouble: called with one sentence when the broker takes nothing, and again when it did meanwhile. The sentence
            is kept with what waits.
    """
    outbox = webhooks.mqtt_outbox(settings.kiosk)
    with suppress(DatabaseError):  # what passes from now on is told; in the loop it is tried again
        _take(engine, settings, clock())
    broker = _Broker(settings, wake, trouble)
    values: dict[str, object] = {"camera": "ON"}
    told: dict[str, object] = {}
    today: Today | None = None
    failed = 0
    held: str | None = None
    try:
        while True:
            values |= _of_events(taken())
            done, fault = True, broker.fault
            try:
                _take(engine, settings, clock())
                if fault is not None and fault is not held:
                    with writing(engine) as session:
                        webhooks.hold(session, outbox, fault, clock(), door=settings.kiosk)
                held = fault
                today = today_of(engine, settings, clock(), today)
                values |= _of_day(engine, settings, clock(), today)
            except DatabaseError as error:
                log.warning("MQTT is told nothing new of the database: %s", error)
                done = False
            if broker.came():
                told = {}
                broker.tell([*discovery(settings, version("muster")), Message(availability(settings), "online")])
            if broker.is_there.is_set():
                broker.tell(states(settings, {name: now for name, now in values.items() if told.get(name) != now}))
                values.pop("unknown", None)
                told = dict(values)
                if not _tell_ledger(engine, settings, broker, clock):
                    done = False
                elif broker.fault is fault:  # and not of a connection that broke meanwhile
                    broker.fault = None
            failed = 0 if done else failed + 1
            if not wait(EVERY if done else min(webhooks.pause(failed).total_seconds(), EVERY)):
                return
    finally:
        broker.leave()


class _Broker:
    """The broker, to which a client in a thread of its own connects again and again.

    Args:
        wake, trouble: as in `follow`.
    """

    def __init__(self, settings: Settings, wake: Callable[[], None], trouble: Callable[[str], None]) -> None:
        chosen = settings.mqtt
        self.is_there = threading.Event()
        self.under_way: dict[UUID, MQTTMessageInfo] = {}
        """By their id in the outbox, events that the client has and the broker has not confirmed. After each new
        connection the client tells them again."""
        self._settings, self._wake, self._trouble = settings, wake, trouble
        self.fault: str | None = None
        """Why it takes nothing, in one sentence."""
        self._where = f"The MQTT broker {chosen.host}:{chosen.port}"
        self._new = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, f"muster-{part(settings.site)}-{part(settings.kiosk)}")
        if chosen.username:
            self._client.username_pw_set(chosen.username, chosen.password or None)
        if chosen.tls:
            self._client.tls_set()
        self._client.will_set(availability(settings), "offline", qos=1, retain=True)
        self._client.reconnect_delay_set(*RECONNECT)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_connect_fail = lambda *_: self.say(f"cannot be reached; {AGAIN}")
        self._client.connect_async(chosen.host, chosen.port, keepalive=30)
        self._client.loop_start()

    def came(self) -> bool:
        """Whether there is a new connection since the last call."""
        if not self._new.is_set():
            return False
        self._new.clear()
        return True

    def tell(self, messages: Iterable[Message]) -> None:
        for one in messages:
            self._client.publish(one.topic, one.payload, qos=1, retain=one.retain)

    def send(self, id: UUID, payload: str) -> bool:
        """Tells an event of the outbox, unless it is under way; False where the connection broke."""
        if id not in self.under_way:
            sent = self._client.publish(f"{base(self._settings)}/event", payload, qos=1)
            if sent.rc:
                return False
            self.under_way[id] = sent
        return True

    def unconfirmed(self) -> set[UUID]:
        """Which of the events that are under way the broker does not confirm in time."""
        end = time.monotonic() + CONFIRMED_WITHIN
        for sent in self.under_way.values():
            sent.wait_for_publish(max(0.0, end - time.monotonic()))
        return {id for id, sent in self.under_way.items() if not sent.is_published()}

    def say(self, what: str) -> None:
        """Once, until it takes something again."""
        if self.fault is None:
            self.fault = f"{self._where} {what}"
            self._trouble(self.fault)
            self._wake()

    def leave(self) -> None:
        if self.is_there.is_set():
            self.is_there.clear()
            with suppress(RuntimeError, ValueError):  # the connection broke meanwhile
                last = self._client.publish(availability(self._settings), "offline", qos=1, retain=True)
                last.wait_for_publish(2.0)
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, _: Client, __: Any, ___: ConnectFlags, reason: ReasonCode, ____: Properties | None) -> None:
        if reason.is_failure:
            self.say(f"refuses this kiosk ({reason}); correct mqtt.username and mqtt.password.")
            return
        self.fault = None
        self.is_there.set()
        self._new.set()
        self._wake()

    def _disconnected(self, *_: Any) -> None:
        if self.is_there.is_set():
            self.is_there.clear()
            self.say(f"is away; {AGAIN}")


def _take(engine: Engine, settings: Settings, now: datetime) -> None:
    """Puts what is new in this door's ledger into the outbox, also while the broker is away. Raises: DatabaseError."""
    with reading(engine) as session:
        if not webhooks.is_behind(session, webhooks.mqtt_outbox(settings.kiosk)):
            return
    with writing(engine) as session:
        webhooks.take(session, webhooks.mqtt_outbox(settings.kiosk), lambda event: event.door == settings.kiosk, now)


def _tell_ledger(engine: Engine, settings: Settings, broker: _Broker, clock: Callable[[], datetime]) -> bool:
    """Tells each event of the outbox at least once: it leaves the outbox when the broker has confirmed it.

    Returns:
        False where events are left in the outbox, although the broker is there.
    """
    try:
        while broker.is_there.is_set():
            with reading(engine) as session:
                due = webhooks.due(session, webhooks.mqtt_outbox(settings.kiosk), clock(), _ROUND)
                events = event_feed.by_ids(session, [one.event for one in due if one.event])
            for one in due:  # what left the ledger has nobody to be told
                if one.event in events and not broker.send(one.id, json.dumps(event_json(events[one.event]))):
                    return False
            waiting = broker.unconfirmed()
            done = [one for one in due if one.id not in waiting]
            with writing(engine) as session:
                webhooks.delivered(session, webhooks.mqtt_outbox(settings.kiosk), done, clock())
            for one in done:
                broker.under_way.pop(one.id, None)
            if waiting:
                broker.say(
                    f"did not confirm {plural(len(waiting), 'event')} within {CONFIRMED_WITHIN:.0f} seconds; {AGAIN}"
                )
            if not done or len(due) < _ROUND:
                return len(done) == len(due)
    except DatabaseError as error:
        log.warning("MQTT is told no events of the ledger now: %s", error)
        return False
    return True


def _of_events(events: Sequence[KioskEvent]) -> dict[str, object]:
    """What these events say."""
    found: dict[str, object] = {}
    for event in events:
        if event.kind in _PASSED and event.name:
            found |= {"last_person": event.name, "last_event": f"{event.name} {WORDS[event.kind.value]}"}
        elif event.kind is EventKind.UNKNOWN:
            found |= {"unknown": "ON", "last_event": WORDS["unknown"]}
        elif event.kind in (EventKind.SOURCE_LOST, EventKind.SOURCE_BACK):
            found["camera"] = "ON" if event.kind is EventKind.SOURCE_BACK else "OFF"
    return found


def _of_day(engine: Engine, settings: Settings, now: datetime, today: Today) -> dict[str, object]:
    """What the database says now. Raises: DatabaseError."""
    found: dict[str, object] = {"inside": today.board.inside}
    if settings.mood != "off":
        shares = mood_of_day(engine, settings, now)
        found["mood"] = max(shares, key=lambda one: one[1])[0] if shares else "too few people"
    return found
