"""What every command shares: its common options, where it writes, and how it writes JSON."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from monitor.config import Settings

DbOption = Annotated[str | None, typer.Option("--db", metavar="URL", help="Database URL instead of the user's own.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration file (TOML).", readable=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
AsciiOption = Annotated[bool, typer.Option("--ascii", help="Draw with plain letters only.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Group(TyperGroup):
    """Commands with their whole first sentences, which Typer cuts off after 45 letters."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        commands = [self.get_command(ctx, name) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(one.name, one.get_short_help_str(1000)) for one in commands if one])


def settings_from(db: str | None, config: Path | None, **given: Any) -> "Settings":
    """The settings in force for one command.

    Raises:
        SettingsError: a setting has a value that makes no sense.
    """
    from monitor.config import load_settings

    return load_settings(config, db=db, **given)


def open_store(
    settings: "Settings", config: Path | None, *, create: bool = False, read_only: bool = False
) -> "tuple[Engine, TemplateCipher]":
    """The database, and the cipher whose key lies beside the configuration.

    Args:
        create: make the database where there is none: for commands that begin to use one.
        read_only: for commands that only look.

    Raises:
        DatabaseError: the database cannot be opened, or the key cannot be read.
    """
    from db.crypto import load_cipher
    from db.engine import open_database
    from monitor.config import CONFIG_FILE

    engine = open_database(settings.db, create=create, read_only=read_only)
    return engine, load_cipher((config or CONFIG_FILE).parent)


def emit(record: Mapping[str, Any]) -> None:
    """Print one JSON object as one line, at once; what the output's encoding lacks is escaped."""
    text = json.dumps(record, ensure_ascii=False, default=str)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(record, default=str)
    typer.echo(text)
