"""One recipe on TensorFlow and on JAX: equal gradients, losses and statistics, and one form of checkpoint."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training.emotion.fitting.test_fit import TINY, tiny_data
from training.emotion.fitting import checkpoint, fit
from training.emotion.fitting.checkpoint import CHECKPOINT
from training.emotion.fitting.state import Epoch
from training.emotion.model import networks

SCRIPT = """
import sys
from pathlib import Path
from tests.training.emotion.fitting.test_backends import trained

trained(Path(sys.argv[1]), Path(sys.argv[2]), 1)
"""


def trained(start: Path, folder: Path, epochs: int) -> list[Epoch]:
    """Trains a small network from these weights, or goes on with it, on the backend of this process."""
    networks.ARCHITECTURES["tiny"] = lambda: networks.champion(((8, 1), (16, 1)), dropout=0.0)
    weights = checkpoint.load(start)[0]["weights"]
    recipe = TINY.changed(batch=48, epochs=epochs)
    return fit.train(folder, tiny_data(), recipe, None, fit.Progress(), start=weights)


@pytest.mark.usefixtures("untraced")
def test_both_backends_train_alike_and_read_each_others_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "ARCHITECTURES", dict(networks.ARCHITECTURES))
    start = tmp_path / "start.npz"
    first = networks.champion(((8, 1), (16, 1)), dropout=0.0).get_weights()
    checkpoint.save(start, {"weights": first}, {})
    (tmp_path / "tensorflow.py").write_text("raise ImportError")  # as where it is not installed
    environment = os.environ | {
        "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(tmp_path),
        "XLA_FLAGS": "--xla_backend_optimization_level=0",  # to optimise takes longer than the steps
    }  # fmt: skip
    command = [sys.executable, "-c", SCRIPT, str(start), str(tmp_path / "jax")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=550, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (tensorflow,) = trained(start, tmp_path / "tensorflow", 1)
    _, facts = checkpoint.load(tmp_path / "jax" / CHECKPOINT)
    (jax,) = (Epoch(**one) for one in facts["epochs"])
    for name in ("loss", "validation_loss"):
        assert getattr(jax, name) == pytest.approx(getattr(tensorflow, name), rel=1e-3)
    ours, theirs = (checkpoint.load(tmp_path / name / CHECKPOINT)[0] for name in ("tensorflow", "jax"))
    # After one step Adam's moments are the gradients; the step makes a whole one of a gradient that is but rounding.
    for one, other in zip(ours["optimizer"], theirs["optimizer"], strict=True):
        assert np.abs(one.astype(np.float64) - other).mean() < 1e-4
    for one, other in zip(ours["weights"], theirs["weights"], strict=True):
        assert np.abs(one - other).mean() < 1e-4
    assert [epoch.number for epoch in trained(start, tmp_path / "jax", 2)] == [1, 2]
