"""What a check of the ledger found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What a check of a chain of events found."""

    events: int
    head: str
    """The last row's hash: note it down, and a later check can prove that nothing was cut off."""
    broken_seq: int | None = None
    problem: str | None = None
    foreign: int = 0
    """Rows whose codes are of another installation's key, so that only their hashes were verified."""
    before: int = 0
    """So many of the first rows were verified by an earlier check, and were only counted now."""
    again: range = range(0)
    """Rows of these that were read again all the same."""

    @property
    def whole(self) -> bool:
        return self.problem is None
