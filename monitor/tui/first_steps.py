"""Leads through the first steps: shows the list, does what was chosen, and comes back to the list where it can."""

from collections.abc import Callable
from functools import partial
from typing import Final, cast

from monitor.desk.first_steps import MoodKept, SetUp, choose_moods, set_up
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.screens.door.first_steps import (
    CAMERA,
    CONSENT,
    DEMO,
    FOLDER,
    KEPT,
    LOCK,
    MOODS,
    SHIFTS,
    FirstSteps,
)
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog, ask
from monitor.tui.widgets.new_pin import ask_admin_pin

DONE_AT: Final = {
    FOLDER: ("people", "enrol"), CAMERA: ("people", "capture"), CONSENT: ("people", "consent_missing"),
    SHIFTS: ("shifts", "add"),
}  # fmt: skip
"""The screen on which a step is done, and the action with which it begins there."""
MOOD_TEXT: Final = (
    "Per person, only of those who agreed. A sum tells how the day was, not who felt how. At work and in education the "
    "law of the EU forbids to infer emotions, but for medical or safety reasons: choose off there."
)


def show_first_steps(app: DeskApp, at: str = FOLDER) -> None:
    """Show the list of steps, the cursor on one of them."""
    app.in_background(partial(set_up, app.engine, app.config_file), partial(_show, app, at))


def _show(app: DeskApp, at: str, done: SetUp) -> None:
    app.push_screen(FirstSteps(done, at=at), partial(_chosen, app, done))


async def _chosen(app: DeskApp, done: SetUp, step: str | None) -> None:
    app.leads_back = ""
    if step == DEMO:
        app.leave_for("demo")
    elif step == LOCK:
        ask_admin_pin(app, partial(_pin_set, app))
    elif step == MOODS:
        _ask_moods(app, done)
    elif step in DONE_AT:
        mode, action = DONE_AT[step]
        await app.run_action(f"open('{mode}')")
        if app.current_mode == mode:  # else it asks for the PIN first
            app.leads_back = mode
            app.notify("Escape leads back to the first steps.")
            await app.screen.run_action(action)


def _pin_set(app: DeskApp, kept: str) -> None:
    app.use_pin(kept)
    show_first_steps(app, LOCK)


def _ask_moods(app: DeskApp, done: SetUp) -> None:
    choices = tuple((words, mood) for mood, words in KEPT.items())
    dialog = Dialog("Moods", MOOD_TEXT, [Ask("mood", "What is kept of moods?", done.mood, choices)], yes="Choose")

    def job(answers: Answers) -> Callable[[], MoodKept]:
        return partial(choose_moods, app.config_file, cast(MoodKept, answers["mood"]))

    ask(app, dialog, job, partial(_moods_chosen, app))


def _moods_chosen(app: DeskApp, mood: MoodKept) -> None:
    """A kiosk is started anew, since its models and its recorder were made for the setting before."""
    if app.controller.has_camera and mood != app.settings.mood:
        app.leave_for("again")
        return
    app.settings = app.settings.model_copy(update={"mood": mood})
    app.notify(f"Kept of moods from now on: {KEPT[mood]}.")
    show_first_steps(app, MOODS)
