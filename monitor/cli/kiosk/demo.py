"""`muster demo`: real faces before a simulated camera, on a database that is thrown away."""

import secrets
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import AsciiOption, JsonOption, err, out, tell
from monitor.cli.progress import progress_bar, starting
from monitor.text import plural

if TYPE_CHECKING:
    from monitor.cli.kiosk.headless import MakeKiosk
    from monitor.config import Settings
    from monitor.desk.store import Store
    from monitor.sources.simulated.camera import SimulatedCamera

_HEADLESS_SECONDS = 20.0
_COOL_DOWN_MINUTES = 0.2
_DAYS = 30
"""Days of past where there is a terminal."""
_STRANGERS = 5
"""How many strangers came before."""


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Print events instead of showing the app.")] = False,
    json: JsonOption = False,
    seconds: Annotated[float | None, typer.Option(min=1, help="Length; without a terminal 20 by default.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another number: other people, who come and go in other ways.")] = 1,
    days: Annotated[
        int | None,
        typer.Option(
            min=0, max=366, help="Days of past: shifts, leave, passages, moods; 30 in a terminal, 0 without one."
        ),
    ] = None,
    ascii_only: AsciiOption = False,
) -> None:
    """Real faces before a simulated camera: 30 enrolled people and 10 strangers, on a throw-away database."""
    with starting():
        from db.crypto import TemplateCipher
        from db.engine import open_database
        from db.proof.heads import open_with
        from monitor.desk.demo import past  # noqa: F401 - its own imports are the longest
        from monitor.desk.store import Store
        from monitor.sources.simulated.camera import SimulatedCamera

    headless = headless or json or not out.is_terminal
    if headless and seconds is None:
        seconds = _HEADLESS_SECONDS
    if days is None:
        days = 0 if headless else _DAYS
    with _ends_in_order(), tempfile.TemporaryDirectory(prefix="muster-demo-") as folder:
        settings = _settings(Path(folder))
        store = Store(open_database(settings.db), TemplateCipher(secrets.token_bytes(32)))
        open_with(store.engine, store.cipher, None)
        try:
            make = _with_people(settings, store, SimulatedCamera(seed, seconds, realtime=True), days, seed)
            if headless:
                _print_events(make, settings.zone, SimulatedCamera(seed, seconds), json=json)
            else:
                from monitor.tui.run import run_app

                run_app(settings, store, make, ascii_only=ascii_only, config_file=Path(folder) / "muster.toml")
        finally:
            store.engine.dispose()


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """Deletes the demo's database, which has faces in it, also where its terminal is closed while people enrol."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    numbers = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores it
    before = {number: signal.signal(number, end) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _settings(folder: Path) -> "Settings":
    """The defaults, and of the user's own settings only those about the machine: no PIN, theme, database or rule."""
    from monitor.config import Settings
    from monitor.config_sources import load_settings

    own = load_settings()
    return Settings.model_construct(
        **own.model_dump(include={"time_zone", "detector", "encoder", "pictures"}),
        backup_every_hours=0,
        db=f"sqlite:///{folder / 'demo.sqlite3'}",
        source="demo",
        site="demo",
        kiosk="demo door",
        liveness="off",
        cool_down_minutes=_COOL_DOWN_MINUTES,
        door_moods=True,
    )


def _with_people(settings: "Settings", store: "Store", camera: "SimulatedCamera", days: int, seed: int) -> "MakeKiosk":
    from monitor.desk.demo import past
    from monitor.desk.demo.team import members
    from monitor.pipeline.open_kiosk import open_kiosk

    now, photos = datetime.now(UTC), {name: some[::2] for name, some in camera.enrolment().items()}
    team = members(list(photos), seed) if days else ()
    if not err.is_terminal:
        tell(f"Enrolling {len(photos)} people from 3 photographs each ...", err)
    enrolling = f"Enrolling {len(photos)} people"
    with progress_bar(enrolling) as show:
        begin, unknown = past.first_instant(days, now, settings), camera.strangers()[:_STRANGERS] if days else []
        strangers = past.enrol(
            store, photos, begin, team=team, strangers=[some[::2] for some in unknown], show=partial(show, enrolling)
        )
        if days:
            passing = f"{plural(days, 'day')} at the door"
            past.play(store, settings, team, days, now, strangers=strangers, seed=seed, show=partial(show, passing))
    return lambda on_scene, on_event: open_kiosk(
        settings, store.engine, store.cipher, camera, publish_scene=on_scene, publish_event=on_event
    )


def _print_events(make: "MakeKiosk", zone: tzinfo, camera: "SimulatedCamera", *, json: bool) -> None:
    from monitor.cli.kiosk.headless import print_summary, run_headless
    from monitor.sources.simulated.score import Scorer

    scorer = Scorer(camera)
    summary, check_ins = run_headless(make, as_json_lines=json, zone=zone, on_scene=scorer.see, on_event=scorer.hear)
    truth = scorer.truth()
    print_summary(summary, check_ins, as_json_lines=json, truth=truth)
    if not json:
        tell(
            f"Enrolled visitors in clear view: {truth.visitors}, checked in: {truth.checked_in}.\n"
            f"Correctly identified tracks: {truth.named_right}, misidentified: {truth.named_wrong}.\n"
            f"Strangers in clear view: {truth.strangers}, named: {truth.strangers_named}."
        )
