"""The whole training in one go, on a few faces and with small networks; and what comes back."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.emotion import plan, remote
from training.emotion.data.mosaic import write_mosaic
from training.emotion.fitting import checkpoint
from training.emotion.fitting.runs import find_runs, load_model
from training.emotion.model import networks

SMALL = ((8, 1), (16, 1))


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = tuple((2 * filters, blocks) for filters, blocks in SMALL)
    monkeypatch.setattr(plan, "FOLDS", 2)
    monkeypatch.setitem(networks.ARCHITECTURES, "champion", lambda: networks.champion(SMALL))
    monkeypatch.setitem(networks.ARCHITECTURES, "teacher", lambda: networks.champion(wide))
    monkeypatch.setitem(networks.ARCHITECTURES, "sface", lambda: networks.sface(((16, 1), (32, 2), (32, 1))))


def prepared(folder: Path) -> Path:
    random = np.random.default_rng(0)
    faces = np.stack([cv2.GaussianBlur(face, (0, 0), 3) for face in random.integers(0, 256, (60, 48, 48), np.uint8)])
    rows = [(int(random.integers(0, 7)), "Training" if number < 40 else "PublicTest") for number in range(60)]
    write_mosaic(folder, plan.NAME, faces, rows)
    favourite = {0: 4, 1: 5, 2: 6, 3: 1, 4: 3, 5: 2, 6: 0}
    votes = ["Usage,Image name," + ",".join(map(str, range(10)))]
    votes += [
        f"{usage},x," + ",".join("7" if at == favourite[label] else "0" for at in range(10)) for label, usage in rows
    ]
    (folder / plan.VOTES).write_text("\n".join(votes))
    for name in plan.STARTS:
        checkpoint.save(folder / f"{name}.start.npz", {"weights": networks.build(name).get_weights()}, {})
    return folder


@pytest.mark.usefixtures("untraced")
def test_the_plan_leaves_teachers_answers_and_networks_that_become_runs(tmp_path: Path) -> None:
    inputs, outputs = prepared(tmp_path / "in"), tmp_path / "out"
    plan.main([
        str(inputs), str(outputs), "--runs", str(tmp_path / "kept"), "--share", "0.02", "--teacher-epochs", "50",
        "--sface-epochs", "50", "--champion-epochs", "100", "--batch", "16", "--precision", "float32",
        "--parts", "sface,teachers,champion,short",
    ])  # fmt: skip
    assert remote.collect(outputs, tmp_path / "runs") == ["champion", "short"]
    runs = find_runs(tmp_path / "runs")
    assert [(run.name, len(run.epochs), run.recipe.teacher_weight) for run in runs] == [
        ("champion", 2, 0.6), ("short", 2, 0.6),
    ]  # fmt: skip
    model, _ = load_model(tmp_path / "runs" / "champion")
    assert model.output_shape == (None, 17)
    given, _ = checkpoint.load(outputs / "answers.npz")
    assert given["answers"][0].shape == (40, 17)
    assert np.allclose(given["answers"][0].astype(np.float32).sum(axis=1), 2, atol=0.02), (
        "label and votes sum to 1 each"
    )
    for kind in ("sface", "teacher"):
        folds = [json.loads((outputs / f"{kind}{fold}.json").read_text())["recipe"]["fold"] for fold in range(2)]
        assert folds == [0, 1]
