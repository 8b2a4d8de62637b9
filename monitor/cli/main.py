"""The command `muster`. Commands import what they need when they run, so that `--help` answers at once."""

import atexit
import errno
import gc
import importlib
import io
import logging
import os
import sys
from functools import cache
from typing import Annotated, Any, NoReturn

import typer
from typer import Abort, TyperException

from monitor.cli.groups import Group, command_group, on_one_screen
from monitor.collector import paused_collector

_COMMANDS = {
    "demo": ("monitor.cli.kiosk.demo", "demo", "with a simulated camera"),
    "kiosk": ("monitor.cli.kiosk.kiosk", "kiosk", "check people in at a door"),
    "review": ("monitor.cli.kiosk.app", "review", "the app without a camera"),
    "enroll": ("monitor.cli.people.enroll", "app", "people from images"),
    "people": ("monitor.cli.people.people", "app", "who is enrolled"),
    "visitors": ("monitor.cli.people.visitors", "app", "unknown faces"),
    "shifts": ("monitor.cli.calendar.shifts", "app", "who is expected when"),
    "holidays": ("monitor.cli.calendar.holidays", "app", "public holidays"),
    "leave": ("monitor.cli.calendar.leave", "app", "who is away, and why"),
    "identify": ("monitor.cli.identify", "identify", "who is on images"),
    "attendance": ("monitor.cli.attendance", "app", "who came when"),
    "mood": ("monitor.cli.reports", "mood", "moods by hour, day, person"),
    "why": ("monitor.cli.gallery.why", "why", "why somebody was named"),
    "train": ("monitor.cli.training.train", "app", "studies and models"),
    "calibrate": ("monitor.cli.gallery.calibrate", "calibrate", "how often it errs"),
    "bench": ("monitor.cli.bench", "bench", "measure this machine"),
    "config": ("monitor.cli.config", "app", "see and change settings"),
    "docs": ("monitor.cli.docs.docs", "docs", "reference of everything"),
    "doctor": ("monitor.cli.doctor", "doctor", "check that all works"),
    "web": ("monitor.cli.kiosk.web", "web", "the app in a browser"),
    "events": ("monitor.cli.programs.events", "events", "the ledger, for programs"),
    "webhooks": ("monitor.cli.programs.webhooks", "app", "tell chat or programs"),
    "serve": ("monitor.cli.programs.serve", "serve", "HTTP for programs"),
    "keys": ("monitor.cli.programs.keys", "app", "keys of 'muster serve'"),
    "kiosks": ("monitor.cli.data.kiosks", "app", "the doors of a site"),
    "rollcall": ("monitor.cli.programs.rollcall", "app", "who is inside"),
    "desk": ("monitor.cli.people.desk", "app", "who works at the desk"),
    "door": ("monitor.cli.programs.door", "app", "open the door by hand"),
    "db": ("monitor.cli.data.database", "app", "back up, verify, purge"),
}
"""Module and attribute of each command, and a few words for `muster --help`, which imports no command."""

_EXTRAS = {
    "training": {
        "jinja2", "keras", "matplotlib", "seaborn", "skops", "sklearn", "tensorboard", "tensorflow", "tf2onnx",
    },
    "jax": {"jax"},
    "serve": {"fastapi", "uvicorn"},
    "parquet": {"pyarrow"},
}  # fmt: skip
"""Modules that commands import, by the extra that brings them."""

