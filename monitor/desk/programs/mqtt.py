"""Tells an MQTT broker what happens at the door, and tells it everything again after each new connection."""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

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
"""Seconds that the broker has to confirm an event; then it is told again."""
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
    client = _client(settings, connected, anew, wake, trouble)
    told: dict[str, object] = {}
    values: dict[str, object] = {"camera": "ON"}
    today: Today | None = None
    try:
        while True:
            values |= _of_events(taken())
            try:
                today = today_of(engine, settings, clock(), today)
                values |= _of_day(engine, settings, clock(), today)
            except DatabaseError as error:
                log.warning("MQTT is told nothing new of the database: %s", error)
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
                _tell_ledger(engine, settings, client, connected, clock)
            if not wait(EVERY):
                return
    finally:
        if connected.is_set():
            client.publish(availability(settings), "offline", qos=1, retain=True).wait_for_publish(2.0)
        connected.clear()  # so that the end is not told as a broker that is away
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
    client.reconnect_delay_set(1, 60)
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


def _tell_ledger(
    engine: Engine, settings: Settings, client: Client, connected: threading.Event, clock: Callable[[], datetime]
) -> None:
    """Tells each event of this door's ledger at least once: it leaves the outbox when the broker has confirmed it."""
    outbox, topic = f"mqtt:{settings.kiosk}", f"{base(settings)}/event"
    try:
        with reading(engine) as session:
            behind = webhooks.is_behind(session, outbox)
        if behind:
            with writing(engine) as session:
                webhooks.take(session, outbox, lambda event: event.door == settings.kiosk, clock())
        while connected.is_set():
            with reading(engine) as session:
                due = webhooks.due(session, outbox, clock(), _ROUND)
                events = event_feed.by_ids(session, [one.event for one in due if one.event])
            if not due:
                return
            told = [
                (one, client.publish(topic, json.dumps(event_json(events[one.event])), qos=1))
                for one in due
                if one.event in events
            ]
            confirmed = [one for one, sent in told if _is_confirmed(sent)]
            with writing(engine) as session:
                for one in confirmed:
                    webhooks.delivered(session, one, clock())
            if len(confirmed) < _ROUND:
                return
    except DatabaseError as error:
        log.warning("MQTT is told no events of the ledger now: %s", error)


def _is_confirmed(sent: MQTTMessageInfo) -> bool:
    try:
        sent.wait_for_publish(CONFIRMED_WITHIN)
    except (RuntimeError, ValueError):
        return False  # the connection broke; it is told again
    return sent.is_published()


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
