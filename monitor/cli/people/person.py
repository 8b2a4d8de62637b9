"""What the commands about people share: who is meant, where people are kept, and how a result is said."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import emit, open_store, out, settings_from
from monitor.text import printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from db.records import Person

Who = Annotated[str, typer.Argument(metavar="PERSON", help="A name, a number or an id.")]


def say(sentence: str, record: dict[str, Any], as_json: bool) -> None:
    """Print the sentence, or the record as one line of JSON."""
    if as_json:
        emit(record)
    else:
        out.print(printable(sentence, 1200), markup=False, soft_wrap=True)


def store(db: str | None, config: Path | None, *, read_only: bool = False) -> "tuple[Engine, TemplateCipher]":
    """The database and the cipher that the options name. Raises: SettingsError, DatabaseError."""
    return open_store(settings_from(db, config), config, read_only=read_only)


def find(engine: "Engine", who: str) -> "Person":
    """The one person who is meant. Raises: UsageError."""
    from monitor.desk.people.people import find_person

    return find_person(engine, who)
