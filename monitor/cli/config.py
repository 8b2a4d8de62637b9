"""`muster config …`: see the settings and where each comes from, and change them."""

import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import Run, shared, tell

if TYPE_CHECKING:
    from monitor.config_sources import SettingInForce

app = command_group("See and change the settings.")

NameArgument = Annotated[str, typer.Argument(metavar="SETTING", help="Its name; quality.yaw for one in a table.")]


@app.command()
@shared
def show(
    run: Run,
    name: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="Only settings with this in the name.")] = None,
) -> None:
    """List each setting: its value, where that comes from (default, file, variable or option), and what it means."""
    from monitor.cli.table import show_list
    from monitor.config_sources import settings_in_force
    from monitor.errors import UsageError
    from monitor.text import printable

    found = [one for one in settings_in_force(run.config, db=run.db) if name is None or name in one.name]
    if not found:
        raise UsageError(f"There is no setting with {name!r} in its name.")

    def record(one: "SettingInForce") -> dict[str, Any]:
        return {"name": one.name, "value": one.value, "from": one.origin, "sentence": one.sentence}

    def cells(one: "SettingInForce") -> list[str]:
        return [one.name, printable(one.value, 200), one.origin, one.sentence]

    heads = ("setting", "value", "from", "meaning")
    end = f"The file is {run.config_file}; options of a command count more than all of these."
    show_list(run, found, record, heads, cells, end, fold=("value", "meaning"))


@app.command()
@shared
def path(run: Run) -> None:
    """Print where the configuration file is."""
    run.say(str(run.config_file), {"file": str(run.config_file), "exists": run.config_file.exists()})


@app.command("set", context_settings={"ignore_unknown_options": True})  # -5 is a value
@shared
def set_(
    run: Run,
    name: NameArgument,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="true or false for a switch; commas between several.")],
) -> None:
    """Write one setting into the configuration file; everything else in it stays, comments too."""
    from monitor.config_file import set_setting
    from monitor.config_sources import SECRET

    with run.changing_settings():
        written = set_setting(run.config_file, name, value)
    if name in SECRET:
        written = "(secret)"
    run.say(
        f"{name} = {json.dumps(written, ensure_ascii=False)} in {run.config_file}. It holds from the next start.",
        {"name": name, "value": written, "file": str(run.config_file)},
    )


@app.command()
@shared
def unset(run: Run, name: NameArgument) -> None:
    """Take one setting out of the configuration file, so that its default holds again."""
    from monitor.config_file import unset_setting

    with run.changing_settings():
        removed = unset_setting(run.config_file, name)
    sentence = f"{name} has its default again." if removed else f"{name} is not in {run.config_file}."
    run.say(sentence, {"name": name, "removed": removed})


@app.command()
@shared
def edit(run: Run) -> None:
    """Open the configuration file in $EDITOR; it is replaced only by a text that makes sense."""
    from monitor.config_file import example, write_file
    from monitor.errors import SettingsError

    file = run.config_file
    text = file.read_text(encoding="utf-8") if file.exists() else example()
    while True:
        edited = _edited(text)
        if edited == text:
            tell("Nothing was changed.")
            return
        try:
            with run.changing_settings():
                write_file(file, edited)
        except SettingsError as error:
            typer.echo(f"muster: {error}", err=True)
            text = edited
            typer.confirm("Edit it once more?", default=True, abort=True)
            continue
        tell(f"{file} is written. It holds from the next start.")
        return


def _edited(text: str) -> str:
    """What the user makes of the text in their editor. Raises: MusterError."""
    from monitor.errors import MusterError, UsageError

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "muster.toml"
        copy.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(copy)], check=True)  # noqa: S603 - the user's own editor
        except subprocess.CalledProcessError as error:
            raise MusterError(
                f"The editor {editor!r} ended with the exit code {error.returncode}, so nothing was changed. Edit "
                "again, or name another editor in EDITOR."
            ) from None
        except (OSError, ValueError):  # there is none of this name, or its quotation marks are not closed
            raise UsageError(f"The editor {editor!r} cannot be started; name another one in EDITOR.") from None
        return copy.read_text(encoding="utf-8")


@app.command("example")
@shared
def example_(run: Run) -> None:
    """Print a configuration file with every setting, its sentence and its default, commented out."""
    from monitor.config_file import example

    run.say(example(), {"example": example()}) if run.as_json else typer.echo(example(), nl=False)
