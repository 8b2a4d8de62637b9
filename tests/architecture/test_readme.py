"""README and the guide tell the truth: each command shown is run on small data, each name that stands there exists.

A command runs as it is shown, in a folder with small files and a database of two people. A command that needs a
camera or has no end is changed (`CHANGED`); one that cannot run here at all has a reason (`NOT_RUN`), and only its
options are checked.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click import Command

from monitor.bench.clips import write_clip
from monitor.cli.main import app
from monitor.config import Settings
from monitor.domain import RgbImage

ROOT = Path(__file__).parents[2]
PAGES = {page: (ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "monitor/GUIDE.md")}
README = "\n".join(PAGES.values())

PREFIXES = ("muster", "python3 -m uv run muster", "UV_EXCLUDE=.ci/kiosk-excludes.txt uvx --from . muster")
"""How README calls the command."""
OTHERS = {
    "python3 -m pip install": "installs from the package registry",
    "python3 -m uv run --group dev pytest": "runs these tests",
    "python3 -m uv run pytest": "runs these tests",
    "python3 -m uv run python tests/bench/": "measures for minutes",
    "UV_EXCLUDE=.ci/kiosk-excludes.txt uv tool install": "installs from the package registry",
    "git clone": "copies the repository from its host",
    "cd": "is the shell's own",
    "echo": "is the shell's own; what it says goes to the next command",
    "printf": "is the shell's own; what it says goes to the next command",
    "jq": "is another program, which may not be here",
    "source": "is the shell's own",
    "eval": "is the shell's own",
}
"""Commands beside ours that README may show, each with the reason why the test does not run it."""

CHANGED = {
    "demo": "demo --headless --json --seconds 1",
    "kiosk": "kiosk --source photos/ --headless",
}
"""What runs instead of a command that needs a camera or has no end."""
NOT_RUN = {
    r"kiosk .*--source rtsp://": "needs a camera in the network",
    r"kiosk .*--source \d": "needs a webcam",
    r"config edit": "opens an editor",
    r"review": "shows the app until somebody leaves it; tests/monitor/tui does",
    r"serve": "serves until it is stopped; tests/monitor/serve asks it",
    r"web": "serves until it is stopped",
    r"db forward": "needs a PostgreSQL; tests/db/forwarding has one",
    r".*--db postgresql:": "needs a PostgreSQL; tests/db/forwarding has one",
    r"kiosks (add|revoke)": "needs a PostgreSQL; tests/db/forwarding has one",
    r"db follow": "needs a PostgreSQL; tests/db/forwarding has one",
    r"enroll capture": "needs a camera; tests/enroll/camera has a fake one",
    r"train": "trains for minutes; tests/monitor/cli/training does it with small models",
    r"bench": "measures for minutes; tests/bench measures small clips",
    r"calibrate .*--liveness": "needs a camera",
    r".*--(install|show)-completion": "changes the shell of whoever runs it",
}
"""Beginnings of commands that do not run here, as patterns, and why."""

WORDS = {"NAME": "Anna", "FOLDER": "people", "FILE": "photo.jpg", "IMAGE": "photo.jpg", "PERSON": "Anna"}
"""What stands for README's placeholders."""

SHAPES: dict[str, tuple[set[str], set[str]]] = {
    "identify": ({"image", "faces"}, set()),
    "kiosk": (set(), {"event", "frames", "dropped", "seconds", "fps", "check_ins"}),
    "demo": ({"event"}, {"event", "frames", "dropped", "seconds", "fps", "check_ins", "truth"}),
    "enroll import": ({"person", "images", "accepted", "rejected"}, {"summary"}),
    "attendance": ({"day", "person", "first_in", "last_out", "hours", "incomplete"}, set()),
}
"""Keys of the first and the last JSON object of commands that others read."""

RUN_ALL = """
import contextlib, io, json, sys, traceback
from monitor.cli.main import main
from monitor.sources.simulated import people
people.ENROLLED = 6  # of the demo, which would look at 90 photographs
_, calls, target = sys.argv
answers = []
for words, typed in json.load(open(calls, encoding="utf-8")):
    sys.argv, sys.stdin, code = ["muster", *words], io.StringIO(typed), 0
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        except BaseException:
            code = traceback.format_exc()
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode())
    answers.append({"code": code, "out": said[0], "err": said[1]})
json.dump(answers, open(target, "w", encoding="utf-8"))
"""


