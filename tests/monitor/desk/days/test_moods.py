"""The mood screen's view: what it keeps of past days is right however facts change."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from db.attendance import kiosks
from db.engine import reading, writing
from db.ids import new_id
from db.observations import moods, rollups, sightings
from db.privacy import erasure, merges
from db.records.moods import MoodSample
from db.records.observations import SightingRecord
from monitor.desk.days.mood_history import MoodHistory
from monitor.desk.days.moods import MoodView, Range, mood_view, past_moods, roll_up_moods
from monitor.moods.cells import MoodCell, MoodChange
from tests.db.rows import mood_samples
from tests.monitor.world import NOW, World

MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=1)
"""In Berlin, where the world is."""
SURE = {"happy": (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0), "sad": (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)}


def see(world: World, name: str | None, *times: datetime, sighting: UUID | None = None, mood: str = "sad") -> UUID:
    """Somebody is sad, or in another mood, at these times, in one sighting."""
    seen, who = sighting or new_id(), world.ids[name] if name else None
    with writing(world.engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        if sighting is None:
            record = SightingRecord(seen, kiosk, 1, times[0], times[-1], 9, who, None, None, None, None, 0.9)
            sightings.add(session, world.cipher, record)
        for at in times:
            moods.add(session, kiosk, MoodSample(at, who, seen, "Night", None, mood, SURE[mood]))
    return seen


def view(world: World, chosen: Range, before: MoodView | None = None, now: datetime = NOW) -> MoodView:
    return mood_view(world.engine, world.settings, chosen, now, before)


def kept(shown: MoodView) -> MoodHistory:
    """What the view keeps for the next one."""
    assert shown.history is not None
    return shown.history


def spied(monkeypatch: pytest.MonkeyPatch) -> list[tuple[datetime, dict[str, object]]]:
    """From when samples are read from now on, and whose."""
    read: list[tuple[datetime, dict[str, object]]] = []
    added_up = moods.added_up

    def spy(session: Session, start: datetime, end: datetime, **which: object) -> object:
        read.append((start, which))
        return added_up(session, start, end, **which)  # type: ignore[arg-type]

    monkeypatch.setattr(moods, "added_up", spy)
    return read


@pytest.mark.parametrize("chosen", list(Range))
def test_news_of_today_are_added_to_what_is_kept_of_the_past(
    world: World, chosen: Range, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = view(world, chosen)
    lasting = see(world, "Ada Lovelace", MIDNIGHT - timedelta(minutes=2), MIDNIGHT - timedelta(minutes=1))
    before = view(world, chosen, before)
    see(world, "Ada Lovelace", MIDNIGHT, MIDNIGHT + timedelta(minutes=1), sighting=lasting)
    see(world, "Alan Turing", NOW - timedelta(minutes=3))
    see(world, "Donald Knuth", NOW - timedelta(minutes=2))
    see(world, None, NOW - timedelta(minutes=1))
    fresh = view(world, chosen)
    read = spied(monkeypatch)
    after = view(world, chosen, before)
    assert after == fresh
    assert after != before
    assert kept(after).days is kept(before).days
    weeks = MIDNIGHT - timedelta(days=chosen.days - 1 + 28), {"people": [world.ids["Donald Knuth"]]}
    assert read == [(MIDNIGHT, {}), (kept(after).today.end, {}), weeks], "the night's samples came late"
    assert 0 < (NOW - kept(after).today.end).total_seconds() <= 660
    assert before.total
    assert after.total
    assert after.total.sightings - before.total.sightings == 4


def test_of_a_busy_day_only_the_last_minutes_are_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lasting = see(world, "Alan Turing", NOW)
    before, read, moved = view(world, Range.DAY), spied(monkeypatch), 0
    for minutes in range(1, 31):
        now = NOW + timedelta(minutes=minutes)
        see(world, "Alan Turing", now, sighting=lasting)
        see(world, "Ada Lovelace", now)
        read.clear()
        after = view(world, Range.DAY, before, now)
        until = kept(after).today.end
        if kept(after).today is kept(before).today:
            assert read == [(until, {})]
        else:
            assert read == [(MIDNIGHT, {}), (until, {})]
            moved += 1
        assert timedelta(minutes=10) <= now - until <= timedelta(minutes=20)
        assert after == view(world, Range.DAY, now=now)
        before = after
    assert moved == 3


def not_them(world: World) -> None:
    with writing(world.engine) as session:
        samples = list(mood_samples(session, MIDNIGHT - timedelta(days=3), MIDNIGHT))
        moods.unname(session, next(one.sighting for one in samples if one.sighting and one.person))


def late_sample(world: World) -> None:
    see(world, "Ada Lovelace", MIDNIGHT - timedelta(hours=12))


def merge(world: World) -> None:
    with writing(world.engine) as session:
        merges.merge(session, world.cipher, world.ids["Ada Lovelace"], world.ids["Alan Turing"], at=NOW, actor="desk")


def erase(world: World) -> None:
    with writing(world.engine) as session:
        erasure.erase(session, world.ids["Ada Lovelace"], at=NOW, actor="desk")


@pytest.mark.parametrize("change", [not_them, late_sample, merge, erase])
@pytest.mark.parametrize("chosen", [Range.DAY, Range.MONTH])
def test_the_past_is_read_again_when_somebody_changed_it(
    world: World, chosen: Range, change: Callable[[World], None]
) -> None:
    before = view(world, chosen)
    change(world)
    after = view(world, chosen, before)
    assert after == view(world, chosen)
    assert kept(after).days is not kept(before).days


def test_the_past_is_read_again_for_other_days(world: World) -> None:
    before = view(world, Range.WEEK)
    tomorrow = NOW + timedelta(days=1)
    for after in (view(world, Range.MONTH, before), view(world, Range.WEEK, before, tomorrow)):
        assert kept(after).days is not kept(before).days
    assert view(world, Range.WEEK, before, tomorrow) == view(world, Range.WEEK, now=tomorrow)
    assert view(world, Range.MONTH, before) == view(world, Range.MONTH)


def roll_up(world: World) -> int:
    return roll_up_moods(world.engine, world.settings, NOW)


@pytest.mark.parametrize("chosen", list(Range))
def test_days_that_are_rolled_up_give_the_view_of_their_samples(
    world: World, chosen: Range, monkeypatch: pytest.MonkeyPatch
) -> None:
    see(world, "Ada Lovelace", MIDNIGHT - timedelta(minutes=2), MIDNIGHT + timedelta(minutes=1))
    see(world, None, MIDNIGHT - timedelta(days=3))
    samples = view(world, chosen)
    assert roll_up(world) == (NOW - oldest(world)).days
    assert roll_up(world) == 0, "each day is counted once"
    read = spied(monkeypatch)
    assert about(view(world, chosen)) == about(samples)
    assert all(start >= MIDNIGHT or start < oldest(world) for start, _ in read), "no day before today is read again"


@pytest.mark.parametrize("change", [not_them, late_sample, merge, erase])
def test_whoever_changes_a_mood_of_a_day_takes_its_roll_up_away(world: World, change: Callable[[World], None]) -> None:
    roll_up(world)
    before = view(world, Range.MONTH)
    change(world)
    after = view(world, Range.MONTH, before)
    assert kept(after).days is not kept(before).days
    taken = roll_up(world)
    assert taken > 0
    assert about(view(world, Range.MONTH)) == about(after)
    with writing(world.engine) as session:
        rollups.forget(session)
    assert about(view(world, Range.MONTH)) == about(after)


def test_another_zone_or_confidence_counts_the_days_anew(world: World) -> None:
    roll_up(world)
    for changed in ({"time_zone": "Asia/Kathmandu"}, {"mood_confidence": 0.95}):
        settings = world.settings.model_copy(update=changed)
        wanted = mood_view(world.engine, settings, Range.MONTH, NOW)
        assert roll_up_moods(world.engine, settings, NOW) > 0
        assert about(mood_view(world.engine, settings, Range.MONTH, NOW)) == about(wanted)


def oldest(world: World) -> datetime:
    with reading(world.engine) as session:
        found = moods.oldest(session)
    assert found
    return found.astimezone(world.settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def about(shown: MoodView) -> MoodView:
    """A view to compare: a mean is only as exact as its sum."""

    def rounded(cell: MoodCell) -> MoodCell:
        return replace(cell, probabilities=cell.probabilities and tuple(round(one, 9) for one in cell.probabilities))

    def change(one: MoodChange | None) -> MoodChange | None:
        def nine(some: Sequence[float]) -> tuple[float, ...]:
            return tuple(round(each, 9) for each in some)

        return one and replace(one, baseline=nine(one.baseline), current=nine(one.current))

    cells = {name: tuple(map(rounded, getattr(shown, name))) for name in ("over_time", "week", "groups")}
    people = tuple(
        replace(one, cell=rounded(one.cell), change=change(one.change), usual=one.usual and rounded(one.usual))
        for one in shown.people
    )
    return replace(shown, total=shown.total and rounded(shown.total), people=people, **cells)  # type: ignore[arg-type]


@pytest.mark.parametrize("chosen", list(Range))
def test_a_past_that_ends_today_is_the_present(world: World, chosen: Range) -> None:
    now, past = view(world, chosen), past_moods(world.engine, world.settings, chosen, NOW.date())
    assert past.period == now.period
    for theirs, ours in (
        (past.over_time, now.over_time), (past.week, now.week), (past.groups, now.groups),
        ([one.cell for one in past.people], [one.cell for one in now.people]),
    ):  # fmt: skip
        assert [(one.key, one.sightings, one.shares) for one in theirs] == [
            (one.key, one.sightings, one.shares) for one in ours
        ]


@pytest.mark.parametrize("chosen", [Range.DAY, Range.WEEK])
def test_the_days_shown_are_compared_with_the_four_weeks_before_them(world: World, chosen: Range) -> None:
    for days in range(chosen.days, chosen.days + 28):
        see(world, "Donald Knuth", MIDNIGHT - timedelta(days=days) + timedelta(hours=12))
    for number in range(5):
        at = MIDNIGHT + timedelta(hours=1, minutes=number) - timedelta(days=number % chosen.days)
        see(world, "Donald Knuth", at, mood="happy")
    now, past = view(world, chosen), past_moods(world.engine, world.settings, chosen, NOW.date())
    for shown in (now, past):
        knuth = next(one for one in shown.people if one.name == "Donald Knuth")
        assert knuth.change
        assert (knuth.change.told, knuth.change.sightings, knuth.change.seen) == ("more happy", 28, 5)
    alone = past_moods(world.engine, world.settings, chosen, NOW.date(), person=world.ids["Donald Knuth"])
    assert alone.change == next(one.change for one in past.people if one.name == "Donald Knuth")
    assert alone.people == ()


def test_a_persons_weeks_add_up_to_their_sightings(world: World) -> None:
    ada = past_moods(world.engine, world.settings, Range.QUARTER, NOW.date(), person=world.ids["Ada Lovelace"])
    assert ada.total is not None
    assert sum(one.cell.sightings for one in ada.weeks) == ada.total.sightings
    assert ada.weeks[-1].usual.sightings == sum(one.cell.sightings for one in ada.weeks[:-1])
