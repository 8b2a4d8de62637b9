"""Templates in blocks of some thousand people: a gallery that changes shares every block in which nobody changed."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.domain import Embedding
from monitor.vision.encoder import Embeddings

MOST = 8192
"""People of a block that is made anew; a comparison is the slower the more blocks there are."""

_AT_ONCE = 64
"""Rows of one matrix product: so few that BLAS uses one thread. Its threads wait for each other, on busy cores for ten
times as long as the product takes."""
_THREADS = 2
"""Threads that read the templates of many people; more of them wait for the memory."""
_SHARES = 16
"""Shares of the blocks that the threads take; to hand over every block took 3 ms for a million people. With fewer
blocks, threads cost more time than they save."""


class Block(NamedTuple):
    """Templates of some people, each of length 1; arrays whose first axis is the number of the entry."""

    first: Embeddings
    """dlib's, float32 (n, 128)."""
    second: NDArray[np.float16]
    """SFace's, (n, 128), zeros where there is none; (n, 0) where they are not compared."""


def grouped(parts: Iterable[Block]) -> Iterator[Block]:
    """Smaller blocks as larger ones, of about `MOST` people."""
    waiting: list[Block] = []
    for part in parts:
        waiting.append(part)
        if sum(len(one.first) for one in waiting) >= MOST:
            yield joined(waiting)
            waiting = []
    if waiting:
        yield joined(waiting)


def joined(parts: Sequence[Block]) -> Block:
    """All people of at least one block in one."""
    return Block._make(map(np.concatenate, zip(*parts, strict=True)))


def changed(blocks: Sequence[Block], kept: NDArray[np.int64], new: Block) -> list[Block]:
    """Blocks of everybody, of whom some have the templates that they had.

    Args:
        blocks: of everybody before.
        kept: for each person their number before, rising, or -1 for the next of `new`; (n,).
    """
    ends = np.cumsum([len(block.first) for block in blocks])
    homes = np.searchsorted(ends, np.maximum.accumulate(kept), side="right")  # who is new, beside the one before
    starts = np.searchsorted(homes, np.arange(len(blocks) + 1))
    made: list[Block] = []
    for number, block in enumerate(blocks):
        first = ends[number] - len(block.first)
        now = kept[starts[number] : starts[number + 1]]
        if np.array_equal(now, np.arange(first, ends[number])):
            made.append(block)
            continue
        for start in range(0, len(now), MOST):
            part = now[start : start + MOST]
            count = int((part < 0).sum())
            made.append(
                _mixed(block, np.where(part < 0, -1, part - first), Block._make(column[:count] for column in new))
            )
            new = Block._make(column[count:] for column in new)
    return made or [Block._make(column[:0] for column in blocks[0])]


def _mixed(old: Block, kept: NDArray[np.int64], new: Block) -> Block:
    return Block(mixed(old.first, kept, new.first), mixed(old.second, kept, new.second))


def mixed(old: NDArray[Any], kept: NDArray[np.int64], new: NDArray[Any]) -> NDArray[Any]:
    """Rows of `old` by their numbers, and where `kept` is negative the next of `new`."""
    rows = np.where(kept < 0, len(old) - 1 + np.cumsum(kept < 0), kept)
    return np.concatenate([old, new])[rows]


def rows_of(parts: Sequence[NDArray[Any]], rows: NDArray[np.int64]) -> NDArray[Any]:
    """Rows by their numbers, of an array that is kept in parts."""
    if len(parts) == 1:
        return parts[0][rows]
    ends = np.cumsum([len(part) for part in parts])
    homes = np.searchsorted(ends, rows, side="right")
    found = np.empty((len(rows), *parts[0].shape[1:]), parts[0].dtype)
    for place, (home, row) in enumerate(zip(homes.tolist(), (rows - ends[homes]).tolist(), strict=True)):
        found[place] = parts[home][row]
    return found


def products(parts: Sequence[Embeddings], probe: Embedding) -> NDArray[np.float32]:
    """Products of all rows with one vector, as fast as memory is read.

    The last digit of a product depends on how many rows its part has.

    Args:
        parts: float32 (n, 128) each.
        probe: float32 (128,).

    Returns:
        float32, one product for each row of all parts.
    """

    ends = list(accumulate(map(len, parts)))
    found = np.empty(ends[-1], np.float32)
    places = [found[end - len(rows) : end] for rows, end in zip(parts, ends, strict=True)]

    def fill(share: slice) -> None:
        for rows, place in zip(parts[share], places[share], strict=True):
            whole = len(rows) // _AT_ONCE * _AT_ONCE
            many = rows[:whole].reshape(-1, _AT_ONCE, len(probe))
            np.matvec(many, probe, out=place[:whole].reshape(-1, _AT_ONCE))
            np.vecdot(rows[whole:], probe, out=place[whole:])

    if len(parts) < _SHARES:
        fill(slice(None))
        return found
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(fill, [slice(number, None, _SHARES) for number in range(_SHARES)]))
    return found
