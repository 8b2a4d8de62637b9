"""`muster people export` and `muster people erase`: what people may ask for under GDPR."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import ForceOption, Run, YesOption, confirmed, emit, may_replace, shared, tell
from monitor.cli.people.options import Who, open_person
from monitor.cli.progress import working
from monitor.errors import MusterError, UsageError
from monitor.text import local_time, printable


@shared
def export(
    run: Run,
    who: Who,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="The ZIP archive to write.")] = None,
    force: ForceOption = False,
) -> None:
    """Write everything about a person into a ZIP archive: JSON and images."""
    from monitor.desk.people.export_and_erase import export_name, export_zip

    engine, cipher, person = open_person(run, who)
    file = output or Path(export_name(person))
    replace = may_replace(file, force=force)
    with working("Writing the archive"):
        images = export_zip(engine, cipher, person, file, replace=replace, **run.stamp)
    run.say(f"{file.absolute()} holds everything about {person.name}.", {"file": str(file), "images": images})


@shared
def erase(run: Run, who: Who, yes: YesOption = False) -> None:
    """Delete a person's faces, sightings and moods for good; and print a receipt."""
    from monitor.desk.maintenance.upkeep import copies
    from monitor.desk.people.export_and_erase import erase as erase_person

    engine, _, person = open_person(run, who)
    if not yes and not confirmed(f"Erase {printable(person.name)} for good?"):
        raise UsageError("Nothing was erased; answer y, or give --yes.")
    with working("Erasing, and searching the files for traces"):
        done = erase_person(engine, person, **run.stamp)
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
        "copies_made_before_and_not_searched": [str(file) for _, file in copies(engine, run.settings())],
    }
    if run.as_json:
        emit({"erased": record})
    else:
        tell("Receipt of erasure")
        for name, value in (record | {"at": local_time(receipt.at, run.settings().zone)}).items():
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            tell(f"  {name.replace('_', ' ')}: {shown}")
    if done.traces_left:
        raise MusterError("Another program still holds the database's log; close it and run 'muster db purge'.")
