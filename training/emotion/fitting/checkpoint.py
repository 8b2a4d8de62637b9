"""Checkpoint files: arrays and JSON in one .npz, written atomically."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.errors import DataError
from monitor.files import unfinished

CHECKPOINT = "checkpoint.npz"
"""In a run's folder: its state after the last epoch."""
BEST = "best.npz"
"""Beside it: the weights with the best validation accuracy."""
Arrays = list[NDArray[Any]]


def save(path: Path, groups: Mapping[str, Sequence[NDArray[Any]]], facts: Mapping[str, Any]) -> None:
    """Write lists of arrays by name, and facts that JSON can hold, to the .npz file `path`.

    Raises:
        DataError: it cannot be written, for example because the disk is full; the old file survives.
    """
    named = {f"{name}/{number:04d}": array for name, arrays in groups.items() for number, array in enumerate(arrays)}
    facts_array = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(path) as part, part.open("wb") as file:
            np.savez(file, allow_pickle=False, facts=facts_array, **named)
    except OSError as error:
        why = error.strerror or str(error)
        raise DataError(f"The checkpoint {path} cannot be written: {why}; the one before it is kept.") from None


def load_best(run: Path) -> tuple[dict[str, Arrays], dict[str, Any]]:
    """Read the weights of a run with the best validation accuracy, the latest before the first validation.

    Raises:
        DataError: missing or damaged.
    """
    return load(run / (BEST if (run / BEST).exists() else CHECKPOINT))


def load(path: Path) -> tuple[dict[str, Arrays], dict[str, Any]]:
    """Read a file of `save`: the lists of arrays by name, and the facts.

    Raises:
        DataError: missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            groups: dict[str, Arrays] = {}
            for key in sorted(name for name in stored.files if name != "facts"):
                groups.setdefault(key.split("/")[0], []).append(stored[key])
            return groups, json.loads(stored["facts"].tobytes())
    except FileNotFoundError:
        raise DataError(f"There is no checkpoint at {path}; train first.") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"The checkpoint {path} is damaged ({error}); train again in another folder.") from None
