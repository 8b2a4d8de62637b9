"""What the Shifts screen looks like: empty, full, and with its dialog, at three sizes."""

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest

from db.attendance import leave, shifts
from db.calendar import Leave, Shift
from db.engine import writing
from db.ids import new_id
from monitor.desk.calendar.holidays import import_holidays
from monitor.tui.screens.shifts import shifts as page
from tests.monitor.tui.screens.test_desk_snapshots import fail
from tests.monitor.tui.test_snapshots import SIZE_IDS, SIZES, desk
from tests.monitor.world import NOW, World

at_each_size = pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
Compare = Callable[..., bool]


@pytest.fixture
def full(world: World) -> World:
    """A night shift, a rotation, the holidays of Berlin, and somebody who is sick."""
    ada, today = world.ids["Ada Lovelace"], NOW.date()
    night = Shift(
        new_id(), frozenset({1, 2, 3, 6}), time(22), time(6), group="Networks", grace_minutes=10, break_minutes=30,
        break_paid=True, valid_from=date(2026, 1, 1),
    )  # fmt: skip
    rota = Shift(
        new_id(), frozenset({0, 1, 2}), time(9), time(13), person=ada, valid_from=date(2026, 3, 2), every_weeks=2
    )
    with writing(world.engine) as session:
        for one in (night, rota):
            shifts.add(session, one, at=NOW, actor="test")
        away = Leave(new_id(), ada, today, today + timedelta(days=9), "sick")
        leave.add(session, away, at=NOW, actor="test")
    import_holidays(world.engine, world.settings.zone, "de-be", at=NOW, actor="test")
    return world


@at_each_size
@pytest.mark.parametrize("keys", [(), ("c",)], ids=["lists", "change"])
def test_the_shifts(snap_compare: Compare, full: World, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    assert snap_compare(full.app(camera=False), terminal_size=size, run_before=desk("f7", *keys))


def test_the_leave_of_a_narrow_screen(snap_compare: Compare, full: World) -> None:
    app = full.app(camera=False, ascii_only=True)
    assert snap_compare(app, terminal_size=(80, 24), run_before=desk("f7", "v", "v"))


@at_each_size
def test_with_nobody_enrolled(snap_compare: Compare, empty_world: World, size: tuple[int, int]) -> None:
    assert snap_compare(empty_world.app(camera=False), terminal_size=size, run_before=desk("f7"))


def test_when_the_database_fails(snap_compare: Compare, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "calendar_view", fail)
    assert snap_compare(world.app(camera=False), terminal_size=(80, 24), run_before=desk("f7"))
