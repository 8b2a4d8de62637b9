"""Training on another machine with `training.emotion.plan`: what goes there, and what comes back."""

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.errors import DataError
from training.emotion.data.batches import pixels_of
from training.emotion.data.fer2013 import Fer2013
from training.emotion.data.mosaic import write_mosaic
from training.emotion.fitting import checkpoint
from training.emotion.fitting.checkpoint import BEST, CHECKPOINT
from training.emotion.model.face_weights import FACES_FOR_STATISTICS, start_of
from training.emotion.plan import NAME, STARTS, VOTES


def pack(data: Fer2013, votes: Path, folder: Path, *, seed: int = 7) -> None:
    """Write what the plan needs: the faces as one picture, the votes, and the weights with which networks begin.

    Raises:
        DataError: a split is missing, or a file cannot be read or written.
        ModelError: the face encoder's weights are missing or damaged.
    """
    splits = [data.split("Training"), data.split("PublicTest")]
    order = np.argsort(np.concatenate([split.rows for split in splits]))
    labels = [(int(label), split.name) for split in splits for label in split.labels]
    faces = np.concatenate([split.faces for split in splits])[order]
    write_mosaic(folder, NAME, faces, [labels[place] for place in order])
    try:
        shutil.copyfile(votes, folder / VOTES)
    except OSError as error:
        raise DataError(f"The votes {votes} cannot be copied: {error.strerror or error}.") from None
    pixels = pixels_of(splits[0].faces[:FACES_FOR_STATISTICS])
    for name in STARTS:
        weights = [weight.astype(np.float16) for weight in start_of(name, pixels, seed)]
        checkpoint.save(folder / f"{name}.start.npz", {"weights": weights}, {})


def collect(folder: Path, runs: Path) -> list[str]:
    """Make a run of each network that a plan wrote to `folder`; returns their names.

    Raises:
        DataError: a file is damaged or cannot be written.
    """
    names = sorted({path.name.split(".")[0] for path in folder.glob("*.0.npz")})
    for name in names:
        weights: list[NDArray[np.float32]] = []
        facts: dict[str, object] = {}
        for number in range(len(list(folder.glob(f"{name}.*.npz")))):
            groups, facts = checkpoint.load(folder / f"{name}.{number}.npz")
            weights += [weight.astype(np.float32) for weight in groups["weights"]]
        for file in (BEST, CHECKPOINT):
            checkpoint.save(runs / name / file, {"weights": weights}, facts)
    return names
