"""The fixtures of the app's tests; what they are made of stands in conftest_tui."""

from conftest_tui import empty_world, seeded, world
from pytest_textual_snapshot import SVGImageExtension

# The plugin names the extension as an older syrupy wanted it; without this the pictures end in ".raw".
SVGImageExtension.file_extension = "svg"

__all__ = ["empty_world", "seeded", "world"]
