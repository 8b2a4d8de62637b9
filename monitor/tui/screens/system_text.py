"""What the system screen says, as text."""

from collections.abc import Sequence

from rich.text import Text

from monitor.config import Settings
from monitor.doctor import Check, Status
from monitor.tui.chrome import LoopDelay
from monitor.tui.feed import PictureFeed
from monitor.tui.live import LiveDoor
from monitor.tui.system_queries import SystemView
from monitor.tui.text import Signs, at_clock, clean, day_text

SECRET = {"admin_pin_hash"}
LABEL = 21
"""Cells of a label."""


def running_text(live: LiveDoor, source: str, feed: PictureFeed, delay: LoopDelay) -> Text:
    """The camera, the picture and the screen, as of now."""
    text = Text()
    if live.has_camera:
        _line(text, "Camera", clean(live.problem, 120) if live.problem else source)
        if live.scene is not None:
            _line(text, "Vision", f"{live.scene.fps:.1f} frames/s, {live.scene.dropped} dropped")
        _line(text, "Picture", f"{feed.rate:.1f} a second")
    else:
        _line(text, "Camera", "none in this view")
    half, most = delay.percentile(0.5) * 1000, delay.percentile(0.99) * 1000
    return _line(text, "Delay of the screen", f"{half:.1f} ms (half), {most:.1f} ms (99 %)")


def state_text(view: SystemView, settings: Settings) -> Text:
    """The database, the kiosks, and how long things are kept."""
    zone = settings.zone
    size = f"{view.bytes / 1e6:.1f} MB" if view.bytes is not None else "PostgreSQL"
    free = f", {view.free_bytes / 1e9:.0f} GB free on the disk" if view.free_bytes is not None else ""
    text = Text()
    _line(text, "Database", clean(view.database, 200))
    _line(text, "Size", f"{size}{free}")
    counts = f"{view.people:,} people, {view.events:,} events, {view.moods:,} moods, {view.visitors:,} unknown faces"
    _line(text, "Holds", counts)
    for kiosk in view.kiosks:
        seen = f"{day_text(kiosk.seen_at, zone)} {at_clock(kiosk.seen_at, zone)}"
        _line(text, "Kiosk", f"{clean(kiosk.name, 20)} ({kiosk.role}), last wrote {seen}")
    kept = (
        f"unknown people {settings.keep_visitors_days} days, sightings {settings.keep_sightings_days}, "
        f"moods {settings.keep_moods_days}"
    )
    _line(text, "Kept", kept)
    return _line(text, "Past that time", past_text(view))


def past_text(view: SystemView) -> str:
    """What a purge would delete."""
    gone = view.expired
    if not gone.rows:
        return "nothing"
    return (
        f"{gone.visitors:,} sightings of unknown people ({gone.faces:,} with a face), {gone.sightings:,} of enrolled "
        f"people, {gone.moods:,} moods"
    )


def findings_text(checks: Sequence[Check], signs: Signs, *, running: bool) -> Text:
    """What the doctor found: a sign, a word and a colour for each, and what to do."""
    marks = {Status.OK: (signs.came, "green"), Status.WARN: ("!", "yellow"), Status.FAIL: (signs.lost * 2, "red")}
    text = Text("\nHealth", "bold").append("   checking\n" if running else "\n", "dim")
    for check in checks:
        sign, colour = marks[check.status]
        text.append(f"{sign:<2} {check.status.value:<5}", colour).append(f"{check.name:<{LABEL - 8}}", "dim")
        text.append(f"{clean(check.sentence, 300)}\n")
        if check.advice and check.status is not Status.OK:
            text.append(f"{'':8}{clean(check.advice, 300)}\n", "italic")
    return text


def settings_text(settings: Settings) -> Text:
    """Each setting with its sentence of explanation."""
    text = Text("\n")
    text.append("Settings (in muster.toml, or as MUSTER_... variables)\n", "bold")
    for name, field in type(settings).model_fields.items():
        value = str(getattr(settings, name))
        if name in SECRET:
            value = "set" if value else "not set"
        if name == "db":
            continue
        text.append(f"{name} = {clean(value, 60)}\n").append(f"  {field.description}\n", "dim")
    return text


def _line(text: Text, label: str, value: str) -> Text:
    return text.append(f"{label:<{LABEL}}", "dim").append(f"{value}\n")
