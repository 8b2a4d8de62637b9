"""Every worked case holds by the rules alone; `tests/monitor/desk/days/test_cases.py` tries them with recorder and
database."""

from uuid import UUID

import pytest

from db.records.attendance import LedgerEntry, Presence
from monitor.attendance.days import counting
from monitor.attendance.door import Arrival, decide
from monitor.attendance.passages import passages
from monitor.attendance.person_calendar import Calendars, calendars
from tests.monitor.attendance.cases import CASES, Case, Repair, entry, read, told_of, totals


def _calendars(case: Case) -> Calendars:
    return calendars(
        case.shifts, case.holidays, case.leave, case.changes, first=case.days[0], last=case.days[-1], zone=case.zone,
        rules=case.rules,
    )  # fmt: skip


def _ledger(case: Case) -> tuple[list[LedgerEntry], list[Presence | None]]:
    """What the doors and the desk write, in the order in which they do."""
    calendar = _calendars(case).of(case.person)
    rows: list[LedgerEntry] = []
    events: list[Presence | None] = []
    pending = list(case.repairs)
    for number, one in enumerate(case.seen):
        while pending and pending[0].entered <= one.at:
            rows.append(_repair(case, pending.pop(0), len(rows)))
        known = passages(rows)
        seen = max((each.at for each in case.seen[:number] if each.at <= one.at), default=None)
        arrival = Arrival(one.at, UUID(int=ord(one.door)), one.role, seen, one.clock_suspect)
        kind = decide(arrival, known, calendar, case.rules)
        events.append(kind)
        if kind:
            more = {"clock_suspect": one.clock_suspect}
            rows.append(entry(0, kind, one.at, one.door, one.method, **more)._replace(id=UUID(int=1000 + number)))
    rows += [_repair(case, one, len(rows) + number) for number, one in enumerate(pending)]
    return rows, events


def _repair(case: Case, repair: Repair, number: int) -> LedgerEntry:
    if repair.op == "add":
        assert repair.at is not None
        assert repair.kind is not None
        return entry(9000 + number, repair.kind, repair.at, method="manual")
    assert repair.target is not None
    index = int(repair.target[1:])
    target = UUID(int=(1000 if repair.target[0] == "p" else 2000) + index)
    kind: str | None = repair.kind
    if repair.op == "correct" and kind is None:
        kind = case.told["events"][index]
    corrections = [one for one in case.repairs if one.op in ("correct", "void", "add")]
    return entry(
        2000 + corrections.index(repair), "void" if repair.op == "void" else "correction", repair.at or repair.entered,
        method="manual", target=target, corrected_kind=kind if repair.op == "correct" else None,
    )  # fmt: skip


@pytest.mark.parametrize("told", CASES, ids=[case["id"] for case in CASES])
def test_a_case_holds_by_the_rules(told: dict[str, object]) -> None:
    case = read(told)
    rows, events = _ledger(case)
    assert events == told["events"]
    count = counting(_calendars(case), case.now)
    found = count.days(case.person, passages(rows), case.days)
    assert [told_of(one, case.zone) for one in found] == told["days"]
    assert totals(found) == told["totals"]
