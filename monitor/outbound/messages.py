"""What other programs are told about an event: one JSON object, or one sentence for a chat room."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from db.programs.event_feed import FeedEvent
from monitor.text import local_time, printable

WORDS: Final = {
    "check_in": "checked in",
    "check_out": "checked out",
    "void": "was taken back",
    "correction": "was corrected",
    "unknown": "Somebody whom nobody knows is at the door",
    "not_live": "A face at the door may be a photograph",
    "source_lost": "The picture of the camera is lost",
    "source_back": "The picture of the camera is back",
    "test": "This is a test message",
}


def event_json(event: FeedEvent) -> dict[str, object]:
    """An event of the ledger, ready for JSON: the same object in webhooks, HTTP and files."""
    person = event.person and {
        "id": str(event.person),
        "name": event.name,
        "number": event.number,
        "group": event.group,
    }
    return {
        "seq": event.seq,
        "id": str(event.id),
        "event": event.kind,
        "at": event.at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "time_zone": event.time_zone,
        "person": person,
        "door": event.door,
        "site": event.site,
        "method": event.method,
        "target": event.target and str(event.target),
        "corrected_kind": event.corrected_kind,
    }


def other_json(kind: str, at: datetime, door: str, text: str | None) -> dict[str, object]:
    """What happened at a door and is not in the ledger, ready for JSON."""
    return {"event": kind, "at": at.isoformat(), "person": None, "door": door, "text": text}


def sentence(
    kind: str, at: datetime, door: str, zone: ZoneInfo, event: FeedEvent | None = None, *, now: datetime
) -> str:
    """One line for people; a name cannot break out of it, or mention a whole chat room.

    Args:
        now: what was on another day than this has its day in the line.
    """
    local, said = at.astimezone(zone), WORDS.get(kind, kind)
    clock = f"{local:%H:%M}" if local.date() == now.astimezone(zone).date() else local_time(at, zone)
    if event is None:
        return f"{said} ({printable(door)}, {clock})."
    name = _plain(event.name) if event.name is not None else "Somebody who was erased"
    if kind in ("void", "correction"):
        said = f"has an entry that {said}"
    return f"{name} {said} at {clock} ({printable(event.door)})."


def _plain(name: str) -> str:
    """A name without what chat programs take for links, mentions and formatting."""
    return printable(name, 80).translate({ord(sign): " " for sign in "<>@*_~`|[]#&"}).strip() or "Somebody"
