"""The worked cases of attendance: who is expected when, who passes which door, and what each day comes to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from db.calendar import Holiday, Leave, Shift
from db.records.attendance import LedgerEntry, Method, Presence, Role
from db.records.people import MembershipChange, Person
from monitor.attendance.rules import Rules
from monitor.attendance.summary import DaySummary, Status

CASES: Final[Sequence[dict[str, Any]]] = json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))
PERSON: Final = UUID(int=1)
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROUND_ABOUT: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody before a door, as a case tells it."""

    at: datetime
    door: str
    role: Role
    method: Method
    clock_suspect: bool
    received: datetime | None
    guess: Presence | None
    whose: str | None


@dataclass(frozen=True, slots=True)
class Repair:
    op: str
    entered: datetime
    target: str | None
    at: datetime | None
    kind: Presence | None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as records."""

    told: Mapping[str, Any]
    zone: ZoneInfo
    rules: Rules
    person: Person
    changes: tuple[MembershipChange, ...]
    shifts: tuple[Shift, ...]
    holidays: tuple[Holiday, ...]
    leave: tuple[Leave, ...]
    seen: tuple[Seen, ...]
    repairs: tuple[Repair, ...]
    now: datetime
    days: tuple[date, ...] = field(default=())

    def written(self, number: int) -> datetime:
        """When a passage was really written: with a clock that jumped, an hour after the one before."""
        one = self.seen[number]
        return self.seen[number - 1].at + timedelta(hours=1) if one.clock_suspect and number else one.at


def read(told: Mapping[str, Any]) -> Case:
    zone = ZoneInfo(told.get("zone", "Europe/Berlin"))

    def instant(text: str) -> datetime:
        at = datetime.fromisoformat(text)
        return (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)

    person, changes = _person(told.get("person", {}), zone, instant)
    return Case(
        told,
        zone,
        rules_of(told.get("settings", {})),
        person,
        changes,
        tuple(_shift(number, one) for number, one in enumerate(told.get("shifts", ()))),
        tuple(
            Holiday(UUID(int=number), date.fromisoformat(one["day"]), one["name"], one.get("half"))
            for number, one in enumerate(told.get("holidays", ()))
        ),
        tuple(
            Leave(
                UUID(int=number), PERSON, date.fromisoformat(one["from"]), date.fromisoformat(one["to"]), one["kind"],
                one.get("half"),
            )
            for number, one in enumerate(told.get("leave", ()))
        ),
        tuple(_seen({"at": one} if isinstance(one, str) else one, instant) for one in told.get("passages", ())),
        tuple(
            Repair(
                one["op"],
                instant(one["entered"]),
                one.get("target"),
                instant(one["at"]) if "at" in one else None,
                one.get("kind"),
            )
            for one in told.get("corrections", ())
        ),
        instant(told["now"]),
        tuple(date.fromisoformat(one["day"]) for one in told["days"]),
    )  # fmt: skip


def rules_of(settings: Mapping[str, Any]) -> Rules:
    close = settings.get("close", "never")
    return Rules(
        max_stay=settings.get("max_stay_hours", 16) * 60,
        reach=settings.get("reach_hours", 6) * 60,
        close="after_hours" if isinstance(close, dict) else close,
        close_after=close["after_hours"] * 60 if isinstance(close, dict) else 600,
        rounding=settings.get("rounding_minutes", 0),
        favour=settings.get("rounding_favour", "nearest"),
        break_mode=settings.get("break_mode", "rule"),
        break_after=settings.get("break_after_hours", 6) * 60,
        count_from=settings.get("count_from", "arrival"),
        overtime_tolerance=settings.get("overtime_tolerance_minutes", 0),
        early_grace=settings.get("early_grace_minutes", 0),
    )


def _person(told: Mapping[str, Any], zone: ZoneInfo, instant: Any) -> tuple[Person, tuple[MembershipChange, ...]]:
    groups = told.get("groups", [{"name": None}])
    changes = [
        MembershipChange(PERSON, instant(f"{after['from']}T00:00"), "group", one["name"])
        for one, after in pairwise(groups)
    ]
    if "deactivated" in told:
        changes.append(MembershipChange(PERSON, instant(told["deactivated"]), "deactivate"))
    enrolled = instant(told.get("enrolled", "2020-01-01T00:00"))
    active = "deactivated" not in told
    return Person(PERSON, "Bert", None, groups[-1]["name"], active, "", enrolled), tuple(changes)


def _shift(number: int, told: Mapping[str, Any]) -> Shift:
    first, _, last = told["days"].partition("-")
    days = frozenset(range(DAYS.index(first), DAYS.index(last or first) + 1))
    scope = told.get("scope", "all")
    return Shift(
        UUID(int=100 + number),
        days,
        time.fromisoformat(told["from"]),
        time.fromisoformat(told["to"].replace("24:00", "00:00")),
        PERSON if scope == "person" else None,
        scope.removeprefix("group:") if scope.startswith("group:") else None,
        told.get("grace", 0),
        told.get("break", 0),
        told.get("paid", False),
        date.fromisoformat(told["valid_from"]) if "valid_from" in told else None,
        date.fromisoformat(told["valid_to"]) if "valid_to" in told else None,
        told.get("every", 1),
    )


def _seen(told: Mapping[str, Any], instant: Any) -> Seen:
    return Seen(
        instant(told["at"]),
        told.get("door", "A"),
        told.get("door_role", "auto"),
        told.get("by", "face"),
        told.get("clock") == "suspect",
        instant(told["received"]) if "received" in told else None,
        told.get("guess"),
        told.get("as"),
    )


def told_of(one: DaySummary, zone: ZoneInfo) -> dict[str, object]:
    """A day in the words of the cases: what is usual is left out."""

    def shown(at: datetime | None) -> str | None:
        return at.astimezone(zone).isoformat(timespec="minutes") if at else None

    status = Status.NOT_EXPECTED if one.status is Status.HOLIDAY else one.status
    told: dict[str, object] = {"day": one.day.isoformat(), "status": status.value}
    told |= {name: at for name, at in (("in", shown(one.first_in)), ("out", shown(one.last_out))) if at}
    told["minutes"] = one.minutes
    told |= {name: value for name, value in (("late", one.late_minutes), ("early", one.early_minutes)) if value != 0}
    told |= {"expected": one.expected_minutes, "overtime": one.overtime_minutes}
    said = {
        "incomplete": one.incomplete, "closed_by_rule": one.closed_by_rule, "leave_and_passages": one.came_on_leave,
    }  # fmt: skip
    return told | {name: True for name, holds in said.items() if holds}


def totals(days: Sequence[DaySummary]) -> dict[str, int]:
    return {
        "minutes": sum(one.minutes for one in days),
        "overtime_minutes": sum(one.overtime_minutes or 0 for one in days),
        "open_days": sum(one.incomplete for one in days),
    }


def entry(number: int, kind: str, at: datetime, door: str = "A", method: Method = "face", **more: Any) -> LedgerEntry:
    kiosk = UUID(int=ord(door))
    return LedgerEntry(
        UUID(int=number), kind, PERSON, at, more.get("target"), more.get("corrected_kind"), kiosk, method,  # type: ignore[arg-type]
        PERSON, clock_suspect=more.get("clock_suspect", False),
    )  # fmt: skip
