"""MQTT: a broker that is not ours hears of the door, and hears everything again after each restart."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import pytest
from amqtt.broker import Broker
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine

from db.engine import reading, writing
from db.programs import webhooks
from monitor.config import Settings
from monitor.config_outbound import Mqtt
from monitor.desk.programs import around, mqtt
from monitor.desk.programs.around import Told, programs_around
from monitor.doctor.check import Status
from monitor.doctor.connections import connections
from monitor.domain import EventKind, KioskEvent
from monitor.outbound.mqtt import part
from tests.monitor.desk.programs.test_webhooks import Site
from tests.monitor.desk.programs.unkind_broker import UnkindBroker, running
from tests.monitor.world import NOW, World, came


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that is away is tried again soon; what is under way, and a program that ends, has time."""
    monkeypatch.setattr(mqtt, "RECONNECT", (0.05, 0.1))
    monkeypatch.setattr(mqtt, "CONFIRMED_WITHIN", 200.0)
    monkeypatch.setattr(around, "_PATIENCE", 200.0)


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
            assert self.news.wait_for(lambda: fits(self.topics), 200), self.topics


def wait_until_said(world: World, settings: Settings, status: Status, sentence: str) -> None:
    """Waits until doctor and the System screen say this of the broker."""
    for _ in range(20_000):
        with reading(world.engine) as session:
            (found,) = connections(session, settings, world.now)
        if (found.status, found.sentence) == (status, sentence):
            return
        threading.Event().wait(0.01)
    raise AssertionError(found)


def test_the_broker_hears_of_the_door_also_after_it_was_away(world: World, port: int) -> None:
    settings = world.settings.model_copy(update={"mqtt": Mqtt(host="127.0.0.1", port=port)})
    said: list[str] = []
    away = threading.Event()

    def trouble(sentence: str) -> None:
        said.append(sentence)
        away.set()

    with programs_around(world.engine, settings, lambda: world.now, trouble=trouble) as hear:
        assert away.wait(60)
        assert said == [f"The MQTT broker 127.0.0.1:{port} cannot be reached; {mqtt.AGAIN}"]
        wait_until_said(world, settings, Status.WARN, f"{said[0]} 1 message waits.")
        hear(came(world))
        with broker(port), Heard(port).listening() as heard:
            heard.wait(lambda topics: topics.get("muster/main/door/last_person") == "Radia Perlman")
            heard.wait(lambda topics: topics.get("muster/main/door/inside") == "5")
            heard.wait(lambda topics: topics.get("muster/main/door/availability") == "online")
            heard.wait(lambda topics: "homeassistant/binary_sensor/muster_main_door/camera/config" in topics)
            config = json.loads(heard.topics["homeassistant/sensor/muster_main_door/inside/config"])
            assert config["state_topic"] in heard.topics
            no_trouble = f"A kiosk has no trouble with the MQTT broker 127.0.0.1:{port}."
            wait_until_said(world, settings, Status.OK, no_trouble)
            hear(KioskEvent(EventKind.UNKNOWN, NOW))
            hear(KioskEvent(EventKind.SOURCE_LOST, NOW, text="The camera is away."))
            heard.wait(lambda topics: topics.get("muster/main/door/unknown") == "ON")
            heard.wait(lambda topics: topics.get("muster/main/door/camera") == "OFF")
        with broker(port), Heard(port).listening() as again:
            again.wait(lambda topics: topics.get("muster/main/door/camera") == "OFF")
            again.wait(lambda topics: topics.get("muster/main/door/last_person") == "Radia Perlman")
            assert "muster/main/door/unknown" not in again.topics


@dataclass
class AtDoor:
    """A door that had a broker before, and what passed since."""

    site: Site
    port: int
    passed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        with writing(self.site.engine) as session:
            webhooks.take(session, "mqtt:door", lambda _: True, self.site.now)
        self.passed.append(str(self.site.passes("Ada")))

    def pass_often(self, pairs: int) -> None:
        self.passed += [str(event) for event in self.site.pass_often("Ada", pairs)]

    def settings(self) -> Settings:
        return self.site.settings().model_copy(update={"mqtt": Mqtt(host="127.0.0.1", port=self.port)})

    def programs(self) -> AbstractContextManager[Callable[[KioskEvent], None]]:
        return programs_around(self.site.engine, self.settings(), lambda: self.site.now, trouble=self.said.append)

    def untold(self) -> int:
        with reading(self.site.engine) as session:
            return len(webhooks.waiting(session, "mqtt:door"))


