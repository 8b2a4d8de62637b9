"""A figure with its baseline, and two ways to measure time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of Muster and the baseline's figure, from one run on one input."""

    name: str
    """What was measured, and on what."""
    value: float
    baseline: float
    unit: str
    more_is_better: bool = False

    @property
    def ratio(self) -> float:
        """How many times better than the baseline; above 1 Muster is better."""
        over, under = (self.value, self.baseline) if self.more_is_better else (self.baseline, self.value)
        return over / max(under, 1e-12)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": _short(self.value),
            "baseline": _short(self.baseline),
            "ratio": _short(self.ratio),
            "unit": self.unit,
        }


def timed(do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> tuple[R, float]:
    """The result of a call, and its wall time in seconds."""
    began = time.perf_counter()
    result = do(*args, **kwargs)
    return result, time.perf_counter() - began


def timed_alone(do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> tuple[R, float]:
    """The result of a call, and the processor time of this thread in seconds."""
    began = time.thread_time()
    result = do(*args, **kwargs)
    return result, time.thread_time() - began


def _short(number: float) -> float:
    """Rounded to four significant digits; more would be noise."""
    return float(f"{number:.4g}")
