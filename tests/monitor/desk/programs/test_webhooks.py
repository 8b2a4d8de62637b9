"""Webhooks: each event reaches its receiver at least once, under one id, whatever fails meanwhile."""

import base64
import hashlib
import hmac
import random
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import kiosks, ledger
from db.engine import open_database, writing
from db.ids import new_id
from db.people import people
from db.privacy import erasure
from db.programs.webhooks import FIRST_PAUSE, LONGEST_PAUSE, MOST_ATTEMPTS, pause
from db.records.attendance import NewEvent, Presence
from monitor.config import Settings
from monitor.config_outbound import Webhook
from monitor.desk.programs import webhooks
from monitor.desk.programs.around import programs_around
from monitor.domain import EventKind, KioskEvent
from monitor.errors import UsageError
from tests.monitor.desk.programs.receiver import Receiver, running

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KINDS: tuple[Presence, ...] = ("check_in", "check_out")
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@dataclass
class Site:
    """A database with a door, and a clock that the test moves."""

    engine: Engine
    now: datetime = AT
    people: dict[str, UUID] = field(default_factory=dict)
    door: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        with writing(self.engine) as session:
            self.door = self.kiosk(session, "door")

    def kiosk(self, session: Any, name: str) -> UUID:
        return kiosks.register(session, name, site="main", role="auto", time_zone="Europe/Berlin", at=AT).id

    def passes(self, name: str, kind: Presence = "check_in", *, group: str | None = None, door: str = "door") -> UUID:
        """Somebody passes a door, which is written as the recorder writes it."""
        with writing(self.engine) as session:
            if name not in self.people:
                self.people[name] = people.add_person(session, name, group=group, at=AT, actor="test").id
            kiosk = self.door if door == "door" else self.kiosk(session, door)
            return self.appended(session, name, kind, kiosk, door)

    def pass_often(self, name: str, times: int) -> list[UUID]:
        """Somebody comes and leaves that often, in one transaction."""
        with writing(self.engine) as session:
            return [self.appended(session, name, kind, self.door, "door") for kind in KINDS * times]

    def appended(self, session: Session, name: str, kind: Presence, kiosk: UUID, door: str) -> UUID:
        self.now += timedelta(seconds=1)
        event = NewEvent(new_id(), kind, self.people[name], self.now, "Europe/Berlin", kiosk, "face", door, self.now)
        return ledger.append(session, event).id

    def settings(self, *hooks: Webhook) -> Settings:
        return Settings(db="unused", time_zone="Europe/Berlin", webhooks=hooks)

    def send(self, hook: Webhook) -> webhooks.Round:
        return webhooks.send_waiting(self.engine, self.settings(hook), hook, lambda: self.now)


@pytest.fixture
def site(sqlite: Engine) -> Site:
    return Site(sqlite)


def hook_to(receiver: Receiver, **changes: object) -> Webhook:
    return Webhook.model_validate({"name": "desk", "url": receiver.url, "secret": SECRET} | changes)


