"""A camera picture outside the door: with a feed of its own, in half blocks."""

import numpy as np
from rich.style import Style
from textual import getters

from monitor.domain import Frame, Scene
from monitor.tui.picture.camera import CameraPicture
from monitor.tui.picture.feed import Look, PictureFeed
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.style.themes import palette_of


class Preview(CameraPicture):
    """Draws the newest frame, off the event loop."""

    app = getters.app(DeskApp)

    def __init__(self, *, mirrored: bool = False, id: str) -> None:
        """
        Args:
            mirrored: left and right change places, because one turns the right way before a mirror.
        """
        super().__init__(id=id)
        self._mirrored = mirrored
        self._feed = PictureFeed(self.offer, self.app.console)

    def on_mount(self) -> None:
        self._feed.start()

    def on_unmount(self) -> None:
        self._feed.stop()

    def see(self, frame: Frame) -> None:
        """Offer a frame, from any thread."""
        if self._mirrored:
            frame = Frame(frame.index, frame.at, frame.seconds, np.ascontiguousarray(frame.rgb[:, ::-1]))
        self._feed.put(Scene(frame, (), frame.index, 0, 0.0))

    def on_camera_picture_resized(self) -> None:
        self._feed.look(look_for(self.app, self))


def look_for(app: DeskApp, camera: CameraPicture) -> Look:
    """How pictures are drawn for this widget: in half blocks, in the colours of the theme."""
    margin = Style.from_color(bgcolor=camera.rich_style.bgcolor)
    palette = palette_of(app.current_theme, greys=app.few_colours)
    return Look(*camera.size, margin, palette, app.ascii_only or app.no_color, app.signs)
