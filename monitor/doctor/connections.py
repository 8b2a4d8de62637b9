"""Checks of whom a kiosk tells what happens: the door's opener, the site, the MQTT broker, receivers of webhooks.

Whoever sends notes in the database why nothing goes out, and what went; doctor and the System screen ask here.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from db import audit
from db.forwarding import doors
from db.programs import webhooks
from monitor.config import Settings
from monitor.doctor.check import Check, ok, warn
from monitor.text import local_time, plural

_SITE_LATE: Final = timedelta(minutes=5)
"""Time without a round after which a kiosk is out of touch with its site."""
_OPENED_SINCE: Final = timedelta(days=7)
"""Age up to which a failed opening counts."""


def connections(session: Session, settings: Settings, now: datetime) -> Iterator[Check]:
    """What the settings name, one check each; none for a kiosk that tells nobody."""
    states = webhooks.states(session) if settings.webhooks or settings.mqtt.host else []
    if settings.opener.opens:
        yield _opener(session, settings, now)
    if settings.forward:
        yield _site(session, settings, now)
    if settings.mqtt.host:
        outbox = webhooks.mqtt_outbox(settings.kiosk)
        yield _mqtt(settings, next((one for one in states if one.webhook == outbox), None))
    if settings.webhooks:
        ours = {one.name for one in settings.webhooks}
        yield from _webhooks([one for one in states if one.webhook in ours], len(ours))


def _opener(session: Session, settings: Settings, now: datetime) -> Check:
    """By the newest opening here that was tried; one that a rule refused was not."""
    last = audit.latest_at_door(session, ("opened", "opener failed"), settings.kiosk, now - _OPENED_SINCE)
    if last is None:
        return ok("opener", "The door was not asked to open for a week.")
    if last.action == "opened":
        return ok("opener", "The door opened when it was last asked to.")
    told = f"The door did not open at {local_time(last.at, settings.zone)}. {last.detail.get('reason', '')}"
    return warn("opener", told.strip(), "Mend that; 'muster door open' tries it.")


def _site(session: Session, settings: Settings, now: datetime) -> Check:
    found = doors.here(session)
    seen = f"It was in touch last {local_time(found.seen_at, settings.zone)}." if found and found.seen_at else ""
    if found is not None and found.trouble is not None:
        return warn(
            "site", f"{found.trouble} {seen}".strip(), "Nothing is lost: it sends and fetches all when it is back."
        )
    if found is None or found.seen_at is None or now - found.seen_at > _SITE_LATE:
        told = seen or "This kiosk has not been in touch with its site yet."
        return warn("site", told, "Start the kiosk; its log says what is wrong.")
    return ok("site", seen)


def _mqtt(settings: Settings, state: webhooks.WebhookState | None) -> Check:
    if state is None or not (state.waiting and state.error):
        return ok("mqtt", f"A kiosk has no trouble with the MQTT broker {settings.mqtt.host}:{settings.mqtt.port}.")
    return warn("mqtt", f"{state.error} {plural(state.waiting, 'message waits', 'messages wait')}.", "Nothing is lost.")


def _webhooks(states: list[webhooks.WebhookState], count: int) -> Iterator[Check]:
    """One for each receiver in trouble, else one for all."""
    late = [one for one in states if one.dead or (one.waiting and one.error)]
    if not late:
        yield ok("webhooks", f"{plural(count, 'receiver')} of events; no message fails.")
    for one in late:
        yield warn(
            "webhooks",
            f"The receiver {one.webhook} has {plural(one.waiting, 'message')} waiting and {one.dead:,} given up. "
            f"{one.error}",
            "It is tried again with the next event, and within an hour; at once with 'muster webhooks retry'.",
        )
