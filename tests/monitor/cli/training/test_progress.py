"""What trainings print: tables that fit a terminal, pictures beside each other."""

from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from monitor.cli.training import progress
from training.emotion.data.fer2013 import Fer2013, Split

FACES = np.random.default_rng(2).integers(0, 256, (9, 48, 48)).astype(np.uint8)


def printed(console: Console, thing: object) -> str:
    with console.capture() as capture:
        console.print(thing)
    return capture.get()


def test_the_table_of_runs_shows_every_word_in_80_columns() -> None:
    row = {
        "run": "champion-with-teacher-2", "architecture": "champion", "epochs": 56, "of": 56, "hours": 12.5,
        "validation_accuracy": 0.716, "split": "PrivateTest", "accuracy": 0.7161, "macro_f1": 0.7,
        "calibration_error": 0.02,
        "weakest_recall": 0.501,
    }  # fmt: skip
    young = {**row, "run": "b", "split": None, "accuracy": None}
    text = printed(Console(width=80), progress.comparison_table([row, young]))
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "…" not in text
    for word in ("network", "weakest", "validation", "PrivateTest", "71.6%", "56/56", "50.1%"):
        assert word in text


@pytest.mark.parametrize(("width", "side"), [(80, 38), (120, 48), (20, 8)])
def test_face_and_map_stand_side_by_side_in_any_width(width: int, side: int) -> None:
    picture = np.repeat(FACES[0][..., None], 3, axis=-1)
    assert progress.fitting_side(width, 48) == side
    lines = printed(Console(width=width), progress.side_by_side([picture, picture], side)).splitlines()
    assert len(lines) == side // 2
    assert {cell_len(line) for line in lines} == {2 * side + 1}


def test_faces_are_counted_and_shown_before_a_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.array([0, 0, 0, 1, 2, 3, 4, 5, 6])
    split = Split("Training", FACES, labels, np.arange(9))
    console = Console(width=80, force_terminal=True, color_system="truecolor")
    monkeypatch.setattr(progress, "out", console)
    with console.capture() as capture:
        progress.show_faces(Fer2013({"Training": split, "PublicTest": split.head(2)}), tmp_path, json=False)
    text = capture.get()
    assert text.count("▀") == 7 * 18 * 9
    lines = [line for line in text.splitlines() if "│" in line]
    assert [line.split("│")[1:4] for line in lines if "angry" in line] == [[" angry    ", "        3 ", "          2 "]]
    assert (tmp_path / "samples.png").read_bytes().startswith(b"\x89PNG")
