"""What is added to a day that was loaded before says the same as the day loaded anew."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from db.attendance import corrections, kiosks, ledger, shifts
from db.calendar import Shift
from db.engine import reading, writing
from db.ids import new_id
from db.people import people
from db.people.listing import list_people
from db.privacy import erasure, merges
from db.records.attendance import NewEvent, Presence
from db.records.pages import Want
from monitor.desk.days.day_board import BoardPage, BoardQuery, board_page
from monitor.desk.days.day_log import VALID_FOR, attendees, day_log
from monitor.desk.days.today import today_of
from tests.db.rows import newest_events
from tests.monitor.desk.days.test_day_board import TODAY
from tests.monitor.world import NOW, World

ORDERS = ("name", "group", "status", "in", "out", "hours")
ALL = Want(100)
Act: TypeAlias = Callable[[Session], None]


class Desk:
    """Somebody who does all that changes a day, at random."""

    def __init__(self, world: World, seed: int) -> None:
        self.random = Random(seed)
        self.cipher = world.cipher
        self.now = NOW

    def one(self, session: Session) -> UUID:
        return self.random.choice([one.person.id for one in list_people(session)])

    def kiosk(self, session: Session) -> UUID:
        return kiosks.register(session, "other", site="", role="auto", time_zone="UTC", at=NOW).id

    def passes(self, session: Session) -> None:
        kind: Presence = self.random.choice(("check_in", "check_out"))
        at = self.now - timedelta(hours=self.random.choice((0, 0, 1, 30)))
        who, kiosk = self.one(session), self.kiosk(session)
        ledger.append(session, NewEvent(new_id(), kind, who, at, "UTC", kiosk, "face", "door", self.now))

    def amends(self, session: Session) -> None:
        counting = [event for event in newest_events(session) if event.kind != "void" and event.person]
        event = self.random.choice(counting[:12])
        how: dict[str, Any] = {
            "id": new_id(), "at": self.now, "kiosk": self.kiosk(session), "actor": "desk", "reason": "wrong",
        }  # fmt: skip
        if ledger_is_void(session, event.id):
            return
        if self.random.random() < 0.5:
            corrections.void(session, event.id, **how)
        else:
            moved = event.at - timedelta(minutes=self.random.randrange(600))
            corrections.correct(session, event.id, kind="check_in", happened_at=moved, **how)

    def changes(self, session: Session) -> None:
        who = self.one(session)
        match self.random.randrange(4):
            case 0:
                people.rename(session, who, f"Name {self.random.random()}", at=self.now, actor="desk")
            case 1:
                people.set_active(session, who, self.random.random() < 0.5, at=self.now, actor="desk")
            case 2:
                people.set_group(session, who, self.random.choice((None, "Types", "New")), at=self.now, actor="desk")
            case _:
                people.add_person(session, "Somebody new", at=self.now, actor="desk")

    def plans(self, session: Session) -> None:
        start, group = time(self.random.randrange(22)), self.random.choice((None, "Types", "Networks"))
        person = self.one(session) if self.random.random() < 0.3 else None
        end = time(self.random.randrange(23), 30)
        every_day = Shift(new_id(), frozenset(range(7)), start, end, person, None if person else group)
        shifts.add(session, every_day, at=self.now, actor="desk")

    def erases(self, session: Session) -> None:
        erasure.erase(session, self.one(session), at=self.now, actor="desk")

    def merges(self, session: Session) -> None:
        one, other = self.random.sample([one.person.id for one in list_people(session)], 2)
        merges.merge(session, self.cipher, one, other, at=self.now, actor="desk")

    def waits(self, session: Session) -> None:
        self.now += timedelta(minutes=self.random.choice((1, 50, 300)))


def ledger_is_void(session: Session, event: UUID) -> bool:
    return any(one.target == event and one.kind == "void" for one in newest_events(session))


def told(board: BoardPage) -> tuple[object, ...]:
    return board.page, board.counts, board.people


@pytest.mark.parametrize("seed", range(3))
def test_a_board_with_its_news_is_the_board_loaded_anew(world: World, seed: int) -> None:
    desk = Desk(world, seed)
    acts: list[Callable[[Session], None]] = [
        desk.passes,
        desk.passes,
        desk.amends,
        desk.changes,
        desk.plans,
        desk.waits,
    ]
    boards: dict[str, BoardPage] = {}
    door = today_of(world.engine, world.settings, desk.now)
    for step in range(24):
        with writing(world.engine) as session:
            {12: desk.merges, 15: desk.erases}.get(step, desk.random.choice(acts))(session)
        day = TODAY - timedelta(days=step == 20)
        search = ("", "", "a", "present")[step % 4]
        for column in ORDERS[step % 2 :: 2]:  # the others get the news of two steps at once
            asked = BoardQuery(day, desk.now, search, column, reverse=bool(step % 3))
            anew = board_page(world.engine, world.settings, asked, ALL)
            news = board_page(world.engine, world.settings, asked, ALL, boards.get(column))
            assert told(news) == told(anew), (step, column)
            boards[column] = news
        door = today_of(world.engine, world.settings, desk.now, door)
        fresh = today_of(world.engine, world.settings, desk.now)
        assert (door.board, door.people) == (fresh.board, fresh.people), step


def test_hours_are_worked_out_anew_after_a_minute(world: World) -> None:
    with reading(world.engine) as session:
        log = day_log(session, world.settings, TODAY)
        assert day_log(session, world.settings, TODAY, log) is log
    before = attendees(log, NOW)
    at_once, later = attendees(log, NOW + VALID_FOR / 2, before), attendees(log, NOW + VALID_FOR, before)
    person = next(id for id, line in before.days.items() if line.summary.passages[-1].kind == "check_in")
    assert at_once.days[person] is before.days[person]
    assert later.days[person].summary.present == before.days[person].summary.present + VALID_FOR
    assert attendees(log, NOW - VALID_FOR, before).days == attendees(log, NOW - VALID_FOR).days, (
        "a clock may be put back"
    )


def test_only_those_in_the_news_are_worked_out_again(world: World) -> None:
    with reading(world.engine) as session:
        log = day_log(session, world.settings, TODAY)
    before = attendees(log, NOW)
    desk = Desk(world, 1)
    with writing(world.engine) as session:
        who, kiosk = world.ids["Radia Perlman"], desk.kiosk(session)
        ledger.append(session, NewEvent(new_id(), "check_in", who, NOW, "UTC", kiosk, "face", "door", NOW))
        after = attendees(day_log(session, world.settings, TODAY, log), NOW, before)
    assert who not in before.days
    assert after.days[who].summary.first_in == NOW.replace(second=0)
    assert all(after.days[person] is line for person, line in before.days.items())
    assert replace(after.log, heads=log.heads, passages=log.passages, people=log.people) == log
