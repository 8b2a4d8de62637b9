"""A PIN that somebody types for a command."""

import sys

import typer

from monitor.errors import UsageError


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
