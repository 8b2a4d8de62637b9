"""What needs a hand beside what the doctor checks: backups, consents, and data past its time. Pure functions."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from monitor.config import Settings
from monitor.desk.maintenance.system import SystemView
from monitor.doctor.check import Check, warn
from monitor.text import plural

_MAKE_ONE: Final = "Back up now; the setting backup_every_hours makes backups by itself."
_WITHOUT_PLAN: Final = timedelta(days=7)
"""Age from which on a backup is too old where none is planned."""


def attention(view: SystemView, settings: Settings, now: datetime) -> Iterator[Check]:
    """The findings that ask for a decision of somebody; nothing where nothing does."""
    yield from _backup(view, settings, now)
    if view.consent_missing and settings.consent != "assumed":
        missing = plural(view.consent_missing, "person was", "people were")
        told = f"{missing} not asked for their consent; no mood of theirs is kept."
        yield warn("consent", told, "Ask them; 'muster people list --consent-missing' lists them.")
    if view.expired.rows:
        told = f"{plural(view.expired.rows, 'row is', 'rows are')} past their time."
        yield warn("retention", told, "Delete them now; while Muster runs it does so once a day.")
    if soon := int(view.examined.detail.get("soon_not_recognised", 0)) if view.examined else 0:
        advice = "Enrol new images of them, or let the door ask them (ask_for_views)"
        told = f"{plural(soon, 'person', 'people')} will soon not be recognised."
        yield warn("gallery", told, f"{advice}; 'muster calibrate --nightly' names them.")


def _backup(view: SystemView, settings: Settings, now: datetime) -> Iterator[Check]:
    """PostgreSQL has backups of its own, and the demo's database goes with it."""
    if view.bytes is None or settings.source == "demo":
        return
    if view.last_backup is None:
        yield warn("backup", "There is no backup yet.", _MAKE_ONE)
        return
    age, planned = now - view.last_backup, settings.backup_every_hours
    if age > (timedelta(hours=2 * planned) if planned else _WITHOUT_PLAN):
        old = plural(age.days, "day") if age.days else plural(round(age.total_seconds() / 3600), "hour")
        yield warn("backup", f"The last backup is {old} old.{'' if planned else ' None is planned.'}", _MAKE_ONE)
