"""What an entry of the audit log changed, in words: the value before and the value after. Pure functions."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from db.records.attendance import AttendanceEvent
from db.records.privacy import AuditEntry
from monitor.calendar_text import weekdays_text

_WORDS: Final = {"check_in": "came in", "check_out": "left", None: "not set", True: "yes", False: "no", "": "not set"}
_NO_CHANGE: Final = frozenset({"purge", "rotate key"})
"""Acts whose "before" is not a value that was replaced."""
_MOST: Final = 4
"""So many of several values are told."""


def change_words(entry: AuditEntry, events: Mapping[UUID, AttendanceEvent], zone: ZoneInfo, arrow: str) -> str:
    """The values before and after, "16:10 → 17:10", else what else is known of the act; may be empty.

    Args:
        events: rows of the ledger that the entries are about, and what these correct or void, by id.
        arrow: between the two values.
    """
    detail = entry.detail
    if entry.event is not None:
        return _of_event(entry, events, zone, arrow)
    if entry.action in _NO_CHANGE or not ("before" in detail or "after" in detail):
        pairs = detail["changed"].items() if detail.get("changed") else ()
        told = [f"{name} {_word(old)} {arrow} {_word(new)}" for name, (old, new) in pairs]
        return _listed(
            told or [f"{key.replace('_', ' ')} {_word(value)}" for key, value in detail.items() if _is_told(key, value)]
        )
    before, after = detail.get("before"), detail.get("after")
    if isinstance(before, Mapping) or isinstance(after, Mapping):
        return _listed(list(_differences(before or {}, after or {}, arrow)))
    kind = f"{detail['kind']} " if "kind" in detail else ""
    return f"{kind}{_word(before)} {arrow} {_word(after)}"


def _of_event(entry: AuditEntry, events: Mapping[UUID, AttendanceEvent], zone: ZoneInfo, arrow: str) -> str:
    """When somebody came or left as it was written before, and as it is now; and the reason."""
    made = events.get(entry.event) if entry.event else None
    reason = f" ({entry.detail['reason']})" if entry.detail.get("reason") else ""
    if made is None:
        return reason.strip(" ()")
    old = events.get(made.target) if made.target else None
    if made.kind == "void":
        return f"{_passage(old, None, zone)} {arrow} void{reason}"
    return f"{_passage(old, None, zone)} {arrow} {_passage(made, old, zone)}{reason}"


def _passage(event: AttendanceEvent | None, before: AttendanceEvent | None, zone: ZoneInfo) -> str:
    """What happened when; behind another passage only what differs from it."""
    if event is None:
        return "nothing"
    what, at = event.corrected_kind or event.kind, event.at.astimezone(zone)
    same_what = before is not None and (before.corrected_kind or before.kind) == what
    same_day = before is not None and before.at.astimezone(zone).date() == at.date()
    return f"{'' if same_what else f'{_word(what)} '}{'' if same_day else f'{at.day} {at:%b} '}{at:%H:%M}"


def _differences(before: Mapping[str, Any], after: Mapping[str, Any], arrow: str) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        old, new = (
            weekdays_text(one["days"]) if name == "days" and name in one else one.get(name) for one in (before, after)
        )
        if old != new and _is_told(name, old or new):
            change = f"{_word(old)} {arrow} {_word(new)}" if before and after else _word(old if before else new)
            yield f"{name.replace('_', ' ')} {change}"


def _is_told(name: str, value: object) -> bool:
    """Ids, and what a kiosk's settings are as a whole, tell people nothing."""
    return (
        name not in ("settings", "pseudonyms")
        and value is not None
        and not (isinstance(value, Mapping) or _is_id(value))
    )


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False


def _word(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_word, value))
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str | bool) or value is None:
        return _WORDS.get(value) or _local(str(value))
    return str(value)


def _local(text: str) -> str:
    """A text; the time of an instant is left as it is, cut to minutes."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}" if "T" in text else text
    except ValueError:
        return text


def _listed(told: list[str]) -> str:
    more = f", and {len(told) - _MOST} more" if len(told) > _MOST else ""
    return ", ".join(told[:_MOST]) + more
