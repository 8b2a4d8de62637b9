"""Enrolment at the desk: the dialogs, the work from files or before the camera, and the report."""

from collections.abc import Callable
from functools import partial
from typing import Any

from db.records.people import ConsentKind
from monitor.desk.calendar.enrolment_shifts import enter_shifts
from monitor.desk.calendar.lists import Imported
from monitor.desk.people import people as queries
from monitor.desk.people.enrolment_session import (
    CaptureSetup,
    PersonReport,
    camera_of,
    capture_setup,
    enrol_from,
    enrolment_request,
)
from monitor.sources.source import FrameSource
from monitor.text import plural
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.people.capture import CaptureScreen
from monitor.tui.screens.people.import_report import ImportReport
from monitor.tui.style.text import clean, enrolled
from monitor.tui.widgets.dialogs import YES_NO, Answers, Ask, Dialog, ask, question, typed_path

CONSENT = Ask(
    "consent", "Have they agreed to face recognition and mood estimates?", "no", (("yes", "yes"), ("not asked", "no"))
)
_PROBLEMS = 5
"""So many rows of a list whose shift could not be entered are told one by one."""
FIVE_SHOTS = "Five shots: straight ahead, then with the head turned as the screen says. Muster takes each by itself."


class Enrolment:
    """Enrols people on behalf of the People screen. On the loop.

    Args:
        screen: says how far the work is, and loads again afterwards.
        setup: camera and models for shots; None for the real ones.
    """

    def __init__(self, screen: DeskScreen[Any], setup: CaptureSetup | None) -> None:
        self._screen = screen
        self._setup = setup
        self._reports: list[PersonReport] = []
        """Reports that wait until the People screen is in front."""

    def from_files(self) -> None:
        """Ask for a folder, an archive or a list, and enrol whoever is in it."""
        fields = [
            Ask("path", "Folder, ZIP, CSV or XLSX; the right arrow completes", path=True),
            Ask("group", "Group, where the files name none (optional)", optional=True),
            CONSENT,
        ]
        text = "A folder has one subfolder per person. Each picture is taken, or the report says why not."
        dialog = Dialog("Enrol from files", text, fields, yes="Enrol")
        ask(self._screen.app, dialog, self._import, self._imported, self._screen.refused)

    def _import(self, answers: Answers) -> Callable[[], tuple[list[PersonReport], Imported | None]]:
        app, path, consented = self._screen.app, typed_path(answers["path"]), answers["consent"] == "yes"
        self._screen.say("Enrolling: reading the pictures")
        enrol = app.by_desk(
            queries.import_folder, app.cipher, path, answers["group"], consented, app.settings.quality, self._progress
        )
        shifts = app.by_desk(enter_shifts, app.settings.zone, path)
        return lambda: (enrol(), shifts())

    def _progress(self, done: int, total: int) -> None:
        """From the worker."""
        self._screen.app.show_later(partial(self._screen.say, f"Enrolling: picture {done} of {total}"))

    def _imported(self, done: tuple[list[PersonReport], Imported | None]) -> None:
        reports, shifts = done
        if shifts is not None:
            left = "".join(f"\n{clean(one, 200)}" for one in shifts.problems[:_PROBLEMS])
            said = f"{plural(shifts.added, 'shift')} entered, {len(shifts.problems)} rows left out.{left}"
            self._screen.app.notify(said, severity="warning" if left else "information")
        self._screen.changed(f"{enrolled(sum(one.accepted > 0 for one in reports))}.")
        self._reports = reports
        self.show_report()

    def show_report(self) -> None:
        """Show the report, never over another screen: it has names, and the desk may be locked meanwhile."""
        if self._reports and self._screen.is_current:
            self._screen.app.push_screen(ImportReport(self._reports))
            self._reports = []

    def from_camera(self) -> None:
        """Ask who it is, and enrol them before the camera."""
        fields = [
            Ask("name", "Name"),
            Ask("number", "Number (optional)", optional=True),
            Ask("group", "Group (optional)", optional=True),
            CONSENT,
            Ask("supervised", "Are you present, and do you confirm who they are?", "no", YES_NO),
        ]
        dialog = Dialog("Enrol from the camera", FIVE_SHOTS, fields, yes="Start")
        question(self._screen.app, dialog, self._capture)

    def _capture(self, answers: Answers) -> None:
        app = self._screen.app
        consent: tuple[ConsentKind, ...] = ("face", "mood") if answers["consent"] == "yes" else ()
        request = enrolment_request(
            answers["name"], answers["number"], answers["group"], consent,
            supervised=answers["supervised"] == "yes", at=app.clock(), actor=app.at_desk,
        )  # fmt: skip
        setup = self._setup or capture_setup(app.settings.quality)
        job = partial(enrol_from, self._frames(setup), setup, app.engine, app.cipher, request)
        app.push_screen(CaptureScreen(request.identity.name, job), self._captured)

    def _frames(self, setup: CaptureSetup) -> Callable[[], FrameSource]:
        """The door's own frames while it has the camera; else the source that the settings name."""
        app = self._screen.app
        if app.controller.has_picture:
            return partial(app.controller.frames, app.source_name)
        return camera_of(setup, app.settings)

    def _captured(self, report: PersonReport | None) -> None:
        app = self._screen.app
        if report is None:
            app.notify("Stopped: no shot is kept, nobody is enrolled.")
            return
        name, shots = clean(report.person, 40), plural(report.accepted, "shot")
        self._screen.changed(f"{name} is enrolled with {shots}." if report.accepted else f"{name}: no shot taken.")
        if report.rejected or report.warnings or report.alike:
            app.push_screen(ImportReport([report]))
