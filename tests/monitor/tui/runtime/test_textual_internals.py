"""The private names of Textual that Muster uses: which there are, and what breaks when a release takes one away."""

import re
from inspect import getsource
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen

from monitor.tui.runtime import textual_internals

NAMES: dict[str, tuple[Any, str]] = {
    "_batch_count": (App, "the camera picture is painted while the screen waits for a batch of changes"),
    "_begin_update": (App, "the camera picture tears: its lines reach the eye one by one"),
    "_build_driver": (
        App,
        "a terminal that hangs up while Muster ends restarts Textual's threads: it never ends",
    ),
    "_compositor": (Screen, "the camera picture cannot tell whether a dialog lies over it, and is painted across it"),
    "_css_update_count": (App, "each screen parses all style sheets when it is first shown: 0.1 s of the event loop"),
    "_driver": (App, "nothing can be written to the terminal past the compositor: no camera picture"),
    "_end_update": (App, "the terminal shows nothing after the first camera picture: its drawing never ends"),
    "_exit_renderables": (App, "an error at the door shows a traceback with variables, a PIN perhaps"),
    "_fatal_error": (App, "an error that ends the app leaves the screen standing still for a minute before"),
    "_handle_exception": (App, "an error that ends the app shows its traceback at the door, and the log lacks it"),
    "_layout_required": (Screen, "the camera picture is painted where the camera was before the screen was laid out"),
    "_must_signal_resume": (LinuxDriver, "a terminal that hangs up while Muster ends starts Textual's threads anew"),
    "_queue": (WriterThread, "pictures pile up before a terminal that is slow to take them"),
    "_sigcont_application": (LinuxDriver, "a terminal that hangs up while Muster ends starts Textual's threads anew"),
    "_writer_thread": (LinuxDriver, "pictures pile up before a terminal that is slow to take them"),
}
"""Each name, where Textual has it, and what breaks without it."""


@pytest.mark.parametrize("name", NAMES)
def test_textual_still_has(name: str) -> None:
    owner, breaks = NAMES[name]
    there = bool(re.search(rf"\b{name}\b", getsource(owner)))
    assert there, f"Textual has no {name} any more: {breaks}."


def test_every_private_name_is_in_the_list() -> None:
    source = re.sub(r'""".*?"""', "", getsource(textual_internals), flags=re.DOTALL)
    used = set(re.findall(r"(?:\.|\"|def )(_[a-z]\w*)", source))
    assert used == set(NAMES)


def test_nothing_else_in_the_app_uses_a_private_name_of_something_else() -> None:
    tui = Path(textual_internals.__file__).parents[1]
    strange = re.compile(r"(?<!self)(?<!cls)(?<!super\(\))\._[a-z]\w*")
    found = {
        f"{file.relative_to(tui)}: {hit.group()}"
        for file in tui.rglob("*.py")
        for hit in strange.finditer(file.read_text())
        if file.name not in ("textual_internals.py", "kitty_marks.py")
    }
    assert found == set()
