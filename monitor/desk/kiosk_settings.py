"""The settings that decide what a kiosk writes: each change stands in the audit log, and is proved with it."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Unpack

from sqlalchemy import Engine

from db import audit
from db.engine import reading, writing
from monitor.config import Settings
from monitor.config_sources import load_settings
from monitor.desk.actor import Actor
from monitor.errors import SettingsError
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


@contextmanager
def noting_change(engine: Engine | None, file: Path, **by: Unpack[Actor]) -> Iterator[None]:
    """Has the audit log say which settings the block changes in the configuration file, with before and after.

    Of secrets and of what decides nothing only the names are said. A change that raises is not noted.

    Args:
        engine: None where there is no database yet: nothing is noted.

    Raises:
        DatabaseError: the database cannot be written; the settings are changed all the same.
    """
    before = _read(file)
    yield
    after = _read(file)
    if engine is None or before is None or after is None:
        return
    changed = sorted(name for name, value in after.model_dump().items() if before.model_dump()[name] != value)
    if not changed:
        return
    old, new = _deciding(before), _deciding(after)
    said = [name for name in changed if old.get(name) != new.get(name)]
    detail: dict[str, Any] = {"before": {name: old.get(name) for name in said}, "after": {n: new.get(n) for n in said}}
    detail["other"] = [name for name in changed if name not in said]
    with writing(engine) as session:
        audit.note(session, "change settings", detail=detail, **by)


def _read(file: Path) -> Settings | None:
    try:
        return load_settings(file if file.exists() else Path(os.devnull))
    except SettingsError:
        return None


def _deciding(settings: Settings) -> dict[str, Any]:
    without: dict[str, Any] = dict.fromkeys(_DECIDE_NOTHING, True)
    without |= {"webhooks": {"__all__": {"url", "secret"}}, "opener": {"url", "secret"}, "mqtt": {"password"}}
    values = settings.model_dump(mode="json", exclude=without)
    source = settings.source
    program = shlex.split(settings.opener.command)[:1]  # an argument may be a secret
    values["opener"]["command"] = " ".join(program)
    addresses = {"source": source, "forward": settings.forward}
    return values | {name: without_password(one) if "://" in one else one for name, one in addresses.items()}
