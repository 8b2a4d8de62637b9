"""The settings of a kiosk in the audit log."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from db.engine import reading
from monitor.config import Settings
from monitor.desk.kiosk_settings import note_settings, noting_change
from tests.db.rows import newest_entries

AT = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


def _settings(**given: object) -> Settings:
    return Settings(db="sqlite:///x", time_zone="UTC", kiosk="door", **given)  # type: ignore[arg-type]


def test_only_what_changed_since_the_last_start_is_noted_with_before_and_after(sqlite: Engine) -> None:
    by = {"at": AT, "actor": "ada"}
    assert "cool_down_minutes" in note_settings(sqlite, _settings(), at=AT, actor="ada")
    assert note_settings(sqlite, _settings(theme="dracula"), at=AT, actor="ada") == {}
    changed = note_settings(sqlite, _settings(cool_down_minutes=9, role="in"), at=AT, actor="ada")
    assert changed == {"cool_down_minutes": (2.0, 9.0), "role": ("auto", "in")}
    with reading(sqlite) as session:
        entries = newest_entries(session)
    assert [(one.action, one.actor) for one in entries] == [("settings", by["actor"])] * 2
    assert max(entries, key=lambda one: one.id).detail["changed"] == {
        "cool_down_minutes": [2.0, 9.0],
        "role": ["auto", "in"],
    }


def test_another_kiosk_has_settings_of_its_own(sqlite: Engine) -> None:
    note_settings(sqlite, _settings(), at=AT, actor="ada")
    other = _settings().model_copy(update={"kiosk": "gate"})
    assert "role" in note_settings(sqlite, other, at=AT, actor="ada")


def test_no_password_of_a_camera_is_written_down(sqlite: Engine) -> None:
    note_settings(sqlite, _settings(source="rtsp://ada:secret@camera/1"), at=AT, actor="ada")
    with reading(sqlite) as session:
        assert "secret" not in str(newest_entries(session)[0].detail)


def test_no_secret_of_a_receiver_is_written_down(sqlite: Engine) -> None:
    hook = {"name": "chat", "url": "https://chat.example/secret", "secret": "whsec_" + "s" * 43 + "="}
    opener = {
        "command": "/usr/bin/relay --token whsec_relay",
        "url": "https://door.example/secret",
        "secret": "whsec_" + "s" * 43 + "=",
    }
    mqtt = {"host": "broker", "password": "secret"}
    note_settings(sqlite, _settings(webhooks=[hook], opener=opener, mqtt=mqtt), at=AT, actor="ada")
    with reading(sqlite) as session:
        detail = str(newest_entries(session)[0].detail)
    assert "chat" in detail
    assert "/usr/bin/relay" in detail
    assert "broker" in detail
    assert not [word for word in ("/secret", "whsec_", "'secret'") if word in detail]


def test_a_change_in_the_file_is_noted_with_before_and_after_and_of_secrets_the_name(
    sqlite: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "muster.toml"
    file.write_text('role = "in"\n[quality]\nyaw = 20\n')
    with noting_change(sqlite, file, at=AT, actor="ada"):
        file.write_text('role = "out"\nadmin_pin_hash = "secret"\n[quality]\nyaw = 30\n')
    with noting_change(sqlite, file, at=AT, actor="ada"):
        pass
    with noting_change(sqlite, file, at=AT, actor="bob"):
        file.unlink()
    with reading(sqlite) as session:
        entries = sorted(newest_entries(session), key=lambda one: one.actor)
    assert [(one.action, one.actor) for one in entries] == [("change settings", "ada"), ("change settings", "bob")]
    assert entries[0].detail == {
        "before": {"role": "in"}, "after": {"role": "out"}, "other": ["admin_pin_hash", "quality"],
    }  # fmt: skip
    assert entries[1].detail["after"] == {"role": "auto"}
