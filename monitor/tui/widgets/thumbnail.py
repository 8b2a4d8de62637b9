"""A small still picture: a portrait."""

from dataclasses import replace
from functools import partial

from rich.segment import Segment
from textual import getters
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from monitor.domain import RgbImage
from monitor.tui.picture.graphics import PORTRAITS, Graphics, kitty_still, sixel_still
from monitor.tui.picture.picture import fit, paint, paint_ascii
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.style.palette import Palette

NO_PALETTE = Palette((0, 0, 0), (0, 0, 0), (0, 0, 0))


class Thumbnail(Widget):
    """A small picture, drawn once when it changes; in pixels where the terminal has them.

    Args:
        keeps_room: also when empty; else the screen is laid out again when a picture comes or goes.
    """

    DEFAULT_CSS = "Thumbnail { width: 16; height: 8; background: $surface; }"
    app = getters.app(DeskApp)

    def __init__(self, *, id: str | None = None, keeps_room: bool = False) -> None:
        super().__init__(id=id)
        self._keeps_room = self.display = keeps_room
        self._rgb: RgbImage | None = None
        self._strips: list[Strip] = []
        self._number = next(PORTRAITS)

    def show(self, rgb: RgbImage | None) -> None:
        """Show uint8 (h, w, 3), or nothing."""
        there = self._keeps_room or rgb is not None
        if rgb is self._rgb and self.display == there:
            return
        self._rgb = rgb
        self.display = there
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        self._strips = []
        rgb, (width, height) = self._rgb, self.size
        if rgb is not None and width and height:
            columns, rows = fit(rgb.shape[1], rgb.shape[0], width, height)
            match self.app.graphics:
                case Graphics.BLOCKS if self.app.ascii_only or self.app.no_color:
                    self._strips = paint_ascii(rgb, columns, rows, [])
                case Graphics.BLOCKS:
                    self._strips = paint(rgb, columns, rows, [], replace(NO_PALETTE, greys=self.app.few_colours))
                case Graphics.KITTY:
                    job = partial(kitty_still, rgb, self._number, columns, rows)
                    self.app.in_background(job, lambda drawn: self._drawn(rgb, *drawn))
                case Graphics.SIXEL:
                    self.app.in_background(partial(sixel_still, rgb, columns, rows), partial(self._drawn, rgb))
        self.refresh()

    def _drawn(self, rgb: RgbImage, strips: list[Strip], data: str = "") -> None:
        """Show the finished pixels, unless another picture has taken their place."""
        if rgb is self._rgb:
            if data:
                self.app.to_terminal(data)
            self._strips = strips
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        blank = Strip.blank(self.size.width, self.rich_style)
        # Under a dialog the screen is drawn dimmed, and pixels cannot be.
        strips = self._strips if self.app.graphics is Graphics.BLOCKS or self.screen.is_active else []
        lines = [self._padded(strip) for strip in strips]
        return [(lines[y] if y < len(lines) else blank).crop(crop.x, crop.right) for y in crop.line_range]

    def _padded(self, strip: Strip) -> Strip:
        missing = self.size.width - strip.cell_length
        return type(strip)([*strip, Segment(" " * missing, self.rich_style)], self.size.width) if missing > 0 else strip
