"""The whole kiosk, headless, beside the classic webcam loop on the same clip."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import Engine

from db.crypto import KEY_FILE, TemplateCipher, write_key_file
from db.engine import open_database
from enroll.people.images import enrol_from_images
from monitor.bench.classic import ClassicLoop
from monitor.bench.clips import Clip
from monitor.bench.measure import Measure, timed
from monitor.config import Settings, load_settings
from monitor.domain import RgbImage
from monitor.errors import MusterError
from monitor.pipeline.open_kiosk import open_kiosk
from monitor.sources.file import FileSource


@dataclass(frozen=True, slots=True, eq=False)
class Door:
    """A kiosk's database in a folder that is thrown away, with people in it."""

    settings: Settings
    engine: Engine
    cipher: TemplateCipher
    config: Path
    """An empty configuration file; the template key lies beside it."""


def open_door(folder: Path, photos: dict[str, list[RgbImage]]) -> Door:
    """A new database with the people of these photos enrolled.

    Raises:
        MusterError: a model is missing, or the folder cannot be written.
    """
    settings = load_settings(
        db=f"sqlite:///{folder / 'bench.sqlite3'}",
        source="bench",
        kiosk="bench",
        role="auto",
        detector="blazeface",
        encoder="both",
        mood="individual",
    )
    key = secrets.token_bytes(32)
    write_key_file(folder / KEY_FILE, key, replace=True)
    config = folder / "muster.toml"
    config.touch()
    engine, cipher = open_database(settings.db), TemplateCipher(key)
    enrol_from_images(engine, cipher, photos, at=datetime.now(UTC), actor="bench", consent=("face", "mood"))
    return Door(settings, engine, cipher, config)


def measure_flow(
    door: Door, clip: Clip, classic: ClassicLoop, sample: Sequence[RgbImage], rounds: int
) -> Iterator[Measure]:
    """Frames per second: capture, vision, mood and recorder on every frame, beside the classic loop on a sample."""
    ours, seconds_a_frame = [], []
    for turn in range(rounds):
        ours.append(_kiosk_fps(door, clip))
        seconds_a_frame += [timed(classic.process, rgb)[1] for rgb in sample[turn::rounds]]
    yield Measure(
        f"whole flow, {clip.name}", median(ours), 1 / median(seconds_a_frame), "frames/s", more_is_better=True
    )


def _kiosk_fps(door: Door, clip: Clip) -> float:
    kiosk = open_kiosk(
        door.settings,
        door.engine,
        door.cipher,
        FileSource(clip.file),
        publish_scene=lambda scene: None,
        publish_event=lambda event: None,
    )
    kiosk.start()
    try:
        kiosk.wait()
    finally:
        kiosk.stop()
    summary = kiosk.summary()
    if summary.dropped or not summary.frames:
        raise MusterError(f"{clip.name} was not processed completely and cannot be measured; try another clip.")
    return summary.fps
