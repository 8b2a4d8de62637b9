"""Shifts typed as one line, and imported from a list. `import_shifts` blocks: call it in workers only."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final, Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import shifts
from db.calendar import Shift
from db.engine import writing
from db.ids import new_id
from monitor.calendar_text import parse_clock, parse_day, parse_minutes, parse_weekdays, weekdays_text
from monitor.desk.actor import Actor
from monitor.desk.calendar.lists import WHO, Imported, import_rows, read_list
from monitor.desk.calendar.shifts import require_free
from monitor.desk.calendar.whom import find_whom, group_of
from monitor.desk.people.finding import person_in_list
from monitor.errors import UsageError

_TIMES: Final = re.compile(r"(\d{1,2}(?:[:.]?\d\d)?)\s*(?:-|\bto\b)\s*(\d{1,2}(?:[:.]?\d\d)?)(?=\s|$)", re.IGNORECASE)
_KEYWORD: Final = re.compile(r"\b(grace|break|from|to|until|every|valid|paid|unpaid)\b", re.IGNORECASE)
_EXAMPLE: Final = "write it like: lab mon-fri 8-16:30 grace 10 break 30"
_QUOTED: Final = re.compile(r'(?:"([^"]*)")?(.*)', re.DOTALL)
_BEGINNING: Final = ("beginning", "the beginning", "always")
_WORDS: Final = {"second": 2, "other": 2, "third": 3, "fourth": 4}
HEADINGS: Final = {
    **WHO,
    "group": ("group", "class", "department", "team", "unit"),
    "days": ("days", "weekdays", "shiftdays"),
    "from": ("from", "start", "starts", "begin", "shiftfrom", "shiftstart"),
    "to": ("to", "end", "ends", "shiftto", "shiftend"),
    "grace": ("grace", "graceminutes"),
    "break": ("break", "breakminutes", "pause"),
    "paid": ("paid", "breakpaid", "paidbreak"),
    "valid_from": ("validfrom", "firstday"),
    "valid_to": ("validto", "validuntil", "lastday"),
    "every": ("every", "everyweeks", "weeks"),
}
"""Headings of the columns of a list of shifts; the first is the one that Muster writes."""
_REQUIRED: Final = {
    "days": "'days' (mon-fri,sun)",
    "from": "'from' (the time at which the shift starts)",
    "to": "'to' (the time at which it ends)",
}


def parse_line(text: str, today: date, first: date | None = None) -> tuple[str, Shift]:
    """A shift that was typed as one line, and for whom, as it was typed.

    "lab mon-fri 8-16:30 grace 10 break 30 paid from 1 jan to 30 jun every 2 weeks": only days and times are needed.

    Args:
        first: the first day where the line gives none; "from the beginning" is without one.

    Raises:
        UsageError: a part is missing or cannot be read.
    """
    quoted, line = _QUOTED.fullmatch(re.sub("[‐‒–—−]", "-", text.strip()) + " ").groups()  # type: ignore[union-attr]
    times = _TIMES.search(line)
    if times is None:
        raise UsageError(f"The times are missing; {_EXAMPLE}.")
    before = line[: times.start()].replace(",", ", ").split()
    start = len(before)
    while start and _are_weekdays(" ".join(before[start - 1 :])):
        start -= 1
    if start == len(before):
        raise UsageError(f"The days are missing before the times; {_EXAMPLE}.")
    whose = quoted or " ".join(before[:start]).removeprefix("for ").replace(" ,", ",")
    given = _keywords(line[times.end() :])
    shift = shift_of(" ".join(before[start:]), times[1], times[2], given, today)
    return whose, shift if "valid_from" in given else replace(shift, valid_from=first)


def line_text(whose: str, shift: Shift, first: date | None) -> str:
    """A shift as the line that `parse_line` reads, without what it takes for granted."""
    plain = whose.replace('"', "'")
    simple = not re.search(r"[\d,-]", plain) and not _are_weekdays(plain.rpartition(" ")[2])
    words = [plain if simple else f'"{plain}"'] if plain else []
    words += [weekdays_text(shift.weekdays), f"{shift.start:%H:%M}-{shift.end:%H:%M}"]
    words += [f"grace {shift.grace_minutes}"] * (shift.grace_minutes != 5)
    words += [f"break {shift.break_minutes}"] * bool(shift.break_minutes) + ["paid"] * shift.break_paid
    if shift.valid_from != first:
        words.append(f"from {shift.valid_from or 'the beginning'}")
    words += [f"to {shift.valid_to}"] * bool(shift.valid_to)
    words += [f"every {shift.every_weeks} weeks"] * (shift.every_weeks > 1)
    return " ".join(words)


def shift_of(days: str, start: str, end: str, given: Mapping[str, str], today: date) -> Shift:
    """A shift for everybody from its parts as they were typed.

    Args:
        given: "grace", "break", "paid" (yes, no), "valid_from", "valid_to", "every"; what is missing or empty has its
            default.

    Raises:
        UsageError: a part cannot be read.
    """
    text = {name: value.strip() for name, value in given.items() if value.strip()}
    return Shift(
        id=new_id(),
        weekdays=parse_weekdays(days),
        start=parse_clock(start),
        end=parse_clock(end),
        grace_minutes=parse_minutes(text["grace"], "grace") if "grace" in text else 5,
        break_minutes=parse_minutes(text.get("break", ""), "break"),
        break_paid=_yes(text.get("paid", "no")),
        valid_from=None if text.get("valid_from") in (None, *_BEGINNING) else parse_day(text["valid_from"], today),
        valid_to=parse_day(text["valid_to"], today) if "valid_to" in text else None,
        every_weeks=parse_weeks(text.get("every", "1")),
    )


def parse_weeks(text: str) -> int:
    """Every how many weeks: "2", "2-weeks", "2 weeks", "second week". Raises: UsageError."""
    word = re.split(r"[\s-]+", text.strip().lower())[0]
    number = re.match(r"\d{1,2}(?=(?:st|nd|rd|th)?$)", word, re.ASCII)
    weeks = int(number[0]) if number else _WORDS.get(word, 1 if word in ("week", "each", "") else 0)
    if not weeks:
        raise UsageError(f"{text!r} is not a number of weeks; write it like 2 or 2-weeks.")
    return weeks


def import_shifts(engine: Engine, zone: ZoneInfo, path: Path, **by: Unpack[Actor]) -> Imported:
    """Enter the shifts of a list (CSV or XLSX), a row each; a row without person and group is for everybody.

    Rows that say what is there already change nothing; rows that cannot be entered are left out.

    Raises:
        UsageError: the list cannot be read, or lacks a column.
    """
    rows = read_list(path, HEADINGS, _REQUIRED)
    today = by["at"].astimezone(zone).date()
    with writing(engine) as session:
        return import_rows(rows, lambda cells: add_row(session, cells, today, **by))


def add_row(session: Session, cells: Mapping[str, str], today: date, **by: Unpack[Actor]) -> bool:
    """Adds the shift of a row unless it is there already, and says whether it was new. Raises: MusterError."""
    given = {name: cells.get(name, "") for name in ("grace", "break", "paid", "valid_from", "valid_to", "every")}
    shift = shift_of(cells["days"], cells["from"], cells["to"], given, today)
    person, group = cells.get("number") or cells.get("person"), cells.get("group")
    if person and person.lower() not in ("all", "everybody"):
        shift = replace(shift, person=person_in_list(session, person).id)
    elif group:
        shift = replace(shift, group=group_of(session, group))
    there = shifts.of_scope(session, shift.person, shift.group)
    if any(replace(one, id=shift.id) == shift for one in there):
        return False
    with session.begin_nested():  # a shift that is in the way of another leaves nothing behind
        require_free(session, shifts.add(session, shift, **by), None)
    return True


def resolve(engine: Engine, whose: str, shift: Shift) -> Shift:
    """The shift for whom it was typed for. Raises: UsageError."""
    person, group = find_whom(engine, whose)
    return replace(shift, person=person, group=group)


def _are_weekdays(text: str) -> bool:
    try:
        parse_weekdays(text)
    except UsageError:
        return False
    return True


def _keywords(text: str) -> dict[str, str]:
    parts = _KEYWORD.split(text)
    if parts[0].strip(" ,"):
        raise UsageError(f"{parts[0].strip()!r} is not understood; {_EXAMPLE}.")
    given: dict[str, str] = {}
    for word, value in zip(map(str.lower, parts[1::2]), parts[2::2], strict=True):
        value = value.strip(" ,")
        if word in ("paid", "unpaid"):
            given["paid"] = "yes" if word == "paid" else "no"
        elif word != "valid":
            given[{"from": "valid_from", "to": "valid_to", "until": "valid_to"}.get(word, word)] = value
            if not value:
                raise UsageError(f"Something is missing after {word!r}; {_EXAMPLE}.")
            continue
        if value:
            raise UsageError(f"{value!r} is not understood; {_EXAMPLE}.")
    return given


def _yes(text: str) -> bool:
    plain = text.strip().lower()
    if plain in ("yes", "y", "true", "1", "paid", "x", "ja", "oui"):
        return True
    if plain in ("no", "n", "false", "0", "unpaid", "", "-", "nein", "non"):
        return False
    raise UsageError(f"{text!r} does not say whether the break is paid; write yes or no.")
