"""The widget that shows the camera picture."""

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from monitor.tui.picture.feed import DrawnPicture

Paint: TypeAlias = Callable[[Widget, Sequence[tuple[int, Strip]]], bool]
"""See `painting.paint`."""
RETRY = 0.02
"""Seconds after which a picture is sent again when the terminal had not yet taken the one before."""


class CameraPicture(Widget):
    """The latest picture, centred. Only lines that changed are drawn again.

    Args:
        send: writes the picture's escape sequence (`Picture.data`) to the terminal.
        is_behind: whether the terminal has not yet taken all that was written to it.
        paint: writes lines straight to the terminal; returns whether it could.
    """

    DEFAULT_CSS = "CameraPicture { background: $surface; color: $text-muted; }"

    class Arrived(Message):
        """A new picture waits in the widget."""

    class Resized(Message):
        """The widget's size changed, so pictures must be drawn for the new size."""

    def __init__(
        self,
        *,
        id: str | None = None,
        send: Callable[[str], None] = lambda _: None,
        is_behind: Callable[[], bool] = lambda: False,
        paint: Paint = lambda _widget, _lines: False,
    ) -> None:
        super().__init__(id=id)
        self._send = send
        self._is_behind = is_behind
        self._paint = paint
        self._waiting: DrawnPicture | None = None
        self._told = False
        self.picture: DrawnPicture | None = None
        """The picture on the screen."""
        self._notice = ""

    def offer(self, picture: DrawnPicture) -> None:
        """Hand over a picture, from any thread; it replaces one that was not shown yet."""
        self._waiting = picture
        if not self._told:
            self._told = True  # before posting: the loop may handle the message before post_message returns
            if not self.post_message(self.Arrived()):
                self._told = False

    def notice(self, text: str) -> None:
        """A sentence over the picture, such as that the camera is lost; empty for none."""
        if text != self._notice:
            self._notice = text
            self.refresh()

    def on_camera_picture_arrived(self) -> None:
        if self._is_behind():  # a slow line gets fewer pictures, not a longer queue
            self.set_timer(RETRY, self.on_camera_picture_arrived)
            return
        self._told = False
        picture, self._waiting = self._waiting, None
        if picture is None:
            return
        before, self.picture = self.picture, picture
        if picture.data:
            self._send(picture.data)
        if before is None or len(before.strips) != len(picture.strips) or before.width != picture.width:
            self.refresh()
            return
        top = self._top(picture)
        lines = [
            (top + row, new)
            for row, (old, new) in enumerate(zip(before.strips, picture.strips, strict=True))
            if old != new
        ]
        whole = not self._notice and picture.width == self.size.width
        if lines and not (whole and self._paint(self, lines)):
            self.refresh(*(Region(0, line, self.size.width, 1) for line, _ in lines))

    def on_resize(self, _: events.Resize) -> None:
        self.post_message(self.Resized())

    def _top(self, picture: DrawnPicture) -> int:
        return max(0, (self.size.height - len(picture.strips)) // 2)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Finished strips, past Textual's style cache, which would copy each of their thousand segments."""
        style = self.rich_style  # of all ancestors, so it is asked for once and not for each line
        lines = self._lines(style)
        blank = Strip.blank(self.size.width, style)
        return [(lines.get(y) or blank).crop(crop.x, crop.right) for y in crop.line_range]

    def _lines(self, style: Style) -> dict[int, Strip]:
        """The lines that are not blank, by line number: the picture, and the notice over it."""
        width, height = self.size
        lines: dict[int, Strip] = {}
        if (picture := self.picture) is not None:
            shown = (
                strip if strip.cell_length == width else strip.adjust_cell_length(width, style)
                for strip in picture.strips
            )
            lines |= enumerate(shown, self._top(picture))
        said = wrap(self._notice, max(8, width - 4))
        for y, text in enumerate(said, (height - len(said)) // 2):
            line = set_cell_size(" " * ((width - cell_len(text)) // 2) + text, width)
            lines[y] = Strip([Segment(line, style + Style(bold=True, reverse=True))], width)
        return lines
