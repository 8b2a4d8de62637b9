"""Without the extra `training` a command that needs it is one sentence, which says how to get it."""

import json
import subprocess
import sys

import pytest

WITHOUT = """
import contextlib, io, json, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"keras", "matplotlib", "seaborn", "skops", "sklearn", "tensorflow", "tf2onnx"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from monitor.cli.main import main
answers = {}
for words in json.loads(sys.argv[1]):
    sys.argv, out, err = ["muster", *words.split()], io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as stop:
            answers[words] = [stop.code or 0, out.getvalue(), err.getvalue()]
print(json.dumps(answers))
"""
NEEDS_IT = (
    "train eigenfaces",
    "train emotion --data fer2013.csv",
    "train evaluate --data fer2013.csv",
    "train explain face.png",
    "train export run --to model.onnx --data fer2013.csv",
    "train layers classic",
    "calibrate --figure curves.png",
    "calibrate --evaluate folder --figure curves.png",
    "identify face.png --method eigenfaces --model run",
)
WRONG = ("train layers nonsense", "train report --runs nowhere")
NEEDS_IT_NOT = ("train --help", "train emotion --help", "people --help")


@pytest.fixture(scope="module")
def answers() -> dict[str, tuple[int, str, str]]:
    """Exit code, output and error of each command, all in one interpreter."""
    command = [sys.executable, "-c", WITHOUT, json.dumps([*NEEDS_IT_NOT, *WRONG, *NEEDS_IT])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=400)
    found: dict[str, tuple[int, str, str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("words", NEEDS_IT)
def test_it_is_said_how_to_get_it(answers: dict[str, tuple[int, str, str]], words: str) -> None:
    code, out, err = answers[words]
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "uv run --extra training muster" in err


@pytest.mark.parametrize("words", WRONG)
def test_wrong_usage_is_said_before_anything_is_loaded(answers: dict[str, tuple[int, str, str]], words: str) -> None:
    code, _, err = answers[words]
    assert (code, "nonsense" in err or "nowhere" in err) == (2, True)


@pytest.mark.parametrize("words", NEEDS_IT_NOT)
def test_help_needs_no_extra(answers: dict[str, tuple[int, str, str]], words: str) -> None:
    assert answers[words][0] == 0
