"""What the first steps know of an installation."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.engine import writing
from db.people import consents, people
from monitor.config_sources import load_settings
from monitor.desk.first_steps import SetUp, choose_moods, set_up
from monitor.errors import SettingsError, UsageError
from tests.monitor.world import NOW


def test_a_new_installation_has_nothing(sqlite: Engine, tmp_path: Path) -> None:
    assert set_up(sqlite, tmp_path / "muster.toml") == SetUp(0, 0, 0, "individual", mood_chosen=False)


def test_who_was_not_asked_is_counted(sqlite: Engine, tmp_path: Path) -> None:
    with writing(sqlite) as session:
        for name in ("Ada", "Ben"):
            person = people.add_person(session, name, at=NOW, actor="test").id
            if name == "Ada":
                consents.set_consent(session, person, "face", True, at=NOW, actor="test")
                consents.set_consent(session, person, "mood", False, at=NOW, actor="test")
    done = set_up(sqlite, tmp_path / "muster.toml")
    assert (done.people, done.not_asked) == (2, 1)


@pytest.mark.parametrize("mood", ["off", "individual"])
def test_a_chosen_mood_is_known_as_chosen_also_the_default(sqlite: Engine, tmp_path: Path, mood: str) -> None:
    file = tmp_path / "muster.toml"
    file.write_text("# ours\nsite = 'Harbour'\n")
    assert choose_moods(file, "off" if mood == "off" else "individual") == mood
    assert load_settings(file).mood == mood
    assert "# ours" in file.read_text()
    done = set_up(sqlite, file)
    assert (done.mood, done.mood_chosen) == (mood, True)


def test_a_file_that_is_no_toml_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "muster.toml"
    file.write_text("site = ")
    with pytest.raises(SettingsError):
        choose_moods(file, "off")
    assert file.read_text() == "site = "


def test_a_variable_counts_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_MOOD", "off")
    with pytest.raises(UsageError, match="MUSTER_MOOD says off"):
        choose_moods(tmp_path / "muster.toml", "individual")
