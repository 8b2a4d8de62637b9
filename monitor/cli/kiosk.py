"""`muster kiosk`: check people in at the door."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import AsciiOption, ConfigOption, DbOption, JsonOption, open_store, out, settings_from

if TYPE_CHECKING:
    from monitor.cli.headless import OnEvent, OnScene
    from monitor.config import Settings
    from monitor.recording.candidates import Assess


def kiosk(
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="SOURCE", help="Camera number, video file, folder of images, or stream URL."),
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Print events instead of showing the app.")] = False,
    json: JsonOption = False,
    detector: Annotated[str | None, typer.Option(help="blazeface or hog.")] = None,
    encoder: Annotated[str | None, typer.Option(help="onnx or dlib.")] = None,
    role: Annotated[str | None, typer.Option(help="in, out or auto.")] = None,
    ascii_only: AsciiOption = False,
    db: DbOption = None,
    config: ConfigOption = None,
) -> None:
    """Check people in at the door, from a camera, a video file, a stream or a folder of images."""
    from monitor.pipeline.kiosk import Kiosk, open_kiosk
    from monitor.sources.source import open_source

    settings = settings_from(db, config, source=source, detector=detector, encoder=encoder, role=role)
    frames = open_source(settings.source)
    engine, cipher = open_store(settings, config, create=True)
    headless = headless or json or not out.is_terminal

    def make(on_scene: "OnScene", on_event: "OnEvent") -> Kiosk:
        return open_kiosk(
            settings,
            engine,
            cipher,
            frames,
            publish_scene=on_scene,
            publish_event=on_event,
            assess=_gate(settings) if settings.grow_templates else None,
            fail_fast=headless,
        )

    if not headless:
        from monitor.cli.app import run_app

        run_app(settings, engine, cipher, make, ascii_only=ascii_only, config=config)
        return
    from monitor.cli.headless import print_summary, run

    summary, check_ins = run(make, as_json_lines=json, zone=settings.zone)
    if frames.warning:
        typer.echo(f"muster: {frames.warning}", err=True)
    print_summary(summary, check_ins, as_json_lines=json)


def _gate(settings: "Settings") -> "Assess":
    """The gate that images for enrolment pass, for templates that grow; only then enrolment is imported."""
    from enroll.faces.examine import gate

    return gate(settings.quality)