_STOPPED = 130
"""The exit code after Ctrl+C."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@cache
def _command(name: str) -> Any:
    """A command, made once: a call asks for it twice, and to make it takes up to 3 ms."""
    module, attribute, _ = _COMMANDS[name]
    with paused_collector(skipping=True):
        found = getattr(importlib.import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name)(found)
        found = alone
    command = typer.main.get_command(found)
    command.name = name
    return on_one_screen(command)


class LazyGroup(Group):
    """Imports the module of a command when that command runs."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _command(cmd_name) if cmd_name in _COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Two columns of commands: there are too many for a line each."""
        told = [f"{name:<11} {text}" for name, (_, _, text) in _COMMANDS.items()]
        half, room = -(-len(told) // 2), formatter.width // 2
        with formatter.section("Commands"):
            for at in range(half):
                right = told[half + at] if half + at < len(told) else ""
                formatter.write(f"  {told[at]:<{room}}{right}".rstrip() + "\n")

    short_commands = format_commands


app = command_group(
    "A terminal check-in kiosk that knows who came in and in what mood.", cls=LazyGroup, completion=True
)


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"muster {version('muster')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)


def main() -> None:
    """Run the command line; every error becomes one line and an exit code."""
    from monitor.errors import KioskHangs, MusterError

    # What is left goes with the process; else Python would look through all of it, twice: a fifth of a report's time.
    atexit.register(gc.freeze)
    # Else pydantic reads the description of every installed package, to find plug-ins that Muster has not.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    os.umask(0o077)  # what Muster writes, exports and logs too, only its owner reads
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a letter that the terminal cannot show becomes "?"
    try:
        code = app(prog_name="muster", standalone_mode=False)
        if code == _STOPPED:  # Typer says nothing about Ctrl+C
            _fail("Stopped.", _STOPPED)
        sys.exit(code)
    except KioskHangs as error:
        typer.echo(f"muster: {error}", err=True)
        sys.stdout.flush()
        os._exit(error.exit_code)  # Python would wait for the thread that hangs
    except MusterError as error:
        _fail(str(error), error.exit_code)
    except TyperException as error:
        _fail_usage(error)
    except UnicodeEncodeError:  # an argument with surrogates, which a database does not take
        _fail("An argument is not valid UTF-8 (a file name or a search text). Type it again.", 2)
    except Abort:
        _fail("Stopped.", _STOPPED)
    except ModuleNotFoundError as error:
        _fail_import(error)
    except Exception as error:  # noqa: BLE001 - what the system did not refuse is raised again
        _fail_system(error)


def _fail_usage(error: TyperException) -> NoReturn:
    text = error.format_message().replace("Value error, ", "").replace("Input should", "it should").rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "muster"
    see = f" See '{command} --help'." if text.endswith("?") else f"; see '{command} --help'."
    _fail(f"{text}{see}", error.exit_code)


def _fail_import(error: ModuleNotFoundError) -> NoReturn:
    module = (error.name or "").partition(".")[0]
    extra = next((extra for extra, modules in _EXTRAS.items() if module in modules), None)
    if extra is None:
        raise error
    _fail(
        f"This command needs the extra '{extra}'; in Muster's folder, start it with "
        f"'uv run --extra {extra} muster ...', or install it with \"uv tool install '.[{extra}]'\".",
        1,
    )


def _fail_system(error: Exception) -> NoReturn:
    """Say what the system refused, in one line; any other error is raised again."""
    from monitor.errors import LOW_MEMORY, short_of_memory

    if _is_interrupted(error):
        _fail("Stopped.", _STOPPED)
    if short_of_memory(error):
        _fail(LOW_MEMORY, 1)
    if not isinstance(error, OSError):
        raise error
    if error.errno in _NO_ROOM:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the text that is still in the buffer
        _fail("There is no room for the output; make room on the disk and try again.", 1)
    if str(error.strerror).startswith("No usable temporary directory"):  # of tempfile
        _fail("No folder for temporary files can be written; name one in the variable TMPDIR.", 1)
    if error.filename is None or error.strerror is None:
        raise error
    _fail(f"{error.filename} cannot be used: {error.strerror}.", 1)


def _is_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl+C is behind an error, as where it comes while a library loads its own parts."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _fail(sentence: str, exit_code: int) -> NoReturn:
    from monitor.text import printable

    typer.echo(f"muster: {printable(sentence)}", err=True)
    sys.exit(exit_code)