@dataclass(frozen=True)
class Shown:
    """One command that README shows."""

    text: str
    words: tuple[str, ...]
    """Without the program's name, placeholders replaced."""
    said: str = ""
    """What it reads on standard input."""

    def __str__(self) -> str:
        return self.text


def blocks(readme: str) -> list[list[str]]:
    """Blocks of indented lines between empty ones, lines that end with a backslash put together."""
    found: list[list[str]] = [[]]
    for line in re.sub(r"\\\n\s*", "", readme).splitlines():
        if line.startswith("    ") and not re.match(r"\s*([-*]|\d+\.)\s", line):
            found[-1].append(line.strip())
        elif found[-1]:
            found.append([])
    return [block for block in found if block]


def starts_with(part: str, beginnings: tuple[str, ...]) -> str | None:
    """The longest of the beginnings that the part has; each is whole words or, where it ends in "/", a path."""
    fits = [one for one in beginnings if f"{part} ".startswith(one if one.endswith("/") else f"{one} ")]
    return max(fits, key=len, default=None)


def commands_of(line: str) -> list[Shown]:
    """Our commands in one line of shell: what follows `&&`, `;` and `|`, without redirections and comments."""
    found: list[Shown] = []
    for chain in re.split(r"&&|;", re.sub(r"\s#\s.*", "", line)):
        said = ""
        for part in (one.strip() for one in chain.split("|")):
            ours = starts_with(part, PREFIXES)
            if ours is not None:
                words = shlex.split(re.sub(r"\s[12]?>>?\s*\S+", "", part.removeprefix(ours)))
                found.append(Shown(part, tuple(WORDS.get(word, word) for word in words), said))
            elif starts_with(part, tuple(OTHERS)) is None:
                raise AssertionError(f"README shows {part!r}; say in OTHERS why it does not run here.")
            said = " ".join(shlex.split(part)[1:]) + "\n" if part.startswith(("echo", "printf")) else ""
    return found


def shown_in(readme: str) -> list[Shown]:
    """Every command of the readme's blocks; a block whose first line is none is what a command prints."""
    known = (*PREFIXES, *OTHERS)
    return [
        command
        for block in blocks(readme)
        if starts_with(re.split(r"&&|\|", block[0])[0].strip(), known) is not None
        for line in block
        for command in commands_of(line)
    ]


COMMANDS = shown_in(README)
IN_TEXT = sorted(set(re.findall(r"`(muster [^`]+)`", README)))


def reason_not_to_run(command: Shown) -> str | None:
    text = " ".join(command.words)
    return next((why for pattern, why in NOT_RUN.items() if re.match(pattern, text)), None)


def runs_as(command: Shown) -> tuple[str, ...]:
    return tuple(shlex.split(CHANGED.get(" ".join(command.words), shlex.join(command.words))))


RUN = [command for command in COMMANDS if reason_not_to_run(command) is None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, orl: Path) -> Path:
    """Two people with three photographs each, and every file that the commands read."""
    made = tmp_path_factory.mktemp("readme")
    for subject, name in ((1, "Anna"), (2, "Ben")):
        for image in (1, 2, 3):
            write_photo(made / "people" / name / f"{image}.jpg", orl / f"s{subject}" / f"{image}.pgm")
        for image in (4, 5, 6):
            write_photo(made / "photos" / f"{subject}{image}.jpg", orl / f"s{subject}" / f"{image}.pgm")
    outputs = {
        word
        for command in RUN
        for before, word in zip(command.words, command.words[1:], strict=False)
        if before == "--output"
    }
    for word in {word for command in RUN for word in command.words} - outputs:
        if word.endswith((".jpg", ".jpeg", ".png")):
            write_photo(made / word, orl / "s1" / "7.pgm")
        elif word.endswith((".mp4", ".mkv", ".avi")):
            pictures = [photo(orl / "s1" / f"{image}.pgm") for image in (4, 5, 6, 7)]
            write_clip(made / word, (one for one in pictures for _ in range(5)))
    return made


def photo(original: Path) -> RgbImage:
    large = cv2.resize(cv2.imread(str(original)), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.copyMakeBorder(large, 60, 60, 60, 60, cv2.BORDER_REPLICATE), np.uint8)


def write_photo(file: Path, original: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(file), photo(original))


