"""What the kiosk controller runs, and whom it tells: two interfaces, so that tests and the app bring their own."""

from collections.abc import Callable
from typing import Protocol, TypeAlias
from uuid import UUID

from monitor.domain import KioskEvent, Scene


class RunningKiosk(Protocol):
    """What the app needs of a kiosk."""

    def start(self) -> None:
        """Open the source and begin.

        Raises:
            MusterError: it cannot.
        """

    def stop(self) -> None:
        """Close the source and write every fact; may be called twice."""

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of the source; whether it ended.

        Raises:
            MusterError: the source or a model cannot be opened or read.
        """

    @property
    def trouble(self) -> str | None:
        """One sentence about what keeps facts from being written; None when all is well."""

    def renew_people(self) -> None:
        """Identify against whoever can be named now. It blocks. Raises: DatabaseError."""

    def not_me(self, event: KioskEvent) -> None:
        """Void a check-in or check-out and remember the wrong pair.

        Raises:
            MusterError, DatabaseError: it cannot.
        """

    def record_pin(self, person: UUID) -> None:
        """Somebody gave number and PIN: write it and publish what came of it; does not block."""


KioskFactory: TypeAlias = Callable[[Callable[[Scene], None], Callable[[KioskEvent], None]], RunningKiosk]
"""Makes a kiosk from `(on_scene, on_event)`; both may be called from any thread."""


class Viewer(Protocol):
    """What shows the door."""

    def take_scene(self, scene: Scene) -> None:
        """Draw a scene; from any thread, must not block."""

    def show_today(self) -> None:
        """The board changed."""

    def show_mood(self) -> None:
        """The day's moods changed."""

    def show_state(self) -> None:
        """The source is lost, or back; somebody is asked to turn the head, or is not asked any more."""

    def greet(self, event: KioskEvent) -> None:
        """Somebody came, left, or was not recognised."""

    def facts_changed(self) -> None:
        """The database has news."""
