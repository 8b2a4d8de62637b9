"""The edge of the command line: what is wrong is one line on standard error, whatever it is."""

import io
import json
import socket
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from db.engine import open_database, writing
from db.errors import InvalidRecord
from db.people import people
from monitor.cli.main import app, main
from monitor.errors import LOW_MEMORY, MusterError, UsageError

LONG = "Bartholomew Featherstonehaugh"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("monitor.config.CONFIG_FILE", tmp_path / "muster.toml")


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A database with two people."""
    file = str(tmp_path / "muster.sqlite3")
    engine = open_database(file)
    with writing(engine) as session:
        for name in (LONG, "Ada"):
            people.add_person(session, name, group="staff", at=datetime(2026, 3, 2, tzinfo=UTC), actor="test")
    engine.dispose()
    return file


def failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str, str]:
    """Exit code, output and error of a command that does not succeed."""
    monkeypatch.setattr(sys, "argv", ["muster", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("foo",), "No such command 'foo'; see 'muster --help'."),
        (("people", "foo"), "No such command 'foo'; see 'muster people --help'."),
        (("enroll", "import"), "Missing argument 'PATH'; see 'muster enroll import --help'."),
        (("mood", "--by", "x"), "Invalid value for '--by': 'x' is not one of 'hour', 'day', 'person', 'group'; see"),
        (("db", "purge", "--older-than", "-1"), "Invalid value for '--older-than': it should be greater than or"),
    ],
)
def test_wrong_usage_is_one_line_that_says_where_to_look(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    code, output, error = failed(monkeypatch, capsys, *words)
    assert (code, output, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"muster: {said}")


def test_a_name_with_escapes_stays_one_harmless_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = failed(monkeypatch, capsys, "enroll", "import", "a\n\x1b[2Jb")
    assert (code, error.count("\n")) == (2, 1)
    assert "\x1b" not in error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "/there"), "/there cannot be used: Permission denied."),
        (
            FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"),  # as `tempfile` says it
            "No folder for temporary files can be written; name one in the variable TMPDIR.",
        ),
    ],
)
def test_what_the_system_refuses_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: OSError, said: str
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("monitor.cli.options.Run.settings", refuse)
    code, _, told = failed(monkeypatch, capsys, "people", "list")
    assert (code, told) == (1, f"muster: {said}\n")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("(-4:Insufficient memory) Failed to allocate"),
        RuntimeError("AllocateRawInternal Failed to allocate memory for requested buffer of size 4"),
        ImportError("libde265.so: failed to map segment from shared object"),
    ],
)
def test_too_little_memory_is_one_line(
    store: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("monitor.desk.people.listing.list_people", fails)
    code, _, said = failed(monkeypatch, capsys, "people", "list", "--db", store)
    assert (code, said) == (1, f"muster: {LOW_MEMORY}\n")


@pytest.mark.parametrize("behind", [None, ImportError("initialization failed")])
def test_ctrl_c_is_one_line_also_while_a_library_loads(
    store: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], behind: Exception | None
) -> None:
    def fails(*_: object, **__: object) -> None:
        if behind:
            raise behind from KeyboardInterrupt()
        raise KeyboardInterrupt

    monkeypatch.setattr("monitor.desk.people.listing.list_people", fails)
    assert failed(monkeypatch, capsys, "people", "list", "--db", store) == (130, "", "muster: Stopped.\n")


def test_ctrl_c_while_typer_is_imported_is_one_line() -> None:
    """In a fresh interpreter: the module that `muster` starts with must not import Typer itself."""
    stops = "class Stops:\n def find_spec(self, name, *_):\n  if name == 'typer': raise KeyboardInterrupt\n"
    program = f"import sys\n{stops}sys.meta_path.insert(0, Stops())\nfrom monitor.cli.__main__ import main\nmain()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "muster: Stopped.\n")
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"muster": "monitor.cli.__main__:main"}


def test_what_is_no_text_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], store: str
) -> None:
    code, _, error = failed(monkeypatch, capsys, "people", "list", "--search", "\udcff", "--db", store)
    assert (code, error.count("\n")) == (2, 1)


def test_a_terminal_without_the_letters_of_a_name_still_lists_people(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(store)
    with writing(engine) as session:
        people.add_person(session, "Łukasz 😀", at=datetime(2026, 3, 2, tzinfo=UTC), actor="test")
    engine.dispose()

    def shown(*more: str) -> str:
        monkeypatch.setattr(sys, "argv", ["muster", "people", "list", "--db", store, *more])
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw := io.BytesIO(), encoding="ascii"))
        with pytest.raises(SystemExit) as stop:
            main()
        assert not stop.value.code
        sys.stdout.flush()
        return raw.getvalue().decode()

    assert "?ukasz" in shown()
    assert "Łukasz 😀" in [json.loads(line)["person"] for line in shown("--json").splitlines()]


@pytest.mark.parametrize("url", ["mysql://there/x", "postgresql://...", "postgresql://h:port/x", "sqlite://"])
def test_a_url_that_makes_no_sense_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    code, _, error = failed(monkeypatch, capsys, "people", "list", "--db", url)
    assert (code, error.count("\n")) == (2, 1)


@pytest.mark.parametrize("command", ["enroll", "people", "db", "train"])
def test_commands_of_a_group_are_listed_with_whole_sentences(command: str) -> None:
    listed = CliRunner().invoke(app, [command, "--help"]).stdout
    assert "..." not in listed.partition("Commands:")[2]
    assert "completion" not in listed


def test_names_are_whole_in_a_narrow_list(store: str) -> None:
    assert LONG in CliRunner().invoke(app, ["people", "list", "--db", store]).stdout


def test_whoever_gets_a_name_that_somebody_has_is_told_so(store: str) -> None:
    done = CliRunner().invoke(app, ["people", "rename", LONG, "Ada", "--db", store, "--json"])
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)
    assert "2 people have this name now" in done.stderr


def test_number_group_and_notes_are_changed_together_or_not_at_all(store: str) -> None:
    def change(*words: str) -> Result:
        return CliRunner().invoke(app, ["people", "change", LONG, *words, "--db", store])

    told = change("--number", "42", "--group", "[b]Types[/]", "--json")
    assert json.loads(told.stdout) == {"person": LONG, "number": "42", "group": "[b]Types[/]"}
    other = CliRunner().invoke(app, ["people", "change", "Ada", "--notes", "x", "--number", "42", "--db", store])
    assert isinstance(other.exception, InvalidRecord)
    shown = json.loads(CliRunner().invoke(app, ["people", "show", "Ada", "--db", store, "--json"]).stdout)
    assert (shown["number"], shown["notes"]) == (None, "")
    assert "no group" in change("--group", "").stdout
    shown = json.loads(CliRunner().invoke(app, ["people", "show", LONG, "--db", store, "--json"]).stdout)
    assert (shown["number"], shown["group"]) == ("42", None)
    assert isinstance(change().exception, UsageError)


def test_the_app_is_not_drawn_into_a_pipe(store: str) -> None:
    done = CliRunner().invoke(app, ["review", "--db", store])
    assert (isinstance(done.exception, UsageError), done.stdout) == (True, "")


def test_a_port_that_is_taken_is_one_sentence(store: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = CliRunner().invoke(app, ["web", "--port", str(taken.getsockname()[1]), "--db", store])
    assert isinstance(done.exception, MusterError)
    assert "give another --host or --port" in str(done.exception)
