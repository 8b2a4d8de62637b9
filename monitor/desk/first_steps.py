"""What is set up here and what is not yet, for the first steps. It blocks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from sqlalchemy import Engine

from db.attendance import shifts
from db.engine import reading
from db.people import pages, people
from monitor.config_file import save_setting
from monitor.config_sources import load_settings, settings_in_force
from monitor.errors import UsageError

MoodKept: TypeAlias = Literal["individual", "aggregate", "off"]


@dataclass(frozen=True, slots=True)
class SetUp:
    """How far an installation is."""

    people: int
    """Active people."""
    not_asked: int
    """Of these, who was not asked whether they agree to be recognised, or to moods."""
    shifts: int
    """Shifts that were entered, also those that ended."""
    mood: str
    """The setting in force."""
    mood_chosen: bool
    """Whether somebody chose it, and it is not the default."""


def set_up(engine: Engine, config_file: Path) -> SetUp:
    """Looks at the database and the configuration file, which need not exist. Raises: DatabaseError, SettingsError."""
    in_force = settings_in_force(config_file if config_file.exists() else None)
    mood = next(one for one in in_force if one.name == "mood")
    with reading(engine) as session:
        return SetUp(
            people=people.count_people(session),
            not_asked=pages.count_matching(session, "", consent_missing=True),
            shifts=len(shifts.all_shifts(session)),
            mood=mood.value,
            mood_chosen=mood.origin != "default",
        )


def choose_moods(config_file: Path, mood: MoodKept) -> MoodKept:
    """Writes into the configuration file what is kept of moods; a kiosk reads it, and notes it, when it starts.

    Raises:
        UsageError: the variable MUSTER_MOOD says something else, and counts more than the file.
        SettingsError: the file is not TOML, or cannot be written.
    """
    save_setting(config_file, "mood", mood)
    held = load_settings(config_file).mood
    if held != mood:
        raise UsageError(f"The variable MUSTER_MOOD says {held}, and counts more than the file; take it away first.")
    return mood
