"""What the commands about people share: who is meant, and a PIN that somebody types."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import Run
from monitor.errors import UsageError

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


def typed_pin(question: str, *, again: bool = True) -> str:
    """The PIN, typed unseen; without a terminal, which alone can hide it, the next line of the input.

    Args:
        again: have it typed twice: a new one.
    """
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise UsageError("No PIN was set; type it in a terminal, or send it as a line on standard input.")
        return line
    try:
        return str(typer.prompt(question, hide_input=True, confirmation_prompt="Again" if again else False, err=True))
    except typer.Abort:
        raise UsageError("No PIN was set; type it when it is asked for.") from None
