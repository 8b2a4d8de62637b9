"""Who works at the desk: added on System, known at the lock, written down, and removed."""

from db.engine import reading
from monitor.attendance.pin import hash_pin
from monitor.desk.desk_users import all_users
from monitor.tui.runtime.desk_app import DESK
from tests.db.rows import newest_entries
from tests.monitor.tui.desk_keys import SIZE, asked, at_desk, fill, go, problem, told
from tests.monitor.world import PEPPERS, World, text_of


async def test_who_unlocks_the_desk_is_who_did_it(world: World) -> None:
    app = world.app(admin_pin_hash=hash_pin("2718", PEPPERS))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await go(pilot, "f6")
        await fill(pilot, pin="2718")
        await go(pilot, "a", "a")
        await fill(pilot, name="Ingrid Sund", pin="271828", again="271829")
        assert "differ" in await problem(pilot)
        await fill(pilot, name="Ingrid Sund", pin="271828", again="271828")
        assert "Ingrid Sund opens the desk" in told(pilot)
        assert app.at_desk == DESK
        app.action_lock()
        await go(pilot, "f4")
        await fill(pilot, pin="271828")
        assert app.at_desk == "Ingrid Sund"
        assert "Ingrid Sund" in text_of(world).splitlines()[0]
        await go(pilot, "f6", "a", "x")
        assert "Ingrid Sund cannot open the desk any more" in asked(pilot)
        await go(pilot, "enter")
        assert all_users(world.engine) == []
        app.action_lock()
        await go(pilot)
        assert app.at_desk == DESK
    with reading(world.engine) as session:
        who = {one.action: one.actor for one in newest_entries(session)}
    assert (who["add desk user"], who["remove desk user"]) == (DESK, "Ingrid Sund")


async def test_the_admin_pin_is_asked_for_before_a_name(world: World) -> None:
    async with at_desk(world, "f6", "a", "a", notifications=True) as pilot:
        assert "Whoever opens a screen of the desk" in asked(pilot)
        await fill(pilot, pin="314159", again="314159")
        assert "Each opens the desk's screens" in asked(pilot)
        await fill(pilot, name="Ingrid Sund", pin="271828", again="271828")
        assert [one.name for one in all_users(world.engine)] == ["Ingrid Sund"]
