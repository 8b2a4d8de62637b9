"""The paged day board says of everybody what the attendance report says."""

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from db.attendance import holidays, leave, shifts
from db.calendar import Leave, Shift
from db.engine import writing
from db.ids import new_id
from db.people import people
from db.records.pages import Want
from db.schema.folding import folded
from monitor.attendance.days import Period, PersonDay
from monitor.attendance.summary import Status
from monitor.desk.days.attendance import attendance
from monitor.desk.days.day_board import BoardPage, BoardQuery, board_page
from tests.monitor.world import NOW, World

TODAY = date(2026, 3, 9)


@pytest.fixture
def mixed(world: World) -> World:
    """Also a group that begins in the afternoon, somebody with a shift of their own, and people who left."""
    with writing(world.engine) as session:
        week = frozenset(range(5))
        shifts.add(session, Shift(new_id(), week, time(14), time(20), group="Networks"), at=NOW, actor="test")
        own = people.add_person(session, "Tony Hoare", at=NOW - timedelta(days=3), actor="test", group="Networks")
        shifts.add(session, Shift(new_id(), week, time(7), time(12), person=own.id), at=NOW, actor="test")
        people.add_person(session, "C. West", at=NOW - timedelta(days=1), actor="test")
        people.set_active(session, world.ids["Ada Lovelace"], False, at=NOW, actor="test")
        people.set_active(session, world.ids["Tim Berners-Lee"], False, at=NOW, actor="test")
        people.add_person(session, "Tomorrow's", at=NOW + timedelta(days=1), actor="test")
    return world


@pytest.fixture
def rostered(world: World) -> World:
    """People with shifts of their own of every kind; of the two days before TODAY one is a holiday and one half."""
    random, said = Random(7), dict[str, Any](at=NOW, actor="test")
    with writing(world.engine) as session:
        for id in (*world.ids.values(), people.add_person(session, "Gone", at=NOW - timedelta(days=9), actor="x").id):
            for start in random.sample(range(5, 19), random.randrange(3)):
                begins = random.choice([None, TODAY - timedelta(days=random.randrange(20))])
                shift = Shift(
                    new_id(),
                    frozenset(random.sample(range(7), random.randrange(1, 8))),
                    time(start, random.choice((0, 30))),
                    time((start + 9) % 24),
                    id,
                    grace_minutes=random.choice((0, 5, 45)),
                    valid_from=begins,
                    valid_to=random.choice([None, TODAY - timedelta(days=1), TODAY + timedelta(days=1)]),
                    every_weeks=random.choice((1, 2)) if begins else 1,
                )
                if not begins or not shift.valid_to or begins <= shift.valid_to:
                    shifts.add(session, shift, **said)
        people.set_active(session, id, False, at=NOW - timedelta(days=8), actor="test")
        away = world.ids["Tim Berners-Lee"]
        leave.add(session, Leave(new_id(), away, TODAY, TODAY, "sick", "morning"), **said)
        holidays.add(session, TODAY - timedelta(days=1), "Whole", **said)
        holidays.add(session, TODAY - timedelta(days=2), "Half", half="afternoon", **said)
    return world


def report_of(world: World, day: date, now: datetime = NOW) -> list[PersonDay]:
    return attendance(world.engine, world.settings, Period(day, day), now)


def all_pages(world: World, asked: BoardQuery) -> tuple[list[PersonDay], BoardPage]:
    """The whole board, three rows at a time, each page from the last row of the one before."""
    board = first = board_page(world.engine, world.settings, asked, Want(3))
    lines = list(board.page.items)
    while len(lines) < first.page.total:
        want = Want(3, lines[-1].person.id, 0, len(lines) - 1, first.page.total)
        board = board_page(world.engine, world.settings, asked, want, first)
        known = lines[board.page.first :]
        assert known == list(board.page.items[: len(known)])
        lines += board.page.items[len(known) :]
    return lines, first


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("column", ["name", "group", "status", "in", "out", "hours"])
def test_every_order_shows_everybody_once_with_the_reports_day(mixed: World, column: str, reverse: bool) -> None:
    for day in (TODAY, TODAY - timedelta(days=3), TODAY - timedelta(days=1)):
        report = report_of(mixed, day)
        lines, board = all_pages(mixed, BoardQuery(day, NOW, "", column, reverse))
        assert sorted(line.person.name for line in lines) == sorted(line.person.name for line in report)
        assert {line.person.id: line.summary for line in lines} == {line.person.id: line.summary for line in report}
        assert board.people == len(report)
        for status in Status:
            assert board.counts[status] == sum(line.summary.status is status for line in report), (day, status)


