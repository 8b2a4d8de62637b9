"""The commands of the programs around Muster, from the first word to the last."""

import json
import signal
import socket
import sys
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from db.forwarding.doors import Door
from db.ids import new_id
from db.programs.webhooks import Delivery
from monitor.cli.main import app
from monitor.config_sources import load_settings
from monitor.errors import MusterError, SettingsError, UsageError
from tests.monitor.desk.programs.receiver import Receiver, running
from tests.monitor.world import NOW, World

NORTH = Door("north", "North", None, "0.13.0", 12, NOW - timedelta(minutes=5), NOW)
NOT_COME = Door("", "South", NOW, "", 0, None, None)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, world: World, tmp_path: Path) -> None:
    monkeypatch.setattr("monitor.config.CONFIG_FILE", tmp_path / "muster.toml")
    monkeypatch.setattr("monitor.cli.options.Run.at", property(lambda _: NOW))
    monkeypatch.setenv("MUSTER_DB", str(world.engine.url.database))
    monkeypatch.setenv("MUSTER_TIME_ZONE", "Europe/Berlin")
    monkeypatch.setenv("MUSTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")


def ran(*words: str) -> Result:
    result = CliRunner().invoke(app, [*words], prog_name="muster")
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def test_a_webhook_is_added_tried_listed_and_removed(tmp_path: Path) -> None:
    with running(Receiver()) as receiver:
        added = json.loads(ran("webhooks", "add", "chat", receiver.url, "--form", "chat", "--json").stdout)
        assert load_settings(tmp_path / "muster.toml").webhooks[0].secret == added["secret"]
        assert "took the test message" in ran("webhooks", "test", "chat").stdout
        assert json.loads(ran("webhooks", "send", "--json").stdout) == {"name": "chat", "sent": 0}
    assert receiver.taken == [{"text": "This is a test message (door, 09:58)."}]
    listed = json.loads(ran("webhooks", "list", "--json").stdout)
    assert (listed["name"], listed["waiting"], listed["dead"]) == ("chat", 0, 0)
    assert added["secret"] not in ran("config", "show", "--json").stdout
    refused = CliRunner().invoke(app, ["webhooks", "test", "chat"])
    assert isinstance(refused.exception, MusterError)
    assert "did not take the test message. It cannot be reached" in str(refused.exception)
    ran("webhooks", "remove", "chat")
    assert "There is no webhook yet" in ran("webhooks", "list").stdout


def test_a_webhook_is_listed_before_there_is_a_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MUSTER_DB", str(tmp_path / "none.sqlite3"))
    ran("webhooks", "add", "chat", "https://x.example/")
    assert json.loads(ran("webhooks", "list", "--json").stdout)["name"] == "chat"
    assert not (tmp_path / "none.sqlite3").exists()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("webhooks", "add", "a b", "https://x"), UsageError),
        (("webhooks", "add", "chat", "file:///etc/passwd"), UsageError),
        (("webhooks", "add", "chat", "https://ada:secret@x"), UsageError),
        (("webhooks", "add", "chat", "https://x", "--kind", "lunch"), UsageError),
        (("webhooks", "send", "nobody"), UsageError),
        (("webhooks", "retry", "--message", "1"), UsageError),
        (("keys", "add", "board", "--right", "everything"), UsageError),
        (("events", "--since", "yesteryear"), UsageError),
        (("door", "open"), UsageError),
        (("rollcall", "end"), UsageError),
        (("serve", "--host", "0.0.0.0"), UsageError),
    ],
)
def test_what_makes_no_sense_is_one_sentence_and_changes_nothing(
    tmp_path: Path, words: tuple[str, ...], error: type[MusterError]
) -> None:
    result = CliRunner().invoke(app, [*words])
    assert isinstance(result.exception, error)
    assert "\n" not in str(result.exception)
    assert "pattern" not in str(result.exception)
    assert not (tmp_path / "muster.toml").exists()


def test_two_webhooks_of_one_name_are_refused_and_the_file_stays(tmp_path: Path) -> None:
    ran("webhooks", "add", "chat", "https://x.example/")
    before = (tmp_path / "muster.toml").read_text()
    result = CliRunner().invoke(app, ["webhooks", "add", "chat", "https://y.example/"])
    assert isinstance(result.exception, SettingsError)
    assert (tmp_path / "muster.toml").read_text() == before


def test_the_ledger_is_written_as_json_lines_from_a_row_or_a_day_on(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in ran("events").stdout.splitlines()]
    assert [one["seq"] for one in lines] == [*range(1, len(lines) + 1)]
    behind = ran("events", "--since", str(len(lines) - 2)).stdout.splitlines()
    assert [json.loads(line)["seq"] for line in behind] == [len(lines) - 1, len(lines)]
    file = tmp_path / "events.jsonl"
    ran("events", "--since", "2026-03-09", "--output", str(file))
    today = [json.loads(line) for line in file.read_text().splitlines()]
    assert {datetime.fromisoformat(one["at"]).date() for one in today} == {NOW.date()}
    beyond = CliRunner().invoke(app, ["events", "--since", str(len(lines) + 1)])
    assert str(beyond.exception) == "The ledger was restored from a backup since; begin again at 0."
    assert len(today) == sum(datetime.fromisoformat(one["at"]).date() == NOW.date() for one in lines)


