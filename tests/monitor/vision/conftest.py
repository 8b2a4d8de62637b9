"""Weights that are missing or damaged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.vision import models


@pytest.fixture
def spoil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, bytes | None], None]:
    """Puts this content, or nothing, in the place of a model's file: `spoil("BLAZEFACE", b"nonsense")`."""

    def spoil(model: str, content: bytes | None) -> None:
        (tmp_path / "spoilt_models").mkdir()
        if content is not None:
            (tmp_path / "spoilt_models" / "weights").write_bytes(content)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(models, model, getattr(models, model)._replace(package="spoilt_models", name="weights"))

    return spoil
