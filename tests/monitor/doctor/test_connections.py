"""Whom the kiosk tells is said to be in trouble while they are, with the reason, and no longer."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from db import audit
from db.engine import reading, writing
from db.forwarding import doors
from db.programs import webhooks
from db.proof import chains
from monitor.config import Settings
from monitor.config_outbound import Mqtt, Opener, Webhook
from monitor.doctor.check import Status
from monitor.doctor.connections import connections

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


def said(engine: Engine, chosen: Mapping[str, object], now: datetime = NOW) -> tuple[Status, str]:
    """The only finding."""
    with reading(engine) as session:
        (found,) = connections(session, Settings.model_validate({"kiosk": "door", "time_zone": "UTC", **chosen}), now)
    return found.status, found.sentence


def test_a_kiosk_that_tells_nobody_has_no_findings(sqlite: Engine) -> None:
    with reading(sqlite) as session:
        assert list(connections(session, Settings(), NOW)) == []


def test_messages_that_no_receiver_takes(sqlite: Engine) -> None:
    hook = {"webhooks": (Webhook(name="chat", url="http://127.0.0.1:9/"),)}
    assert said(sqlite, hook) == (Status.OK, "1 receiver of events; no message fails.")
    with writing(sqlite) as session:
        webhooks.take(session, "chat", lambda _: True, NOW)
        webhooks.add(session, "chat", "unknown", NOW, NOW, door="door", text=None)
        session.flush()
        (waiting,) = webhooks.due(session, "chat", NOW, 1)
        webhooks.failed(session, waiting, "It cannot be reached (Connection refused).", NOW, away=True)
    assert said(sqlite, hook) == (
        Status.WARN,
        "The receiver chat has 1 message waiting and 0 given up. It cannot be reached (Connection refused).",
    )
    with writing(sqlite) as session:
        webhooks.delivered(session, "chat", [waiting], NOW)
    assert said(sqlite, hook)[0] is Status.OK


def test_a_broker_that_takes_nothing_also_where_nothing_passes(sqlite: Engine) -> None:
    mqtt, outbox = {"mqtt": Mqtt(host="broker.example")}, webhooks.mqtt_outbox("door")
    with writing(sqlite) as session:
        webhooks.take(session, outbox, lambda _: True, NOW)
    assert said(sqlite, mqtt)[0] is Status.OK
    for _ in range(2):
        with writing(sqlite) as session:
            webhooks.hold(session, outbox, "The MQTT broker broker.example:1883 is away.", NOW, door="door")
    assert said(sqlite, mqtt) == (
        Status.WARN, "The MQTT broker broker.example:1883 is away. 1 message waits.",
    )  # fmt: skip
    with writing(sqlite) as session:
        webhooks.delivered(session, outbox, webhooks.due(session, outbox, NOW, 9), NOW)
    assert said(sqlite, mqtt)[0] is Status.OK


def test_a_door_that_does_not_open_until_it_does(sqlite: Engine) -> None:
    opener = {"opener": Opener(command="relay")}
    assert said(sqlite, opener) == (Status.OK, "The door was not asked to open for a week.")
    for minute, (action, door, fault) in enumerate(
        (
            ("opener failed", "door", True),
            ("opened", "another door", True),
            ("opener refused", "door", True),
            ("opened", "door", False),
        )
    ):
        with writing(sqlite) as session:
            detail = {"door": door, "reason": "The relay is stuck."}
            audit.note(session, action, at=NOW + timedelta(minutes=minute), actor="door", detail=detail)
        status, sentence = said(sqlite, opener, NOW + timedelta(hours=1))
        assert (status is Status.WARN) == fault
        assert sentence.endswith("The relay is stuck.") == fault


def test_a_kiosk_out_of_touch_with_its_site(sqlite: Engine) -> None:
    site = {"forward": "postgresql+psycopg://centre/muster"}
    assert said(sqlite, site) == (Status.WARN, "This kiosk has not been in touch with its site yet.")
    chains.of(sqlite)
    for trouble, later, status, sentence in (
        ("The server is away.", 1, Status.WARN, "The server is away."),
        (None, 1, Status.OK, "It was in touch last 2026-12-01 08:00."),
        (None, 9, Status.WARN, "It was in touch last 2026-12-01 08:00."),
        ("The server is away.", 1, Status.WARN, "The server is away. It was in touch last 2026-12-01 08:00."),
    ):
        with writing(sqlite) as session:
            doors.note_here(session, now=NOW, trouble=trouble)
        assert said(sqlite, site, NOW + timedelta(minutes=later)) == (status, sentence)
