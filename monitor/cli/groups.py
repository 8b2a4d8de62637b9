"""Command groups, and help that fits on a screen. Only this module uses Typer's classes;
`tests/monitor/cli/test_groups.py` names each attribute."""

import re
from textwrap import wrap
from typing import Any, Final

import typer
from typer.core import TyperGroup

LINES: Final = 24
"""Of a terminal: no help is longer."""
_COMMON: Final = {
    "_version": "--version", "db": "--db URL", "config": "--config FILE", "as_json": "--json", "json": "--json",
    "install_completion": "--install-completion", "show_completion": "--show-completion", "help": "-h, --help",
}  # fmt: skip
"""The options of every command, by the names of their parameters."""
_NAME: Final = 26
"""Cells of an option's name; the text of a longer one begins behind it."""
_MEANT: Final = {"unite": "merge"}
"""Commands by another word that people use for them."""
_EXTRA: Final = re.compile(r"\s+\[[^\]]*\]$")
_CLAUSE: Final = re.compile(r"[;:] |\. (?=\S)")


class Group(TyperGroup):
    """A group whose help has a sentence of each command, on one line where the help would not fit on a screen."""

    def sentences(self, ctx: Any) -> list[tuple[str, str]]:
        """Name and first sentence of each command."""
        commands = [self.get_command(ctx, name) for name in self.list_commands(ctx)]
        return [(str(one.name), one.get_short_help_str(1000)) for one in commands if one]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(self.sentences(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return on_one_screen(super().get_command(ctx, cmd_name))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        meant = _MEANT.get(args[0], "")
        if meant in self.list_commands(ctx) and not ctx.resilient_parsing:
            ctx.fail(f"There is no command {args[0]!r}: '{ctx.command_path} {meant}' is meant")
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: Any) -> str:
        return _fitting(self, ctx, super().get_help(ctx))

    def short_commands(self, ctx: Any, formatter: Any) -> None:
        """The commands where the whole sentences are too long: one line each."""
        with formatter.section("Commands"):
            _write_rows(self.sentences(ctx), formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Print the help where no command is given; Typer would raise a private exception."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(2)
        if not ctx.resilient_parsing and (told := _help_asked(self, ctx, args)):
            typer.echo(told)
            raise typer.Exit
        return super().parse_args(ctx, args)


def _help_asked(command: Any, ctx: Any, args: list[str]) -> str | None:
    """The help that is asked for, or None. Typer would import Pydantic first, and read all arguments: 0.1 s."""
    for word in args:
        if word in ("-h", "--help"):
            return str(command.get_help(ctx))
        if isinstance(command, Group):
            command = None if word.startswith("-") else command.get_command(ctx, word)
            if command is None:
                return None
            ctx = typer.Context(command, parent=ctx, info_name=word, **command.context_settings)
        elif word == "--":
            return None
    return None


def on_one_screen(command: Any) -> Any:
    """The command, whose help is shortened where it is longer than a screen; a group does so itself."""
    if command is not None and not isinstance(command, Group):
        whole = command.get_help
        command.get_help = lambda ctx: _fitting(command, ctx, whole(ctx))
    return command


def _fitting(command: Any, ctx: Any, whole: str) -> str:
    """The help, or a shorter one where it is longer than a screen: one line an option, the common ones together."""
    if len(whole.splitlines()) <= LINES:
        return whole
    formatter = ctx.make_formatter()
    command.format_usage(ctx, formatter)
    first, _, more = (command.help or "").partition("\n\n")
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(" ".join(first.split()) + (" More: 'muster docs'." if more else ""))
    params = [one for one in command.get_params(ctx) if one.name not in _COMMON]
    records = [record for one in params if (record := one.get_help_record(ctx))]
    common = [told for name, told in _COMMON.items() if any(one.name == name for one in command.get_params(ctx))]
    with formatter.section("Options"):
        _write_rows([*records, (", ".join(common), "")], formatter)
    if isinstance(command, Group):
        command.short_commands(ctx, formatter)
    return str(formatter.getvalue().rstrip("\n"))


def _write_rows(rows: list[tuple[str, str]], formatter: Any) -> None:
    """The name of each, and its text behind it: on one line where a part of the text says enough."""
    wide = max((len(name) for name, _ in rows if len(name) <= _NAME), default=0)
    for name, text in rows:
        begin = max(wide, len(name)) + 4
        first, *more = wrap(_shortened(text, formatter.width - begin), formatter.width - begin) or [""]
        formatter.write(f"  {name:<{wide}}  {first}".rstrip() + "\n")
        for line in more:
            formatter.write(" " * begin + line + "\n")


def _shortened(text: str, room: int) -> str:
    """Without default and range if that is enough, else the first clause."""
    if len(text) <= room:
        return text
    plain = _EXTRA.sub("", text)
    return plain if len(plain) <= room else _CLAUSE.split(plain)[0].rstrip(".") + "."


def command_group(sentence: str, *, cls: type[Group] = Group, completion: bool = False) -> typer.Typer:
    """A group of commands; the sentence is its help."""
    return typer.Typer(
        cls=cls,
        help=sentence,
        add_completion=completion,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
