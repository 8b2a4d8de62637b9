"""`muster people export` and `muster people erase`: what people may ask for under GDPR."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import ConfigOption, DbOption, JsonOption, emit, out
from monitor.cli.people.person import Who, find, say, store
from monitor.errors import MusterError, UsageError
from monitor.text import printable


def export(
    who: Who,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="The ZIP archive to write.")] = None,
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything about a person into a ZIP archive: JSON and images."""
    from monitor.desk.people.export_and_erase import export_name, export_zip

    engine, cipher = store(db, config, read_only=True)
    person = find(engine, who)
    file = output or Path(export_name(person))
    images = export_zip(engine, cipher, person, file, at=datetime.now(UTC))
    say(f"{file} holds everything about {person.name}.", {"file": str(file), "images": images}, as_json)


def erase(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete a person's faces, sightings and moods for good, and print a receipt."""
    from monitor.desk.people.export_and_erase import erase as erase_person

    engine, _ = store(db, config)
    person = find(engine, who)
    if not yes and not _confirmed(f"Erase {printable(person.name)} for good?"):
        raise UsageError("Nothing was erased; answer y, or give --yes.")
    done = erase_person(engine, person, at=datetime.now(UTC), actor=getpass.getuser())
    receipt = done.receipt
    record = {
        "at": receipt.at.isoformat(timespec="seconds"),
        "by": receipt.actor,
        "pseudonyms": [str(pseudonym) for pseudonym in receipt.pseudonyms],
        "templates": receipt.templates,
        "sightings": receipt.sightings,
        "mood_samples": receipt.mood_samples,
        "consents": receipt.consents,
        "attendance_events_kept_under_pseudonym": receipt.events_kept,
        "files_searched": list(done.files_searched),
        "traces_left": done.traces_left,
    }
    if as_json:
        emit({"erased": record})
    else:
        out.print("Receipt of erasure")
        for name, value in record.items():
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            out.print(f"  {name.replace('_', ' ')}: {shown}", markup=False, soft_wrap=True)
    if done.traces_left:
        raise MusterError("Another program still holds the database's log; close it and run 'muster db purge'.")


def _confirmed(question: str) -> bool:
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:  # Ctrl+C, or nobody there to answer
        return False