@pytest.fixture(scope="module")
def answers(folder: Path) -> dict[Shown, dict[str, Any]]:
    """What each command answers, all in one fresh interpreter, in README's order, on one new home folder.

    What README shows twice runs once.
    """
    home = folder / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "MUSTER_"))}
    calls = dict.fromkeys([(("enroll", "import", "people"), ""), *((runs_as(one), one.said) for one in RUN)])
    (home / "calls.json").write_text(json.dumps(list(calls)), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", RUN_ALL, str(home / "calls.json"), str(home / "answers.json")],
        cwd=folder,
        env=kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), "MUSTER_KEY": "A" * 43 + "="},
        timeout=500,
        check=True,
    )
    said = dict(zip(calls, json.loads((home / "answers.json").read_text(encoding="utf-8")), strict=True))
    first = next(iter(said.values()))
    assert first["code"] == 0, first["err"]
    return {one: said[runs_as(one), one.said] for one in RUN}


def test_the_readme_shows_commands() -> None:
    assert {"demo", "kiosk", "enroll", "attendance"} <= {command.words[0] for command in COMMANDS}


@pytest.mark.parametrize("command", RUN, ids=str)
def test_a_command_of_the_readme_does_what_it_says(answers: dict[Shown, dict[str, Any]], command: Shown) -> None:
    answer = answers[command]
    assert answer["code"] == 0, (
        f"README shows {command.text!r}, which fails here: {answer['err'] or answer['code']}\n"
        "Mend it, or give it a change in CHANGED or a reason in NOT_RUN."
    )
    first, last = SHAPES.get(" ".join(command.words[:2]), SHAPES.get(command.words[0], (set(), set())))
    if "--json" in runs_as(command):
        lines = [json.loads(line) for line in answer["out"].splitlines()]
        assert lines[0].keys() >= first
        assert lines[-1].keys() >= last


def command_of(words: list[str]) -> tuple[Command, list[str]]:
    """The command that the words call, and the words behind its name."""
    from typer.main import get_command

    found: Any = get_command(app)
    left = list(words)
    while hasattr(found, "get_command") and left and not left[0].startswith("-"):
        inner = found.get_command(found.make_context("muster", [], resilient_parsing=True), left[0])
        assert inner is not None, f"there is no command {' '.join(words)!r}"
        found, left = inner, left[1:]
    if default := getattr(found, "default", None):
        found = found.get_command(found.make_context("muster", [default], resilient_parsing=True), default)
    return found, left


@pytest.mark.parametrize("text", [*IN_TEXT, *(shlex.join(("muster", *one.words)) for one in COMMANDS)])
def test_each_command_and_its_options_exist(text: str) -> None:
    words = [word for word in shlex.split(text)[1:] if word not in {"...", "…"}]
    command, left = command_of(words)
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"--help", "-h"}
    assert [word for word in left if word.startswith("--") and word.split("=")[0] not in known] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_file_and_heading_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(r"`((?:monitor|enroll|training|db|tests)/[\w./-]+)`", PAGES[page])
    assert [path for path in named if not (ROOT / path).exists()] == []
    for link, heading in re.findall(r"\]\(((?!https?:)[^)#]*)#?([^)]*)\)", PAGES[page]):
        file = ROOT / page if not link else (ROOT / page).parent / link
        assert file.exists(), link
        headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE) if heading else []
        assert heading in ["", *(re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings)], heading


def test_each_setting_that_the_readme_names_exists() -> None:
    named = re.findall(r"`(\w+) = [^`]+`", README)
    assert named
    assert [name for name in named if name not in Settings.model_fields] == []


def test_each_python_name_of_the_readme_exists() -> None:
    for dotted in re.findall(r"`((?:monitor|enroll|training|db)\.[\w.]+)(?:\(\))?`", README):
        module, _, name = dotted.rpartition(".")
        try:
            import_module(dotted)
        except ModuleNotFoundError:
            assert hasattr(import_module(module), name), dotted


def test_a_command_that_is_neither_ours_nor_explained_is_named() -> None:
    with pytest.raises(AssertionError, match="README shows 'brew install muster'"):
        shown_in("Text\n\n    muster demo\n    brew install muster\n")


def test_pipelines_comments_and_continued_lines_are_read() -> None:
    piped, plain = shown_in(
        "    echo 1234 | muster people pin NAME > /dev/null   # a PIN\n\n    muster mood \\\n        --by day\n"
    )
    assert (piped.words, piped.said) == (("people", "pin", "Anna"), "1234\n")
    assert plain.words == ("mood", "--by", "day")


def test_what_a_command_prints_is_not_taken_for_one() -> None:
    assert shown_in("    10:00:00  checked in  Ada\n    muster said so\n") == []
