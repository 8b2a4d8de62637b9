"""The texts of the System screen."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.table import Table
from rich.text import Text

from monitor.config import Settings
from monitor.desk.audit_words import change_words
from monitor.desk.maintenance.system import MOST_COUNTED, Check, Status, SystemView
from monitor.sources.stream import without_password
from monitor.text import plural
from monitor.tui.picture.feed import PictureFeed
from monitor.tui.runtime.kiosk_controller import KioskController
from monitor.tui.runtime.loop_delay import LoopDelay
from monitor.tui.style.text import Signs, at_clock, clean, day_text, moment_text
from monitor.tui.widgets.table import Column, Row

SECRET = {"admin_pin_hash", "forward"}
LABEL = 13
"""Cells of a label."""
NAME = 14
"""Cells of a check's name."""
LAST = frozenset({"models", "emotion model", "model cache", "vision", "python"})
"""Checks that nobody has to look at while they are right."""


AUDIT: Final = (
    Column("at", "At", 12),
    Column("actor", "By", 10, rank=1),
    Column("action", "What and who", least=16, most=34),
    Column("change", "Before and after", least=24),
)


def audit_rows(view: SystemView, zone: ZoneInfo, signs: Signs) -> list[Row]:
    """The part of the audit log that was loaded: who did what, and the values before and after."""
    rows = []
    for entry in view.audit.items:
        when = f"{day_text(entry.at, zone)[4:-5]} {at_clock(entry.at, zone)}"
        name = view.names.get(str(entry.person), "") if entry.person else ""
        what = f"{clean(entry.action, 30)}{': ' if name else ''}{clean(name)}"
        change = clean(change_words(entry, view.events_of, zone, signs.to), 120)
        rows.append(Row(str(entry.id), (when, clean(entry.actor, 20), what, change)))
    return rows


def running_text(kiosk: KioskController, source: str, feed: PictureFeed, delay: LoopDelay) -> Table:
    """The present state of camera, vision, picture and event loop."""
    lines = _lines()
    if kiosk.has_camera:
        lines.add_row("Camera", clean(kiosk.problem, 120) if kiosk.problem else source)
        if kiosk.scene is not None:
            lines.add_row("Vision", f"{kiosk.scene.fps:.1f} frames/s, {kiosk.scene.dropped} dropped")
        lines.add_row("Picture", f"{feed.rate:.1f} a second" if feed.rate else "drawn on the Door screen only")
    else:
        lines.add_row("Camera", "none in this view")
    median, most = delay.percentile(0.5) * 1000, delay.percentile(0.99) * 1000
    lines.add_row("Screen delay", f"median {median:.1f} ms, 99th percentile {most:.1f} ms")
    return lines


def state_text(view: SystemView, settings: Settings) -> Table:
    """The database, the kiosks, and the retention."""
    zone = settings.zone
    size = f"{view.bytes / 1e6:.1f} MB" if view.bytes is not None else "PostgreSQL"
    free = f", {view.free_bytes / 1e9:.0f} GB free on the disk" if view.free_bytes is not None else ""
    lines = _lines()
    lines.add_row("Database", Text(clean(view.database, 200)))
    lines.add_row("Size", f"{size}{free}")
    counts = (
        plural(view.people, "person", "people"), plural(view.events, "entry", "entries"),
        plural(view.moods, "mood sample"), plural(view.visitors, "unknown face"),
    )  # fmt: skip
    lines.add_row("Holds", ", ".join(counts))
    for kiosk in view.kiosks:
        lines.add_row(
            "Kiosk", Text(f"{clean(kiosk.name, 20)} ({kiosk.role}), last wrote {moment_text(kiosk.seen_at, zone)}")
        )
    made = moment_text(view.last_backup, zone) if view.last_backup else "none yet; press b, or leave Muster running"
    lines.add_row("Last backup", made)
    days = settings.keep_visitors_days, settings.keep_sightings_days, settings.keep_moods_days, settings.keep_views_days
    kept = "{} days (unknown faces), {} (sightings), {} (mood samples), {} (pictures of why)"
    lines.add_row("Kept for", kept.format(*days))
    lines.add_row("Expired data", expired_text(view))
    lines.add_row("Gallery", Text(gallery_text(view, settings)))
    return lines


