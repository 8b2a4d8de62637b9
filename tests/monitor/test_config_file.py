"""Writing one setting into the configuration file: everything else in it stays, and nobody reads half of it."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import Settings
from monitor.config_file import choices_of, save_setting, set_setting
from monitor.config_sources import fields, load_settings
from monitor.errors import SettingsError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "muster.toml"


def test_a_missing_file_and_folder_are_made_for_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "muster.toml"
    save_setting(file, "target_fpir", 0.001)
    assert load_settings(file).target_fpir == 0.001
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["muster.toml"]


def test_comments_order_blank_lines_and_line_ends_stay(file: Path) -> None:
    top = '# Harbour\r\n\r\nsite = "a # b"  # the site\r\n  target_fpir=0.01\t# one in a hundred\r\n'
    before = f"{top}\r\n[quality]\r\nyaw = 20\r\n"
    file.write_bytes(before.encode())
    save_setting(file, "target_fpir", 0.002)
    assert file.read_bytes().decode() == before.replace("0.01", "0.002")


def test_a_setting_that_is_not_there_yet_comes_before_the_first_table(file: Path) -> None:
    file.write_text('site = "x"\n\n[quality]\nsharpness = 0.1\n')
    save_setting(file, "grow_templates", True)
    assert file.read_text() == 'site = "x"\ngrow_templates = true\n\n[quality]\nsharpness = 0.1\n'


def test_a_new_line_ends_like_the_others(file: Path) -> None:
    file.write_bytes(b'site = "x"\r\n[quality]\r\nyaw = 20\r\n')
    save_setting(file, "kiosk", "north")
    assert file.read_bytes() == b'site = "x"\r\nkiosk = "north"\r\n\r\n[quality]\r\nyaw = 20\r\n'


def test_a_last_line_without_an_end_gets_one(file: Path) -> None:
    file.write_text('site = "x"')
    save_setting(file, "kiosk", "north")
    assert file.read_text() == 'site = "x"\nkiosk = "north"\n'


@pytest.mark.filterwarnings("error")
def test_each_setting_takes_the_last_of_its_values_as_it_is_typed(file: Path) -> None:
    for name, _ in fields(Settings):
        for text in choices_of(name)[-1:]:
            assert str(set_setting(file, name, text)).lower() == text
    assert (load_settings(file).rotate, load_settings(file).rounding_minutes) == (270, 15)
    assert set_setting(file, "opener.url", "https://door.example/") == "https://door.example/"
    with pytest.raises(SettingsError, match="Setting rotate: it should be 0, 90, 180 or 270"):
        set_setting(file, "rotate", "7")


def test_a_setting_in_a_table_is_another_one(file: Path) -> None:
    file.write_text("[quality]\nsharpness = 0.2\n")
    save_setting(file, "site", "x")
    assert tomllib.loads(file.read_text()) == {"quality": {"sharpness": 0.2}, "site": "x"}


@pytest.mark.parametrize("old", ['site = "it\'s # fine" # yes', "'site' = 'x'", '"site"="a\\"b"', "site = ''"])
def test_the_old_value_is_found_however_it_is_written(file: Path, old: str) -> None:
    file.write_text(old + "\nkiosk = 'k'\n")
    save_setting(file, "site", "new")
    assert tomllib.loads(file.read_text()) == {"site": "new", "kiosk": "k"}
    assert ("# yes" in file.read_text()) == ("# yes" in old)


@pytest.mark.parametrize("old", ['site = """\na\n"""\n', "site = [\n 'a']\n"])
def test_what_cannot_be_changed_safely_is_left_alone_and_said(file: Path, old: str) -> None:
    file.write_text(old)
    with pytest.raises(SettingsError, match="yourself"):
        save_setting(file, "site", "new")
    assert file.read_text() == old
    assert [one.name for one in file.parent.iterdir()] == [file.name]


@given(st.text(max_size=30))
def test_any_text_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    file = tmp_path_factory.mktemp("any") / "muster.toml"
    save_setting(file, "site", "first")
    save_setting(file, "site", text)
    assert tomllib.loads(file.read_bytes().decode())["site"] == text


def test_a_value_over_several_lines_beside_it_stays(file: Path) -> None:
    file.write_text("note = '''\nsite = 1\n'''\nkiosk = 'k'\n")
    save_setting(file, "site", "new")
    assert tomllib.loads(file.read_text()) == {"note": "site = 1\n", "kiosk": "k", "site": "new"}


def test_a_broken_file_is_not_made_worse(file: Path) -> None:
    file.write_text("site = \n")
    with pytest.raises(SettingsError, match="not valid TOML"):
        save_setting(file, "kiosk", "north")
    assert file.read_text() == "site = \n"


def test_the_files_rights_and_a_link_to_it_stay(file: Path, tmp_path: Path) -> None:
    file.write_text("")
    file.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    save_setting(link, "site", "x")
    assert link.is_symlink()
    assert load_settings(file).site == "x"
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_failed_write_leaves_the_old_file_and_nothing_else(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('site = "x"\n')

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left"):
        save_setting(file, "site", "y")
    assert file.read_text() == 'site = "x"\n'
    assert [one.name for one in file.parent.iterdir()] == [file.name]
