"""The fixtures of the app's tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

# The plugin names the extension as an older syrupy wanted it; without this the pictures end in ".raw".
SVGImageExtension.file_extension = "svg"


@pytest.fixture(scope="session", autouse=True)
def _sheets_are_parsed_once() -> Iterator[None]:
    """Textual parses the same style sheets several times an app and anew for each: a quarter of these tests' time."""
    parse, parsed = Stylesheet._parse_rules, dict[object, list[RuleSet]]()

    def once(sheet: Stylesheet, css: str, **how: Any) -> list[RuleSet]:
        key = css, tuple(how.items()), tuple(sheet._variables.items())
        if key not in parsed:
            parsed[key] = parse(sheet, css, **how)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", once)
        yield
