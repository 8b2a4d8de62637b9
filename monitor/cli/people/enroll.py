"""`muster enroll`: turn images or camera shots into people."""

import getpass
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import ConfigOption, DbOption, JsonOption, emit, open_store, out, settings_from
from monitor.cli.people.enrolment_report import Tally, tell, tell_pile, tell_sum
from monitor.cli.progress import picture_progress

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from db.records import ConsentKind
    from enroll.camera.session import Shown
    from enroll.imports.batch import Pile
    from enroll.people.store import Details
    from monitor.config import Settings

app = command_group("Turn images or camera shots into people with face templates.")

PathArgument = Annotated[
    Path,
    typer.Argument(
        metavar="PATH",
        readable=False,  # what cannot be read is one sentence of ours
        help="A folder (one sub-folder a person, or files named after people), a ZIP, CSV or XLSX.",
    ),
]
ConsentOption = Annotated[
    str, typer.Option("--consent", metavar="WHAT", help="What all of them have agreed to: face, mood or face,mood.")
]
GroupOption = Annotated[str | None, typer.Option("--group", help="The group that they belong to.")]
PersonOption = Annotated[str | None, typer.Option("--person", metavar="NAME", help="All pictures show this person.")]
WorkersOption = Annotated[int | None, typer.Option("--workers", min=1, max=64, help="Threads; else one a core.")]


@app.command("import")
def import_(
    path: PathArgument,
    consent: ConsentOption = "",
    group: GroupOption = None,
    person: PersonOption = None,
    workers: WorkersOption = None,
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol people from pictures; every picture is taken, or it is said why not."""
    from enroll.imports.run import open_pile
    from enroll.people.store import Details

    agreed = _consents(consent)
    settings = settings_from(db, config)
    details = Details(datetime.now(UTC), getpass.getuser(), agreed)
    with open_pile(path, group=group, only=person) as pile:
        engine, cipher = open_store(settings, config, create=True)
        _import(pile, engine, cipher, details, settings, workers, as_json=as_json, dry_run=False)


@app.command()
def check(
    path: PathArgument,
    person: PersonOption = None,
    workers: WorkersOption = None,
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what an import would take and what not, and write nothing."""
    from enroll.imports.run import open_pile
    from enroll.people.store import Details

    settings = settings_from(db, config)
    details = Details(datetime.now(UTC), getpass.getuser())
    with _store_to_read(settings, config) as (engine, cipher), open_pile(path, only=person) as pile:
        _import(pile, engine, cipher, details, settings, workers, as_json=as_json, dry_run=True)


@app.command()
def capture(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who stands before the camera.")],
    source: Annotated[str | None, typer.Option(help="Camera number, file or stream; else the one in settings.")] = None,
    supervised: Annotated[
        bool, typer.Option("--supervised", help="Somebody stands by, so turns that do not come are left out.")
    ] = False,
    consent: ConsentOption = "",
    group: GroupOption = None,
    number: Annotated[str | None, typer.Option("--number", help="Personnel or student number.")] = None,
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol somebody before the camera, who is coached to five good shots."""
    from monitor.desk.people.enrolment_session import CaptureSession, capture_setup, enrol_from, enrolment_request

    agreed = _consents(consent)
    settings = settings_from(db, config, source=source)
    engine, cipher = open_store(settings, config, create=True)
    request = enrolment_request(
        name, number or "", group or "", agreed,
        supervised=supervised, at=datetime.now(UTC), actor=getpass.getuser(),
    )  # fmt: skip
    setup, session = capture_setup(settings.quality), CaptureSession(_coaching(as_json=as_json))
    report = enrol_from(partial(setup.open_source, settings.source), setup, engine, cipher, request, session)
    assert report is not None  # nothing stops the session
    tell(report, as_json=as_json)
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
                out.print(f"[{shown.shots}] {advice.hint}", markup=False)

    return show


def _import(
    pile: "Pile",
    engine: "Engine",
    cipher: "TemplateCipher",
    details: "Details",
    settings: "Settings",
    workers: int | None,
    *,
    as_json: bool,
    dry_run: bool,
) -> None:
    from enroll.imports.run import import_pile

    started = time.monotonic()
    tally = Tally()
    tell_pile(pile, as_json=as_json)
    try:
        with picture_progress(as_json=as_json) as advance:
            for report in import_pile(
                pile,
                engine,
                cipher,
                details,
                dry_run=dry_run,
                limits=settings.quality,
                workers=workers,
                on_progress=advance,
            ):
                tally.add(report)
                tell(report, as_json=as_json)
    except KeyboardInterrupt:
        tally.interrupted = True
    tell_sum(tally, pile, time.monotonic() - started, as_json=as_json, dry_run=dry_run)
    if tally.interrupted:
        raise typer.Exit(130)
    if tally.rejected:
        raise typer.Exit(3)


def _consents(text: str) -> "tuple[ConsentKind, ...]":
    from monitor.errors import UsageError

    agreed: list[ConsentKind] = []
    for word in (part.strip().lower() for part in text.split(",") if part.strip()):
        if word == "face":
            agreed.append("face")
        elif word == "mood":
            agreed.append("mood")
        else:
            raise UsageError(f"{word!r} is nothing that people agree to here; give face, mood or face,mood.")
    return tuple(dict.fromkeys(agreed))


@contextmanager
def _store_to_read(settings: "Settings", config: Path | None) -> "Iterator[tuple[Engine, TemplateCipher]]":
    """The database as it is; where there is none yet, an empty one that vanishes again."""
    import tempfile

    from db.crypto import TemplateCipher, load_cipher
    from db.engine import open_database
    from monitor.config import CONFIG_FILE

    file = Path(settings.db.removeprefix("sqlite:///")).expanduser()
    if not settings.db.startswith("postgresql") and not file.exists():
        with tempfile.TemporaryDirectory(prefix="muster-") as folder:
            yield open_database(f"sqlite:///{folder}/empty.sqlite3"), TemplateCipher(bytes(32))
        return
    yield open_database(settings.db, read_only=True), load_cipher((config or CONFIG_FILE).parent)
