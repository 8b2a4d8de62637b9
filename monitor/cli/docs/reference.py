"""The reference as Markdown: what each command, setting, key and column is, taken from where it is defined."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

import monitor
from monitor.cli.groups import Group
from monitor.cli.main import app
from monitor.config_sources import usual_settings
from monitor.keys import Keys
from monitor.reports.columns import COLUMNS

if TYPE_CHECKING:
    from monitor.tui.runtime.actions import Action

PAGE: Final = Path(monitor.__file__).parent / "REFERENCE.md"
"""The page in the repository."""
_COMMON: Final = frozenset({"help", "db", "config", "as_json"})
"""Options of every command."""
_PLACES: Final = {
    "app": "everywhere",
    "users": "desk users",
    "sheet": "a person's sheet",
    "desk": "lists",
    "day": "day sheet",
    "review": "captures",
    "capture": "camera",
}


def reference() -> str:
    """The whole page."""
    head = _section(
        "# Reference of Muster",
        "Made from the code by `muster docs --write`; do not edit it.",
        "[Commands](#commands) · [Settings](#settings) · [Keys](#keys) · [Columns of reports](#columns-of-reports)",
    )
    return "\n".join([*head, *_commands(), *_settings(), *_keys(), *_columns()])


def _commands() -> Iterator[str]:
    yield from _section(
        "## Commands",
        "Nearly every command also takes `--db URL`, `--config FILE` and `--json` (one JSON object a line); its "
        "`--help` tells.",
    )
    group: Any = typer.main.get_command(app)
    for words, command in _leaves(group, ("muster",)):
        context = typer.Context(command)
        shown = [one for one in command.params if one.name not in _COMMON and not getattr(one, "hidden", False)]
        arguments = [piece for one in shown for piece in one.get_usage_pieces(context)]
        yield from _section(f"### {' '.join([*words, *arguments])}", " ".join((command.help or "").split()))
        if shown:
            yield from _table(("", "Meaning"), [_told(one, context) for one in shown])


def _leaves(group: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, Group):
            yield from _leaves(command, (*words, name))
        else:
            yield (*words, name), command


def _told(one: Any, context: Any) -> tuple[str, str]:
    """How an argument or option is written, and its sentence."""
    names, sentence = one.get_help_record(context)
    return f"`{names}`", " ".join(sentence.split())


def _settings() -> Iterator[str]:
    yield from _section(
        "## Settings",
        "In `muster.toml`, which `muster config path` names, or as a variable: `site` is `MUSTER_SITE`, `quality.yaw` "
        "is `yaw` in the table `[quality]`, or `MUSTER_QUALITY_YAW`. A variable counts more than the file, an option "
        "more than both. `muster config show` tells where each value comes from; the screen System changes them, too.",
    )
    rows = [
        (f"`{name}`", f"`{default}`" if default else "", sentence)
        for name, default, sentence in usual_settings()
        if not name.startswith("keys.")
    ]
    yield from _table(("Setting", "Default", "Meaning"), rows)


def _keys() -> Iterator[str]:
    from monitor.tui.runtime.actions import ACTIONS

    usual = Keys()
    yield from _section(
        "## Keys",
        "Each key is a setting in the table `[keys]`, by its name: `muster config set keys.merge f8`. One key means "
        "one thing on all screens. Enter, Escape, Tab, the arrows, `j` and `k` are the same in every list.",
    )
    rows = []
    for name, field in Keys.model_fields.items():
        own = [action for action in ACTIONS.values() if action.key == name]
        places = dict.fromkeys(_place_of(action) for action in own)
        rows.append((f"`{usual.shown(name)}`", f"`{name}`", field.description or "", ", ".join(places) or "everywhere"))
    yield from _table(("Key", "Name", "Meaning", "Where"), rows)
    yield from _section("The palette (`Ctrl+P`) finds each of these by its name and by other words for it:")
    actions = [
        (_place_of(action), f"`{usual.shown(action.key)}`", action.title, action.sentence, action.words)
        for action in ACTIONS.values()
    ]
    yield from _table(("Where", "Key", "Action", "Meaning", "Further words"), actions)


def _place_of(action: "Action") -> str:
    return _PLACES.get(action.place, action.place.title())


def _columns() -> Iterator[str]:
    yield from _section("## Columns of reports", "In CSV and XLSX files, and by the same names in JSON.")
    for report, columns in COLUMNS.items():
        yield from _section(f"### Columns of muster {report}")
        yield from _table(("Column", "Meaning"), [(f"`{name}`", sentence) for name, sentence in columns.items()])


def _section(*paragraphs: str) -> Iterator[str]:
    for one in paragraphs:
        yield from (one, "")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""
