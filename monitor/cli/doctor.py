"""`muster doctor`: whether everything that Muster needs works on this machine."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from monitor.cli.options import Run, emit, out, shared, tell
from monitor.text import printable

if TYPE_CHECKING:
    from monitor.doctor.check import Check


@shared
def doctor(run: Run) -> None:
    """Check Python, camera, its picture, terminal, models, template key, database, disk and clock."""
    from monitor.doctor.check import Status

    failed = 0
    for check in _checks(run):
        failed += check.status is Status.FAIL
        if run.as_json:
            emit(check.as_json())
        else:
            _print(check)
    if failed:
        raise typer.Exit(1)


def _checks(run: Run) -> "Iterator[Check]":
    from monitor.doctor.check import Check, Status
    from monitor.doctor.run import run_checks
    from monitor.errors import SettingsError

    try:
        settings = run.settings()
    except SettingsError as error:
        yield Check("settings", Status.FAIL, str(error), "Correct it; the other checks need the settings.")
        return
    yield from run_checks(settings, run.config, ask_terminal=True, use_camera=True)


def _print(check: "Check") -> None:
    from rich.text import Text

    colour = {"ok": "green", "warn": "yellow", "fail": "red"}[check.status]
    line = Text.assemble((f"{check.status:<5}", colour), (f"{check.name:<15}", "bold"), printable(check.sentence))
    out.print(line, soft_wrap=True)
    if check.advice:
        tell(f"{'':20}{printable(check.advice)}")
