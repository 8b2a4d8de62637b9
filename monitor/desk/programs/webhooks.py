"""Webhooks: what is told to whom, what waits, and trying again. Every function blocks: call it in workers only."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import aiohttp
from sqlalchemy import Engine

from db.engine import reading, writing
from db.errors import DatabaseError
from db.ids import new_id
from db.programs import event_feed, webhooks
from db.programs.event_feed import FeedEvent
from db.programs.webhooks import Delivery, WebhookState
from monitor.config import Settings
from monitor.config_file import Value, add_table, remove_table
from monitor.config_outbound import Webhook
from monitor.errors import UsageError
from monitor.outbound.messages import event_json, other_json, sentence
from monitor.outbound.webhooks import Answer, message, new_secret, post

__all__ = ("Delivery", "Happened", "Round", "WebhookState", "follow", "send_waiting", "states", "waiting")

EVERY: Final = 1.0
"""Seconds between two looks at the ledger while nothing wakes the sender."""
_ROUND: Final = 50
"""Messages of one round."""
_CLAIMED: Final = timedelta(minutes=2)
"""How long other programs leave a message alone that one is sending."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened at this kiosk and is not in the ledger."""

    kind: str
    at: datetime
    text: str | None


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    sent: int = 0
    error: str | None = None
    """Why the last message was not taken."""


def add(file: Path, webhook: Webhook) -> str:
    """Writes a webhook into the settings; its secret, which is made here.

    Raises:
        SettingsError: the name is taken, or the file cannot be written.
    """
    secret = new_secret()
    values: dict[str, Value | list[str]] = {"name": webhook.name, "url": webhook.url, "secret": secret}
    values |= {"form": webhook.form, "kinds": list(webhook.kinds)}
    values |= {name: list(of) for name, of in (("groups", webhook.groups), ("doors", webhook.doors)) if of}
    add_table(file, "webhooks", values)
    return secret


def remove(engine: Engine, file: Path, name: str) -> int:
    """Takes a webhook out of the settings, and what waits for it out of the database; how many messages that were.

    Raises:
        UsageError: there is no such webhook.
        SettingsError, DatabaseError: the file or the database cannot be written.
    """
    known = remove_table(file, "webhooks", "name", name)
    with writing(engine) as session:
        known = known or any(one.webhook == name for one in webhooks.states(session))
        gone = webhooks.forget(session, name)
    if not known:
        raise UsageError(f"There is no webhook {name!r}; see 'muster webhooks list'.")
    return gone


def states(engine: Engine | None, settings: Settings) -> list[tuple[Webhook | None, WebhookState]]:
    """Every webhook of the settings or of the database, where there is one yet, with how it is doing."""
    known: dict[str, WebhookState] = {}
    if engine is not None:
        with reading(engine) as session:
            known = {one.webhook: one for one in webhooks.states(session)}
    ours = {one.name: one for one in settings.webhooks}
    new = {name: WebhookState(name, 0, 0, 0, 0, None, None) for name in ours}
    return [(ours.get(name), state) for name, state in (new | known).items()]


def waiting(engine: Engine, webhook: str | None = None, *, dead: bool = False) -> list[Delivery]:
    """Messages that wait, or only dead letters."""
    with reading(engine) as session:
        return webhooks.waiting(session, webhook, dead=dead)


def retry(engine: Engine, now: datetime, webhook: str | None = None, only: Sequence[UUID] = ()) -> int:
    """Has messages that wait, dead letters too, tried at once by whoever sends; how many."""
    with writing(engine) as session:
        return webhooks.retry(session, now, webhook, only)


def named(settings: Settings, name: str) -> Webhook:
    """The webhook of this name. Raises: UsageError."""
    for one in settings.webhooks:
        if one.name == name:
            return one
    raise UsageError(f"There is no webhook {name!r} in the settings; see 'muster webhooks list'.")


def test(settings: Settings, name: str, now: datetime) -> Answer:
    """Sends a message that is about nothing. Raises: UsageError."""
    webhook = named(settings, name)
    data = other_json("test", now, settings.kiosk, "This is a test message.")
    body = message(webhook, data, sentence("test", now, settings.kiosk, settings.zone, now=now))

    async def send() -> Answer:
        async with aiohttp.ClientSession() as session:
            return await post(session, webhook, new_id(), body, now)

    return asyncio.run(send())


