"""Tells an MQTT broker what happens at the door, and tells it everything again after each new connection."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
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

EVERY: Final = 60.0
"""Seconds between two looks at the database while nothing happens at this door."""
_PASSED: Final = (EventKind.CHECK_IN, EventKind.CHECK_OUT)

CONFIRMED_WITHIN: Final = 10.0
"""Seconds for which a round waits until the broker has confirmed its events."""
RECONNECT: Final = (1, 60)
"""Seconds before a broker that is away is tried again: at first, and at most; each pause is twice as long."""
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
        trouble: called with one sentence when the broker cannot be reached, and again when it could be meanwhile.
    """
    connected, anew = threading.Event(), threading.Event()
    with suppress(DatabaseError):  # what passes from now on is told; in the loop it is tried again
        _take(engine, settings, clock())
    client = _client(settings, connected, anew, wake, trouble)
    told: dict[str, object] = {}
    under_way: dict[UUID, MQTTMessageInfo] = {}
    failed = 0
    values: dict[str, object] = {"camera": "ON"}
    today: Today | None = None
    try:
        while True:
            values |= _of_events(taken())
            done = True
            try:
                _take(engine, settings, clock())
                today = today_of(engine, settings, clock(), today)
                values |= _of_day(engine, settings, clock(), today)
            except DatabaseError as error:
                log.warning("MQTT is told nothing new of the database: %s", error)
                done = False
            if anew.is_set():
                anew.clear()
                told = {}
                _publish(client, discovery(settings, version("muster")))
                _publish(client, [Message(availability(settings), "online")])
            if connected.is_set():
                changed = {name: value for name, value in values.items() if told.get(name) != value}
                _publish(client, states(settings, changed))
                values.pop("unknown", None)
                told = dict(values)
                done = _tell_ledger(engine, settings, client, connected, clock, under_way) and done
            failed = 0 if done else failed + 1
            if not wait(EVERY if done else min(webhooks.pause(failed).total_seconds(), EVERY)):
                return
    finally:
        if connected.is_set():
            connected.clear()
            with suppress(RuntimeError, ValueError):  # the connection broke meanwhile
                client.publish(availability(settings), "offline", qos=1, retain=True).wait_for_publish(2.0)
        client.disconnect()
        client.loop_stop()


def _client(
    settings: Settings,
    connected: threading.Event,
    anew: threading.Event,
    wake: Callable[[], None],
    trouble: Callable[[str], None],
) -> Client:
    chosen = settings.mqtt
    client = Client(CallbackAPIVersion.VERSION2, f"muster-{part(settings.site)}-{part(settings.kiosk)}")
    if chosen.username:
        client.username_pw_set(chosen.username, chosen.password or None)
    if chosen.tls:
        client.tls_set()
    client.will_set(availability(settings), "offline", qos=1, retain=True)
    client.reconnect_delay_set(*RECONNECT)
    where = f"The MQTT broker {chosen.host}:{chosen.port}"
    said = threading.Event()

    def say(sentence: str) -> None:
        if not said.is_set():
            said.set()
            trouble(sentence)

    def came(_: Client, __: Any, ___: ConnectFlags, reason: ReasonCode, ____: Properties | None) -> None:
        if reason.is_failure:
            say(f"{where} refuses this kiosk ({reason}); correct mqtt.username and mqtt.password.")
            return
        said.clear()
        connected.set()
        anew.set()
        wake()

    def went(*_: Any) -> None:
        if connected.is_set():
            connected.clear()
            say(f"{where} is away; it is tried again.")

    client.on_connect = came
    client.on_disconnect = went
    client.on_connect_fail = lambda *_: say(f"{where} cannot be reached; it is tried again.")
    client.connect_async(chosen.host, chosen.port, keepalive=30)
    client.loop_start()
    return client


def _publish(client: Client, messages: Sequence[Message]) -> None:
    for one in messages:
        client.publish(one.topic, one.payload, qos=1, retain=one.retain)


def _outbox(settings: Settings) -> str:
    return f"mqtt:{settings.kiosk}"


def _take(engine: Engine, settings: Settings, now: datetime) -> None:
    """Puts what is new in this door's ledger into the outbox, also while the broker is away. Raises: DatabaseError."""
    with reading(engine) as session:
        if not webhooks.is_behind(session, _outbox(settings)):
            return
    with writing(engine) as session:
        webhooks.take(session, _outbox(settings), lambda event: event.door == settings.kiosk, now)


def _tell_ledger(
    engine: Engine,
    settings: Settings,
    client: Client,
    connected: threading.Event,
    clock: Callable[[], datetime],
    under_way: dict[UUID, MQTTMessageInfo],
) -> bool:
    """Tells each event of the outbox at least once: it leaves the outbox when the broker has confirmed it.

    Args:
        under_way: by their id in the outbox, events that the client has and the broker has not confirmed. After each
            new connection the client tells them again.

    Returns:
        False where events are left in the outbox, although the broker is there.
    """
    topic = f"{base(settings)}/event"
    try:
        while connected.is_set():
            with reading(engine) as session:
                due = webhooks.due(session, _outbox(settings), clock(), _ROUND)
                events = event_feed.by_ids(session, [one.event for one in due if one.event])
            for one in due:
                if one.event in events and one.id not in under_way:
                    sent = client.publish(topic, json.dumps(event_json(events[one.event])), qos=1)
                    if sent.rc:  # the connection broke
                        return False
                    under_way[one.id] = sent
            waiting = _unconfirmed(under_way)
            done = [one for one in due if one.id not in waiting]  # what left the ledger has nobody to be told
            with writing(engine) as session:
                webhooks.delivered(session, _outbox(settings), done, clock())
            for one in done:
                under_way.pop(one.id, None)
            if not done or len(due) < _ROUND:
                return len(done) == len(due)
    except DatabaseError as error:
        log.warning("MQTT is told no events of the ledger now: %s", error)
        return False
    return True


def _unconfirmed(under_way: Mapping[UUID, MQTTMessageInfo]) -> set[UUID]:
    """Which of them the broker does not confirm in time."""
    end = time.monotonic() + CONFIRMED_WITHIN
    for sent in under_way.values():
        sent.wait_for_publish(max(0.0, end - time.monotonic()))
    return {id for id, sent in under_way.items() if not sent.is_published()}


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
