"""The mood rules against their definition, sample by sample: sightings that span hours and nights, tokens, samples
without either, and clocks that are put forward and back."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import EMOTIONS, UNSURE
from monitor.moods.cells import MoodCell, cells, changes, distribution, label, means, most_seen, total
from monitor.moods.tally import DAY, By, tally
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


def stays(samples: Sequence[Sample]) -> list[list[Sample]]:
    """The samples of each sighting; a token's are an hour's, and one without any stands for itself."""
    found: dict[object, list[Sample]] = defaultdict(list)
    for one in samples:
        found[one.sighting or (one.token or one.person, one.at)].append(one)
    return list(found.values())


def mean(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Of those that could be judged; zeros where none could."""
    judged = [row for row in rows if any(row)] or [UNJUDGED]
    return tuple(sum(column) / len(judged) for column in zip(*judged, strict=True))


def defined(key: object, samples: Sequence[Sample], zone: ZoneInfo, hide_small: bool) -> MoodCell:
    seen = stays(samples)
    first = [one[0] for one in seen]
    tokens: dict[object, set[str]] = defaultdict(set)
    for one in first:
        if one.token:
            tokens[one.at.astimezone(zone).date()].add(one.token)
    people = max(len({one.person for one in first if one.person}), *map(len, tokens.values()), 0)
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


@given(samples(), st.sampled_from(ZONES), st.booleans())
def test_days_that_are_over_and_today_are_added_up(given: list[Sample], zone: ZoneInfo, hide_small: bool) -> None:
    """Whoever stays over midnight belongs to today."""
    days = [one.at.astimezone(zone).date() for one in given]
    today = {one.sighting for one, day in zip(given, days, strict=True) if day == days[-1]} - {None}
    names = moods(given, zone)
    went_on = np.isin(names.sighting, [names.sightings[sighting] for sighting in today])
    news = went_on | (names.clock // DAY == names.clock[-1] // DAY)
    for by in KEYS:
        before, after = (tally(names.where(part), by, NEEDED) for part in (~news, news))
        found = cells(before + after, by, names, hide_small=hide_small)
        whole = distribution(names, by, NEEDED, hide_small=hide_small)
        assert [about(cell) for cell in found] == [about(cell) for cell in whole]


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
