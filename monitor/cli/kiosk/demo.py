"""`muster demo`: real faces before a simulated camera, on a database that is thrown away."""

import secrets
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import AsciiOption, JsonOption, err, out, tell

if TYPE_CHECKING:
    from monitor.cli.kiosk.headless import MakeKiosk
    from monitor.config import Settings
    from monitor.desk.store import Store
    from monitor.sources.simulated.camera import SimulatedCamera

_HEADLESS_SECONDS = 20.0
_COOL_DOWN_MINUTES = 0.2


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Print events instead of showing the app.")] = False,
    json: JsonOption = False,
    seconds: Annotated[float | None, typer.Option(min=1, help="Length; without a terminal 20 by default.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another number: other people, who come and go in other ways.")] = 1,
    ascii_only: AsciiOption = False,
) -> None:
    """Real faces before a simulated camera: 30 enrolled people and 10 strangers, on a throw-away database."""
    from db.crypto import TemplateCipher
    from db.engine import open_database
    from db.proof.heads import open_with
    from monitor.config import Settings, load_settings
    from monitor.desk.store import Store
    from monitor.sources.simulated.camera import SimulatedCamera

    headless = headless or json or not out.is_terminal
    if headless and seconds is None:
        seconds = _HEADLESS_SECONDS
    with tempfile.TemporaryDirectory(prefix="muster-demo-") as folder:
        settings = load_settings(
            backup_every_hours=0,
            db=f"sqlite:///{Path(folder) / 'demo.sqlite3'}",
            source="demo",
            rotate=0,
            site="demo",
            kiosk="demo door",
            role="auto",
            liveness="off",
            cool_down_minutes=_COOL_DOWN_MINUTES,
            admin_pin_hash="",
            theme=str(Settings.model_fields["theme"].default),
            door_moods=True,
        )
        store = Store(open_database(settings.db), TemplateCipher(secrets.token_bytes(32)))
        open_with(store.engine, store.cipher, None)
        try:
            make = _with_people(settings, store, SimulatedCamera(seed, seconds, realtime=True))
            if headless:
                _print_events(make, settings.zone, SimulatedCamera(seed, seconds), json=json)
            else:
                from monitor.tui.run import run_app

                run_app(settings, store, make, ascii_only=ascii_only, config_file=Path(folder) / "muster.toml")
        finally:
            store.engine.dispose()


def _with_people(settings: "Settings", store: "Store", camera: "SimulatedCamera") -> "MakeKiosk":
    from enroll.people.images import enrol_from_images
    from monitor.pipeline.open_kiosk import open_kiosk

    tell("Enrolling 30 people from 5 photographs each ...", err)
    given: dict[str, Any] = {"at": datetime.now(UTC), "actor": "demo", "consent": ("face", "mood")}
    enrol_from_images(store.engine, store.cipher, camera.enrolment(), **given)
    return lambda on_scene, on_event: open_kiosk(
        settings, store.engine, store.cipher, camera, publish_scene=on_scene, publish_event=on_event
    )


def _print_events(make: "MakeKiosk", zone: tzinfo, camera: "SimulatedCamera", *, json: bool) -> None:
    from monitor.cli.kiosk.headless import print_summary, run_headless
    from monitor.sources.simulated.score import Scorer

    scorer = Scorer(camera)
    summary, check_ins = run_headless(make, as_json_lines=json, zone=zone, on_scene=scorer.see, on_event=scorer.hear)
    truth = scorer.truth()
    if json:
        print_summary(summary, check_ins, as_json_lines=True, truth=asdict(truth))
        return
    print_summary(summary, check_ins, as_json_lines=False)
    tell(
        f"Enrolled visitors in clear view: {truth.visitors}, checked in: {truth.checked_in}.\n"
        f"Correctly identified tracks: {truth.named_right}, misidentified: {truth.named_wrong}.\n"
        f"Strangers in clear view: {truth.strangers}, named: {truth.strangers_named}."
    )
