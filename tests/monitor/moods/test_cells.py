"""Mood rules: averages, unsure, hidden groups, baselines."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.records.moods import STRANGER
from monitor.domain import EMOTIONS, UNSURE
from monitor.moods.cells import (
    BASELINE,
    MoodCell,
    MoodChange,
    changes,
    distribution,
    label,
    means,
    most_seen,
    total,
)
from monitor.moods.samples import concatenated, numbered
from monitor.moods.tally import By, tally
from tests.monitor.moods.mood_samples import AT, FLAT, HAPPY, SAD, UNJUDGED, Sample, added_up, moods

ZONE = ZoneInfo("Asia/Kathmandu")
BY: tuple[By, ...] = ("hour", "day", "person", "group", "weekday_hour")


def _total(
    samples: Iterable[Sample], zone: ZoneInfo = ZONE, needed: float = 0.45, *, hide_small: bool = False
) -> MoodCell:
    return total(moods(samples, zone), needed, hide_small=hide_small)


def _by(by: By, samples: Iterable[Sample], *, hide_small: bool = False) -> list[MoodCell]:
    return distribution(moods(samples, ZONE), by, 0.45, hide_small=hide_small)


def _most_seen(samples: Iterable[Sample], most: int) -> tuple[list[UUID], int]:
    arranged = moods(samples, ZONE)
    return most_seen(tally(arranged, "person", 0.45), arranged, most)


def _changes(samples: Iterable[Sample]) -> dict[UUID, MoodChange]:
    """From AT on, against the weeks before."""
    arranged = moods(samples, ZONE)
    return changes(means(arranged.between(AT - BASELINE, AT)), means(arranged.between(AT)))


def _seen(person: UUID | None, days: int = 0, probabilities: tuple[float, ...] = HAPPY) -> Sample:
    """Somebody, so many days ago."""
    return Sample(at=AT - timedelta(days=days), person=person, sighting=uuid4(), probabilities=probabilities)


def _crowd(people: int, probabilities: tuple[float, ...] = HAPPY, at: datetime = AT) -> list[Sample]:
    return [Sample(at=at, group="Team", token=f"t{number}", probabilities=probabilities) for number in range(people)]


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=7, max_size=7), min_size=1, max_size=20))
def test_mean_moods_and_shares_sum_to_one(rows: list[list[float]]) -> None:
    samples = [Sample(sighting=uuid4(), probabilities=tuple(p / sum(row) for p in row)) for row in rows]
    cell = _total(samples)
    assert cell.probabilities is not None
    assert cell.shares is not None
    assert sum(cell.probabilities) == pytest.approx(1)
    assert sum(cell.shares) == pytest.approx(1)
    assert cell.probabilities == pytest.approx(
        [sum(column) / len(rows) for column in zip(*(s.probabilities for s in samples), strict=True)]
    )


def test_a_mood_without_a_clear_winner_is_unsure() -> None:
    assert label(FLAT, 0.45) == UNSURE
    assert label(HAPPY, 0.45) == "happy"


def test_standing_at_the_door_for_long_counts_once() -> None:
    lingering, passing = uuid4(), uuid4()
    samples = [Sample(at=AT + timedelta(seconds=5 * n), sighting=lingering) for n in range(9)]
    samples.append(Sample(sighting=passing, probabilities=SAD))
    (cell,) = _by("day", samples)
    assert cell.sightings == 2
    assert cell.probabilities is not None
    assert (cell.probabilities[3], cell.probabilities[4]) == (0.5, 0.5)


def test_hours_and_days_are_the_sites() -> None:
    late = Sample(at=datetime(2026, 3, 2, 18, 30, tzinfo=UTC), sighting=uuid4())
    (hour,) = _by("hour", [late])
    (day,) = _by("day", [late])
    (slot,) = _by("weekday_hour", [late])
    assert hour.key == datetime(2026, 3, 3, 0, 0, tzinfo=ZONE)
    assert day.key == date(2026, 3, 3)
    assert slot.key == (1, 0)


def test_a_sample_that_could_not_be_judged_takes_nothing_from_the_others_of_its_sighting() -> None:
    seen = uuid4()
    samples = [Sample(sighting=seen), *(Sample(sighting=seen, probabilities=UNJUDGED) for _ in range(5))]
    (cell,) = _by("day", samples)
    assert cell.probabilities == pytest.approx(HAPPY)
    assert cell.label_shares == (("happy", 1.0),)


def test_a_sighting_that_could_not_be_judged_is_unsure_and_not_in_the_mean() -> None:
    samples = [Sample(sighting=uuid4()), Sample(sighting=uuid4(), probabilities=UNJUDGED)]
    (cell,) = _by("day", samples)
    assert cell.sightings == 2
    assert cell.probabilities == pytest.approx(HAPPY)
    assert cell.label_shares == (("happy", 0.5), (UNSURE, 0.5))
    (alone,) = _by("day", samples[1:])
    assert alone.probabilities == UNJUDGED
    assert label(UNJUDGED, 0.0) == UNSURE
    assert not alone.hidden


def test_shares_count_unsure_sightings() -> None:
    samples = [Sample(sighting=uuid4()), Sample(sighting=uuid4(), probabilities=FLAT)]
    (cell,) = _by("day", samples)
    assert cell.shares is not None
    assert dict(zip((*EMOTIONS, UNSURE), cell.shares, strict=True))[UNSURE] == 0.5
    assert sum(cell.shares) == pytest.approx(1)


def test_four_people_are_hidden_and_five_are_shown() -> None:
    (four,) = _by("group", _crowd(4))
    (five,) = _by("group", _crowd(5))
    assert four.hidden
    assert (four.sightings, four.people, four.probabilities, four.shares) == (0, 0, None, None)
    assert (five.hidden, five.people) == (False, 5)


def test_one_person_on_many_days_is_not_a_crowd() -> None:
    samples = [Sample(at=AT + timedelta(days=day), token=f"day{day}", group="Team") for day in range(20)]
    (cell,) = _by("group", samples)
    assert cell.hidden


def test_samples_from_before_aggregate_mode_are_hidden_too() -> None:
    people = [Sample(person=uuid4(), sighting=uuid4(), group="Team") for _ in range(4)]
    assert _by("group", people, hide_small=True)[0].hidden
    assert not _by("group", people)[0].hidden
    assert _total(people, hide_small=True).hidden


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.booleans()), min_size=1, max_size=60))
def test_no_cell_of_fewer_than_five_people_is_ever_shown(seen: list[tuple[int, int, bool]]) -> None:
    """Somebody unknown has another token each time."""
    samples = [
        Sample(at=AT + timedelta(hours=hour), token=f"t{who}" if known else f"{STRANGER}{number}", group="Team")
        for number, (hour, who, known) in enumerate(seen)
    ]
    for by in ("hour", "day", "group", "weekday_hour"):
        for cell in _by(by, samples, hide_small=True):
            assert cell.hidden or cell.people >= 5
    known = {who for _, who, is_known in seen if is_known}
    (all_day,) = _by("group", samples, hide_small=True)
    assert (all_day.hidden, all_day.people) == ((False, len(known)) if len(known) >= 5 else (True, 0))


def test_unknown_people_have_a_row_of_their_own_at_the_end() -> None:
    ada = uuid4()
    samples = [Sample(sighting=uuid4()), Sample(person=ada, sighting=uuid4())]
    assert [cell.key for cell in _by("person", samples)] == [ada, None]


def test_a_change_is_against_the_persons_own_weeks_before() -> None:
    ada, tim = uuid4(), uuid4()
    before = [_seen(ada, days, SAD) for days in range(1, 6)]
    old = [_seen(ada, 60), _seen(ada, 29)]
    others = [_seen(tim, days) for days in range(6)]
    found = _changes([*old, *before, _seen(ada), *others])
    assert (found[ada].sightings, found[ada].seen, found[ada].told) == (5, 1, "too few")
    assert found[ada].current == pytest.approx(HAPPY)
    assert found[ada].baseline == pytest.approx(SAD)
    assert found[tim].baseline == found[tim].current
    often = _changes([*before, *(_seen(ada) for _ in range(5)), *(_seen(tim, days // 5) for days in range(50))])
    assert (often[ada].told, often[tim].told) == ("more happy", "as usual")


def test_a_cell_tells_pleasantness_from_five_sightings_on() -> None:
    (few,) = _by("day", [Sample(sighting=uuid4()) for _ in range(4)])
    (enough,) = _by("day", [Sample(sighting=uuid4()) for _ in range(5)])
    assert (few.few, few.pleasantness) == (True, None)
    assert enough.pleasantness == pytest.approx((0.81, 0))
    hidden = MoodCell(None, 0, 0, None, None)
    assert hidden.pleasantness is None


def test_ranges_count_people_where_there_are_several() -> None:
    ada, tim = uuid4(), uuid4()
    samples = [Sample(person=one, sighting=uuid4()) for one in (ada, ada, ada, tim)]
    (together,) = _by("day", samples)
    assert (together.sightings, together.weight) == (4, 2)
    (alone,) = _by("day", samples[:3])
    assert alone.weight == 3


def test_no_change_is_claimed_from_little() -> None:
    ada = uuid4()
    before = [_seen(ada, days) for days in range(1, 5)]
    assert _changes([*before, _seen(ada)]) == {}
    assert _changes([*before, _seen(ada, 5)]) == {}
    assert _changes([]) == {}


def test_those_seen_most_come_first_and_then_those_seen_first() -> None:
    ada, tim, eve = uuid4(), uuid4(), uuid4()
    lingering = uuid4()
    samples = [Sample(at=AT + timedelta(seconds=second), person=tim, sighting=lingering) for second in range(9)]
    samples += [_seen(who, -1) for who in (None, eve, eve, ada)]
    assert _most_seen(samples, 2) == ([eve, tim], 3)
    assert _most_seen([_seen(None)], 2) == ([], 0)


def test_what_comes_later_is_added_to_what_is_there() -> None:
    lingering, ada = uuid4(), uuid4()
    before = [Sample(person=ada, sighting=lingering), Sample(sighting=uuid4(), group="Night")]
    later = [
        Sample(at=AT + timedelta(minutes=5), person=ada, sighting=lingering, probabilities=SAD),
        Sample(at=AT + timedelta(minutes=6), person=uuid4(), sighting=uuid4(), group="Day"),
    ]
    first = moods(before, ZONE)
    quiet = numbered(added_up([]), ZONE, first)
    both = concatenated(concatenated(first, quiet), numbered(added_up(later), ZONE, quiet))
    whole = moods([*before, *later], ZONE)
    for by in BY:
        assert distribution(both, by, 0.45) == distribution(whole, by, 0.45)
    assert total(both, 0.45).sightings == 3


def test_nothing_gives_nothing() -> None:
    assert _by("day", []) == []
    assert _total([]).sightings == 0
