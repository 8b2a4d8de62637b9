"""Files that commands write: none is lost without a word, and each is named."""

import io
import json
import os
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from db.key_store import KEY_FILE, write_key_file
from monitor.cli.options import Output, Paper, Run, confirmed, emit, may_replace, output_to
from monitor.cli.table import table
from monitor.doctor.check import ok
from monitor.errors import MusterError, UsageError


@pytest.fixture
def there(tmp_path: Path) -> Path:
    file = tmp_path / "november.csv"
    file.write_text("of before")
    return file


def test_a_file_that_is_there_stays_where_nobody_can_be_asked(there: Path) -> None:
    with pytest.raises(UsageError, match=r"november\.csv is there already and stays as it was"):
        output_to(there, force=False)
    assert there.read_text() == "of before"


def test_force_replaces_it_and_says_where_it_is(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output_to(there, force=True).write(b"new")
    assert there.read_text() == "new"
    assert capsys.readouterr() == ("", f"Written to {there}.\n")


def test_a_file_that_came_meanwhile_is_not_lost(tmp_path: Path) -> None:
    file = tmp_path / "november.csv"
    output = output_to(file, force=False)
    file.write_text("of another program")
    with pytest.raises(MusterError, match="File exists"):
        output.write(b"new")
    assert (file.read_text(), list(tmp_path.iterdir())) == ("of another program", [file])


def test_without_a_file_it_is_printed_and_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Output(None, replace=False).write(b"a,b\n")
    assert capsys.readouterr() == ("a,b\n", "")


def test_devices_are_not_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    output_to(Path(os.devnull), force=False).write(b"new")
    assert capsys.readouterr().err == ""
    assert not may_replace(None, force=False)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("answer", "code", "content"), [(b"y\n", 0, "new"), (b"n\n", 2, "of before"), (b"\x04", 2, "of before")]
)
def test_at_a_terminal_somebody_is_asked(there: Path, answer: bytes, code: int, content: str) -> None:
    typed, terminal = os.openpty()
    program = (
        "import sys; from pathlib import Path; from monitor.cli.options import output_to\n"
        "from monitor.errors import UsageError\n"
        "try: output_to(Path(sys.argv[1]), force=False).write(b'new')\n"
        "except UsageError: sys.exit(2)"
    )
    os.write(typed, answer)
    done = subprocess.run(
        [sys.executable, "-c", program, str(there)],
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    os.close(typed)
    os.close(terminal)
    assert (done.returncode, there.read_text()) == (code, content)
    assert "november.csv is there already. Replace it? [y/N]" in done.stderr


def test_times_in_json_are_iso_with_their_offset(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"at": datetime(2026, 3, 9, 8, 58, 12, tzinfo=UTC), "day": date(2026, 3, 9)})
    assert json.loads(capsys.readouterr().out) == {"at": "2026-03-09T08:58:12+00:00", "day": "2026-03-09"}


def test_a_data_class_in_json_has_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"checks": (ok("disk", "Much is free."),)})
    assert json.loads(capsys.readouterr().out)["checks"] == [asdict(ok("disk", "Much is free."))]


def test_a_question_that_nobody_answers_is_a_no_on_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert not confirmed("Erase Ada for good?")
    assert capsys.readouterr().err == "Erase Ada for good? [y/N]:\n"


def test_a_table_is_whole_in_a_pipe_and_fits_into_a_terminal() -> None:
    rows = [("N" * 90, "Engines", "2026-03-09")]
    for terminal, lines in ((False, 3), (True, 4)):
        kept = io.StringIO()
        paper = Paper(file=kept, force_terminal=terminal, width=80, height=24)
        paper.print(table(("Name", "Group", "Day"), rows, fold=("Name",)))
        told = kept.getvalue()
        assert told.count("N") == 91, "nothing is cut"
        assert len(told.strip().splitlines()) == lines, "only a terminal breaks it"


def test_a_command_that_fails_has_only_its_own_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_key_file(tmp_path / KEY_FILE, bytes(32), replace=False)
    (tmp_path / "muster.toml").touch()
    run = Run(db=f"sqlite:///{tmp_path}", config=tmp_path / "muster.toml")
    with pytest.raises(UsageError), run.audited():
        raise UsageError("The folder is read-only.")
    assert "audit log" not in capsys.readouterr().err
    with run.audited() as engine:
        assert engine is None
    assert "muster: The audit log has no entry of this:" in capsys.readouterr().err
