"""Every worked case holds with the door's recorder, the desk's corrections and the database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import corrections, holidays, kiosks, leave, ledger, shifts
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.ids import new_id
from db.people import people
from db.privacy import merges
from db.records.attendance import NewEvent, Presence
from db.records.people import MembershipChange, Person
from db.schema.forwarding import ForwardedRow
from db.verification import ledger_check
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.desk.days.attendance import attendance
from monitor.domain import Candidate, EventKind, Match, Phase, Sighting
from monitor.recording import transactions
from monitor.recording.transactions import WriteContext
from tests.monitor.attendance.cases import CASES, Case, Repair, Seen, read, told_of, totals

CIPHER = TemplateCipher(bytes(range(32)))


class Site:
    """A database with the case's people and shifts, its doors, and the desk."""

    def __init__(self, engine: Engine, case: Case) -> None:
        self.engine, self.case = engine, case
        told = case.told.get("settings", {})
        close = told.get("close", "never")
        if isinstance(close, dict):
            told = {**told, "close": "after_hours", "close_after_hours": close["after_hours"]}
        self.settings = Settings(db="unused", time_zone=case.zone.key, **told)
        self.ids: dict[str, UUID] = {}
        """Of passages (p0, p1, ...) and corrections (c0, ...)."""
        self.kinds: list[Presence | None] = []
        with writing(engine) as session:
            self.people = self._enrol(session)
            for shift in case.shifts:
                person = self.people[0].id if shift.person else None
                shifts.add(session, replace(shift, id=new_id(), person=person), at=case.person.created_at, actor="test")
            for holiday in case.holidays:
                holidays.add(
                    session, holiday.day, holiday.name, half=holiday.half, at=case.person.created_at, actor="test"
                )
            for one in case.leave:
                own = replace(one, id=new_id(), person=self.people[0].id)
                leave.add(session, own, at=case.person.created_at, actor="test")
            self.desk = self._kiosk(session, "desk", "auto")

    def _enrol(self, session: Session) -> list[Person]:
        told, person = self.case.told.get("person", {}), self.case.person
        group = self.case.changes[0].group_before if self.case.changes and "groups" in told else person.group
        names = told.get("merged", [person.name])
        return [
            people.add_person(session, name, at=person.created_at, actor="test", group=group) for name in names
        ]  # fmt: skip

    def _kiosk(self, session: Session, door: str, role: Any) -> UUID:
        return kiosks.register(
            session, door, site="main", role=role, time_zone=self.case.zone.key, at=self.case.person.created_at
        ).id

    def passes(self, number: int, seen: Seen) -> None:
        """Somebody before a door: its own recorder decides, or has decided while it was offline."""
        who = next((one for one in self.people if one.name == seen.whose), self.people[0])
        with writing(self.engine) as session:
            kiosk = self._kiosk(session, f"{seen.door} {seen.role}", seen.role)
            event = self.ids[f"p{number}"] = new_id()
            if seen.received is not None or seen.guess is not None:
                self._arrives_late(session, kiosk, event, who, seen)
                return
            settings = self.settings.model_copy(update={"kiosk": f"{seen.door} {seen.role}", "role": seen.role})
            context = WriteContext(kiosk, settings, CIPHER)
            best = Candidate(who.id, who.name, 0.9)
            match = Match(best, None, 0.5, accepted=True)
            arrived = Sighting(new_id(), Phase.OPENED, number, seen.at, seen.at, match, None, 3)
            off = seen.at - self.case.written(number) if seen.clock_suspect else timedelta()
            told = transactions.write(session, context, arrived, event, seen.at, clock_off=off)
            kinds = [one.kind for one in told if one.kind in (EventKind.CHECK_IN, EventKind.CHECK_OUT)]
            self.kinds.append("check_in" if EventKind.CHECK_IN in kinds else "check_out" if kinds else None)

    def _arrives_late(self, session: Session, kiosk: UUID, event: UUID, who: Person, seen: Seen) -> None:
        guess = seen.guess or ("check_out" if seen.role == "out" else "check_in")
        received = seen.received or seen.at
        zone = self.case.zone.key
        ledger.append(
            session,
            NewEvent(event, guess, who.id, seen.at, zone, kiosk, "face", seen.door, received),
        )
        if seen.received is not None:
            origin = UUID(int=ord(seen.door))
            session.add(
                ForwardedRow(origin=origin, seq=len(self.ids), event_id=event, previous_hash="", hash=str(event))
            )
        self.kinds.append(guess)

    def repairs(self, number: int, repair: Repair) -> None:
        with writing(self.engine) as session:
            made = self.ids[f"c{number}"] = new_id()
            how: dict[str, Any] = {
                "id": made, "at": repair.entered, "kiosk": self.desk, "actor": "Ann", "reason": "asked",
            }  # fmt: skip
            if repair.op == "add":
                assert repair.at is not None
                assert repair.kind is not None
                corrections.add_by_hand(
                    session, self.people[0].id, kind=repair.kind, happened_at=repair.at, time_zone=self.case.zone.key,
                    **how,
                )  # fmt: skip
            else:
                target = self.ids[repair.target or ""]
                if repair.op == "void":
                    corrections.void(session, target, **how)
                else:
                    before = ledger.get(session, target)
                    assert before is not None
                    kind: Any = repair.kind or before.kind
                    corrections.correct(session, target, kind=kind, happened_at=repair.at or before.at, **how)

    def changes(self) -> list[tuple[datetime, int, Callable[[], None]]]:
        """Changes of the group and of being active, each at its time."""
        groups = [one["name"] for one in self.case.told.get("person", {}).get("groups", [])]
        return [
            (change.at, 0, partial(self._changes, change, groups[number + 1] if change.kind == "group" else None))
            for number, change in enumerate(self.case.changes)
        ]

    def _changes(self, change: MembershipChange, group: str | None) -> None:
        with writing(self.engine) as session:
            if change.kind == "group":
                people.set_group(session, self.people[0].id, group, at=change.at, actor="test")
            else:
                people.set_active(session, self.people[0].id, False, at=change.at, actor="test")

    def merges(self) -> None:
        for other in self.people[1:]:
            with writing(self.engine) as session:
                merges.merge(session, CIPHER, other.id, self.people[0].id, at=self.case.now, actor="test")


