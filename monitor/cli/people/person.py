"""How the commands about people find the person who is meant."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import Run

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from db.records.people import Person

Who = Annotated[str, typer.Argument(metavar="PERSON", help="A name, a number or an id.")]


def open_person(run: Run, who: str, *, read_only: bool = False) -> "tuple[Engine, TemplateCipher, Person]":
    """The database, its cipher, and the one person who is meant. Raises: SettingsError, DatabaseError, UsageError."""
    from monitor.desk.people.finding import find_person

    engine, cipher = run.open_store(read_only=read_only)
    return engine, cipher, find_person(engine, who)