def test_a_thousand_events_reach_a_subscriber_across_restarts_of_the_kiosk(sqlite: Engine, port: int) -> None:
    door, heard = AtDoor(Site(sqlite), port), Heard(port)
    # The subscriber stays: what a broker has confirmed, and tells a subscriber who has left, is not Muster's to repeat.
    with broker(port), heard.listening():
        heard.wait_until_subscribed()
        for left_untold in (100, 100, 0, 0):
            door.pass_often(125)
            with door.programs():
                enough = len(door.passed) - left_untold
                heard.wait(lambda _, enough=enough: len(heard.ids) >= enough)  # type: ignore[misc]
    assert heard.ids == set(door.passed)
    assert door.said == []  # a kiosk that ends says nothing of a broker that is away


def test_a_thousand_events_reach_a_broker_that_breaks_and_restarts_in_the_middle(sqlite: Engine, port: int) -> None:
    unkind = UnkindBroker(port, breaks=lambda count: count in (20, 60) or count >= 300)
    door = AtDoor(Site(sqlite), port)
    door.pass_often(500)
    with door.programs():
        with running(unkind):
            unkind.wait(lambda it: len(it.came) > 300)
        again = len(unkind.came) + 300
        unkind.breaks = lambda count: count == again
        with running(unkind):
            unkind.wait(lambda it: it.confirmed == set(door.passed))
    assert door.untold() == 0
    assert unkind.connections > 4


def test_events_behind_one_that_is_not_confirmed_do_not_wait_and_none_is_told_twice(
    sqlite: Engine, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "CONFIRMED_WITHIN", 0.05)
    unkind, told = UnkindBroker(port, confirms=lambda count: count > 0), Told()
    with running(unkind):
        door = AtDoor(Site(sqlite), port)
        door.pass_often(125)

        def wait(seconds: float) -> bool:
            if unkind.confirmed == set(door.passed[1:]) and len(door.passed) == 251:
                unkind.breaks = lambda count: count == 251
                door.passed.append(str(door.site.passes("Ada")))
            elif unkind.confirmed != set(door.passed):
                told.wait(60 if seconds == mqtt.EVERY else 0.01)  # of the pauses between tries none is waited for
            return unkind.confirmed != set(door.passed)

        mqtt.follow(
            sqlite, door.settings(), clock=lambda: door.site.now, wait=wait, taken=told.taken, wake=told.wake,
            trouble=door.said.append,
        )  # fmt: skip
    assert unkind.came[:252] == door.passed
    assert sorted(unkind.came[252:]) == sorted((door.passed[0], door.passed[-1]))  # after the connection broke


def test_what_passes_before_a_broker_is_there_for_the_first_time_is_told(sqlite: Engine, port: int) -> None:
    site, unkind, away = Site(sqlite), UnkindBroker(port), threading.Event()
    site.passes("Before")
    settings = site.settings().model_copy(update={"mqtt": Mqtt(host="127.0.0.1", port=port)})
    with programs_around(sqlite, settings, lambda: site.now, trouble=lambda _: away.set()) as hear:
        assert away.wait(60)
        event = str(site.passes("Ada"))
        hear(KioskEvent(EventKind.CHECK_IN, site.now))
        with running(unkind):
            unkind.wait(lambda it: it.confirmed == {event})


def test_odd_names_are_one_level_of_a_topic_and_stay_different() -> None:
    names = ["door", "a/b", "a+b", "#", "Tür", "\udc80", "x" * 99]
    made = [part(name) for name in names]
    assert made[0] == "door"
    assert len(set(made)) == len(names)
    assert not [one for one in made if set(one) & set("/+#") or not one.isascii()]
