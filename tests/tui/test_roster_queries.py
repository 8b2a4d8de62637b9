"""The paged day board says of everybody what the attendance report says."""

from datetime import date, time, timedelta

import pytest
from conftest_tui import NOW, World

from db import people, schedules
from db.engine import writing
from db.pages import Want
from monitor.attendance import Status
from monitor.reports import PersonDay
from monitor.tui.queries import roster_of
from monitor.tui.roster_queries import BoardPage, BoardQuery, board_page

TODAY = date(2026, 3, 9)


@pytest.fixture
def mixed(world: World) -> World:
    """Also a group that begins in the afternoon, somebody with a shift of their own, and people who left."""
    with writing(world.engine) as session:
        schedules.add(session, range(5), time(14), time(20), at=NOW, actor="test", group="Networks")
        own = people.add_person(session, "Tony Hoare", at=NOW - timedelta(days=3), actor="test", group="Networks")
        schedules.add(session, range(5), time(7), time(12), at=NOW, actor="test", person=own.id)
        people.add_person(session, "C. West", at=NOW - timedelta(days=1), actor="test")
        people.set_active(session, world.ids["Ada Lovelace"], False, at=NOW, actor="test")
        people.set_active(session, world.ids["Tim Berners-Lee"], False, at=NOW, actor="test")
        people.add_person(session, "Tomorrow's", at=NOW + timedelta(days=1), actor="test")
    return world


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
        report = roster_of(mixed.engine, mixed.settings, day, NOW)
        lines, board = all_pages(mixed, BoardQuery(day, NOW, "", column, reverse))
        assert sorted(line.person.name for line in lines) == sorted(line.person.name for line in report)
        assert {line.person.id: line.summary for line in lines} == {line.person.id: line.summary for line in report}
        assert board.people == len(report)
        for status in Status:
            assert board.counts[status] == sum(line.summary.status is status for line in report), (day, status)


@pytest.mark.parametrize("column", ["name", "in"])
@pytest.mark.parametrize("search", ["absent", "present", "late", "orb", "t", "hoare", "networks", "nobody"])
def test_the_filter_finds_names_groups_and_statuses(mixed: World, search: str, column: str) -> None:
    def fits(line: PersonDay) -> bool:
        status = line.summary.status.value if line.summary.status else ""
        return search in f"{status} {line.person.name} {line.person.group or ''}".casefold()

    expected = {line.person.name for line in roster_of(mixed.engine, mixed.settings, TODAY, NOW) if fits(line)}
    lines, _ = all_pages(mixed, BoardQuery(TODAY, NOW, search, column, reverse=False))
    assert {line.person.name for line in lines} == expected


def test_first_arrivals_come_first_and_who_did_not_come_last(world: World) -> None:
    lines, _ = all_pages(world, BoardQuery(TODAY, NOW, "", "in", reverse=False))
    arrivals = [line.summary.first_in for line in lines]
    came = [at for at in arrivals if at is not None]
    assert came == sorted(came)
    assert arrivals == [*came, *[None] * 4]
    assert [line.person.name for line in lines[-4:]] == sorted(line.person.name for line in lines[-4:])


def test_no_day_to_come_has_people(world: World) -> None:
    asked = BoardQuery(date(2026, 3, 11), NOW, "", "name", reverse=False)
    board = board_page(world.engine, world.settings, asked, Want(9))
    assert board.page.items == ()
    assert board.people == 0
