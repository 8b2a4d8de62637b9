"""Mood rules: what many samples say about an hour, a day, a group or a person. Pure functions.

Somebody who stands at the door for long gives many samples; so samples are first averaged per sighting (in
aggregate mode per token), and each sighting counts once in a cell. Where samples carry no person, cells with
fewer than five people are hidden (k-anonymity, Sweeney 2002).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS, MoodScores
from monitor.moods.sums import Moods
from monitor.moods.tally import DAY, Tally, tally

SMALLEST_GROUP: Final = 5
"""People that a cell of aggregate mode needs to be shown."""

BASELINE_DAYS: Final = 28
BASELINE_SIGHTINGS: Final = 5
"""Sightings that a person's baseline needs to mean anything."""

By: TypeAlias = Literal["all", "hour", "day", "person", "group", "weekday_hour"]

Probabilities: TypeAlias = tuple[float, ...]
"""Seven, in the order of EMOTIONS; they sum to 1."""

Key: TypeAlias = datetime | date | UUID | str | tuple[int, int] | None
"""Of a cell: the hour's start (site time), the day, the person, the group, or (weekday, hour); None: nobody's."""

HOUR: Final = 60
"""In minutes."""
FIRST_DAY: Final = date(1970, 1, 1)
"""When a clock's minutes begin."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The mood of one hour, day, person or group."""

    key: Key
    sightings: int
    people: int
    """At least so many different people; 0 where nobody was known."""
    probabilities: Probabilities | None
    """The mean over the sightings; None when hidden."""
    shares: tuple[float, ...] | None
    """The share of sightings per label: seven emotions, then unsure; None when hidden."""

    @property
    def hidden(self) -> bool:
        """Too few people to be shown without telling who they are."""
        return self.probabilities is None


@dataclass(frozen=True, slots=True)
class Mean:
    """A person's mean mood over their sightings."""

    probabilities: Probabilities
    sightings: int


@dataclass(frozen=True, slots=True)
class Change:
    """A person's mood now against their own baseline."""

    baseline: Probabilities
    current: Probabilities
    sightings: int
    """Behind the baseline."""

    @property
    def difference(self) -> tuple[float, ...]:
        """Current minus baseline, per emotion."""
        return tuple(now - before for now, before in zip(self.current, self.baseline, strict=True))

    @property
    def strongest(self) -> tuple[str, float]:
        """The emotion that changed most, and by how much."""
        most = max(range(len(EMOTIONS)), key=lambda index: abs(self.difference[index]))
        return EMOTIONS[most], self.difference[most]


def label(probabilities: Probabilities, confidence_needed: float) -> str:
    """The likeliest emotion, or "unsure"."""
    return MoodScores(probabilities, confidence_needed).label


def distribution(moods: Moods, by: By, confidence_needed: float, *, hide_small: bool = False) -> list[Cell]:
    """The mood per hour, day, person, group, or weekday and hour, in the order of the keys.

    Args:
        confidence_needed: below this a sighting's mood counts as unsure.
        hide_small: hide cells of few people also where the samples carry persons (from before aggregate mode).
    """
    return cells(tallied(moods, by, confidence_needed), by, moods, hide_small=hide_small)


def total(moods: Moods, confidence_needed: float, *, hide_small: bool = False) -> Cell:
    """The mood of all these samples together; the arguments are those of `distribution`."""
    found = distribution(moods, "all", confidence_needed, hide_small=hide_small)
    return found[0] if found else Cell(None, 0, 0, None, None)


def tallied(moods: Moods, by: By, confidence_needed: float) -> Tally:
    """What `cells` are made of; tallies of different sightings can be added before."""
    return tally(moods, _NUMBERS[by](moods), confidence_needed)


def cells(found: Tally, by: By, names: Moods, *, hide_small: bool = False) -> list[Cell]:
    """The cells of `distribution`.

    Args:
        names: moods that know the zone, and the people and groups of the tally by their numbers.
    """
    people = np.maximum(found.known(), found.tokens)
    hidden = ((found.tokens > 0) | hide_small) & (people < SMALLEST_GROUP)
    means, shares = (found.means / found.sightings).T, (found.labels / found.sightings).T
    columns = (some.tolist() for some in (hidden, found.sightings, people, means, shares))
    made = [
        Cell(key, 0, 0, None, None) if unseen else Cell(key, count, known, tuple(mean), tuple(share))
        for key, unseen, count, known, mean, share in zip(_KEYS[by](names, found), *columns, strict=True)
    ]
    return sorted(made, key=lambda cell: (cell.key is None, str(cell.key) if by == "person" else cell.key))


def most_seen(by_person: Tally, names: Moods, most: int) -> tuple[list[UUID], int]:
    """Those who were seen most often, at most so many, and how many people were seen at all."""
    seen = np.flatnonzero(by_person.numbers >= 0)
    often = seen[np.argsort(-by_person.sightings[seen], kind="stable")[:most]]
    people = list(names.people)
    return [people[number] for number in by_person.numbers[often].tolist()], len(seen)


def means(moods: Moods) -> dict[UUID, Mean]:
    """The mean mood of each person who is known."""
    found = tallied(moods, "person", 0.0)
    rows = zip(
        _persons(moods, found), (found.means / found.sightings).T.tolist(), found.sightings.tolist(), strict=True
    )
    return {person: Mean(tuple(mean), sightings) for person, mean, sightings in rows if person is not None}


def changes(baseline: Mapping[UUID, Mean], current: Mapping[UUID, Mean]) -> dict[UUID, Change]:
    """How people's moods differ from what is usual for them; of whom too few sightings were before, nothing is said.

    Args:
        baseline: their means over the `BASELINE_DAYS` before.
    """
    return {
        person: Change(before.probabilities, current[person].probabilities, before.sightings)
        for person, before in baseline.items()
        if person in current and before.sightings >= BASELINE_SIGHTINGS
    }


def _hours(moods: Moods, found: Tally) -> list[Key]:
    # By the first sample, because the clock shows an hour twice when summer time ends.
    local = (at.replace(tzinfo=UTC).astimezone(moods.zone) for at in found.first.tolist())
    return [at.replace(minute=0, second=0, microsecond=0) for at in local]


def _persons(moods: Moods, found: Tally) -> list[UUID | None]:
    people = [*moods.people, None]  # nobody has the number -1
    return [people[number] for number in found.numbers.tolist()]


def _groups(moods: Moods, found: Tally) -> list[str | None]:
    groups = [*moods.groups, None]
    return [groups[number] for number in found.numbers.tolist()]


_NUMBERS: Final[Mapping[By, Callable[[Moods], NDArray[np.int64]]]] = {
    "all": lambda moods: np.zeros_like(moods.clock),
    "hour": lambda moods: moods.clock // HOUR,
    "day": lambda moods: moods.clock // DAY,
    "weekday_hour": lambda moods: (moods.clock // HOUR + FIRST_DAY.weekday() * 24) % (7 * 24),
    "person": lambda moods: moods.person,
    "group": lambda moods: moods.group,
}
"""The number of each row's cell."""

_KEYS: Final[Mapping[By, Callable[[Moods, Tally], Sequence[Key]]]] = {
    "all": lambda _, found: [None] * len(found),
    "hour": _hours,
    "day": lambda _, found: [FIRST_DAY + timedelta(days=day) for day in found.numbers.tolist()],
    "weekday_hour": lambda _, found: [divmod(hour, 24) for hour in found.numbers.tolist()],
    "person": _persons,
    "group": _groups,
}
