"""Fixtures that more than one package's tests need."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pictures and clips, where there is one: MUSTER_TEST_DATA, or beside the project."""
    named = os.environ.get("MUSTER_TEST_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real pictures and clips; set MUSTER_TEST_DATA to their folder")
    return folder
