"""The collector waits in the block, and goes on behind it."""

import gc

import pytest

from monitor.collector import paused_collector


def test_the_collector_goes_on_behind_the_block_also_after_an_error() -> None:
    assert gc.isenabled()
    with paused_collector():
        assert not gc.isenabled()
        with paused_collector():
            assert not gc.isenabled()
        assert not gc.isenabled(), "the outer block is not over"
    with pytest.raises(ValueError, match="wrong"), paused_collector():
        raise ValueError("wrong")
    assert gc.isenabled()


def test_what_was_made_counts_as_old_where_a_program_ends_soon() -> None:
    with paused_collector(skipping=True):
        made: list[list[object]] = [[] for _ in range(10_000)]
        before = [each["collections"] for each in gc.get_stats()]
    made.append([])
    assert [each["collections"] for each in gc.get_stats()] == before, "nothing is looked through at once"
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
