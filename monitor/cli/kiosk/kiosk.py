"""`muster kiosk`: check people in at the door."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from monitor.cli.options import AsciiOption, Run, err, instant, out, shared, tell
from monitor.cli.progress import starting
from monitor.text import printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from monitor.cli.kiosk.headless import OnEvent, OnScene
    from monitor.config import Settings
    from monitor.desk.programs.around import Job, Told
    from monitor.desk.store import Store
    from monitor.domain import KioskEvent
    from monitor.pipeline.kiosk import Kiosk
    from monitor.sources.source import FrameSource

    Around: TypeAlias = AbstractContextManager[OnEvent]
    """The programs around a kiosk; gives what hears its events."""
    MakeHeard: TypeAlias = Callable[[OnEvent, OnScene, OnEvent], Kiosk]
    """Makes a kiosk from what hears its events, and what shows its scenes and events."""

TRY_AGAIN_AFTER: Final = 2.0
"""Seconds between two tries to open a database that cannot be opened."""


@shared
def kiosk(
    run: Run,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="SOURCE", help="Camera number, video file, folder of images, or stream URL."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help="When the first frame of a file or folder was taken, on the site's clock: 2026-07-13T14:50.",
        ),
    ] = None,
    rotate: Annotated[
        int | None, typer.Option(metavar="DEGREES", help="Turn the picture clockwise by 0, 90, 180 or 270.")
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Print events instead of showing the app.")] = False,
    detector: Annotated[str | None, typer.Option(help="blazeface or hog.")] = None,
    encoder: Annotated[str | None, typer.Option(help="dlib, sface or both.")] = None,
    role: Annotated[str | None, typer.Option(help="in, out or auto.")] = None,
    liveness: Annotated[
        str | None, typer.Option(help="off, ask (who is in doubt turns the head before checking in) or always.")
    ] = None,
    ascii_only: AsciiOption = False,
) -> None:
    """Check people in at the door, from a camera, a video file, a stream or a folder of images."""
    chosen = {"detector": detector, "encoder": encoder, "role": role, "liveness": liveness}
    given = {"source": source, "rotate": rotate, **chosen}
    while _kiosk(run, given, at, headless=headless, ascii_only=ascii_only):
        headless = False


def _kiosk(run: Run, given: dict[str, str | int | None], at: str | None, *, headless: bool, ascii_only: bool) -> bool:
    """A kiosk with the settings as they are now. Gives whether the app was left to begin once more."""
    headless = headless or run.as_json or not out.is_terminal
    with starting():
        from db.key_store import open_to_others
        from monitor.desk.programs.around import programs_around
        from monitor.desk.store import Store
        from monitor.sources.source import open_source

        settings = run.settings(**given)
        frames = open_source(settings.source, _begins(at, settings))
        store = Store(*open_store(run, settings, wait=frames.live))
        if not headless:
            import monitor.tui.run  # noqa: F401 - that takes as long again
    if key := open_to_others(run.config_file.parent):
        tell(printable(f"muster: Other accounts may read the key in {key}. Run: chmod 600 '{key}'", 1200), err)
    live = settings.liveness_of(live=frames.live) != "off"
    around = programs_around(store.engine, settings, live=live, site=follower(run, settings, store))
    make = partial(_make, run, settings, store, frames, fail_fast=headless)
    if headless:
        _print_events(run, settings, store, around, make)
        if frames.warning:
            tell(f"muster: {printable(frames.warning)}", err)
            raise typer.Exit(3)
        return False
    return _show_app(run, settings, store, around, make, ascii_only=ascii_only)


def _make(
    run: Run,
    settings: "Settings",
    store: "Store",
    frames: "FrameSource",
    hear: "OnEvent",
    on_scene: "OnScene",
    on_event: "OnEvent",
    *,
    fail_fast: bool,
) -> "Kiosk":
    """The kiosk before this source; `hear` gets its events, too."""
    from db.key_store import retired_ciphers
    from monitor.desk.kiosk_settings import note_settings
    from monitor.pipeline.open_kiosk import open_kiosk

    assess = None
    if settings.grow_templates:
        from enroll.faces.examine import gate

        assess = gate(settings.quality)

    def publish(event: "KioskEvent") -> None:
        on_event(event)
        hear(event)

    return open_kiosk(
        settings,
        store.engine,
        store.cipher,
        frames,
        publish_scene=on_scene,
        publish_event=publish,
        assess=assess,
        registered=lambda: note_settings(store.engine, settings, **run.stamp),
        fail_fast=fail_fast,
        older=retired_ciphers(run.config_file.parent),
    )


def _show_app(
    run: Run, settings: "Settings", store: "Store", around: "Around", make: "MakeHeard", *, ascii_only: bool
) -> bool:
    """The kiosk on the screen, until it is left. Gives whether to begin once more."""
    from monitor.cli.kiosk.demo import demo
    from monitor.tui.run import run_app

    with around as hear:
        afterwards = run_app(settings, store, partial(make, hear), ascii_only=ascii_only, config_file=run.config)
    run.note_head(store.engine)
    store.engine.dispose()
    if afterwards == "demo":
        demo(ascii_only=ascii_only)
    return afterwards == "again"


def _print_events(run: Run, settings: "Settings", store: "Store", around: "Around", make: "MakeHeard") -> None:
    """The kiosk without a screen, until its source ends; it learns of people who are changed meanwhile."""
    from monitor.cli.kiosk.headless import looked_after, print_summary, run_headless
    from monitor.desk.change_feed import people_feed

    with ExitStack() as feeds, looked_after(store.engine, store.cipher, settings), around as hear:

        def followed(on_scene: "OnScene", on_event: "OnEvent") -> "Kiosk":
            made = make(hear, on_scene, on_event)
            feed = people_feed(store.engine, made.renew_people)
            feed.start()
            feeds.callback(feed.stop)
            return made

        summary, check_ins = run_headless(followed, as_json_lines=run.as_json, zone=settings.zone)
    run.note_head(store.engine)
    print_summary(summary, check_ins, as_json_lines=run.as_json)


def _begins(at: str | None, settings: "Settings") -> datetime | None:
    """When the first frame was taken, in UTC; a time in the future is said. Raises: UsageError."""
    begins = instant(at, settings.zone) if at else None
    if begins is not None and begins > datetime.now(UTC):
        tell(f"{at} is in the future; entries are written with that time, and each can be voided on Today (F2).", err)
    return begins


def open_store(
    run: Run, settings: "Settings", *, wait: bool, pause: Callable[[float], object] = time.sleep
) -> "tuple[Engine, TemplateCipher]":
    """The database and its cipher; one that is locked will do where it can be read, because a kiosk has its journal.

    Args:
        wait: say why the database cannot be opened and try again, for a door that nobody looks after.

    Raises:
        DatabaseError: it cannot be opened, and waiting is not wanted or does not help.
    """
    from db.errors import DatabaseBusy, DatabaseFull, DatabaseUnavailable, NoDatabase
    from monitor.service import notify

    told = ""
    while True:
        try:
            return run.open_store(settings, create=True)
        except NoDatabase:
            raise
        except (DatabaseBusy, DatabaseFull, DatabaseUnavailable) as error:
            if not wait:
                raise
            if told != str(error):
                told = str(error)
                tell(
                    printable(
                        f"muster: {told} Muster tries again every {TRY_AGAIN_AFTER:.0f} seconds; Ctrl+C ends it.", 1200
                    ),
                    err,
                )
        notify("WATCHDOG=1")
        pause(TRY_AGAIN_AFTER)


def follower(run: Run, settings: "Settings", store: "Store") -> "Job | None":
    """What follows the site beside a kiosk; None where the settings name none."""
    import logging

    from monitor.desk.site import follow_beside

    if not settings.forward:
        return None

    def follow(told: "Told") -> None:
        follow_beside(
            store,
            settings.forward,
            run.config_file.parent,
            clock=lambda: run.at,
            pause=told.wait,
            trouble=logging.getLogger("muster").warning,
        )

    return follow