@pytest.mark.parametrize("days_ago", range(5))
def test_shifts_of_their_own_say_on_the_board_what_they_say_in_the_report(rostered: World, days_ago: int) -> None:
    day = TODAY - timedelta(days=days_ago)
    for now in (NOW, NOW + timedelta(hours=3, minutes=7), NOW + timedelta(hours=9)):
        report = report_of(rostered, day, now)
        for column, search in (("name", ""), ("status", ""), ("status", "expected"), ("in", "du")):
            wanted = {
                line.person.id: line.summary
                for line in report
                if search in f"{line.summary.status} {line.person.name} {line.person.group}".casefold()
            }
            lines, board = all_pages(rostered, BoardQuery(day, now, search, column, reverse=False))
            assert {line.person.id: line.summary for line in lines} == wanted, (now, column, search)
            for status in Status:
                assert board.counts[status] == sum(line.summary.status is status for line in report), (now, status)


@pytest.mark.parametrize("column", ["name", "in"])
@pytest.mark.parametrize("search", ["absent", "present", "late", "orb", "t", "hoare", "networks", "nobody"])
def test_the_filter_finds_names_groups_and_statuses(mixed: World, search: str, column: str) -> None:
    def fits(line: PersonDay) -> bool:
        status = line.summary.status.value if line.summary.status else ""
        return search in f"{status} {line.person.name} {line.person.group or ''}".casefold()

    expected = {line.person.name for line in report_of(mixed, TODAY) if fits(line)}
    lines, _ = all_pages(mixed, BoardQuery(TODAY, NOW, search, column, reverse=False))
    assert {line.person.name for line in lines} == expected


@pytest.mark.parametrize("column", ["name", "group", "status", "in"])
@pytest.mark.parametrize(("typed", "found"), [("Özt", "Ada"), ("OZTURK", "Ada"), ("zoe", "Tim"), ("ätes-", "Tim")])
def test_who_came_and_who_did_not_are_found_without_accents(world: World, typed: str, found: str, column: str) -> None:
    came, missing = world.ids["Ada Lovelace"], world.ids["Tim Berners-Lee"]
    with writing(world.engine) as session:
        people.rename(session, came, "Ada Öztürk", at=NOW, actor="test")
        people.rename(session, missing, "Tim Zoë", at=NOW, actor="test")
        people.set_group(session, missing, "Pâtés-1", at=NOW, actor="test")
        people.set_number(session, came, "zoe-7", at=NOW, actor="test")  # not a column of the board
    lines, _ = all_pages(world, BoardQuery(TODAY, NOW, folded(typed), column, reverse=False))
    assert [line.person.name.split()[0] for line in lines] == [found]


@pytest.mark.parametrize("column", ["name", "in"])
def test_names_with_accents_stand_beside_those_without(world: World, column: str) -> None:
    with writing(world.engine) as session:
        for name, id in world.ids.items():
            people.rename(session, id, name.replace("A", "Ä").replace("E", "É").replace("G", "Ğ"), at=NOW, actor="test")
    lines, _ = all_pages(world, BoardQuery(TODAY, NOW, "", column, reverse=False))
    by_name = [line.person.name for line in lines if column == "name" or not line.summary.passages]
    assert by_name == sorted(by_name, key=folded)
    assert [name[0] for name in by_name] == sorted("ÄÄBDÉĞKMRT"[-len(by_name) :], key=folded)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("column", ["in", "out", "hours"])
def test_who_has_no_time_comes_last_whichever_way_round(mixed: World, column: str, reverse: bool) -> None:
    lines, _ = all_pages(mixed, BoardQuery(TODAY, NOW, "", column, reverse))
    named = {"in": "first_in", "out": "last_out", "hours": "present"}[column]
    values = [getattr(line.summary, named) if line.summary.passages else None for line in lines]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=reverse)
    assert values == [*known, *[None] * (len(values) - len(known))]
    missing = [line.person.name.lower() for line in lines if not line.summary.passages]
    assert missing == sorted(missing)


@pytest.mark.parametrize("reverse", [False, True])
def test_people_of_one_status_stand_together(mixed: World, reverse: bool) -> None:
    for day in (TODAY, TODAY - timedelta(days=1), TODAY - timedelta(days=3)):
        lines, board = all_pages(mixed, BoardQuery(day, NOW, "", "status", reverse))
        order = [*(reversed(Status) if reverse else Status), None]
        assert [line.summary.status for line in lines] == sorted(
            (line.summary.status for line in lines), key=order.index
        )
        assert len(lines) == board.people
        absent = [line.person.name for line in lines if line.summary.status is Status.ABSENT]
        assert absent == sorted(absent), "by name"


def test_no_day_to_come_has_people(world: World) -> None:
    asked = BoardQuery(date(2026, 3, 11), NOW, "", "name", reverse=False)
    board = board_page(world.engine, world.settings, asked, Want(9))
    assert board.page.items == ()
    assert board.people == 0
