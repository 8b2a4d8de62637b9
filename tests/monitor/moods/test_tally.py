"""The mood rules against their definition, sample by sample: sightings that span hours and nights, tokens, samples
without either, and clocks that are put forward and back."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.records.moods import RolledCells, RolledVisits
from monitor.domain import EMOTIONS, UNSURE
from monitor.moods.cells import MoodCell, cells, changes, distribution, label, means, most_seen, total
from monitor.moods.rollups import ADDED_UP, Rolled, of_day, tallies
from monitor.moods.samples import DAY, none
from monitor.moods.tally import EPOCH, By, tally
from tests.monitor.moods.mood_samples import FLAT, HAPPY, SAD, UNJUDGED, Sample, moods

LABELS = (*EMOTIONS, UNSURE)
ZONES = [
    ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns")
]
NIGHTS = [
    datetime(2026, 3, 28, 22, 57, tzinfo=UTC),  # Berlin goes forward at one
    datetime(2026, 10, 24, 22, 57, tzinfo=UTC),  # and back at one
    datetime(2026, 4, 4, 13, 57, tzinfo=UTC),  # Lord Howe goes back by half an hour at three
    datetime(2025, 12, 31, 22, 57, tzinfo=UTC),
]
NEEDED = 0.45
PEOPLE = [UUID(int=number + 1) for number in range(7)]
SIGHTINGS = [UUID(int=number + 100) for number in range(6)]
MIXED = (0.5, 0.0, 0.0, 0.25, 0.25, 0.0, 0.0)

KEYS: dict[By, Callable[[Sample, datetime], object]] = {
    "hour": lambda _, local: local.replace(minute=0, second=0, microsecond=0),
    "day": lambda _, local: local.date(),
    "weekday_hour": lambda _, local: (local.weekday(), local.hour),
    "person": lambda sample, _: sample.person,
    "group": lambda sample, _: sample.group,
}


def stays(samples: Sequence[Sample], zone: ZoneInfo = ZONES[0]) -> list[list[Sample]]:
    """The samples of each sighting and day; a token's are an hour's, and one without any stands for itself."""
    found: dict[object, list[Sample]] = defaultdict(list)
    for one in samples:
        found[one.sighting or (one.token or one.person, one.at), one.at.astimezone(zone).date()].append(one)
    return list(found.values())


def mean(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Of those that could be judged; zeros where none could."""
    judged = [row for row in rows if any(row)] or [UNJUDGED]
    return tuple(sum(column) / len(judged) for column in zip(*judged, strict=True))


def defined(key: object, samples: Sequence[Sample], zone: ZoneInfo, hide_small: bool) -> MoodCell:
    seen = stays(samples, zone)
    first = [one[0] for one in seen]
    tokens: dict[object, set[str]] = defaultdict(set)
    for one in first:
        if one.token:
            tokens[one.at.astimezone(zone).date()].add(one.token)
    people = max(len({one.person for one in samples if one.person}), *map(len, tokens.values()), 0)
    if (hide_small or tokens) and people < 5:
        return MoodCell(key, 0, 0, None, None)  # type: ignore[arg-type]
    means = [mean([sample.probabilities for sample in one]) for one in seen]
    labels = Counter(label(one, NEEDED) for one in means)
    shares = tuple(labels[name] / len(seen) for name in LABELS)
    return MoodCell(key, len(seen), people, mean(means), shares)  # type: ignore[arg-type]


def about(cell: MoodCell) -> MoodCell:
    """A cell to compare: a mean is only as exact as its sum."""
    return replace(cell, probabilities=cell.probabilities and tuple(round(one, 9) for one in cell.probabilities))


@st.composite
def samples(draw: st.DrawFn) -> list[Sample]:
    """Some hours of samples by time, of people, of tokens, of people without a sighting, and of nobody."""
    start, made = draw(st.sampled_from(NIGHTS)), []
    for number in range(draw(st.integers(1, 40))):
        at = start + timedelta(seconds=draw(st.integers(0, 6 * 3600)), microseconds=number)
        kind = draw(st.sampled_from(["sighting", "sighting", "token", "person", "nobody"]))
        who = draw(st.sampled_from(PEOPLE))
        group = draw(st.sampled_from([None, "Day", "Night"]))
        mood = draw(st.sampled_from([HAPPY, SAD, MIXED, FLAT, UNJUDGED]))
        hour = at.replace(minute=0, second=0, microsecond=0)
        if kind == "sighting":  # who it is may be found out later
            sighting, known = draw(st.sampled_from(SIGHTINGS)), draw(st.sampled_from([None, who]))
            made.append(Sample(at, known, sighting, group, None, mood))
        elif kind == "token":
            made.append(Sample(hour, None, None, group, f"t{who.int}", mood))
        else:
            made.append(
                Sample(draw(st.sampled_from([at, hour])), who if kind == "person" else None, None, group, None, mood)
            )
    return sorted(made, key=lambda one: one.at)


