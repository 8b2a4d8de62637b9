"""Every screen at three sizes and in three looks: nothing is cut without a sign, and all text can be read."""

from collections.abc import Iterator
from typing import Any

import pytest
from rich.color import Color
from rich.segment import Segment
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import HelpPanel, Static

from monitor.tui.runtime.textual_internals import drawn_widgets
from monitor.tui.widgets.key_bar import KeyBar
from monitor.tui.widgets.table import Table
from tests.monitor.tui.desk_keys import at_desk, go
from tests.monitor.world import World

WALK = (
    "v", "escape", "z", "escape", "enter", "escape", "l", "escape", "m", "w", "!", "f3", "m", "f4", "u", "escape",
    "c", "escape", "f5", "f6", "c", "escape", "a", "escape", "f7", "a", "escape", "f9", "f1", "question_mark",
)  # fmt: skip
"""Keys that lead through the screens and dialogs, and back."""
LETTERS = 2
"""A single letter may be that of a key that has nothing to do now, which is dimmed."""
LEAST = 4.5
"""Of contrast: WCAG 2.2, level AA, for text."""
LOOKS: list[tuple[tuple[int, int], dict[str, Any]]] = [
    ((40, 12), {}),
    ((80, 24), {}),
    ((120, 36), {"theme": "muster-light"}),
    ((160, 45), {"few_colours": True}),
]


@pytest.mark.parametrize(
    ("size", "look"), LOOKS, ids=["40x12 dark", "80x24 dark", "120x36 light", "160x45 with 16 colours"]
)
async def test_nothing_is_cut_and_all_text_can_be_read(
    world: World, size: tuple[int, int], look: dict[str, Any]
) -> None:
    faults: set[str] = set()
    async with at_desk(world, size=size, **look) as pilot:
        for key in WALK:
            await go(pilot, key)
            faults |= {f"{key}: {fault}" for fault in looked_at(pilot.app.screen)}
    assert sorted(faults) == []


async def test_on_a_small_terminal_every_list_has_rows(world: World) -> None:
    async with world.app(camera=False).run_test(size=(40, 12)) as pilot:
        for keys in (
            ["f2"],
            ["f4"],
            ["f5"],
            ["f6"],
            ["tab", "tab"],
            ["c"],
            ["escape", "a"],
            ["escape", "f7"],
            ["!"],
            ["f9"],
        ):
            await go(pilot, *keys)
            table = next(
                one for one in pilot.app.screen.query(Table) if one.has_focus or len(pilot.app.screen.query(Table)) == 1
            )
            region, clip = drawn_widgets(pilot.app.screen)[table]
            assert region.intersection(clip).height >= 3, f"after {keys}: the heads and two rows"


def looked_at(screen: Screen[Any]) -> Iterator[str]:
    strips = screen._compositor.render_strips()
    yield from (f"a line is {strip.cell_length} wide" for strip in strips if strip.cell_length != screen.size.width)
    area = (
        screen.children[0].region if isinstance(screen, ModalScreen) else screen.region
    )  # what lies behind is darkened
    for strip in strips[area.y : area.bottom]:
        yield from (fault for part in strip.crop(area.x, area.right) if (fault := unreadable(part)))
    if any(panel.region.width == screen.size.width for panel in screen.query(HelpPanel)):
        return  # what lies behind is covered
    for widget, (region, clip) in drawn_widgets(screen).items():
        if isinstance(widget, KeyBar):
            line = str(widget.render())
            if len(line) != region.width or not (line.endswith("? Help") or "  Esc " in line):
                yield f"the keys are {line!r}"
        if isinstance(widget, Static) and region.width and isinstance(widget.visual, Content):
            seen = region.intersection(clip)
            shown = " ".join(strip.crop(seen.x, seen.right).text for strip in strips[seen.y : seen.bottom])
            lost = [word for word in widget.visual.plain.split() if word not in shown] if seen == region else []
            if lost and "…" not in shown:
                yield f"{widget.id}: {lost[:4]} is cut"


def unreadable(part: Segment) -> str | None:
    """What is wrong with the colours of a text, or None."""
    style = part.style
    if style is None or style.color is None or style.bgcolor is None or sum(map(str.isalnum, part.text)) < LETTERS:
        return None
    front, back = style.color, style.bgcolor
    if style.reverse:
        front, back = back, front
    lighter, darker = sorted((luminance(front), luminance(back)), reverse=True)
    contrast = (lighter + 0.05) / (darker + 0.05)
    return f"{part.text.strip()!r} has a contrast of {contrast:.1f}" if contrast < LEAST else None


def luminance(colour: Color) -> float:
    """Relative luminance of sRGB, 0 to 1 (WCAG 2.2)."""
    parts = [one / 255 for one in colour.get_truecolor()]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
