"""Templates in blocks: after a change they are as if they were made anew, and blocks without a change are shared."""

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.vision.matching import blocks
from monitor.vision.matching.blocks import Block, changed, products, rows_of

RANDOM = np.random.default_rng(4)


def block(values: NDArray[np.int64]) -> Block:
    """Everybody's template says who they are."""
    rows = np.repeat(values[:, None], 2, axis=1)
    return Block(rows.astype(np.float32), rows.astype(np.float16))


def people_of(some: list[Block]) -> list[int]:
    first, second = (np.concatenate(column)[:, 0].astype(int).tolist() for column in zip(*some, strict=True))
    assert first == second
    return list(first)


@pytest.fixture
def three() -> list[Block]:
    """Thirty people in three blocks."""
    return [block(np.arange(start, start + 10)) for start in (0, 10, 20)]


@pytest.mark.parametrize("_", range(20))
def test_who_stays_goes_comes_or_changes_has_the_right_template(three: list[Block], _: int) -> None:
    stays = np.flatnonzero(RANDOM.random(30) < RANDOM.choice([0.0, 0.5, 0.95, 1.0]))
    kept = stays.copy()
    for _new in range(RANDOM.integers(6)):
        kept = np.insert(kept, RANDOM.integers(len(kept) + 1), -1)
    new = 100 + np.arange((kept < 0).sum())
    wanted = kept.copy()
    wanted[kept < 0] = new
    made = changed(three, kept, block(new))
    assert people_of(made) == wanted.tolist()


def test_when_everybody_is_gone_somebody_can_come(three: list[Block]) -> None:
    nobody = np.empty(0, np.int64)
    made = changed(three, nobody, block(nobody))
    assert people_of(made) == []
    assert people_of(changed(made, np.full(2, -1), block(np.array([100, 101])))) == [100, 101]


def test_blocks_in_which_nobody_changed_are_not_copied(three: list[Block]) -> None:
    kept = np.arange(30)
    kept[15] = -1
    made = changed(three, kept, block(np.array([100])))
    assert made[0] is three[0]
    assert made[2] is three[2]
    assert people_of(made) == [*range(15), 100, *range(16, 30)]


def test_many_who_come_get_blocks_of_their_own(three: list[Block], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MOST", 10)
    new = np.arange(100, 135)
    made = changed(three, np.append(np.arange(30), np.full(35, -1)), block(new))
    assert [len(one.first) for one in made] == [10, 10, 10, 10, 10, 10, 5]
    assert people_of(made) == [*range(30), *new]


def test_rows_come_in_the_order_that_was_asked_for(three: list[Block]) -> None:
    wanted = [29, 0, 10, 9, 9, 20]
    assert rows_of([one.first for one in three], np.array(wanted))[:, 0].tolist() == wanted


@pytest.mark.parametrize("count", [1, 3, 20])
def test_every_row_is_compared_however_many_blocks_there_are(count: int) -> None:
    parts = [RANDOM.standard_normal((size, 128)).astype(np.float32) for size in (130, 64, 0, 5, 63)] * count
    probe = RANDOM.standard_normal(128).astype(np.float32)
    np.testing.assert_allclose(products(parts, probe), np.concatenate(parts) @ probe, rtol=0, atol=1e-4)
