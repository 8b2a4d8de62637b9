"""`muster why`: why somebody was named at the door, or nobody was."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from monitor.cli.options import Run, emit, out, shared, tell
from monitor.text import local_time, plural, printable

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.desk.days.evidence import Why


@shared
def why(
    run: Run,
    what: Annotated[
        str,
        typer.Argument(metavar="ID|PERSON", help="The id of an entry or a sighting, or a person (the last entry)."),
    ],
    pictures: Annotated[
        Path | None, typer.Option("--pictures", metavar="FOLDER", help="Write the pictures, while they are kept.")
    ] = None,
) -> None:
    """Why somebody was named at the door, or nobody was: similarities, threshold, pictures."""
    from monitor.desk.days.evidence import write_pictures
    from monitor.desk.days.why import why as why_this
    from monitor.desk.days.why import why_latest
    from monitor.desk.people.finding import find_person
    from monitor.errors import UsageError

    settings = run.settings()
    engine, cipher = run.open_store(settings, read_only=True)
    try:
        found = why_this(engine, cipher, settings, UUID(what))
    except ValueError:
        found = why_latest(engine, cipher, settings, find_person(engine, what))
    except UsageError as error:
        try:
            found = why_latest(engine, cipher, settings, find_person(engine, what))
        except UsageError:
            raise error from None
    files = [] if pictures is None else write_pictures(found, pictures)
    if pictures is not None:
        run.note_export("pictures of an entry", pictures)
    if run.as_json:
        emit(found.record() | ({} if pictures is None else {"files": [str(file) for file in files]}))
        return
    _tell(found, settings)
    if pictures is not None:
        tell(f"{plural(len(files), 'picture')} written to {pictures}.")


def _tell(found: "Why", settings: "Settings") -> None:
    from monitor.cli.table import table

    tell(f"{printable(found.title, 80)}, {local_time(found.at, settings.zone)}, {printable(found.kiosk, 40)}.")
    tell(printable(found.sentence, 400) + (" The entry is void now." if found.voided else ""))
    seen = found.sighting
    if seen is not None and found.best is not None:
        scores = [found.best, *([found.runner_up] if found.runner_up else [])]
        rows = [
            (
                printable(score.name or "erased", 40),
                f"{score.similarity:.3f}",
                "" if score.second is None else f"{score.second:.2f}",
            )
            for score in scores
        ]
        rows.append(("Threshold", f"{seen.threshold:.3f}", ""))
        heads = ("Person", {"both": "Joined"}.get(seen.encoders or "", seen.encoders or "dlib"), "SFace")
        out.print(table(heads, rows, fold=heads))
        tell(f"{plural(seen.frames, 'frame')}; enrolled: {plural(found.enrolled, 'image')}.")
    for one in found.otherwise:
        mark = " (as set now)" if one.in_force else ""
        verdict = f"named {printable(one.name, 40)}" if one.name else "named nobody"
        tell(f"With {one.target:.1%} of strangers named{mark}: threshold {one.threshold:.3f}, {verdict}.")
    if found.kept_until is not None:
        tell(f"{plural(len(found.pictures), 'picture')} kept until {local_time(found.kept_until, settings.zone)}.")
    for note in found.notes:
        tell(printable(note, 400))
