"""Statements about sightings."""

import subprocess
import sys


def test_when_somebody_was_last_seen_can_be_asked_whatever_was_imported_first() -> None:
    """The type of a column that refers to another table is not known before that table is."""
    code = "from db.observations import sightings; print(sightings._LAST_SEEN.compile().binds['person'].type)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "CHAR(32)\n"
