"""`muster docs`: printed, and written to a page."""

import json
from pathlib import Path

from typer.testing import CliRunner

from monitor.cli.main import app


def test_the_reference_is_printed_or_written_and_written_once_only(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    printed = CliRunner().invoke(app, ["docs"]).stdout
    assert printed.startswith("# Reference of Muster\n")
    told = [json.loads(CliRunner().invoke(app, ["docs", "--output", str(page), "--json"]).stdout) for _ in range(2)]
    assert [one["changed"] for one in told] == [True, False]
    assert page.read_text(encoding="utf-8") == printed
