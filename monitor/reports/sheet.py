"""Time sheets to print and to sign: HTML, a page of A4 for each person."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from db.records.people import Person
from monitor.attendance.days import Period
from monitor.attendance.summary import DaySummary, Mark, Status, added_up, hours_text, sum_text
from monitor.calendar_text import WEEKDAYS
from monitor.text import hours_and_minutes, plural, printable

MARKS: Final = {
    Mark.CORRECTED: "corrected",
    Mark.BY_PIN: "by PIN",
    Mark.BY_HAND: "by hand",
    Mark.TWO_DOORS: "two doors",
    Mark.BY_RULE: "closed by the rule",
    Mark.CLOCK: "the door's clock was wrong",
    Mark.EARLY: "left early",
    Mark.BEYOND: "beyond the shift",
}
HEADS: Final = ("Day", "Expected", "In", "Out", "Break", "Hours", "Late", "Balance", "Marks", "What")
_STYLE: Final = """
@page { size: A4; margin: 14mm 12mm; }
body { font: 9.5pt/1.25 "Liberation Sans", Arial, sans-serif; color: #000; margin: 0 auto; max-width: 186mm; }
section { break-after: page; }
section:last-child { break-after: auto; }
h1 { font-size: 15pt; margin: 0 0 1mm; }
table { border-collapse: collapse; width: 100%; margin: 4mm 0; }
thead { display: table-header-group; }
th { text-align: left; border-bottom: 0.4mm solid #000; }
th, td { padding: 0.55mm 1.5mm; white-space: nowrap; }
td { border-bottom: 0.1mm solid #999; font-variant-numeric: tabular-nums; }
td:last-child { white-space: normal; }
tfoot td { border-top: 0.4mm solid #000; border-bottom: 0; font-weight: bold; }
.sign { display: flex; gap: 12mm; margin-top: 14mm; break-inside: avoid; }
.sign div { flex: 1; border-top: 0.2mm solid #000; padding-top: 1mm; }
"""


def sheets(
    site: str, period: Period, people: Iterable[tuple[Person, Sequence[DaySummary]]], zone: ZoneInfo
) -> Iterator[str]:
    """The parts of one HTML file, a person at a time; names are shown as text, whatever they hold.

    Args:
        people: with their days, in the order of the pages.
    """
    title = _text(f"Time sheets {site} {period.first} to {period.last}")
    yield (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n"
    )
    for person, days in people:
        yield _page(site, period, person, days, zone)
    yield "</body></html>\n"


def _page(site: str, period: Period, person: Person, days: Sequence[DaySummary], zone: ZoneInfo) -> str:
    who = "".join(f" &middot; {_text(part)}" for part in (person.number, person.group) if part)
    heads = "".join(f"<th>{head}</th>" for head in HEADS)
    rows = "\n".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in day_cells(one, zone))}</tr>" for one in days)
    marks = sorted({Mark(letter) for one in days for letter in one.marks}, key=list(Mark).index)
    legend = "; ".join(f"{mark.value} {MARKS[mark]}" for mark in marks)
    total = "".join(f"<td>{cell}</td>" for cell in total_cells(days))
    return (
        f"<section><h1>{_text(person.name)}</h1><p>{_text(site)}{who} &middot; {period.first} to {period.last}</p>\n"
        f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody><tfoot><tr>{total}</tr></tfoot></table>\n"
        f"<p>{_text(legend)}</p>"
        '<div class="sign"><div>Day, signature of the employee</div><div>Day, signature of the employer</div></div>'
        "</section>\n"
    )


def day_cells(one: DaySummary, zone: ZoneInfo) -> tuple[str, ...]:
    """A day under `HEADS`."""
    expected = ", ".join(f"{start.astimezone(zone):%H:%M}-{end.astimezone(zone):%H:%M}" for start, end in one.expected)
    times = [at.astimezone(zone).strftime("%H:%M") if at else "" for at in (one.first_in, one.last_out)]
    if one.incomplete:
        times = [text or "?" for text in times]
    return (
        f"{WEEKDAYS[one.day.weekday()].capitalize()} {one.day}",
        expected,
        *times,
        _minutes(one.break_minutes),
        hours_text(one),
        _minutes(one.late_minutes),
        "" if one.overtime is None else _signed(one.overtime),
        one.marks,
        _what(one),
    )


def _what(one: DaySummary) -> str:
    """What the times do not say: leave, a public holiday, an absence, what is missing."""
    said = [f"{'half ' if leave.half else ''}leave: {leave.kind}" for leave in one.plan.leave]
    if one.plan.holiday:
        said.append(f"public holiday: {one.plan.holiday.name}")
    if one.incomplete or one.status is Status.ABSENT:
        said.extend(reason.value for reason in one.reasons)
    return "; ".join(said)


def total_cells(days: Sequence[DaySummary]) -> tuple[str, ...]:
    """The sums of days under `HEADS`; of an incomplete day the known stays are in the hours."""
    sums = added_up(days)
    left = f"{plural(sums.incomplete, 'incomplete day')}: only known stays count" if sums.incomplete else ""
    late = hours_and_minutes(sums.late_time) if sums.late else ""
    return (
        "Total", hours_and_minutes(sums.expected), "", "", "", sum_text(sums), late,
        _signed(sums.overtime), "", left,
    )  # fmt: skip


def _minutes(minutes: int | None) -> str:
    return hours_and_minutes(timedelta(minutes=minutes)) if minutes else ""


def _signed(time: timedelta) -> str:
    """With its sign; the minus is a real one."""
    text = hours_and_minutes(abs(time))
    return text if not time else f"{'+' if time > timedelta() else '−'}{text}"


def _text(text: str | date) -> str:
    return escape(printable(str(text)))