def send_waiting(engine: Engine, settings: Settings, webhook: Webhook, clock: Callable[[], datetime]) -> Round:
    """Fills the outbox of one webhook, and sends what is due until nothing is, or the receiver is away.

    Raises:
        DatabaseError: the database cannot be read or written; nothing is lost.
    """
    _fill(engine, settings, webhook, clock(), ())
    return _send_due(engine, settings, webhook, clock)


def follow(
    engine: Engine,
    settings: Settings,
    webhook: Webhook,
    *,
    clock: Callable[[], datetime],
    wait: Callable[[float], bool],
    happened: Callable[[], list[Happened]] = list,
    trouble: Callable[[str], None] = log.warning,
) -> None:
    """Sends to one receiver, again and again, and once more at the end.

    Args:
        wait: waits that many seconds or until something happens; False ends the loop.
        happened: takes what happened since the last call.
        trouble: called with one sentence when messages cannot be sent, and again only when the sentence changes.
    """
    said: str | None = None
    kept: list[Happened] = []
    ending = False
    while True:
        kept += happened()
        try:
            _fill(engine, settings, webhook, clock(), kept)
            kept = []
            error = _send_due(engine, settings, webhook, clock).error
        except DatabaseError as fault:
            error = str(fault)
        sentence = error and f"The webhook {webhook.name} waits. {error}"
        if sentence and sentence != said:
            trouble(sentence)
        said = sentence
        if ending:
            return
        ending = not wait(EVERY)


def wants(webhook: Webhook, event: FeedEvent) -> bool:
    """Whether the receiver is told of this event."""
    fits = event.kind in webhook.kinds and (not webhook.doors or event.door in webhook.doors)
    return fits and (not webhook.groups or event.group in webhook.groups)


def _fill(engine: Engine, settings: Settings, webhook: Webhook, now: datetime, happened: Sequence[Happened]) -> None:
    here = not webhook.doors or settings.kiosk in webhook.doors
    told = [one for one in happened if one.kind in webhook.kinds and here and not webhook.groups]
    with reading(engine) as session:
        if not told and not webhooks.is_behind(session, webhook.name):
            return
    with writing(engine) as session:
        webhooks.take(session, webhook.name, lambda event: wants(webhook, event), now)
        for one in told:
            webhooks.add(session, webhook.name, one.kind, one.at, now, door=settings.kiosk, text=one.text)


def _send_due(engine: Engine, settings: Settings, webhook: Webhook, clock: Callable[[], datetime]) -> Round:
    with reading(engine) as session:
        if not webhooks.due(session, webhook.name, clock(), 1):
            return Round()
    return asyncio.run(_send(engine, settings, webhook, clock))


async def _send(engine: Engine, settings: Settings, webhook: Webhook, clock: Callable[[], datetime]) -> Round:
    sent, error = 0, None
    async with aiohttp.ClientSession() as client:
        while True:
            with reading(engine) as session:
                due = webhooks.due(session, webhook.name, clock(), _ROUND)
                events = event_feed.by_ids(session, [one.event for one in due if one.event])
            for one in due:
                with writing(engine) as session:
                    if not webhooks.claim(session, one, clock() + _CLAIMED):
                        continue
                event = events.get(one.event) if one.event else None
                now = clock()
                answer = await post(client, webhook, one.id, _body(settings, webhook, one, event, now), now)
                with writing(engine) as session:
                    if answer.error is None:
                        webhooks.delivered(session, webhook.name, [one], clock())
                        sent += 1
                        continue
                    error = answer.error
                    webhooks.failed(session, one, error, clock(), away=answer.away)
                if answer.away:
                    return Round(sent, error)
            if not due:
                return Round(sent, error)


def _body(settings: Settings, webhook: Webhook, delivery: Delivery, event: FeedEvent | None, now: datetime) -> bytes:
    data = event_json(event) if event else other_json(delivery.kind, delivery.at, delivery.door, delivery.text)
    text = sentence(delivery.kind, delivery.at, delivery.door, settings.zone, event, now=now)
    return message(webhook, data, text)
