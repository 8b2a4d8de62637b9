"""`muster demo`: real faces before a simulated camera, on a database that is thrown away."""

import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import AsciiOption, JsonOption, err, out, tell

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from monitor.cli.kiosk.headless import OnEvent, OnScene
    from monitor.config import Settings

_HEADLESS_SECONDS = 20.0
_COOL_DOWN_MINUTES = 0.2


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Print events instead of showing the app.")] = False,
    json: JsonOption = False,
    seconds: Annotated[float | None, typer.Option(min=1, help="Length; without a terminal 20 by default.")] = None,
    seed: Annotated[int, typer.Option(help="Another number: other people, who come and go in other ways.")] = 1,
    ascii_only: AsciiOption = False,
) -> None:
    """Real faces before a simulated camera: 30 enrolled people and 10 strangers, on a throw-away database."""
    from db.crypto import TemplateCipher
    from db.engine import open_database
    from monitor.config import load_settings

    headless = headless or json or not out.is_terminal
    if headless and seconds is None:
        seconds = _HEADLESS_SECONDS
    with tempfile.TemporaryDirectory(prefix="muster-demo-") as folder:
        settings = load_settings(
            db=f"sqlite:///{Path(folder) / 'demo.sqlite3'}",
            source="demo",
            site="demo",
            kiosk="demo door",
            role="auto",
            cool_down_minutes=_COOL_DOWN_MINUTES,
        )
        engine = open_database(settings.db)
        try:
            cipher = TemplateCipher(secrets.token_bytes(32))
            _play(settings, engine, cipher, seed, seconds, headless=headless, json=json, ascii_only=ascii_only)
        finally:
            engine.dispose()


def _play(
    settings: "Settings",
    engine: "Engine",
    cipher: "TemplateCipher",
    seed: int,
    seconds: float | None,
    *,
    headless: bool,
    json: bool,
    ascii_only: bool,
) -> None:
    from enroll.people.images import enrol_from_images
    from monitor.pipeline.kiosk import Kiosk
    from monitor.pipeline.open_kiosk import open_kiosk
    from monitor.sources.simulated.camera import SimulatedCamera
    from monitor.sources.simulated.score import Scorer

    camera = SimulatedCamera(seed, seconds, realtime=True)
    tell("Enrolling 30 people from 5 photographs each ...", err)
    enrol_from_images(engine, cipher, camera.enrolment(), at=datetime.now(UTC), actor="demo", consent=("face", "mood"))

    def make(on_scene: "OnScene", on_event: "OnEvent") -> Kiosk:
        return open_kiosk(settings, engine, cipher, camera, publish_scene=on_scene, publish_event=on_event)

    if not headless:
        from monitor.desk.store import Store
        from monitor.tui.run import run_app

        run_app(settings, Store(engine, cipher), make, ascii_only=ascii_only)
        return
    from monitor.cli.kiosk.headless import print_summary, run_headless

    scorer = Scorer(SimulatedCamera(seed, seconds))
    summary, check_ins = run_headless(
        make, as_json_lines=json, zone=settings.zone, on_scene=scorer.see, on_event=scorer.hear
    )
    truth = scorer.truth()
    more: dict[str, Any] = {"truth": truth.as_json()} if json else {}
    print_summary(summary, check_ins, as_json_lines=json, **more)
    if not json:
        out.print(
            f"Enrolled visitors in clear view: {truth.visitors}, checked in: {truth.checked_in}.\n"
            f"Correctly identified tracks: {truth.named_right}, misidentified: {truth.named_wrong}.\n"
            f"Strangers in clear view: {truth.strangers}, named: {truth.strangers_named}."
        )