def test_who_stops_the_interface_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    uvicorn = pytest.importorskip("uvicorn")
    caught: list[int] = []
    monkeypatch.setattr("signal.signal", lambda number, _: caught.append(number))

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "run", stopped)
    # Else logging closes all handlers there are; that of TensorFlow, if another test has loaded it, closes stderr, too.
    monkeypatch.setattr(uvicorn.Config, "configure_logging", lambda _: None)
    monkeypatch.setenv("MUSTER_DB", str(tmp_path / "new.sqlite3"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = ran("serve", "--port", str(port))
    assert "an empty one is made" in done.stderr.splitlines()[0]
    assert ran("people", "list", "--json").stdout == ""
    assert done.stderr.splitlines()[-1] == "Muster does not answer programs any more."
    assert caught == [signal.SIGTERM]


def test_a_file_of_events_is_replaced_only_when_told_so(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("mine")
    result = CliRunner().invoke(app, ["events", "--output", str(file)])
    assert (type(result.exception), file.read_text()) == (UsageError, "mine")
    done = ran("events", "--since", "2", "--output", str(file), "--force")
    assert done.stderr == f"Written to {file}: {len(file.read_text().splitlines())} events.\n"
    assert file.read_text().startswith("{")


def test_the_ledger_is_written_as_parquet_with_the_same_events(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    lines = [json.loads(line) for line in ran("events").stdout.splitlines()]
    file = tmp_path / "events.parquet"
    ran("events", "--since", str(lines[0]["seq"]), "--output", str(file))
    rows = parquet.read_table(file).to_pylist()
    assert [(row["seq"], row["id"], row["at"].isoformat()) for row in rows] == [
        (line["seq"], line["id"], line["at"]) for line in lines[1:]
    ]
    person = lines[-1]["person"]
    assert (rows[-1]["person_id"], rows[-1]["name"], rows[-1]["group"]) == (
        person["id"],
        person["name"],
        person["group"],
    )


def test_a_message_is_tried_again_by_the_end_of_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (Delivery(new_id(), "chat", "check_in", NOW, None, "door", None, 3, NOW, False, "Gone.") for _ in "ab")
    monkeypatch.setattr("monitor.desk.programs.webhooks.waiting", lambda *_, **__: [one, other])
    tried: list[UUID] = []

    def retry(_engine: Engine, _now: datetime, _name: str | None, only: list[UUID]) -> int:
        tried.extend(only)
        return len(only)

    monkeypatch.setattr("monitor.desk.programs.webhooks.retry", retry)
    shown = [line.split()[0] for line in ran("webhooks", "list", "--waiting").stdout.splitlines()[2:]]
    assert shown == [str(one.id)[-8:], str(other.id)[-8:]]
    assert "2 messages" in ran("webhooks", "retry", "--message", shown[1], "--message", str(one.id)).stdout
    assert tried == [other.id, one.id]


@pytest.mark.parametrize(("doors", "lines"), [
    ((), ["No kiosk has sent anything to this database; 'muster kiosks add NAME' makes a key for one."]),
    ((NORTH, NOT_COME), ["north North 0.13.0 12 2026-03-09 09:53 2026-03-09 09:58", "not come yet revoked"]),
])  # fmt: skip
def test_the_kiosks_of_a_site_are_listed(
    monkeypatch: pytest.MonkeyPatch, doors: tuple[Door, ...], lines: list[str]
) -> None:
    monkeypatch.setattr("monitor.desk.doors.all_doors", lambda _: doors)
    assert [" ".join(line.split()) for line in ran("kiosks", "list").stdout.splitlines()][-len(lines) :] == lines
    known = [json.loads(line) for line in ran("kiosks", "list", "--json").stdout.splitlines()]
    assert [one["waiting"] for one in known] == [one.waiting for one in doors]


def test_a_key_is_made_listed_and_revoked() -> None:
    made = json.loads(ran("keys", "add", "board", "--right", "events", "--days", "7", "--json").stdout)
    assert made["key"].startswith("muster_")
    assert made["expires_at"] == (NOW + timedelta(days=7)).isoformat()
    listed = ran("keys", "list").stdout
    assert "board" in listed
    assert made["key"] not in listed
    ran("keys", "revoke", "board")
    assert json.loads(ran("keys", "list", "--json").stdout)["holds"] is False


def test_the_roll_is_called_from_the_command_line() -> None:
    assert "5 people are missing of 5" in ran("rollcall", "start").stdout
    assert "Ada Lovelace was found." in ran("rollcall", "tick", "lovelace").stdout
    found = [json.loads(line) for line in ran("rollcall", "show", "--json").stdout.splitlines()]
    assert [one["person"] for one in found if one["found_at"]] == ["Ada Lovelace"]
    ran("rollcall", "untick", "lovelace")
    assert "5 people are missing." in ran("rollcall", "end").stdout


def test_the_door_is_opened_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_OPENER_COMMAND", f"{sys.executable} -S -c \"open('{tmp_path / 'opened'}', 'w')\"")
    assert ran("door", "open").stdout == "The door door was opened.\n"
    assert (tmp_path / "opened").exists()


def test_the_description_of_the_interface_is_printed() -> None:
    described = json.loads(ran("serve", "--openapi").stdout)
    assert {"/v1/people", "/v1/attendance", "/v1/moods", "/v1/events", "/v1/health", "/metrics"} == {
        *described["paths"]
    }
