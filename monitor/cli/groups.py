"""Command groups. Only this module uses Typer's classes; `tests/monitor/cli/test_groups.py` names each attribute."""

from typing import Any

import typer
from typer.core import TyperGroup


class Group(TyperGroup):
    """A group whose help has the whole first sentence of each command; Typer cuts it after 45 letters."""

    def sentences(self, ctx: Any) -> list[tuple[str, str]]:
        """Name and first sentence of each command."""
        commands = [self.get_command(ctx, name) for name in self.list_commands(ctx)]
        return [(str(one.name), one.get_short_help_str(1000)) for one in commands if one]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(self.sentences(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Print the help where no command is given; Typer would raise a private exception."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(2)
        return super().parse_args(ctx, args)


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
