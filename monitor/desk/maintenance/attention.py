"""What needs a hand beside what the doctor checks: backups, consents, and data past its time. Pure functions."""

from datetime import datetime, timedelta
from typing import Final

from monitor.config import Settings
from monitor.desk.maintenance.system import Check, Status, SystemView
from monitor.text import plural

_MAKE_ONE: Final = "Back up now; the setting backup_every_hours makes backups by itself."
_WITHOUT_PLAN: Final = timedelta(days=7)
"""Age from which on a backup is too old where none is planned."""


def attention(view: SystemView, settings: Settings, now: datetime) -> list[Check]:
    """The findings that ask for a decision of somebody; empty where nothing does."""
    found = _backup(view, settings, now), _consent(view, settings), _past_its_time(view), _gallery(view)
    return [check for check in found if check is not None]


def _backup(view: SystemView, settings: Settings, now: datetime) -> Check | None:
    """PostgreSQL has backups of its own, and the demo's database goes with it."""
    if view.bytes is None or settings.source == "demo":
        return None
    if view.last_backup is None:
        return Check("backup", Status.WARN, "There is no backup yet.", _MAKE_ONE)
    age, planned = now - view.last_backup, settings.backup_every_hours
    if age <= (timedelta(hours=2 * planned) if planned else _WITHOUT_PLAN):
        return None
    old = plural(age.days, "day") if age.days else plural(round(age.total_seconds() / 3600), "hour")
    plan = "" if planned else " None is planned."
    return Check("backup", Status.WARN, f"The last backup is {old} old.{plan}", _MAKE_ONE)


def _consent(view: SystemView, settings: Settings) -> Check | None:
    if not view.consent_missing or settings.consent == "assumed":
        return None
    missing = plural(view.consent_missing, "person was", "people were")
    told = f"{missing} not asked for their consent; no mood of theirs is kept."
    return Check("consent", Status.WARN, told, "Ask them; 'muster people list --consent-missing' lists them.")


def _past_its_time(view: SystemView) -> Check | None:
    if not view.expired.rows:
        return None
    told = f"{plural(view.expired.rows, 'row is', 'rows are')} past their time."
    return Check("retention", Status.WARN, told, "Delete them now; while Muster runs it does so once a day.")


def _gallery(view: SystemView) -> Check | None:
    soon = int(view.examined.detail.get("soon_not_recognised", 0)) if view.examined else 0
    if not soon:
        return None
    told = f"{plural(soon, 'person', 'people')} will soon not be recognised."
    return Check(
        "gallery",
        Status.WARN,
        told,
        "Enrol new images of them, or let the door ask them (ask_for_views); 'muster calibrate --nightly' names them.",
    )
