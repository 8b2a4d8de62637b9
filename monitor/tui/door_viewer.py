"""Shows what happens at the door: on the door's screen, and on whichever screen of the desk is open."""

from collections.abc import Callable

from monitor.domain import KioskEvent, Scene
from monitor.tui.picture.feed import DrawnPicture
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.door.door import DoorScreen


class DoorViewer:
    """A `running_kiosk.Viewer` on the app's screens. On the loop, but for `take_scene`.

    Args:
        nobody_enrolled: called once, when the day is loaded and there is nobody to be recognised.
    """

    def __init__(self, app: DeskApp, nobody_enrolled: Callable[[], object] | None) -> None:
        self._app = app
        self._nobody_enrolled = nobody_enrolled
        self.left = False
        """Whether the app ends: from then on no screen is touched by what still arrives."""

    @property
    def door(self) -> DoorScreen | None:
        """The door's screen while it is there."""
        try:
            stack = [] if self.left else self._app.get_screen_stack("door")
        except KeyError:  # it was not opened yet
            return None
        return next((screen for screen in stack if isinstance(screen, DoorScreen) and screen.is_mounted), None)

    def take_scene(self, scene: Scene) -> None:
        self._app.feed.put(scene)

    def offer(self, picture: DrawnPicture) -> None:
        """A picture is drawn; from any thread."""
        if door := self.door:
            door.camera.offer(picture)

    def show_today(self) -> None:
        if door := self.door:
            door.show_board(self._app.controller.board)
            door.tick()
        nobody_enrolled, self._nobody_enrolled = self._nobody_enrolled, None
        if nobody_enrolled and self._app.controller.people == 0 and not self.left:
            nobody_enrolled()

    def show_mood(self) -> None:
        if door := self.door:
            door.show_mood(self._app.controller.moods)

    def show_state(self) -> None:
        if door := self.door:
            door.tick()

    def greet(self, event: KioskEvent) -> None:
        if door := self.door:
            door.greet(event)

    def facts_changed(self) -> None:
        if not self.left and isinstance(self._app.screen, DeskScreen | DaySheet):
            self._app.screen.facts_changed()