def happen(site: Site) -> None:
    """All that the case tells, in the order in which it happened."""
    case = site.case
    acts = site.changes()
    acts += [
        (one.received or case.written(number), 1, partial(site.passes, number, one))
        for number, one in enumerate(case.seen)
    ]
    acts += [(one.entered, 2 + number, partial(site.repairs, number, one)) for number, one in enumerate(case.repairs)]
    for _, _, act in sorted(acts, key=lambda one: one[:2]):
        act()
    site.merges()


@pytest.mark.parametrize("told", CASES, ids=[case["id"] for case in CASES])
def test_a_case_holds_with_recorder_and_database(sqlite: Engine, told: dict[str, Any]) -> None:
    case = read(told)
    site = Site(sqlite, case)
    happen(site)
    if not any(one.guess or one.received for one in case.seen):  # such a door guesses first
        assert site.kinds == told["events"]
    period = Period(min(case.days), max(case.days))
    found = attendance(sqlite, site.settings, period, case.now)
    days = [one.summary for one in found if one.summary.day in case.days]
    there = {one.day for one in days}
    # Nobody has a line before their enrolment, or without a shift once they are inactive.
    unlisted = [one for one in told["days"] if datetime.fromisoformat(one["day"]).date() not in there]
    assert all(one["status"] == "not expected" and one["expected"] is None for one in unlisted)
    assert [told_of(one, case.zone) for one in days] == [one for one in told["days"] if one not in unlisted]
    assert totals(days) == told["totals"]
    with reading(sqlite) as session:
        assert ledger_check.verify(session).whole
