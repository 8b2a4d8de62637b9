"""Without the extra `training` a command that needs it is one sentence, which says how to get it."""

import subprocess
import sys

import pytest

WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"keras", "matplotlib", "seaborn", "skops", "sklearn", "tensorflow", "tf2onnx"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from monitor.cli.main import main
sys.argv = ["muster", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(
    "words",
    [
        "train eigenfaces",
        "train emotion --data fer2013.csv",
        "train evaluate --data fer2013.csv",
        "train explain face.png",
        "train export run --to model.onnx --data fer2013.csv",
        "train report",
        "train layers classic",
        "calibrate --figure curves.png",
        "calibrate --evaluate folder --figure curves.png",
        "identify face.png --method eigenfaces --model run",
    ],
)
def test_it_is_said_how_to_get_it(words: str) -> None:
    command = [sys.executable, "-c", WITHOUT, *words.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "uv run --extra training muster" in done.stderr


@pytest.mark.parametrize("words", ["train --help", "train emotion --help", "people --help"])
def test_help_needs_no_extra(words: str) -> None:
    command = [sys.executable, "-c", WITHOUT, *words.split()]
    assert subprocess.run(command, capture_output=True, check=False, timeout=100).returncode == 0
