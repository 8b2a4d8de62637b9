"""One recipe on TensorFlow and on JAX: equal gradients, losses and statistics, and one form of checkpoint."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from training.emotion.fitting import checkpoint
from training.emotion.fitting.state import CHECKPOINT
from training.emotion.model import networks

SCRIPT = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from tests.training.emotion.fitting.test_fit import TINY, tiny_data
from training.emotion.fitting import checkpoint, fit
from training.emotion.model import networks

networks.ARCHITECTURES["tiny"] = lambda: networks.champion(((8, 1), (16, 1)), dropout=0.0)
start = checkpoint.load(Path(sys.argv[1]))[0]["weights"]
recipe = TINY.changed(batch=48, epochs=int(sys.argv[3]))
epochs = fit.train(Path(sys.argv[2]), tiny_data(), recipe, None, fit.Progress(), start=start)
print(json.dumps([asdict(epoch) for epoch in epochs]))
"""


def trained(backend: str, start: Path, folder: Path, epochs: int) -> list[dict[str, float]]:
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", SCRIPT, str(start), str(folder), str(epochs)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=550, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    losses: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return losses


def test_both_backends_train_alike_and_read_each_others_checkpoints(tmp_path: Path) -> None:
    start = tmp_path / "start.npz"
    first = networks.champion(((8, 1), (16, 1)), dropout=0.0).get_weights()
    checkpoint.save(start, {"weights": first}, {})
    tensorflow, jax = (trained(name, start, tmp_path / name, 1) for name in ("tensorflow", "jax"))
    for name in ("loss", "validation_loss"):
        assert jax[0][name] == pytest.approx(tensorflow[0][name], rel=1e-3)
    ours, theirs = (checkpoint.load(tmp_path / name / CHECKPOINT)[0] for name in ("tensorflow", "jax"))
    # After one step Adam's moments are the gradients; the step makes a whole one of a gradient that is but rounding.
    for one, other in zip(ours["optimizer"], theirs["optimizer"], strict=True):
        assert np.abs(one.astype(np.float64) - other).mean() < 1e-4
    for one, other in zip(ours["weights"], theirs["weights"], strict=True):
        assert np.abs(one - other).mean() < 1e-4
    assert [epoch["number"] for epoch in trained("tensorflow", start, tmp_path / "jax", 2)] == [1, 2]
