"""What every command shares: its common options, where it writes, and how it writes JSON."""

import getpass
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Concatenate, ParamSpec
from uuid import UUID

import typer
from rich.console import Console, ConsoleDimensions
from rich.text import Text

from monitor.text import printable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from monitor.config import Settings

DbOption = Annotated[str | None, typer.Option("--db", metavar="URL", help="Database URL instead of the user's own.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration file (TOML).", readable=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there already, without asking.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
AsciiOption = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")]
HostOption = Annotated[str, typer.Option(help="Address to listen on; by default only this machine.")]
CertificateOption = Annotated[Path | None, typer.Option(metavar="FILE", help="TLS certificate with its chain, in PEM.")]
KeyOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Private key of the certificate, in PEM.")]

_COMMON = [
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    for name, default, annotation in (
        ("db", None, DbOption),
        ("config", None, ConfigOption),
        ("as_json", False, JsonOption),
    )
]

P = ParamSpec("P")


class Paper(Console):
    """A console that breaks and cuts nothing on its way into a pipe or a file, where no line is too long."""

    @property  # type: ignore[misc]  # nobody sets it
    def size(self) -> ConsoleDimensions:
        return super().size if self.is_terminal else ConsoleDimensions(_ENDLESS, 25)


_ENDLESS = 10_000
"""Cells of a line that no terminal shows."""

out = Paper(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)


@dataclass(frozen=True, slots=True)
class Run:
    """The common options of one command, and who runs it when."""

    db: str | None = None
    config: Path | None = None
    as_json: bool = False

    @property
    def config_file(self) -> Path:
        """The configuration file, which need not exist; the template key lies beside it."""
        from monitor.config import CONFIG_FILE

        return self.config or CONFIG_FILE

    @property
    def at(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)

    @property
    def stamp(self) -> dict[str, Any]:
        """The arguments `at` and `actor` of a use case that changes something: now, and the system's user."""
        return {"at": self.at, "actor": getpass.getuser()}

    def settings(self, **given: Any) -> "Settings":
        """The settings in force; None means not given. Raises: SettingsError."""
        from monitor.config_sources import load_settings

        return load_settings(self.config, db=self.db, **given)

    def database(self, settings: "Settings | None" = None) -> "Engine":
        """The database, for commands that only look and need no key. Raises: DatabaseError."""
        from db.engine import open_database

        return open_database((settings or self.settings()).db, read_only=True)

    def open_store(
        self, settings: "Settings | None" = None, *, create: bool = False, read_only: bool = False
    ) -> "tuple[Engine, TemplateCipher]":
        """The database, and the cipher whose key lies beside the configuration.

        Args:
            settings: loaded where they are not given.
            create: make the database where there is none: for commands that begin to use one.
            read_only: for commands that only look.

        Raises:
            DatabaseError: the database cannot be opened, or the key cannot be read or is another database's.
        """
        from db.engine import open_database
        from db.key_store import cipher_of
        from db.proof.heads import open_with

        engine = open_database((settings or self.settings()).db, create=create, read_only=read_only)
        cipher = cipher_of(engine, self.config_file.parent)
        if not read_only:
            open_with(engine, cipher, self.config_file.parent)
        return engine, cipher

    @contextmanager
    def naming_settings(self) -> Iterator[None]:
        """Where the block finds no database, and neither an option nor a variable named it, the sentence names the file
        with the setting.
        """
        from monitor.errors import MusterError

        try:
            yield
        except MusterError as error:
            if self.db is None and "MUSTER_DB" not in os.environ and error.code == "no-database":
                from db.errors import NoDatabase

                if isinstance(error, NoDatabase):
                    raise NoDatabase(error.place, self.config_file) from None
            raise

    @contextmanager
    def audited(self) -> Iterator["Engine | None"]:
        """The database to write an audit entry into; None where there is no database yet, or no key.

        What the block says in vain, because the database cannot be written, is told on stderr once the command itself
        is done; a command that fails has only its own sentence.
        """
        from db.engine import open_database
        from db.errors import DatabaseError, NoDatabase
        from db.key_store import existing_cipher
        from db.proof.heads import open_with
        from monitor.errors import SettingsError

        folder, lost = self.config_file.parent, None
        try:
            cipher = existing_cipher(folder)
            engine = open_database(self.settings().db, create=False) if cipher is not None else None
            if engine is not None and cipher is not None:
                open_with(engine, cipher, folder)
        except (NoDatabase, SettingsError):
            engine = None
        except DatabaseError as error:
            engine, lost = None, error
        try:
            yield engine
        except DatabaseError as error:
            lost = error
        if lost is not None:
            tell(printable(f"muster: The audit log has no entry of this: {lost}"), err)

    @contextmanager
    def changing_settings(self) -> Iterator[None]:
        """Has the audit log say which settings the block changes in the configuration file."""
        from monitor.desk.kiosk_settings import noting_change

        with self.audited() as engine, noting_change(engine, self.config_file, **self.stamp):
            yield

    def note_export(self, report: str, file: Path | None, **about: Any) -> None:
        """Say in the audit log that a report left the database; `about` as in `desk.exports.note_export`."""
        from monitor.desk.exports import note_export

        with self.audited() as engine:
            if engine is not None:
                note_export(engine, report, file, **about, **self.stamp)

    def note_head(self, engine: "Engine") -> None:
        """Note where the ledger ends, in the file beside the key: at each stop of a kiosk or the app."""
        from db.proof.heads import note
        from monitor.errors import MusterError

        try:
            note(engine, self.at)
        except MusterError as error:
            tell(printable(f"muster: {error}"), err)

    def say(self, sentence: str, record: Mapping[str, Any]) -> None:
        """Print the sentence, or with --json the record."""
        if self.as_json:
            emit(record)
        else:
            tell(printable(sentence, 1200))


def shared(command: Callable[Concatenate[Run, P], None]) -> Callable[..., None]:
    """Give a command the options --db, --config and --json; it gets them as its first argument, a `Run`."""
    own = inspect.signature(command, eval_str=True)

    @wraps(command)
    def with_options(*, db: str | None, config: Path | None, as_json: bool, **given: Any) -> None:
        run = Run(db, config, as_json)
        with run.naming_settings():
            command(run, **given)  # type: ignore[call-arg]

    parameters = [*list(own.parameters.values())[1:], *_COMMON]
    with_options.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {one.name: one.annotation for one in parameters}
    return with_options


def id_of(text: str, what: str, command: str) -> UUID:
    """The id of something ("an act") that a user typed; the command prints them. Raises: UsageError."""
    from monitor.errors import UsageError

    try:
        return UUID(text)
    except ValueError:
        raise UsageError(f"{text!r} is not the id of {what}; see '{command}'.") from None


def instant(text: str, zone: tzinfo) -> datetime:
    """The time that a user typed, in UTC: with its offset, or on the site's clock. Raises: UsageError."""
    from monitor.errors import UsageError

    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a time; give one such as 2026-07-13T14:50.") from None


def tell(text: str, console: Console = out) -> None:
    """Print one line as it is: no markup, no emoji codes, not wrapped at the terminal's width."""
    console.print(Text(text), soft_wrap=True)


def emit(record: "Mapping[str, Any] | DataclassInstance") -> None:
    """Print one JSON object as one line, at once; what the output's encoding lacks is escaped.

    Times are ISO 8601 with their offset from UTC, as everywhere in JSON; a data class is an object with its fields.
    """
    text = json.dumps(record, ensure_ascii=False, default=_json_value)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(record, default=_json_value)
    typer.echo(text)


def _json_value(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def may_replace(file: Path | None, *, force: bool) -> bool:
    """Whether the file that a command is to write may take the place of another; call it before anything is computed.

    Somebody at a terminal is asked. A pipe or a device is written to and replaces nothing.

    Returns:
        The `replace` of what writes the file: false where no file is there yet, so that one that
        another program writes meanwhile is not lost either.

    Raises:
        UsageError: the file is there already, and nobody said that it may be replaced.
    """
    from monitor.errors import UsageError

    if file is None or not file.is_file():
        return force
    if force or (sys.stdin.isatty() and confirmed(f"{printable(str(file))} is there already. Replace it?")):
        return True
    raise UsageError(f"{file} is there already and stays as it was; give another name, or --force to replace it.")


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command writes what it made."""

    file: Path | None
    """None is stdout."""
    replace: bool

    def write(self, data: bytes | Callable[[BinaryIO], None]) -> None:
        """Write to stdout, or the file whole or not at all; then say on stderr where it is.

        Raises:
            MusterError: the file cannot be written, or came to be there meanwhile; what was there is as it was.
        """
        from monitor.files import write_atomically

        if self.file is None:
            if callable(data):
                data(sys.stdout.buffer)
            else:
                sys.stdout.buffer.write(data)
            sys.stdout.flush()
            return
        write_atomically(self.file, data, replace=self.replace)
        if self.file.is_file():
            tell(written(self.file), err)


def written(file: Path, what: str = "") -> str:
    """The sentence that a command says on stderr of the file that it wrote.

    Args:
        what: how much is in it, such as "15 events".
    """
    return printable(f"Written to {file.absolute()}{f': {what}' if what else ''}.", 1200)


def output_to(file: Path | None, *, force: bool) -> Output:
    """The output that a command was given, asked about before anything is computed. Raises: as `may_replace`."""
    return Output(file, may_replace(file, force=force))


def confirmed(question: str) -> bool:
    """Whether somebody at the terminal says yes to a question, which is asked on stderr."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:  # Ctrl+C, or nobody there to answer
        typer.echo(err=True)
        return False
