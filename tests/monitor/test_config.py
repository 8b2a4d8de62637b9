"""Settings: which place wins, and what a wrong one says."""

from pathlib import Path

import pytest

from monitor import config
from monitor.config import QualityLimits, Settings
from monitor.config_sources import load_settings
from monitor.errors import SettingsError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever is set on this machine, tests start from the defaults."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MUSTER_{name}".upper(), raising=False)
    for name in QualityLimits.model_fields:
        monkeypatch.delenv(f"MUSTER_QUALITY_{name}".upper(), raising=False)
    monkeypatch.setattr(config, "CONFIG_FILE", tmp_path / "of the user" / "muster.toml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "muster.toml"


def sentence_of(file: Path | None = None, **given: object) -> str:
    """The one sentence that a wrong setting gives."""
    with pytest.raises(SettingsError) as caught:
        load_settings(file, **given)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert caught.value.exit_code == 2
    return text


def test_without_anything_set_the_defaults_hold() -> None:
    settings = load_settings()
    assert (settings.role, settings.detector, settings.mood, settings.target_fpir) == (
        "auto",
        "blazeface",
        "individual",
        0.01,
    )
    assert settings.db.startswith("sqlite:///")


def test_the_file_wins_over_the_defaults(file: Path) -> None:
    file.write_text('site = "Harbour"\nmin_face = 50\n')
    settings = load_settings(file)
    assert (settings.site, settings.min_face) == ("Harbour", 50)


def test_a_variable_wins_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('site = "Harbour"\nkiosk = "north"\n')
    monkeypatch.setenv("MUSTER_SITE", "Airport")
    settings = load_settings(file)
    assert (settings.site, settings.kiosk) == ("Airport", "north")


def test_the_command_line_wins_over_a_variable_and_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('site = "Harbour"\n')
    monkeypatch.setenv("MUSTER_SITE", "Airport")
    assert load_settings(file, site="Museum").site == "Museum"


def test_an_option_that_was_not_given_hides_nothing(file: Path) -> None:
    file.write_text('site = "Harbour"\n')
    assert load_settings(file, site=None).site == "Harbour"


def test_the_users_own_file_is_read_when_no_other_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('site = "Harbour"\n')
    monkeypatch.setattr(config, "CONFIG_FILE", file)
    assert load_settings().site == "Harbour"


def test_the_users_own_file_need_not_exist_but_a_named_one_must(file: Path) -> None:
    assert load_settings().site == "main"
    assert str(file) in sentence_of(file)


def test_a_file_that_is_no_toml_is_said_with_its_place(file: Path) -> None:
    file.write_text("site = \n")
    text = sentence_of(file)
    assert "not valid TOML" in text
    assert "line 1" in text


def test_a_file_that_is_no_text_is_said(file: Path) -> None:
    file.write_bytes(b'site = "\xff\xfe"')
    assert "not valid TOML" in sentence_of(file)


def test_a_folder_in_place_of_the_file_is_said(tmp_path: Path) -> None:
    assert "cannot be read" in sentence_of(tmp_path)


def test_an_unknown_setting_is_said_by_its_name(file: Path) -> None:
    file.write_text('colour = "blue"\n')
    assert "colour" in sentence_of(file)


def test_a_table_where_a_value_belongs_is_said(file: Path) -> None:
    file.write_text('[site]\nname = "Harbour"\n')
    assert "Setting site" in sentence_of(file)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "Europe", "Europe/Berlin\0", "a" * 300])
def test_what_is_no_time_zone_is_said_with_an_example(zone: str) -> None:
    assert "Europe/Berlin" in sentence_of(time_zone=zone)


def test_the_time_zone_is_ready_for_use() -> None:
    assert load_settings(time_zone="Asia/Tokyo").zone.key == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target_fpir", 0),
        ("target_fpir", 1),
        ("target_fpir", "often"),
        ("match_margin", -0.1),
        ("min_face", 3),
        ("cool_down_minutes", -1),
        ("mood_every_seconds", 0),
        ("mood_confidence", 1.5),
        ("role", "sideways"),
        ("mood", "angry"),
        ("detector", "eyes"),
        ("encoder", "best"),
        ("keep_moods_days", -1),
        ("keep_sightings_days", 1_000_000),
    ],
)
def test_a_value_that_makes_no_sense_is_said_by_the_settings_name(name: str, value: object) -> None:
    assert f"Setting {name}:" in sentence_of(None, **{name: value})


