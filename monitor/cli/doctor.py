"""`muster doctor`: whether everything that Muster needs works on this machine."""

from collections.abc import Iterator
from contextlib import suppress
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Final

import typer

from monitor.cli.options import Run, emit, out, shared, tell
from monitor.text import printable

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.doctor.check import Check


_BESIDE: Final = 20
"""Cells before the sentence of a check: how it went, and its name."""


@shared
def doctor(
    run: Run,
    privacy: Annotated[
        bool, typer.Option("--privacy", help="Say instead what is kept about whom, where and for how long.")
    ] = False,
) -> None:
    """Check Python, camera, its picture, terminal, models, template key, database, disk and clock."""
    from monitor.doctor.check import Status

    if privacy:
        _tell_privacy(run)
        return
    failed = 0
    for check in _checks(run):
        failed += check.status is Status.FAIL
        if run.as_json:
            emit(check)
        else:
            _print(check)
    if failed:
        raise typer.Exit(1)


def _tell_privacy(run: Run) -> None:
    from monitor.desk.maintenance.upkeep import copies
    from monitor.doctor.privacy import kept, places

    settings = run.settings()
    engine = run.database(settings)
    rows, files = kept(engine, settings), places(engine, run.config_file.parent, copies(engine, settings))
    if run.as_json:
        for row in rows:
            emit(row)
        for file in files:
            emit(file)
        return
    for row in rows:
        how = "sealed with the key" if row.sealed else "readable in the database"
        tell(f"{row.what}, of {row.about}: {row.rows:,}, {how}, kept {row.until}")
    for file in files:
        who = "only its owner reads it" if file.private else "others can read it; take that right away"
        tell(f"{file.what}: {printable(file.file)}, {who}")
    tell("'muster db purge' deletes what is past its time, 'muster people erase NAME' everything about one person.")


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
    yield from _of_database(run, settings)


def _of_database(run: Run, settings: "Settings") -> "Iterator[Check]":
    """Whom this kiosk tells and what the database asks for; where that cannot be read, its check has said why."""
    from db.records.pages import Want
    from monitor.desk.maintenance.attention import attention
    from monitor.desk.maintenance.system import system_view
    from monitor.errors import MusterError

    with suppress(MusterError):
        view = system_view(run.database(settings), settings, run.at, Want(1))
        yield from (*view.connections, *attention(view, settings, run.at))


def _print(check: "Check") -> None:
    from rich.text import Text

    colour = {"ok": "green", "warn": "yellow", "fail": "red"}[check.status]
    first, *more = [line for text in (check.sentence, check.advice) if text for line in _lines(printable(text))]
    head = (f"{check.status:<5}", colour), (f"{check.name:<{_BESIDE - 5}}", "bold")
    out.print(Text.assemble(*head, first), soft_wrap=True)
    for line in more:
        tell(f"{'':{_BESIDE}}{line}", out)


def _lines(text: str) -> list[str]:
    """The text in lines that a terminal does not break within a word or a path; in a pipe one line."""
    if not out.is_terminal:
        return [text]
    return wrap(text, max(_BESIDE, out.width - _BESIDE), break_long_words=False, break_on_hyphens=False)
