"""Mood rules: what many samples say about an hour, a day, a group or a person. Pure functions.

Somebody who stands at the door for long gives many samples; so samples are first averaged per sighting (in
aggregate mode per token), and each sighting counts once in a cell. Where samples carry no person, cells with
fewer than five people are hidden (k-anonymity, Sweeney 2002).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS, MoodScores

SMALLEST_GROUP: Final = 5
"""People that a cell of aggregate mode needs to be shown."""

BASELINE_DAYS: Final = 28
BASELINE_SIGHTINGS: Final = 5
"""Sightings that a person's baseline needs to mean anything."""

By: TypeAlias = Literal["hour", "day", "person", "group", "weekday_hour"]

Probabilities: TypeAlias = tuple[float, ...]
"""Seven, in the order of EMOTIONS; they sum to 1."""

Key: TypeAlias = datetime | date | UUID | str | tuple[int, int] | None
"""Of a cell: the hour's start (site time), the day, the person, the group, or (weekday, hour); None: nobody's."""


class Sample(Protocol):
    """What the rules read of a mood sample."""

    @property
    def at(self) -> datetime: ...
    @property
    def person(self) -> UUID | None: ...
    @property
    def sighting(self) -> UUID | None: ...
    @property
    def group(self) -> str | None: ...
    @property
    def token(self) -> str | None: ...
    @property
    def probabilities(self) -> Probabilities: ...


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


@dataclass(frozen=True, slots=True)
class _Stays:
    """The mean moods of sightings, or of tokens by the hour; one row each."""

    people: list[UUID | None]
    tokens: list[str | None]
    days: list[date]
    means: NDArray[np.float64]
    """(n, 7)."""

    def __len__(self) -> int:
        return len(self.people)


def label(probabilities: Probabilities, confidence_needed: float) -> str:
    """The likeliest emotion, or "unsure"."""
    return MoodScores(probabilities, confidence_needed).label


def distribution(
    samples: Iterable[Sample], by: By, zone: ZoneInfo, confidence_needed: float, *, hide_small: bool = False
) -> list[Cell]:
    """The mood per hour, day, person, group, or weekday and hour, in the order of the keys.

    Args:
        zone: of the site; hours and days are its own.
        confidence_needed: below this a sighting's mood counts as unsure.
        hide_small: hide cells of few people also where the samples carry persons (from before aggregate mode).
    """
    keyed: dict[Key, list[Sample]] = defaultdict(list)
    key = _KEYS[by]
    for sample in samples:
        keyed[key(sample, zone)].append(sample)
    cells = [_cell(of, some, zone, confidence_needed, hide_small) for of, some in keyed.items()]
    return sorted(cells, key=lambda cell: (cell.key is None, str(cell.key) if by == "person" else cell.key))


def total(samples: Sequence[Sample], zone: ZoneInfo, confidence_needed: float, *, hide_small: bool = False) -> Cell:
    """The mood of all these samples together; the arguments are those of `distribution`."""
    return _cell(None, samples, zone, confidence_needed, hide_small)


def change(samples: Sequence[Sample], now_from: datetime) -> Change | None:
    """How a person's mood since `now_from` differs from the four weeks before it.

    Args:
        samples: of one person.

    Returns:
        None without enough sightings before, or any since.
    """
    since = now_from - timedelta(days=BASELINE_DAYS)
    before = _stays([sample for sample in samples if since <= sample.at < now_from])
    current = _stays([sample for sample in samples if sample.at >= now_from])
    if len(before) < BASELINE_SIGHTINGS or not len(current):
        return None
    return Change(_mean(before), _mean(current), len(before))


def _cell(key: Key, samples: Sequence[Sample], zone: ZoneInfo, confidence_needed: float, hide_small: bool) -> Cell:
    stays = _stays(samples, zone)
    anonymous = hide_small or any(stays.tokens)
    people = _people(stays)
    if not len(stays) or (anonymous and people < SMALLEST_GROUP):
        return Cell(key, 0 if anonymous else len(stays), 0, None, None)
    likeliest = np.where(stays.means.max(axis=1) < confidence_needed, len(EMOTIONS), stays.means.argmax(axis=1))
    shares = np.bincount(likeliest, minlength=len(EMOTIONS) + 1) / len(stays)
    return Cell(key, len(stays), people, _mean(stays), tuple(shares.tolist()))


def _stays(samples: Sequence[Sample], zone: ZoneInfo | None = None) -> _Stays:
    index: dict[object, int] = {}
    # A token's samples are an hour's; one without any sighting stands for itself.
    rows = [
        index.setdefault(sample.sighting or (sample.token or sample.person, sample.at), len(index))
        for sample in samples
    ]
    firsts = dict(zip(reversed(rows), reversed(samples), strict=True))
    some = [firsts[row] for row in range(len(index))]
    sums = np.zeros((len(index), len(EMOTIONS)))
    np.add.at(sums, rows, np.array([sample.probabilities for sample in samples]).reshape(-1, len(EMOTIONS)))
    counts = np.bincount(rows, minlength=len(index)) if rows else np.ones(0)
    return _Stays(
        people=[sample.person for sample in some],
        tokens=[sample.token for sample in some],
        days=[sample.at.astimezone(zone).date() for sample in some],
        means=sums / counts[:, None],
    )


def _mean(stays: _Stays) -> Probabilities:
    return tuple(stays.means.mean(axis=0).tolist())


def _people(stays: _Stays) -> int:
    """How many different people there are at least: tokens change daily, so the day with most of them counts."""
    tokens: dict[date, set[str]] = defaultdict(set)
    for day, token in zip(stays.days, stays.tokens, strict=True):
        if token:
            tokens[day].add(token)
    named = {person for person in stays.people if person}
    return max([len(named), *(len(some) for some in tokens.values())])


def _hour(sample: Sample, zone: ZoneInfo) -> Key:
    return sample.at.astimezone(zone).replace(minute=0, second=0, microsecond=0)


def _day(sample: Sample, zone: ZoneInfo) -> Key:
    return sample.at.astimezone(zone).date()


def _weekday_hour(sample: Sample, zone: ZoneInfo) -> Key:
    local = sample.at.astimezone(zone)
    return local.weekday(), local.hour


_KEYS: Final[dict[By, Callable[[Sample, ZoneInfo], Key]]] = {
    "hour": _hour,
    "day": _day,
    "person": lambda sample, _: sample.person,
    "group": lambda sample, _: sample.group,
    "weekday_hour": _weekday_hour,
}
