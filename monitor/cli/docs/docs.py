"""`muster docs`: the reference of commands, settings, keys and columns, made from the code."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import Run, emit, shared


@shared
def docs(
    run: Run,
    write: Annotated[bool, typer.Option("--write", help="Write it to the file instead of printing it.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="The file; else the page REFERENCE.md of Muster.")
    ] = None,
) -> None:
    """Print the reference of commands, settings, keys and columns, or write it to a page."""
    from monitor.cli.docs.reference import PAGE, reference

    text = reference()
    if not write and output is None:
        emit({"reference": text}) if run.as_json else typer.echo(text, nl=False)
        return
    file = output or PAGE
    same = file.exists() and file.read_text(encoding="utf-8") == text
    if not same:
        file.write_text(text, encoding="utf-8")
    run.say(f"{file} is {'as it should be' if same else 'written'}.", {"file": str(file), "changed": not same})
