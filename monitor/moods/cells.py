"""Mood rules: what many samples say about an hour, a day, a group or a person. Pure functions.

Samples are first averaged per sighting (in aggregate mode per token and hour), and each sighting counts once in a
cell, because somebody who stands at the door for long gives many samples. Where samples carry no person, cells with
fewer than five people are hidden (k-anonymity, Sweeney 2002).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

import numpy as np

from monitor.domain import MOODS, UNSURE, MoodScores
from monitor.moods.precision import FEWEST_SIGHTINGS, clear_change, pleasantness
from monitor.moods.samples import Samples
from monitor.moods.tally import EPOCH, By, Tally, tally

SMALLEST_GROUP: Final = 5
"""People that a cell of aggregate mode needs to be shown."""
BASELINE: Final = timedelta(days=28)
"""The time before some days over which a person's baseline is the mean."""
BASELINE_SIGHTINGS: Final = 5
"""Sightings that a person's baseline needs to mean anything."""

Probabilities: TypeAlias = tuple[float, ...]
"""Seven probabilities in the order of EMOTIONS, which sum to 1."""

Key: TypeAlias = datetime | date | UUID | str | tuple[int, int] | None
"""What a cell is about: an hour's start (local time), a day, a person, a group or (weekday, hour); None: no person or
group, or all samples."""


@dataclass(frozen=True, slots=True)
class MoodCell:
    """The mood of one hour, day, person or group."""

    key: Key
    sightings: int
    people: int
    """At least so many different people; 0 where nobody was known."""
    probabilities: Probabilities | None
    """The mean over the sightings that could be judged, zeros without any; None when hidden."""
    shares: tuple[float, ...] | None
    """The share of sightings per label: seven emotions, then unsure; None when hidden."""

    @property
    def hidden(self) -> bool:
        """There are too few people to show the mood without telling who they are."""
        return self.probabilities is None

    @property
    def weight(self) -> int:
        """What ranges count: people, whose own sightings resemble each other; of a single person, sightings."""
        return min(self.people, self.sightings) if self.people > 1 else self.sightings

    @property
    def few(self) -> bool:
        """Too few sightings to show shares."""
        return self.sightings < FEWEST_SIGHTINGS

    @property
    def pleasantness(self) -> tuple[float, float] | None:
        """The expected valence and half of its 95 % range; None when hidden, or too few were seen."""
        if self.probabilities is None or self.few:
            return None
        return pleasantness(self.probabilities, max(self.weight, FEWEST_SIGHTINGS))

    @property
    def label_shares(self) -> tuple[tuple[str, float], ...] | None:
        """Each label that occurred and its share, which sum to 1; None when hidden."""
        if self.shares is None:
            return None
        return tuple((mood, share) for mood, share in zip(MOODS, self.shares, strict=True) if share)


@dataclass(frozen=True, slots=True)
class MoodChange:
    """A person's mood in some days against their own baseline."""

    baseline: Probabilities
    current: Probabilities
    sightings: int
    """Sightings behind the baseline."""
    seen: int
    """Sightings now."""

    @property
    def told(self) -> str:
        """In words: more or less of one emotion where that is not chance, as usual, or too few to say."""
        if self.seen < FEWEST_SIGHTINGS:
            return "too few"
        change = clear_change(self.baseline, self.sightings, self.current, self.seen)
        return "as usual" if change is None else f"{'more' if change[1] > 0 else 'less'} {change[0]}"


def label(probabilities: Probabilities, confidence_needed: float) -> str:
    """The likeliest emotion, or "unsure"; the probabilities may be zeros."""
    return MoodScores(probabilities, confidence_needed).label if any(probabilities) else UNSURE


def distribution(samples: Samples, by: By, confidence_needed: float, *, hide_small: bool = False) -> list[MoodCell]:
    """The mood per hour, day, person, group, or weekday and hour, in the order of the keys.

    Args:
        confidence_needed: below this probability a sighting's mood counts as unsure.
        hide_small: hide cells of few people also where the samples carry persons (from before aggregate mode).
    """
    return cells(tally(samples, by, confidence_needed), by, samples, hide_small=hide_small)


def total(samples: Samples, confidence_needed: float, *, hide_small: bool = False) -> MoodCell:
    """The mood of all these samples together; the arguments are those of `distribution`."""
    found = distribution(samples, "all", confidence_needed, hide_small=hide_small)
    return found[0] if found else MoodCell(None, 0, 0, None, None)


def cells(tallied: Tally, by: By, samples: Samples, *, hide_small: bool = False) -> list[MoodCell]:
    """The cells of a tally, in the order of their keys.

    Args:
        by: what was tallied by.
        samples: any with the tally's zone and numbers of people and groups.
        hide_small: as in `distribution`.
    """
    people = np.maximum(tallied.people(), tallied.tokens)
    hidden = ((tallied.tokens > 0) | hide_small) & (people < SMALLEST_GROUP)
    means, shares = (tallied.mean_sums / np.maximum(tallied.judged, 1)).T, (tallied.labels / tallied.sightings).T
    columns = (column.tolist() for column in (hidden, tallied.sightings, people, means, shares))
    found = [
        MoodCell(key, 0, 0, None, None) if is_hidden else MoodCell(key, sightings, known, tuple(mean), tuple(share))
        for key, is_hidden, sightings, known, mean, share in zip(_KEYS[by](samples, tallied), *columns, strict=True)
    ]
    return sorted(found, key=lambda cell: (cell.key is None, str(cell.key) if by == "person" else cell.key))


def most_seen(by_person: Tally, samples: Samples, most: int) -> tuple[list[UUID], int]:
    """Those with the most sightings, at most so many people, and how many people were seen at all."""
    known = np.flatnonzero(by_person.numbers >= 0)
    first = known[np.argsort(-by_person.sightings[known], kind="stable")[:most]]
    return samples.names(by_person.numbers[first]), len(known)


def means(samples: Samples) -> dict[UUID, MoodCell]:
    """The mean mood of each known person."""
    return {cell.key: cell for cell in distribution(samples, "person", 0.0) if isinstance(cell.key, UUID)}


def changes(baseline: Mapping[UUID, MoodCell], current: Mapping[UUID, MoodCell]) -> dict[UUID, MoodChange]:
    """How people's moods differ from their baselines; people with too few sightings behind theirs are left out.

    Args:
        baseline: means over the time `BASELINE` before.
        current: means of the days in question.
    """
    return {
        person: MoodChange(before.probabilities, now.probabilities, before.sightings, now.sightings)
        for person, before in baseline.items()
        if before.sightings >= BASELINE_SIGHTINGS and (now := current.get(person))
        if before.probabilities and now.probabilities and any(before.probabilities) and any(now.probabilities)
    }


def _hours(samples: Samples, tallied: Tally) -> list[Key]:
    # By the first sample, because the clock shows an hour twice when summer time ends.
    local = (at.replace(tzinfo=UTC).astimezone(samples.zone) for at in tallied.first.tolist())
    return [at.replace(minute=0, second=0, microsecond=0) for at in local]


_KEYS: Final[Mapping[By, Callable[[Samples, Tally], Sequence[Key]]]] = {
    "all": lambda _, tallied: [None] * len(tallied.numbers),
    "hour": _hours,
    "day": lambda _, tallied: [EPOCH + timedelta(days=day) for day in tallied.numbers.tolist()],
    "weekday_hour": lambda _, tallied: [divmod(hour, 24) for hour in tallied.numbers.tolist()],
    "person": lambda samples, tallied: samples.names(tallied.numbers),
    "group": lambda samples, tallied: samples.names(tallied.numbers),
}
"""The key of each cell of a tally."""
