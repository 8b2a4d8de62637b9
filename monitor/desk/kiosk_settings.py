"""The settings that decide what a kiosk writes: each change stands in the audit log, and is proved with it."""

import shlex
from typing import Any, Final, Unpack

from sqlalchemy import Engine

from db import audit
from db.engine import reading, writing
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.sources.stream import without_password

ACTION: Final = "settings"
_DECIDE_NOTHING: Final = ("db", "theme", "pictures", "language", "sounds", "admin_pin_hash", "quality", "keys")
"""Appearance, the place of the database, and the PIN, whose changes have an entry of their own."""


def note_settings(engine: Engine, settings: Settings, **by: Unpack[Actor]) -> dict[str, tuple[Any, Any]]:
    """Write into the audit log which settings of this kiosk are not those of its last start.

    Returns:
        Before and after, by the setting's name; everything at the first start.

    Raises:
        DatabaseError: the database cannot be written.
    """
    now = _deciding(settings)
    with reading(engine) as session:
        before = audit.latest_detail(session, ACTION, settings.kiosk).get("settings", {})
    changed = {name: (before.get(name), value) for name, value in now.items() if before.get(name) != value}
    if changed:
        detail = {"kiosk": settings.kiosk, "changed": changed if before else {}, "settings": now}
        with writing(engine) as session:
            audit.note(session, ACTION, detail=detail, **by)
    return changed


def _deciding(settings: Settings) -> dict[str, Any]:
    without: dict[str, Any] = dict.fromkeys(_DECIDE_NOTHING, True)
    without |= {"webhooks": {"__all__": {"url", "secret"}}, "opener": {"url", "secret"}, "mqtt": {"password"}}
    values = settings.model_dump(mode="json", exclude=without)
    source = settings.source
    program = shlex.split(settings.opener.command)[:1]  # an argument may be a secret
    values["opener"]["command"] = " ".join(program)
    addresses = {"source": source, "forward": settings.forward}
    return values | {name: without_password(one) if "://" in one else one for name, one in addresses.items()}