@given(samples(), st.sampled_from(ZONES), st.booleans())
def test_cells_are_what_they_are_defined_to_be(given: list[Sample], zone: ZoneInfo, hide_small: bool) -> None:
    arranged = moods(given, zone)
    whole = total(arranged, NEEDED, hide_small=hide_small)
    assert about(whole) == about(defined(None, given, zone, hide_small))
    for by, key in KEYS.items():
        keyed: dict[object, list[Sample]] = defaultdict(list)
        for one in given:
            keyed[key(one, one.at.astimezone(zone))].append(one)
        wanted = {of: defined(of, some, zone, hide_small) for of, some in keyed.items()}
        found = distribution(arranged, by, NEEDED, hide_small=hide_small)
        assert {cell.key: about(cell) for cell in found} == {of: about(cell) for of, cell in wanted.items()}
        assert [cell.key for cell in found] == sorted(
            keyed, key=lambda of: (of is None, str(of) if by == "person" else of)
        )
        if by == "hour":  # an hour that the clock shows twice is the first of them
            first = {cell.key: cell.key.isoformat() for cell in wanted.values()}  # type: ignore[union-attr]
            assert [cell.key.isoformat() for cell in found] == [first[cell.key] for cell in found]  # type: ignore[union-attr]


@given(samples(), st.sampled_from(ZONES), st.booleans(), st.booleans())
def test_days_that_are_rolled_up_are_what_their_samples_are(
    given: list[Sample], zone: ZoneInfo, hide_small: bool, last_too: bool
) -> None:
    arranged = moods(given, zone)
    days = arranged.clock // DAY
    over = np.unique(days)[: None if last_too else -1]
    numbers: dict[Hashable, int] = {}
    past = tallies(rolled_up([(int(day), of_day(arranged.where(days == day), NEEDED)) for day in over]), numbers)
    open_days = moods([one for one in given if day_number(one, zone) not in over], zone, none(zone, numbers))
    for by in ADDED_UP:
        found = cells(past[by] + tally(open_days, by, NEEDED), by, open_days, hide_small=hide_small)
        whole = distribution(arranged, by, NEEDED, hide_small=hide_small)
        assert [about(cell) for cell in found] == [about(cell) for cell in whole]


def day_number(one: Sample, zone: ZoneInfo) -> int:
    return (one.at.astimezone(zone).date() - EPOCH).days


def rolled_up(days: Sequence[tuple[int, tuple[RolledCells, RolledCells]]]) -> Rolled:
    """What the database adds up of these days."""
    people, by_day, groups, week = (defaultdict[object, list[tuple[int, RolledCells]]](list) for _ in range(4))
    for day, (those, others) in days:
        for row, (person, *_) in enumerate(those.keys):
            people[person].append((row, those))
        for row, (kind, hour, group) in enumerate(others.keys):
            by, key = {"day": (by_day, day), "group": (groups, group), "hour": (week, (day + 3) % 7 * 24)}[kind]
            by[key + hour if kind == "hour" else key].append((row, others))
    seen = [(day, *key) for day, (those, _) in days for key in those.keys]
    names = list(dict.fromkeys(name for _, *named, _ in seen for name in named if name is not None))
    place = {None: -1, **{name: number for number, name in enumerate(names)}}
    rows = [(day, place[who], place[token], place[group], hours) for day, who, token, group, hours in seen]
    visits = RolledVisits(names, *np.array(rows, np.int64).reshape(-1, 5).T)
    summed = [_summed(by) for by in (people, by_day, groups, week)]
    return Rolled(summed[0], summed[1], summed[2], summed[3], visits)


def _summed(cells: dict[Any, list[tuple[int, RolledCells]]]) -> RolledCells:
    def column(name: str, height: int | None) -> Any:
        sums = [sum(getattr(part, name)[..., row] for row, part in parts) for parts in cells.values()]
        return np.array(sums).T if sums else np.empty((0,) if height is None else (height, 0))

    columns = (
        column(name, height)
        for name, height in (("sightings", None), ("judged", None), ("mean_sums", 7), ("labels", 8))
    )
    return RolledCells([(key,) for key in cells], *columns)


@given(samples(), st.sampled_from(sorted(KEYS)))
def test_some_cells_are_what_they_are_among_all(given: list[Sample], by: By) -> None:
    names = moods(given, ZONES[0])
    found = tally(names, by, NEEDED)
    every = {cell.key: cell for cell in cells(found, by, names)}
    some = cells(found.only(found.numbers[::2]), by, names)
    assert len(some) == (len(every) + 1) // 2
    assert all(every[cell.key] == cell for cell in some)


@given(samples(), st.integers(0, 5))
def test_changes_are_what_they_are_defined_to_be(given: list[Sample], hours: int) -> None:
    midnight = min(one.at for one in given).replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
    arranged = moods(given, ZONES[0])
    found = changes(means(arranged.between(None, midnight)), means(arranged.between(midnight)))
    for person in PEOPLE:
        theirs = [one for one in given if one.person == person]
        before, after = (
            [mean([one.probabilities for one in stay]) for stay in stays(some)]
            for some in ([one for one in theirs if one.at < midnight], [one for one in theirs if one.at >= midnight])
        )
        assert (person in found) == (len(before) >= 5 and bool(after))
        if person in found:
            assert found[person].sightings == len(before)
            assert found[person].baseline == pytest.approx(mean(before))
            assert found[person].current == pytest.approx(mean(after))


@given(samples(), st.integers(0, 4))
def test_those_seen_most_are_whom_they_are_defined_to_be(given: list[Sample], most: int) -> None:
    seen = dict(Counter(one[0].person for some in _by_person(given) for one in stays(some)))
    arranged = moods(given, ZONES[0])
    found, people = most_seen(tally(arranged, "person", NEEDED), arranged, most)
    assert found == sorted(seen, key=lambda person: -seen[person])[:most]
    assert people == len(seen)


def _by_person(samples: Sequence[Sample]) -> list[list[Sample]]:
    found: dict[UUID, list[Sample]] = defaultdict(list)
    for one in samples:
        if one.person is not None:
            found[one.person].append(one)
    return list(found.values())
