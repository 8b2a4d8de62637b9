"""Groups of commands, what they need of Typer, and completion through commands that are imported late."""

import os
import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from monitor.cli.groups import Group
from monitor.cli.main import app

NEEDED = {
    "Group.parse_args": (TyperGroup, "parse_args", "a group without a command shows a traceback instead of its help"),
    "Group.list_commands": (TyperGroup, "list_commands", "the list of commands is empty"),
    "Group.get_command": (TyperGroup, "get_command", "no command is found, for commands are imported here"),
    "Group.resolve_command": (
        TyperGroup,
        "resolve_command",
        "'people unite' does not say that 'people merge' is meant",
    ),
    "Context.fail": (typer.Context, "fail", "'people unite' does not say that 'people merge' is meant"),
    "Group.format_commands": (TyperGroup, "format_commands", "sentences in the list of commands are cut off"),
    "Command.format_usage": (TyperCommand, "format_usage", "a help that is shortened has no first line"),
    "Command.get_params": (TyperCommand, "get_params", "a help that is shortened has no options"),
    "Command.get_help": (TyperCommand, "get_help", "no help is shortened"),
    "Group.get_short_help_str": (TyperGroup, "get_short_help_str", "a command in the list has no sentence"),
    "Context.get_help": (typer.Context, "get_help", "a group without a command cannot explain itself"),
    "Context.command_path": (typer.Context, "command_path", "an error does not say which --help to look at"),
    "TyperException.format_message": (typer.TyperException, "format_message", "wrong usage is not one sentence"),
    "TyperException.exit_code": (typer.TyperException, "exit_code", "wrong usage does not exit with 2"),
    "main.get_command": (typer.main, "get_command", "no command can be run"),
}


@pytest.mark.parametrize("name", NEEDED)
def test_typer_still_has_what_is_used_of_it(name: str) -> None:
    owner, attribute, breaks = NEEDED[name]
    assert hasattr(owner, attribute), breaks


def test_a_context_still_says_whether_it_only_completes() -> None:
    seen = typer.main.get_command(app).make_context("muster", [], resilient_parsing=True)
    assert seen.resilient_parsing, "completion after a group's name prints its help"


@pytest.mark.parametrize("words", [[], ["people"], ["db"], ["enroll"], ["train"]])
def test_a_group_without_a_command_explains_itself_as_wrong_usage(words: list[str]) -> None:
    done = CliRunner().invoke(app, words, prog_name="muster")
    assert (done.exit_code, done.stdout) == (2, "")
    assert " ".join(["Usage: muster", *words, "[OPTIONS] COMMAND"]) in done.stderr


@pytest.mark.parametrize("group", ["people", "visitors"])
def test_unite_says_that_merge_is_meant(group: str) -> None:
    done = CliRunner().invoke(app, [group, "unite", "ada", "grace"], prog_name="muster")
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"There is no command 'unite': 'muster {group} merge' is meant" in " ".join(done.stderr.split())


def commands(group: Group, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The words of every command and group."""
    context = typer.Context(group)
    found = [words]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found += commands(command, (*words, name)) if isinstance(command, Group) else [(*words, name)]
    return found


ALL = commands(typer.main.get_command(app))  # type: ignore[arg-type]


def test_there_are_as_many_commands_as_ever() -> None:
    assert len(ALL) > 40


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_has_a_help_that_fits_on_a_screen_and_names_every_option_and_command(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = CliRunner().invoke(app, [*words, "-h"], prog_name="muster")
    told = done.stdout.rstrip()
    assert (done.exit_code, told.startswith(" ".join(["Usage: muster", *words]))) == (0, True)
    assert len(told.splitlines()) <= 24
    assert max(map(len, told.splitlines())) <= 80
    assert "…" not in told.replace("N,N,…", "").replace("https://…", ""), "no sentence is cut"
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.get_command(typer.Context(command), word)
    for one in command.params:
        assert one.param_type_name == "argument" or one.opts[0] in told
    assert all(
        name in told for name in (command.list_commands(typer.Context(command)) if isinstance(command, Group) else ())
    )


def test_the_version_is_the_installed_one() -> None:
    from importlib.metadata import version

    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"muster {version('muster')}\n")


def completed(words: str) -> list[str]:
    """What bash offers after these words."""
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_MUSTER_COMPLETE": "complete_bash"}
    command = [sys.executable, "-m", "monitor.cli"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | asked, check=False, timeout=400)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("muster pe", ["people"]),
        ("muster people re", ["rename", "review-growth", "re-encode"]),
        ("muster db purge --dr", ["--dry-run"]),
        (
            "muster train ",
            [
                "eigenfaces",
                "emotion",
                "evaluate",
                "explain",
                "export",
                "report",
                "layers",
                "answers",
                "pack",
                "collect",
            ],
        ),
    ],
)
def test_words_are_completed_through_commands_that_are_imported_late(words: str, offered: list[str]) -> None:
    assert completed(words) == offered


def test_completion_is_offered_for_the_whole_program_only() -> None:
    assert "--install-completion" in CliRunner().invoke(app, ["--help"]).stdout
    assert "--install-completion" not in CliRunner().invoke(app, ["people", "--help"]).stdout
