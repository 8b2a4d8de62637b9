"""One worker of a training on several: run by test_strategy with its TF_CONFIG."""

import json
import sys
from pathlib import Path

import numpy as np

from training.emotion.data.fer2013 import Fer2013, Split
from training.emotion.fitting import fit
from training.emotion.fitting.recipe import Recipe
from training.emotion.fitting.strategy import multiworker
from training.emotion.model import networks


def main(folder: Path) -> None:
    strategy = multiworker()
    networks.ARCHITECTURES["tiny"] = lambda: networks.champion(((8, 1), (16, 1)))
    rng = np.random.default_rng(0)
    faces, labels = rng.integers(0, 256, (32, 48, 48)).astype(np.uint8), rng.integers(0, 7, 32)
    data = Fer2013({name: Split(name, faces, labels, np.arange(32)) for name in ("Training", "PublicTest")})
    recipe = Recipe("tiny", epochs=1, batch=16, rate=1e-3, cool_down=0.5, average=0.9)
    epochs = fit.train(folder, data, recipe, None, fit.Progress(on_batch=remember), strategy=strategy)
    print(json.dumps({"loss": epochs[0].loss, "weights": epochs[0].validation_loss, "replicas": replicas(strategy)}))


def remember(number: int, of: int, loss: float, right: float) -> None:
    assert number <= of


def replicas(strategy: object) -> int:
    return int(strategy.num_replicas_in_sync)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
