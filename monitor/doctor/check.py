"""The outcome of one check."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    OK = "ok"
    WARN = "warn"
    """Muster runs, but not as well as it could."""
    FAIL = "fail"
    """Muster, or a part of it, does not run."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked."""

    name: str
    status: Status
    sentence: str
    """The finding, for people."""
    advice: str | None = None
    """What to do; None where there is nothing to do."""


def ok(name: str, sentence: str) -> Check:
    return Check(name, Status.OK, sentence)


def warn(name: str, sentence: str, advice: str) -> Check:
    return Check(name, Status.WARN, sentence, advice)


def fail(name: str, sentence: str, advice: str) -> Check:
    return Check(name, Status.FAIL, sentence, advice)
