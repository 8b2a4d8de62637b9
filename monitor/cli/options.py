"""What every command shares: its common options, where it writes, and how it writes JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from monitor.config import Settings

DbOption = Annotated[str | None, typer.Option("--db", metavar="URL", help="Database URL instead of the user's own.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Configuration file (TOML).")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def settings_from(db: str | None, config: Path | None, **given: Any) -> "Settings":
    """The settings in force for one command.

    Raises:
        SettingsError: a setting has a value that makes no sense.
    """
    from monitor.config import load_settings

    return load_settings(config, db=db, **given)


def emit(record: Mapping[str, Any]) -> None:
    """Print one JSON object as one line, at once."""
    typer.echo(json.dumps(record, ensure_ascii=False, default=str))
