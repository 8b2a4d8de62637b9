"""MQTT: a broker that is not ours hears of the door, and hears everything again after each restart."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from amqtt.broker import Broker
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine

from db.engine import writing
from db.programs import webhooks
from monitor.config_outbound import Mqtt
from monitor.desk.programs.around import programs_around
from monitor.domain import EventKind, KioskEvent
from monitor.outbound.mqtt import part
from tests.monitor.desk.programs.test_webhooks import Site
from tests.monitor.world import NOW, World, came


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


@contextmanager
def broker(port: int) -> Iterator[None]:
    """A broker on loopback, in a thread, until the block ends."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    over = asyncio.Event()

    async def serve() -> None:
        made = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            }
        )
        await made.start()
        ready.set()
        await over.wait()
        await made.shutdown()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(60)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@dataclass
class Heard:
    """What somebody who subscribes to everything has heard, the newest of each topic."""

    port: int
    topics: dict[str, str] = field(default_factory=dict)
    news: threading.Condition = field(default_factory=threading.Condition)
    ids: set[str] = field(default_factory=set)
    """Of the events of the ledger."""
    subscribed: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def listening(self) -> Iterator["Heard"]:
        client = Client(CallbackAPIVersion.VERSION2, "listener")

        def came(*_: object) -> None:
            client.subscribe("#", qos=1)

        client.on_connect = came
        client.on_subscribe = lambda *_: self.subscribed.set()
        self.subscribed.clear()

        def hear(_: object, __: object, message: object) -> None:
            with self.news:
                topic, payload = message.topic, message.payload.decode()  # type: ignore[attr-defined]
                self.topics[topic] = payload
                if topic.endswith("/event"):
                    self.ids.add(json.loads(payload)["id"])
                self.news.notify_all()

        client.on_message = hear
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            yield self
        finally:
            client.disconnect()
            client.loop_stop()

    def wait_until_subscribed(self) -> None:
        assert self.subscribed.wait(60)

    def wait(self, fits: Callable[[dict[str, str]], bool]) -> None:
        with self.news:
            assert self.news.wait_for(lambda: fits(self.topics), 60), self.topics


def test_the_broker_hears_of_the_door_also_after_it_was_away(world: World) -> None:
    port = free_port()
    settings = world.settings.model_copy(update={"mqtt": Mqtt(host="127.0.0.1", port=port)})
    said: list[str] = []
    away = threading.Event()

    def trouble(sentence: str) -> None:
        said.append(sentence)
        away.set()

    with programs_around(world.engine, settings, lambda: world.now, trouble=trouble) as hear:
        assert away.wait(60)
        assert said == [f"The MQTT broker 127.0.0.1:{port} cannot be reached; it is tried again."]
        hear(came(world))
        with broker(port), Heard(port).listening() as heard:
            heard.wait(lambda topics: topics.get("muster/main/door/last_person") == "Radia Perlman")
            heard.wait(lambda topics: topics.get("muster/main/door/inside") == "5")
            heard.wait(lambda topics: topics.get("muster/main/door/availability") == "online")
            heard.wait(lambda topics: "homeassistant/binary_sensor/muster_main_door/camera/config" in topics)
            config = json.loads(heard.topics["homeassistant/sensor/muster_main_door/inside/config"])
            assert config["state_topic"] in heard.topics
            hear(KioskEvent(EventKind.UNKNOWN, NOW))
            hear(KioskEvent(EventKind.SOURCE_LOST, NOW, text="The camera is away."))
            heard.wait(lambda topics: topics.get("muster/main/door/unknown") == "ON")
            heard.wait(lambda topics: topics.get("muster/main/door/camera") == "OFF")
        with broker(port), Heard(port).listening() as again:
            again.wait(lambda topics: topics.get("muster/main/door/camera") == "OFF")
            again.wait(lambda topics: topics.get("muster/main/door/last_person") == "Radia Perlman")
            assert "muster/main/door/unknown" not in again.topics


def test_an_end_of_the_kiosk_is_not_told_as_a_broker_that_is_away(world: World) -> None:
    port = free_port()
    settings = world.settings.model_copy(update={"mqtt": Mqtt(host="127.0.0.1", port=port)})
    said: list[str] = []
    with broker(port), Heard(port).listening() as heard:
        heard.wait_until_subscribed()
        with programs_around(world.engine, settings, lambda: world.now, trouble=said.append):
            heard.wait(lambda topics: topics.get("muster/main/door/availability") == "online")
        heard.wait(lambda topics: topics.get("muster/main/door/availability") == "offline")
    assert said == []


def test_a_thousand_events_reach_subscribers_across_restarts_of_both_sides(sqlite: Engine) -> None:
    site, port = Site(sqlite), free_port()
    settings = site.settings().model_copy(update={"mqtt": Mqtt(host="127.0.0.1", port=port)})
    with writing(site.engine) as session:
        webhooks.take(session, "mqtt:door", lambda _: True, site.now)  # as at an earlier start
    events = {str(site.passes("Ada"))}
    heard = Heard(port)
    for cycle in range(4):
        events |= {str(event) for event in site.pass_often("Ada", 125)}
        with broker(port), heard.listening():
            heard.wait_until_subscribed()
            with programs_around(site.engine, settings, lambda: site.now):
                # The first two times the broker ends in the middle of it.
                enough = len(events) - (100 if cycle < 2 else 0)
                heard.wait(lambda _, enough=enough: len(heard.ids) >= enough)  # type: ignore[misc]
    assert heard.ids == events


def test_odd_names_are_one_level_of_a_topic_and_stay_different() -> None:
    names = ["door", "a/b", "a+b", "#", "Tür", "\udc80", "x" * 99]
    made = [part(name) for name in names]
    assert made[0] == "door"
    assert len(set(made)) == len(names)
    assert not [one for one in made if set(one) & set("/+#") or not one.isascii()]
