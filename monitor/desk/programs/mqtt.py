"""Tells an MQTT broker what happens at the door, and tells it everything again after each new connection."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy import Engine

from db.errors import DatabaseError
from monitor.config import Settings
from monitor.desk.days.today import mood_of_day, today_of
from monitor.domain import EventKind, KioskEvent
from monitor.outbound.messages import WORDS
from monitor.outbound.mqtt import Message, availability, discovery, part, states

EVERY: Final = 60.0
"""Seconds between two looks at the database while nothing happens at this door."""
_PASSED: Final = (EventKind.CHECK_IN, EventKind.CHECK_OUT)

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
    try:
        while True:
            values |= _values(engine, settings, clock(), taken())
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
            if not wait(EVERY):
                return
    finally:
        if connected.is_set():
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


def _values(engine: Engine, settings: Settings, now: datetime, events: Sequence[KioskEvent]) -> dict[str, object]:
    """What these events and the database say now."""
    found: dict[str, object] = {}
    for event in events:
        if event.kind in _PASSED and event.name:
            found |= {"last_person": event.name, "last_event": f"{event.name} {WORDS[event.kind.value]}"}
        elif event.kind is EventKind.UNKNOWN:
            found |= {"unknown": "ON", "last_event": WORDS["unknown"]}
        elif event.kind in (EventKind.SOURCE_LOST, EventKind.SOURCE_BACK):
            found["camera"] = "ON" if event.kind is EventKind.SOURCE_BACK else "OFF"
    try:
        found["inside"] = today_of(engine, settings, now).board.inside
        if settings.mood != "off":
            shares = mood_of_day(engine, settings, now)
            found["mood"] = max(shares, key=lambda one: one[1])[0] if shares else "too few people"
    except DatabaseError as error:
        log.warning("MQTT is told nothing new of the database: %s", error)
    return found