def test_an_event_is_told_once_signed_and_with_its_names(site: Site) -> None:
    with running(Receiver()) as receiver:
        hook = hook_to(receiver)
        site.passes("Before")
        assert site.send(hook).sent == 0  # a new webhook begins with the next event
        event = site.passes("Zoë", group="staff")
        assert site.send(hook).sent == 1
        assert site.send(hook).sent == 0
    ((headers, body),) = receiver.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(bytes(range(32)), signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert int(headers["webhook-timestamp"]) == int(site.now.timestamp())
    (told,) = receiver.taken
    assert told["type"] == "check_in"
    assert told["data"]["id"] == str(event)
    assert told["data"]["person"] == {
        "id": str(site.people["Zoë"]), "name": "Zoë", "number": None, "group": "staff",
    }  # fmt: skip


def test_a_chat_room_gets_one_sentence_in_which_a_name_is_only_a_name(site: Site) -> None:
    with running(Receiver()) as receiver:
        hook = hook_to(receiver, form="chat")
        site.send(hook)
        site.passes("<!channel> *Eve*\nhttp://x")
        site.send(hook)
        site.passes("Zoë")
        site.now += timedelta(days=1)
        site.send(hook)
    assert receiver.taken == [
        {"text": "!channel   Eve  http://x checked in at 09:00 (door)."},
        {"text": "Zoë checked in at 2026-03-02 09:00 (door)."},
    ]


def test_kind_group_and_door_choose(site: Site) -> None:
    with running(Receiver()) as receiver:
        hook = hook_to(receiver, kinds=("check_out",), groups=("staff",), doors=("north",))
        site.send(hook)
        site.passes("Ada", group="staff", door="north")
        wanted = site.passes("Ada", "check_out", door="north")
        site.passes("Ada", "check_out")
        site.passes("Guest", "check_out", door="north")
        assert site.send(hook).sent == 1
    assert [one["data"]["id"] for one in receiver.taken] == [str(wanted)]


def test_a_receiver_that_is_away_is_tried_with_growing_pauses_and_then_gets_everything(site: Site) -> None:
    with running(Receiver()) as receiver:
        hook = hook_to(receiver)
        site.send(hook)
    events = [site.passes("Ada"), site.passes("Ada", "check_out")]
    tries, waited = 0, timedelta()
    for _ in range(400):
        began = site.now
        if site.send(hook).error:
            tries += 1
        assert site.now == began
        site.now += timedelta(seconds=5)
        waited += timedelta(seconds=5)
    assert tries == 9  # after 0, 5, 15, 35, 75, 155, 315, 635 and 1275 seconds
    with running(receiver):
        site.now += LONGEST_PAUSE
        assert site.send(hook) == webhooks.Round(2, None)
    assert [one["data"]["id"] for one in receiver.taken] == [str(event) for event in events]


def test_the_pauses_grow_to_an_hour_and_end_after_days() -> None:
    assert [pause(tried) for tried in (1, 2, 3)] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pause(MOST_ATTEMPTS) == LONGEST_PAUSE
    whole = sum((pause(tried) for tried in range(1, MOST_ATTEMPTS)), timedelta())
    assert timedelta(days=2.5) < whole < timedelta(days=3.5)


def test_what_nobody_takes_becomes_a_dead_letter_that_can_be_sent_again(site: Site) -> None:
    with running(Receiver(lambda _: 400)) as receiver:
        hook = hook_to(receiver)
        site.send(hook)
        site.passes("Ada")
        for _ in range(MOST_ATTEMPTS):
            assert site.send(hook).error == "It answered 400 Bad Request."
            site.now += LONGEST_PAUSE
        assert site.send(hook) == webhooks.Round(0, None)
        (dead,) = webhooks.waiting(site.engine, dead=True)
        assert (dead.attempts, dead.error) == (MOST_ATTEMPTS, "It answered 400 Bad Request.")
        receiver.answers = lambda _: 200
        assert webhooks.retry(site.engine, site.now, only=[dead.id]) == 1
        assert site.send(hook).sent == 1
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {str(dead.id)}
    assert webhooks.waiting(site.engine) == []


def test_a_message_that_is_refused_does_not_hold_the_others_up(site: Site) -> None:
    with running(Receiver(lambda number: 422 if number == 0 else 200)) as receiver:
        hook = hook_to(receiver)
        site.send(hook)
        site.passes("Ada")
        site.passes("Ada", "check_out")
        assert site.send(hook).sent == 1
        assert [one.error for one in webhooks.waiting(site.engine)] == ["It answered 422 Unprocessable Entity."]


def test_a_receiver_that_never_answers_costs_its_time_out_only(site: Site) -> None:
    with running(Receiver()) as receiver:
        hook = hook_to(receiver, timeout=0.2)
        site.send(hook)
        receiver.hold.clear()
        site.passes("Ada")
        assert site.send(hook).error == "It did not answer within 0.2 seconds."


def test_nobody_is_sent_elsewhere(site: Site) -> None:
    with running(Receiver()) as other, running(Receiver(lambda _: 307)) as receiver:
        receiver.location = other.url
        hook = hook_to(receiver)
        site.send(hook)
        site.passes("Ada")
        assert site.send(hook).error == "It answered 307 Temporary Redirect."
    assert other.got == []


def test_who_was_erased_meanwhile_is_not_named(site: Site) -> None:
    with running(Receiver()) as receiver:
        hook = hook_to(receiver)
        site.send(hook)
        site.passes("Ada")
        with writing(site.engine) as session:
            erasure.erase(session, site.people["Ada"], at=AT, actor="test")
        site.send(hook)
    assert b"Ada" not in receiver.got[0][1]
    assert receiver.taken[0]["data"]["person"] is None


def test_a_thousand_events_arrive_across_restarts_of_both_sides(site: Site) -> None:
    chance = random.Random(4)
    receiver = Receiver(lambda _: chance.choice([200, 200, 200, 500, 503, 429]))
    with running(receiver):
        hook = hook_to(receiver)
        site.send(hook)
    events = [site.passes("Ada")]
    file = site.engine.url.database
    while len(events) < 1000:
        events += site.pass_often("Ada", 25)
        if chance.random() < 0.7:
            with running(receiver):
                site.send(hook)
        else:
            site.send(hook)
        site.engine.dispose()
        site.engine = open_database(str(file))
        site.now += timedelta(minutes=chance.choice([0, 1, 90]))
    receiver.answers = lambda _: 200
    with running(receiver):
        site.now += LONGEST_PAUSE
        site.send(hook)
    taken = [one["data"]["id"] for one in receiver.taken]
    assert set(taken) == {str(event) for event in events}
    ids = {
        headers["webhook-id"]: told["data"]["id"]
        for (headers, _), told in zip(receiver.got, receiver.taken, strict=True)
    }
    assert len(ids) == len(events)
    assert webhooks.waiting(site.engine) == []
    site.engine.dispose()


def test_beside_a_kiosk_the_ledger_and_the_door_are_told_at_once(site: Site) -> None:
    heard = threading.Event()

    def answers(number: int) -> int:
        if number == 1:
            heard.set()
        return 200

    with running(Receiver(answers)) as receiver:
        hook = hook_to(receiver, kinds=("check_in", "unknown"))
        site.send(hook)
        with programs_around(site.engine, site.settings(hook), lambda: site.now) as hear:
            site.passes("Ada")
            hear(KioskEvent(EventKind.UNKNOWN, AT))
            hear(KioskEvent(EventKind.SOURCE_LOST, AT, text="The camera is away."))
            assert heard.wait(60)
    assert sorted(one["type"] for one in receiver.taken) == ["check_in", "unknown"]


def test_one_sentence_says_that_a_receiver_is_away(site: Site) -> None:
    hook = Webhook(name="desk", url="http://127.0.0.1:9/")
    site.send(hook)
    site.passes("Ada")
    said: list[str] = []
    rounds = iter([True] * 5)

    def wait(_: float) -> bool:
        site.now += timedelta(hours=2)
        return next(rounds, False)

    webhooks.follow(site.engine, site.settings(hook), hook, clock=lambda: site.now, wait=wait, trouble=said.append)
    assert len(said) == 1
    assert said[0].startswith("The webhook desk waits. It cannot be reached")


def test_the_end_of_a_webhook_takes_its_messages_along(site: Site, tmp_path: Any) -> None:
    hook = Webhook(name="desk", url="http://127.0.0.1:9/")
    file = tmp_path / "muster.toml"
    secret = webhooks.add(file, hook)
    assert secret in file.read_text()
    site.send(hook)
    site.passes("Ada")
    site.send(hook)
    assert [(state.waiting, state.dead) for _, state in webhooks.states(site.engine, site.settings(hook))] == [(1, 0)]
    assert webhooks.remove(site.engine, file, "desk") == 1
    assert "webhooks" not in file.read_text()
    with pytest.raises(UsageError, match="There is no webhook 'desk'"):
        webhooks.remove(site.engine, file, "desk")
