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
