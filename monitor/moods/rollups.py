"""Roll-ups: what a whole day's samples come to, and what the roll-ups of many days come to. Pure functions.

Days can be added, because a sighting counts once a day (`monitor.moods.tally`).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from db.records.moods import RolledCells, RolledVisits
from monitor.moods.samples import DAY, HOUR, Samples
from monitor.moods.tally import EPOCH, STRIDE, By, Tally, distinct, runs, tally

ADDED_UP: Final[tuple[By, ...]] = ("all", "day", "weekday_hour", "group", "person")
"""What the tallies of rolled-up days are by."""
Numbers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rolled:
    """The roll-ups of some days, as `db.observations.rollups` gives them."""

    people: RolledCells
    days: RolledCells
    groups: RolledCells
    week: RolledCells
    visits: RolledVisits


def of_day(samples: Samples, confidence_needed: float) -> tuple[RolledCells, RolledCells]:
    """The roll-ups of one local day: by person and token; of everybody by day and by hour, and by group.

    Args:
        confidence_needed: below this probability a sighting's mood counts as unsure.
    """
    names = [*samples.numbers, None]
    who = np.stack([samples.person, samples.token, samples.group])
    found, row = np.unique(who, axis=1, return_inverse=True)
    hours = np.zeros(found.shape[1], np.int64)
    np.bitwise_or.at(hours, row.reshape(-1), 1 << samples.clock % DAY // HOUR)
    keys = [(*(names[one] for one in each), mask) for each, mask in zip(found.T.tolist(), hours.tolist(), strict=True)]
    counted = tally(samples, "person", confidence_needed)
    # Whoever changed their group on this day has two rows; the first of them has what was counted.
    first = runs(found[0])
    at = first[np.searchsorted(found[0][first], counted.numbers)]
    return _spread(counted, at, keys), _others(samples, confidence_needed, names)


def _spread(counted: Tally, at: Numbers, keys: Sequence[tuple[Any, ...]]) -> RolledCells:
    """What was counted in these rows, and zeros in the others."""

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        wide = np.zeros((*values.shape[:-1], len(keys)), values.dtype)
        wide[..., at] = values
        return wide

    columns = counted.sightings, counted.judged, counted.mean_sums, counted.labels
    return RolledCells(keys, *(spread(values) for values in columns))


def _others(samples: Samples, confidence_needed: float, names: Sequence[Hashable]) -> RolledCells:
    day, group, hour = (tally(samples, by, confidence_needed) for by in ("day", "group", "hour"))
    keys = [
        *(("day", None, None) for _ in day.numbers),
        *(("group", None, names[number]) for number in group.numbers.tolist()),
        *(("hour", number % 24, None) for number in hour.numbers.tolist()),
    ]
    columns = ("sightings", "judged", "mean_sums", "labels")
    joined = (np.concatenate([getattr(one, name) for one in (day, group, hour)], -1) for name in columns)
    return RolledCells(keys, *joined)


def tallies(rolled: Rolled, numbers: dict[Hashable, int]) -> dict[By, Tally]:
    """The tallies of rolled-up days, by all that `ADDED_UP` has.

    Args:
        numbers: of people, groups and tokens; new ones get the next.
    """

    def number(name: Hashable) -> int:
        return -1 if name is None else numbers.setdefault(name, len(numbers))

    places = np.array([*(number(name) for name in rolled.visits.names), -1], np.int64)
    day, hours = rolled.visits.day, rolled.visits.hours
    person, token, group = (places[one] for one in (rolled.visits.person, rolled.visits.token, rolled.visits.group))
    zeros = np.zeros_like(day)
    known, crowd = person >= 0, token >= 0

    def by(cells: RolledCells, cell: Numbers, keys: Sequence[int] | None = None) -> Tally:
        pairs = distinct(cell * STRIDE + person, known)
        cell_keys = [key for (key,) in cells.keys] if keys is None else keys
        return _tally(cells, cell_keys, pairs, (cell[crowd], day[crowd], token[crowd]))

    week = _tally(rolled.week, [key for (key,) in rolled.week.keys],
                  *_by_hour_of_week(day, person, token, hours))  # fmt: skip
    return {
        "all": by(_total(rolled.days), zeros),
        "day": by(rolled.days, day),
        "weekday_hour": week,
        "group": by(rolled.groups, group, [number(key) for (key,) in rolled.groups.keys]),
        "person": by(rolled.people, person, [number(key) for (key,) in rolled.people.keys]),
    }


def tally_of_people(people: RolledCells, numbers: Mapping[Hashable, int]) -> Tally:
    """What is counted of some known people."""
    keys = [numbers[person] for (person,) in people.keys]
    nothing = np.empty(0, np.int64)
    return _tally(people, keys, np.sort(np.array(keys, np.int64) * (STRIDE + 1)), (nothing, nothing, nothing))


def _total(days: RolledCells) -> RolledCells:
    if not days.keys:
        return days
    columns = (getattr(days, name) for name in ("sightings", "judged", "mean_sums", "labels"))
    return RolledCells([(0,)], *(values.sum(axis=-1, keepdims=True) for values in columns))


def _by_hour_of_week(
    day: Numbers, person: Numbers, token: Numbers, hours: Numbers
) -> tuple[Numbers, tuple[Numbers, Numbers, Numbers]]:
    """Each known person of each hour of the week, as `Tally.pairs`; and hours of the week, days and tokens."""
    weekday = (day + EPOCH.weekday()) % 7
    bits = np.arange(24)
    one = weekday * STRIDE + person
    order = np.argsort(one, kind="stable")
    order = order[person[order] >= 0]
    starts = runs(one[order])
    masks = np.bitwise_or.reduceat(hours[order], starts) if len(starts) else hours[:0]
    where, hour = np.nonzero(masks[:, None] >> bits & 1)
    first = one[order][starts][where]
    pairs = np.sort((first // STRIDE * 24 + hour) * STRIDE + first % STRIDE)
    crowd = np.flatnonzero(token >= 0)
    where, hour = np.nonzero(hours[crowd, None] >> bits & 1)
    row = crowd[where]
    return pairs, (weekday[row] * 24 + hour, day[row], token[row])


def _tally(
    cells: RolledCells, keys: Sequence[int], pairs: Numbers, tokens: tuple[Numbers, Numbers, Numbers]
) -> Tally:  # fmt: skip
    numbers = np.array(keys, np.int64)
    order = np.argsort(numbers)
    numbers = numbers[order]
    cell, day, token = tokens
    each = np.unique(np.stack([cell, day, token]), axis=1)
    of_day, count = np.unique(each[:2], axis=1, return_counts=True)
    most = np.zeros_like(numbers)
    np.maximum.at(most, np.searchsorted(numbers, of_day[0]), count)
    return Tally(
        numbers=numbers,
        first=np.zeros(len(numbers), "datetime64[us]"),  # asked of hours only, which are not rolled up
        sightings=cells.sightings[order],
        mean_sums=cells.mean_sums[:, order],
        judged=cells.judged[order],
        labels=cells.labels[:, order],
        tokens=most,
        pairs=pairs,
    )
