"""`muster enroll`: turn images or camera shots into people."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import Run, emit, shared, tell
from monitor.cli.people.consents import ConsentOption, consents_of
from monitor.cli.people.enrolment_report import Tally, tell_batch, tell_person, tell_sum
from monitor.cli.progress import picture_progress
from monitor.text import plural, printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from enroll.camera.session import Shown
    from enroll.imports.batch import ImportBatch
    from enroll.people.store import Enrolment
    from monitor.config import Settings
    from monitor.desk.calendar.lists import Imported

app = command_group("Turn images or camera shots into people with face templates.")

PathArgument = Annotated[
    Path,
    typer.Argument(
        metavar="PATH",
        readable=False,  # Muster's own sentence says why a path cannot be read
        help="A folder (one sub-folder per person, or files named after people), a ZIP, CSV or XLSX.",
    ),
]
GroupOption = Annotated[str | None, typer.Option("--group", help="The group of these people.")]
PersonOption = Annotated[str | None, typer.Option("--person", metavar="NAME", help="All pictures show this person.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, max=64, help="Number of threads; else one per core.")
]


@app.command("import")
@shared
def import_(
    run: Run,
    path: PathArgument,
    consent: ConsentOption = None,
    group: GroupOption = None,
    person: PersonOption = None,
    workers: WorkersOption = None,
) -> None:
    """Enrol people from pictures; for each picture that is not taken, the reason is printed.

    A list with the columns days, from and to also enters the shift of each person; grace, break, paid, valid from,
    valid to and every are read, too.
    """
    from enroll.imports.run import open_batch
    from enroll.people.store import Enrolment
    from monitor.desk.calendar.enrolment_shifts import enter_shifts

    details = Enrolment(**run.stamp, consent=consents_of(consent))
    settings = run.settings()
    with open_batch(path, group=group, only=person) as batch:
        engine, cipher = run.open_store(settings, create=True)
        rejected = _import(run, batch, settings, engine, cipher, details, workers)
    rejected |= _tell_shifts(run, enter_shifts(engine, settings.zone, path, **run.stamp), "entered")
    if rejected:
        raise typer.Exit(3)


@app.command()
@shared
def check(run: Run, path: PathArgument, person: PersonOption = None, workers: WorkersOption = None) -> None:
    """Say which pictures and shifts an import would take and which not, and write nothing."""
    from enroll.imports.run import open_batch
    from enroll.people.store import Enrolment
    from monitor.desk.calendar.enrolment_shifts import check_shifts

    settings = run.settings()
    with _store_to_read(run, settings) as (engine, cipher), open_batch(path, only=person) as batch:
        rejected = _import(run, batch, settings, engine, cipher, Enrolment(**run.stamp), workers, dry_run=True)
    today = run.at.astimezone(settings.zone).date()
    if _tell_shifts(run, check_shifts(path, today), "would be entered") or rejected:
        raise typer.Exit(3)


@app.command()
@shared
def capture(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who stands before the camera.")],
    source: Annotated[str | None, typer.Option(help="Camera number, file or stream; else the one in settings.")] = None,
    supervised: Annotated[
        bool, typer.Option("--supervised", help="Somebody stands by: head turns that are not seen are left out.")
    ] = False,
    consent: ConsentOption = None,
    group: GroupOption = None,
    number: Annotated[str | None, typer.Option("--number", help="Personnel or student number.")] = None,
) -> None:
    """Enrol somebody before the camera, who is coached to five good shots."""
    from monitor.desk.people.enrolment_session import (
        CaptureSession,
        camera_of,
        capture_setup,
        enrol_from,
        enrolment_request,
    )

    agreed = consents_of(consent)
    settings = run.settings(source=source)
    engine, cipher = run.open_store(settings, create=True)
    request = enrolment_request(name, number or "", group or "", agreed, supervised=supervised, **run.stamp)
    setup, session = capture_setup(settings.quality), CaptureSession(_coaching(as_json=run.as_json))
    report = enrol_from(camera_of(setup, settings), setup, engine, cipher, request, session)
    assert report is not None  # nothing stops the session
    tell_person(report, as_json=run.as_json)
    if not report.accepted:
        raise typer.Exit(1)


def _coaching(*, as_json: bool) -> "Callable[[Shown], None]":
    """Prints each hint once, when it changes."""
    last = ""

    def show(shown: "Shown") -> None:
        nonlocal last
        advice = shown.advice
        if advice.taken is not None and as_json:
            emit({"shot": advice.taken.value, "shots": shown.shots})
        if advice.hint != last:
            last = advice.hint
            if as_json:
                emit({"hint": advice.hint, "ask": advice.ask, "shots": shown.shots})
            else:
                tell(f"{plural(shown.shots, 'shot')}: {advice.hint}")

    return show


def _import(
    run: Run,
    batch: "ImportBatch",
    settings: "Settings",
    engine: "Engine",
    cipher: "TemplateCipher",
    details: "Enrolment",
    workers: int | None,
    *,
    dry_run: bool = False,
) -> bool:
    """Whether pictures were rejected."""
    from enroll.imports.run import import_batch

    started = time.monotonic()
    tally = Tally()
    tell_batch(batch, as_json=run.as_json)
    options: dict[str, Any] = {"dry_run": dry_run, "limits": settings.quality, "workers": workers}
    try:
        with picture_progress(as_json=run.as_json) as advance:
            for report in import_batch(batch, engine, cipher, details, **options, on_progress=advance):
                tally.add(report)
                tell_person(report, as_json=run.as_json)
    except KeyboardInterrupt:
        tally.interrupted = True
    tell_sum(tally, batch, time.monotonic() - started, as_json=run.as_json, dry_run=dry_run)
    if tally.interrupted:
        raise typer.Exit(130)
    return bool(tally.rejected)


def _tell_shifts(run: Run, found: "Imported | None", verb: str) -> bool:
    """Print what became of the list's shifts, where it has columns for them; whether rows were left out."""
    if found is None:
        return False
    if run.as_json:
        emit({"shifts": {"added": found.added, "unchanged": found.unchanged, "problems": list(found.problems)}})
        return bool(found.problems)
    unchanged = f", {found.unchanged} there before" if found.unchanged else ""
    tell(f"{plural(found.added, 'shift')} {verb}{unchanged}.")
    for problem in found.problems:
        tell(printable(f"  - {problem}", 500))
    return bool(found.problems)


@contextmanager
def _store_to_read(run: Run, settings: "Settings") -> "Iterator[tuple[Engine, TemplateCipher]]":
    """The database as it is; where there is none yet, an empty one that is deleted afterwards."""
    import tempfile

    from db.crypto import TemplateCipher
    from db.engine import open_database
    from db.errors import NoDatabase

    with tempfile.TemporaryDirectory(prefix="muster-") as folder:
        try:
            store = run.open_store(settings, read_only=True)
        except NoDatabase:
            store = open_database(f"sqlite:///{folder}/empty.sqlite3"), TemplateCipher(bytes(32))
        yield store
