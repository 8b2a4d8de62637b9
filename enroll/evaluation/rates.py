"""Error rates of open-set identification (ISO/IEC 19795-1), with confidence intervals."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_Z: Final = 1.959963984540054
"""95 % of a normal distribution lie so many standard deviations around its mean."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of trials."""

    count: int
    """Trials that ended this way."""
    trials: int

    @property
    def value(self) -> float:
        """0 to 1; nan without trials."""
        return self.count / self.trials if self.trials else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval (Wilson 1927), as if the trials were independent."""
        if not self.trials:
            return 0.0, 1.0
        # Not by SciPy's statistics: they take 89 MB of memory, and a running kiosk measures itself every night.
        z2 = _Z * _Z / self.trials
        middle = (self.value + z2 / 2) / (1 + z2)
        half = _Z * sqrt(self.value * (1 - self.value) / self.trials + z2 / (4 * self.trials)) / (1 + z2)
        return max(middle - half, 0.0), min(middle + half, 1.0)

    def record(self) -> dict[str, float] | None:
        """For JSON; None without trials."""
        if not self.trials:
            return None
        low, high = self.interval
        return {"value": round(self.value, 4), "low": round(low, 4), "high": round(high, 4), "trials": self.trials}

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.1%} ({low:.1%} to {high:.1%})" if self.trials else "unknown (nothing to measure it on)"


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """The scores of every probe; a larger score is a better match."""

    stranger: Floats
    """Best score of each probe against the gallery without its own person."""
    genuine: Floats
    """Score of the probe's own person."""
    first: NDArray[np.bool_]
    """Whether the probe's own person had the best score of the whole gallery."""

    @property
    def rank1(self) -> Rate:
        """Rank-1 identification rate: probes whose best match is the right person."""
        return Rate(int(self.first.sum()), len(self.first))

    def fpir(self, threshold: float) -> Rate:
        """Strangers who are named at this threshold."""
        return Rate(int((self.stranger >= threshold).sum()), len(self.stranger))

    def fnir(self, threshold: float) -> Rate:
        """Enrolled people who are not named rightly at this threshold."""
        return Rate(int(self.missed(threshold).sum()), len(self.genuine))

    def missed(self, threshold: float) -> NDArray[np.bool_]:
        """Which enrolled people's probes are not named rightly at this threshold; (probes,)."""
        return np.asarray(~(self.first & (self.genuine >= threshold)), np.bool_)

    def threshold_at(self, fpir: float) -> float:
        """The lowest threshold at which no more than this share of the strangers is named."""
        ordered = np.sort(self.stranger)[::-1]
        allowed = int(fpir * len(ordered))
        # Just above the best stranger who must stay unnamed.
        return float(np.nextafter(ordered[allowed], np.inf)) if allowed < len(ordered) else -np.inf

    def curve(self) -> tuple[Floats, Floats]:
        """FPIR and FNIR at every threshold that matters, FPIR rising."""
        thresholds = np.nextafter(np.sort(self.stranger)[::-1], np.inf)
        fpir = np.arange(len(thresholds)) / max(len(thresholds), 1)
        right = np.sort(self.genuine[self.first])
        fnir = 1 - (len(right) - np.searchsorted(right, thresholds)) / max(len(self.genuine), 1)
        return fpir.astype(np.float64), fnir.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Paired:
    """Two recipes on the same probes: those that only one of them misses."""

    only_one: int
    only_other: int

    @property
    def chance(self) -> float:
        """How likely so unequal numbers are if both recipes are equally good (exact McNemar test)."""
        from scipy.stats import binomtest

        both = self.only_one + self.only_other
        return float(binomtest(self.only_one, both).pvalue) if both else 1.0


def paired(one: Trials, other: Trials, fpir: float) -> Paired:
    """Compare two recipes, each at its own threshold for this FPIR, on probes in the same order."""
    missed, missed_too = (trials.missed(trials.threshold_at(fpir)) for trials in (one, other))
    return Paired(int((missed & ~missed_too).sum()), int((missed_too & ~missed).sum()))


def roc(genuine: Floats, impostor: Floats) -> tuple[Floats, Floats]:
    """The verification ROC: false match rate and true match rate at every threshold, both rising."""
    thresholds = np.unique(np.concatenate([genuine, np.quantile(impostor, np.linspace(0, 1, 2001))]))[::-1]
    fmr = 1 - np.searchsorted(np.sort(impostor), thresholds) / max(len(impostor), 1)
    tmr = 1 - np.searchsorted(np.sort(genuine), thresholds) / max(len(genuine), 1)
    return fmr.astype(np.float64), tmr.astype(np.float64)
