"""The fixtures of the app's tests; what they are made of stands in conftest_tui."""

from conftest_tui import empty_world, world

__all__ = ["empty_world", "world"]
