"""What every training command begins with."""

import os

import pytest

from monitor.cli.training import start


def test_the_number_of_threads_holds_for_jax_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "import_module", lambda name: None)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("PJRT_NPROC", "8")
    start.start_backend()
    assert os.environ["PJRT_NPROC"] == "8"
    start.start_backend(threads=2)
    assert os.environ["PJRT_NPROC"] == "2"