def test_a_variable_that_makes_no_sense_is_said_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_MIN_FACE", "large")
    assert sentence_of() == "Setting min_face: it should be a valid integer (variable MUSTER_MIN_FACE)."


def test_a_variable_that_is_almost_a_settings_is_refused_and_another_is_warned_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MUSTER_VERSION", "7")
    monkeypatch.setenv("MUSTER_FORWARD_URL", "postgresql://there")
    monkeypatch.setenv("MUSTER_QUALITY_YAW", "20")
    load_settings()
    load_settings()
    assert caplog.messages == ["The variable MUSTER_VERSION is not a setting of Muster and changes nothing."]
    monkeypatch.setenv("MUSTER_ROLLE", "in")
    assert sentence_of() == "The variable MUSTER_ROLLE is not a setting; perhaps MUSTER_ROLE is meant."


def test_a_configuration_file_that_may_not_be_looked_at_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "round").symlink_to("round")  # root may look at everything else
    monkeypatch.setattr("monitor.config.CONFIG_FILE", tmp_path / "round" / "muster.toml")
    assert "cannot be read" in sentence_of()


def test_a_wrong_value_in_the_file_does_not_matter_when_a_variable_wins(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('min_face = "large"\n')
    monkeypatch.setenv("MUSTER_MIN_FACE", "44")
    assert load_settings(file).min_face == 44


def test_every_setting_has_a_sentence_for_people() -> None:
    fields = [*Settings.model_fields.values(), *QualityLimits.model_fields.values()]
    assert all((field.description or "").endswith(".") for field in fields)


def test_a_key_by_its_name_of_before_still_holds(file: Path) -> None:
    file.write_text('[keys]\nunite = "f8"\n', encoding="utf-8")
    assert load_settings(file).keys.merge == "f8"


def test_limits_of_quality_are_a_table_of_the_file(file: Path) -> None:
    file.write_text('site = "Harbour"\n[quality]\nsharpness = 0.2\nyaw = 20\n')
    limits = load_settings(file).quality
    assert (limits.sharpness, limits.yaw, limits.pitch) == (0.2, 20, QualityLimits().pitch)


def test_a_variable_wins_over_a_limit_in_the_file_and_over_no_other(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("[quality]\ninter_eye_distance = 'wide'\nyaw = 20\n")
    monkeypatch.setenv("MUSTER_QUALITY_INTER_EYE_DISTANCE", "30")
    limits = load_settings(file).quality
    assert (limits.inter_eye_distance, limits.yaw) == (30, 20)


@pytest.mark.parametrize("name", QualityLimits.model_fields)
@pytest.mark.parametrize("value", ["-1", "nan", "inf", "'high'", "[1]", "9999999"])
def test_a_limit_that_makes_no_sense_is_said_by_its_name(file: Path, name: str, value: str) -> None:
    unlimited = value == "9999999" and name in ("inter_eye_distance", "sharpness")
    file.write_text(f"[quality]\n{name} = {value}\n")
    if not unlimited:
        assert f"Setting quality.{name}:" in sentence_of(file)


def test_a_limit_that_makes_no_sense_in_a_variable_is_said_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_QUALITY_SHARPNESS", "much")
    assert "Setting quality.sharpness:" in sentence_of()


def test_an_unknown_limit_is_said_by_its_name(file: Path) -> None:
    file.write_text("[quality]\nnose = 3\n")
    assert sentence_of(file) == f"Setting quality.nose: there is no such setting (in {file})."


def test_a_value_where_the_table_belongs_is_said(file: Path) -> None:
    file.write_text("quality = 3\n")
    assert "write [quality]" in sentence_of(file)


def test_liveness_follows_from_the_source_unless_it_is_set(tmp_path: Path) -> None:
    empty = tmp_path / "muster.toml"
    empty.touch()
    assert load_settings(empty).liveness_of(live=True) == "ask"
    assert load_settings(empty).liveness_of(live=False) == "off"
    assert load_settings(empty, liveness="always").liveness_of(live=False) == "always"
    empty.write_text('liveness = "off"\n')
    assert load_settings(empty).liveness_of(live=True) == "off"
    with pytest.raises(SettingsError, match="liveness"):
        load_settings(empty, liveness="perhaps")


def test_a_variable_gives_the_minutes_of_rounding_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_ROUNDING_MINUTES", "15")
    assert load_settings().rounding_minutes == 15
