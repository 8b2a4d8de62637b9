"""The bar is drawn on terminals only, and what is printed meanwhile stays."""

import io

import pytest
from rich.console import Console

from monitor.cli.progress import progress_bar, starting, working


@pytest.mark.parametrize(
    ("terminal", "hidden", "drawn"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_the_bar_is_drawn_on_a_terminal_unless_it_is_hidden(terminal: bool, hidden: bool, drawn: bool) -> None:
    paper = io.StringIO()
    console = Console(file=paper, force_terminal=terminal, width=100)
    with progress_bar("Looking", console, hidden=hidden) as show:
        show("[red]12 of 48 pictures", 12, 48)
        console.print("a line")
    assert ("[red]12 of 48 pictures" in paper.getvalue()) is drawn
    assert ("25 %" in paper.getvalue()) is drawn
    assert "a line" in paper.getvalue()


def test_a_start_is_said_at_once_and_its_line_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for terminal, said in ((True, "Muster starts ...\r"), (False, "")):
        monkeypatch.setattr("monitor.cli.progress.err", Console(file=io.StringIO(), force_terminal=terminal))
        with starting():
            assert capsys.readouterr().err == said
        assert capsys.readouterr().err.strip() == ""


def test_long_work_says_what_is_done_and_short_work_says_nothing() -> None:
    paper = io.StringIO()
    console = Console(file=paper, force_terminal=True, width=100)
    with working("Deleting rows", console, after=3600) as advance:
        advance(1, 2)
    assert paper.getvalue() == ""
    with working("Deleting rows", console, after=0) as advance:
        advance(250, 1000)
    assert "Deleting rows: 250 of 1,000" in paper.getvalue()
    assert "25 %" in paper.getvalue()