def gallery_text(view: SystemView, settings: Settings) -> str:
    """What the gallery found when it examined itself: expected errors, and who needs a picture."""
    if view.examined is None:
        hour = (
            f"at {settings.examine_hour}:00" if settings.examine_hour >= 0 else "when 'muster calibrate --nightly' runs"
        )
        return f"not examined yet; it examines itself {hour}"
    found = view.examined.detail
    told = [f"examined {moment_text(view.examined.at, settings.zone)}"]
    for key, what in (("fnir", "of passages would be missed"), ("fpir", "of strangers named")):
        rate = found.get(key)
        if rate:
            told.append(f"{rate['value']:.1%} ({rate['low']:.1%} to {rate['high']:.1%}) {what}")
    soon, pictures = int(found.get("soon_not_recognised", 0)), int(found.get("need_pictures", 0))
    told.append(
        f"{plural(soon, 'person', 'people')} will soon not be recognised" if soon else "everybody is recognised"
    )
    if pictures:
        told.append(f"{plural(pictures, 'person needs', 'people need')} a picture: F4, then E")
    worst = ", ".join(f"{clean(name, 30)} {one.misses:.0%}" for name, one in view.worst)
    return "; ".join(told) + (f". Missed most: {worst}" if worst else "")


def expired_text(view: SystemView) -> str:
    """The data that a purge would delete."""
    gone = view.expired
    if not gone.rows:
        return "nothing"
    visitors, faces, sightings, moods = (_counted(n) for n in (gone.visitors, gone.faces, gone.sightings, gone.moods))
    return (
        f"{visitors} {'sighting' if gone.visitors == 1 else 'sightings'} of unknown people ({faces} with a face), "
        f"{sightings} of enrolled people, {moods} mood {'sample' if gone.moods == 1 else 'samples'}, "
        f"{_counted(gone.views)} {'picture' if gone.views == 1 else 'pictures'} of why"
    )


def _counted(number: int) -> str:
    return f"{number:,}" if number < MOST_COUNTED else f"{MOST_COUNTED:,} or more"


def works_text(checks: Sequence[Check], signs: Signs, *, running: bool) -> Group:
    """What was found to be right, a line each; models and their hashes last."""
    lines = Table.grid(padding=(0, 1))
    lines.add_column(width=2)
    lines.add_column(width=NAME, style="dim")
    lines.add_column(overflow="fold")
    for check in sorted(checks, key=lambda check: check.name in LAST):
        if check.status is Status.OK:
            lines.add_row(Text(signs.came, "green"), clean(check.name, NAME), Text(clean(check.sentence, 300)))
    return Group(Text("Works", "bold").append("   looking" if running else "", "dim"), lines, "")


def settings_text(settings: Settings) -> Text:
    """Each setting with its sentence of explanation."""
    text = Text()
    text.append("\nSettings (in muster.toml, or as MUSTER_... variables)\n", "bold")
    for name, field in type(settings).model_fields.items():
        chosen = getattr(settings, name)
        value = "not set" if chosen is None or chosen == () else str(chosen)
        if name in SECRET:
            value = "set" if value else "not set"
        if "://" in value:
            value = without_password(value)
        if name == "db":
            continue
        text.append(f"{name} = {clean(value, 60)}\n").append(f"  {field.description}\n", "dim")
    return text


def _lines() -> Table:
    """Labels and values; long values are wrapped beside their label."""
    lines = Table.grid(padding=(0, 1))
    lines.add_column(width=LABEL, style="dim")
    lines.add_column(overflow="fold")
    return lines
