"""Mood rules: averages, unsure, hidden groups, baselines."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import EMOTIONS, UNSURE
from monitor.mood import change, distribution, label, total

ZONE = ZoneInfo("Asia/Kathmandu")
AT = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
"""A quarter past nine in Kathmandu."""

HAPPY = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
SAD = (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
FLAT = (1 / 7,) * 7


@dataclass(frozen=True)
class Sample:
    at: datetime = AT
    person: UUID | None = None
    sighting: UUID | None = None
    group: str | None = None
    token: str | None = None
    probabilities: tuple[float, ...] = HAPPY


def _crowd(people: int, probabilities: tuple[float, ...] = HAPPY, at: datetime = AT) -> list[Sample]:
    return [Sample(at=at, group="Team", token=f"t{number}", probabilities=probabilities) for number in range(people)]


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=7, max_size=7), min_size=1, max_size=20))
def test_mean_moods_and_shares_sum_to_one(rows: list[list[float]]) -> None:
    samples = [Sample(sighting=uuid4(), probabilities=tuple(p / sum(row) for p in row)) for row in rows]
    cell = total(samples, ZONE, 0.45)
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
    (cell,) = distribution(samples, "day", ZONE, 0.45)
    assert cell.sightings == 2
    assert cell.probabilities is not None
    assert (cell.probabilities[3], cell.probabilities[4]) == (0.5, 0.5)


def test_hours_and_days_are_the_sites() -> None:
    late = Sample(at=datetime(2026, 3, 2, 18, 30, tzinfo=UTC), sighting=uuid4())
    (hour,) = distribution([late], "hour", ZONE, 0.45)
    (day,) = distribution([late], "day", ZONE, 0.45)
    (slot,) = distribution([late], "weekday_hour", ZONE, 0.45)
    assert hour.key == datetime(2026, 3, 3, 0, 0, tzinfo=ZONE)
    assert day.key == date(2026, 3, 3)
    assert slot.key == (1, 0)


def test_shares_count_unsure_sightings() -> None:
    samples = [Sample(sighting=uuid4()), Sample(sighting=uuid4(), probabilities=FLAT)]
    (cell,) = distribution(samples, "day", ZONE, 0.45)
    assert cell.shares is not None
    assert dict(zip((*EMOTIONS, UNSURE), cell.shares, strict=True))[UNSURE] == 0.5
    assert sum(cell.shares) == pytest.approx(1)


def test_four_people_are_hidden_and_five_are_shown() -> None:
    (four,) = distribution(_crowd(4), "group", ZONE, 0.45)
    (five,) = distribution(_crowd(5), "group", ZONE, 0.45)
    assert four.hidden
    assert (four.sightings, four.people, four.probabilities, four.shares) == (0, 0, None, None)
    assert (five.hidden, five.people) == (False, 5)


def test_one_person_on_many_days_is_not_a_crowd() -> None:
    samples = [Sample(at=AT + timedelta(days=day), token=f"day{day}", group="Team") for day in range(20)]
    (cell,) = distribution(samples, "group", ZONE, 0.45)
    assert cell.hidden


def test_samples_from_before_aggregate_mode_are_hidden_too() -> None:
    people = [Sample(person=uuid4(), sighting=uuid4(), group="Team") for _ in range(4)]
    assert distribution(people, "group", ZONE, 0.45, hide_small=True)[0].hidden
    assert not distribution(people, "group", ZONE, 0.45)[0].hidden
    assert total(people, ZONE, 0.45, hide_small=True).hidden


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), min_size=1, max_size=60))
def test_no_cell_of_fewer_than_five_people_is_ever_shown(seen: list[tuple[int, int]]) -> None:
    samples = [Sample(at=AT + timedelta(hours=hour), token=f"t{who}", group="Team") for hour, who in seen]
    for by in ("hour", "day", "group", "weekday_hour"):
        for cell in distribution(samples, by, ZONE, 0.45):  # type: ignore[arg-type]
            assert cell.hidden or cell.people >= 5


def test_unknown_people_have_a_row_of_their_own_at_the_end() -> None:
    ada = uuid4()
    samples = [Sample(sighting=uuid4()), Sample(person=ada, sighting=uuid4())]
    assert [cell.key for cell in distribution(samples, "person", ZONE, 0.45)] == [ada, None]


def test_a_change_is_against_the_persons_own_weeks_before() -> None:
    before = [Sample(at=AT - timedelta(days=day), sighting=uuid4(), probabilities=SAD) for day in range(1, 6)]
    old = [Sample(at=AT - timedelta(days=60), sighting=uuid4())]
    found = change([*old, *before, Sample(sighting=uuid4())], AT)
    assert found is not None
    assert (found.sightings, found.strongest) == (5, ("happy", 1.0))
    assert sum(found.difference) == pytest.approx(0)


def test_no_change_is_claimed_from_little() -> None:
    before = [Sample(at=AT - timedelta(days=day), sighting=uuid4()) for day in range(1, 5)]
    assert change([*before, Sample(sighting=uuid4())], AT) is None
    assert change(before, AT) is None


def test_nothing_gives_nothing() -> None:
    assert distribution([], "day", ZONE, 0.45) == []
    assert total([], ZONE, 0.45).sightings == 0
