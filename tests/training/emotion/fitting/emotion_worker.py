"""One worker of a training on several: run by test_strategy with its TF_CONFIG, or without as one process alone."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.emotion.fitting.strategy import Workers, multiworker

if TYPE_CHECKING:
    from training.emotion.fitting.state import Epoch


def main(folder: Path, epochs: int, copy: Path | None = None) -> None:
    """Trains a small network; `copy` becomes a copy of the folder as it is after the first epoch."""
    workers = multiworker() if "TF_CONFIG" in os.environ else Workers()
    # After `multiworker`, as in the command: nothing may have been computed.
    from training.emotion.data.fer2013 import Fer2013, Split
    from training.emotion.fitting import fit
    from training.emotion.fitting.recipe import Recipe
    from training.emotion.model import networks

    def keep(epoch: "Epoch") -> None:
        if copy is not None and epoch.number == 1:
            shutil.copytree(folder, copy)

    fit.SAVED_EVERY = 0.0
    networks.ARCHITECTURES["tiny"] = lambda: networks.champion(((8, 1),))
    rng = np.random.default_rng(0)
    faces, labels = rng.integers(0, 256, (32, 48, 48)).astype(np.uint8), rng.integers(0, 7, 32)
    data = Fer2013({name: Split(name, faces, labels, np.arange(32)) for name in ("Training", "PublicTest")})
    recipe = Recipe("tiny", epochs=epochs, batch=16, rate=1e-3, cool_down=0.5, average=0.9)
    done = fit.train(folder, data, recipe, None, fit.Progress(on_epoch=keep, on_batch=remember), workers=workers)
    print(
        json.dumps(
            {"loss": done[-1].loss, "validation": done[-1].validation_loss, "tensorflow": "tensorflow" in sys.modules}
        )
    )


def remember(number: int, of: int, loss: float, right: float) -> None:
    assert number <= of


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *map(Path, sys.argv[3:]))
