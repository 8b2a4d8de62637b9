"""Checkpoints survive a full disk, and damaged ones are named."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from monitor.errors import DataError
from training.emotion.fitting import checkpoint


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "checkpoint.npz"
    checkpoint.save(file, {"weights": [np.arange(3)]}, {"epochs": 1})

    def half_then_full(target: object, **arrays: object) -> None:
        target.write(b"half")  # type: ignore[attr-defined]
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", half_then_full)
    with pytest.raises(DataError, match="No space left on device; the one before it is kept"):
        checkpoint.save(file, {"weights": [np.arange(4)]}, {"epochs": 2})
    groups, facts = checkpoint.load(file)
    assert groups["weights"][0].tolist() == [0, 1, 2]
    assert facts == {"epochs": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"something else"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "checkpoint.npz"
    file.write_bytes(content)
    with pytest.raises(DataError, match="is damaged"):
        checkpoint.load(file)
