"""`muster train` from the outside: a small study from the first command to the last."""

import json
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from monitor.cli.training import train
from monitor.errors import DataError, ModelError, MusterError, UsageError
from monitor.vision.emotion import WEIGHTS
from training.emotion.data.votes import AS_EMOTION
from training.emotion.fitting.runs import find_runs
from training.emotion.model import networks, shipped

RNG = np.random.default_rng(9)


def muster(*arguments: object) -> list[dict[str, Any]]:
    """The lines of JSON that the command prints; its errors are raised."""
    result = CliRunner().invoke(train.app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fourteen faces a split that two classes tell apart, and a broken row."""
    rows = ["emotion,pixels,Usage"]
    for split in ("Training", "PublicTest"):
        for label in list(range(7)) * 2:
            shades = RNG.integers(0, 30, 2304) + 30 * label
            rows.append(f"{label},{' '.join(map(str, shades))},{split}")
    rows.append("9,1 2 3,Training")
    file = tmp_path_factory.mktemp("fer") / "fer2013.csv"
    file.write_text("\n".join(rows))
    return file


@pytest.fixture(autouse=True)
def _small_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    def small() -> keras.Model:
        return networks.champion(((8, 1), (16, 1)))

    monkeypatch.setitem(networks.ARCHITECTURES, "champion", small)
    monkeypatch.setattr(shipped, "champion", small)


@pytest.fixture(autouse=True)
def _untraced(untraced: None) -> None:
    """The commands are tried here, not TensorFlow's graphs."""


@pytest.fixture(scope="module")
def votes(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FER+'s votes, of which seven of ten are for the label."""
    rows = ["Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"]
    for label in [*range(7), *range(7), *range(7), *range(7)]:
        counts = np.zeros(10, int)
        counts[AS_EMOTION.index(label)] = 7
        counts[[0, 7, 8]] += 1
        rows.append(f"Training,x.png,{','.join(map(str, counts))}")
    file = tmp_path_factory.mktemp("ferplus") / "votes.csv"
    file.write_text("\n".join(rows))
    return file


def test_a_study_from_training_to_comparison(
    data: Path, votes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.emotion.fitting import recipe

    small = recipe.CHAMPION.changed(batch=14, face_weights=False)
    monkeypatch.setitem(recipe.RECIPES, "champion", small)
    runs = tmp_path / "runs"
    common = ("--data", data, "--runs", runs, "--precision", "float32", "--json")
    *epochs, judged = muster("emotion", *common, "--epochs", 2, "--tensorboard", tmp_path / "logs")
    assert [epoch["number"] for epoch in epochs] == [1, 2]
    assert judged["faces"] == 14
    assert (runs / "champion" / "report" / "index.html").exists()
    assert list((tmp_path / "logs").iterdir())
    assert (runs / "champion" / "samples.png").read_bytes().startswith(b"\x89PNG")

    resumed = muster("emotion", *common, "--epochs", 3, "--no-report")
    assert [epoch["number"] for epoch in resumed] == [3]

    to = ("--to", tmp_path / "mood.onnx")
    (exported,) = muster("export", runs / "champion", *to, "--data", data, "--json")
    (through_file,) = muster("evaluate", tmp_path / "mood.onnx", "--data", data, "--json")
    assert exported["bytes"] == (tmp_path / "mood.onnx").stat().st_size
    assert set(through_file["robustness"]) >= {"none", "left", "larger"}
    assert through_file["poor_pictures"]["24x24"]["people"] is None
    assert "people" not in through_file
    assert "report" not in through_file

    # Calibrated anew with votes, it says what people say, too; here with itself as second network.
    second = ("--with", tmp_path / "mood.onnx")
    (again,) = muster("export", tmp_path / "mood.onnx", *second, *to, "--data", data, "--votes", votes, "--json")
    assert 1.9 * exported["bytes"] < again["bytes"] < 2.5 * exported["bytes"]
    page = ("--to", tmp_path / "page")
    (judged,) = muster("evaluate", tmp_path / "mood.onnx", "--data", data, "--votes", votes, *page, "--json")
    assert judged["people"]["faces"] == 7  # every second one, on which nothing was fitted
    assert judged["people"]["eight"] is not None
    assert judged["poor_pictures"]["as it is"]["people"] == judged["people"]["agreement"]
    assert judged["people"]["coverage"][0]["answered"] == 1
    assert judged["copies_of_training_faces"] <= 14
    assert judged["people"]["majorities"] == 7
    parameters = json.loads((tmp_path / "page" / "report.json").read_text())["parameters"]
    assert parameters == 2 * muster("layers", "champion", "--json")[0]["parameters"]
    assert "agrees with most people" in (tmp_path / "page" / "index.html").read_text()

    cv2.imwrite(str(tmp_path / "face.png"), RNG.integers(0, 255, (48, 48)).astype(np.uint8))
    (explained,) = muster("explain", tmp_path / "face.png", "--run", runs / "champion", "--emotion", "fear",
                          "--to", tmp_path / "map.png", "--json")  # fmt: skip
    assert explained["map_of"] == "fear"
    assert explained["found"] is False
    assert explained["layer"] in [line["name"] for line in muster("layers", "champion", "--json")[0]["lines"]]
    assert sum(explained["mood"]["scores"].values()) == pytest.approx(1, abs=1e-4)
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")

    (row,) = muster("report", "--runs", runs, "--json")
    assert (row["run"], row["epochs"]) == ("champion", 3)


def test_the_classic_network_trains_on_a_few_faces_and_a_teacher(data: Path, tmp_path: Path) -> None:
    (epoch,) = muster(
        "emotion", "--architecture", "classic", "--data", data, "--runs", tmp_path, "--precision", "float32",
        "--epochs", 1, "--batch", 7, "--limit", 7, "--teacher", WEIGHTS, "--no-report", "--json",
    )  # fmt: skip
    assert epoch["of"] == 1
    assert np.isfinite(epoch["loss"])
    (run,) = find_runs(tmp_path)
    assert run.recipe.teacher_weight == 0.6


def test_teachers_of_parts_answer_what_they_did_not_see_and_teach(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.emotion.fitting import recipe
    from training.emotion.model import networks

    monkeypatch.setitem(networks.ARCHITECTURES, "teacher", lambda: networks.champion(((8, 1), (16, 1))))
    monkeypatch.setitem(networks.ARCHITECTURES, "champion", lambda: networks.champion(((8, 1), (16, 1))))
    for name in ("teacher", "champion"):
        small = recipe.RECIPES[name].changed(batch=4, epochs=1, face_weights=False)
        monkeypatch.setitem(recipe.RECIPES, name, small)
    common = ("--data", data, "--runs", tmp_path, "--precision", "float32", "--no-report", "--json")
    for part in (0, 1):
        run = f"part{part}"
        muster("emotion", *common, "--architecture", "teacher", "--leave-out", part, 2, "--run", run)
    answers = tmp_path / "answers.npz"
    muster("answers", tmp_path / "part0", tmp_path / "part1", "--to", answers, "--data", data)
    muster("emotion", *common, "--teacher", answers)
    assert next(run for run in find_runs(tmp_path) if run.name == "champion").recipe.teacher_weight == 0.6


WRONG = [
    (("emotion", "--data", "DATA", "--teacher", "none.onnx"), ModelError, "none.onnx .* cannot be read"),
    (("evaluate", "--data", "none.csv"), DataError, "no training data at none.csv"),
    (("evaluate", "no-run", "--data", "DATA"), UsageError, "no-run is neither a run nor a model"),
    (("evaluate", "--data", "DATA", "--split", "PrivateTest"), DataError, "no faces in its PrivateTest split"),
    (("evaluate", "--data", "DATA", "--strict"), DataError, "unknown label '9'"),
    (("explain", "none.jpg", "--emotion", "bored"), UsageError, "no emotion named 'bored'"),
    (("export", "no-run", "--to", "x.onnx", "--data", "DATA"), ModelError, "no-run cannot be read"),
    (("evaluate", "--data", "DATA", "--votes", "none.csv"), DataError, r"votes none\.csv cannot be read"),
    (("report", "--runs", "nowhere"), UsageError, "no runs in nowhere"),
]


@pytest.mark.parametrize(("arguments", "error", "says"), WRONG)
def test_what_is_wrong_is_said_in_one_sentence(
    data: Path, arguments: tuple[str, ...], error: type[MusterError], says: str
) -> None:
    given = [str(data) if each == "DATA" else each for each in arguments]
    with pytest.raises(error, match=says):
        muster(*given)
