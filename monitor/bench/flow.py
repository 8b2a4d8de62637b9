"""The whole kiosk, headless, beside the classic webcam loop on the same clip."""

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import open_database
from db.key_store import KEY_FILE, write_key_file
from enroll.people.images import enrol_from_images
from monitor.bench.classic import ClassicLoop
from monitor.bench.clips import Clip, frames_of, sample
from monitor.bench.measure import Measure, timed, timed_alone
from monitor.config import Settings
from monitor.config_sources import load_settings
from monitor.domain import RgbImage, Scene, Track
from monitor.errors import MusterError
from monitor.pipeline.frame_counts import KioskSummary
from monitor.pipeline.liveness import LivenessCheck
from monitor.pipeline.open_kiosk import open_kiosk
from monitor.sources.file import FileSource
from monitor.vision.detector import FaceDetector
from monitor.vision.face_mesh import FaceMesh

_EMPTY_SAMPLE = 8
"""Frames of the clip without people on which the detector alone is measured, at least."""


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
        rotate=0,
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
    door: Door, clip: Clip, classic: ClassicLoop, pictures: Sequence[RgbImage], rounds: int
) -> Iterator[Measure]:
    """Frames per second: capture, vision, mood and recorder on every frame, beside the classic loop on a sample; as
    files are read, and with the question of liveness that a camera's faces are asked."""
    asking = replace(door, settings=door.settings.model_copy(update={"liveness": "ask"}))
    doors = {f"whole flow, {clip.name}": door, f"whole flow with liveness 'ask', {clip.name}": asking}
    ours = defaultdict[str, list[float]](list)
    seconds_a_frame = []
    for turn in range(rounds):
        for name, one in doors.items():
            ours[name].append(_kiosk_fps(one, clip))
        seconds_a_frame += [timed(classic.process, rgb)[1] for rgb in pictures[turn::rounds]]
    for name in doors:
        yield Measure(name, median(ours[name]), 1 / median(seconds_a_frame), "frames/s", more_is_better=True)


def measure_undecided(clip: Clip, classic: ClassicLoop, pictures: Sequence[RgbImage]) -> Iterator[Measure]:
    """Processor time of the liveness of the largest face until it is decided: mean of the frames that are judged, 15 a
    second, detection left out. Nothing where the clip shows no face large enough."""
    detector, check = FaceDetector(), LivenessCheck("ask", FaceMesh())
    one, judged = check.begin(), list[float]()
    for frame in frames_of(clip):
        faces = detector.glance(frame.rgb)
        if not faces:
            continue
        face = max(faces, key=lambda found: found.box.area)
        track = Track(1, face, frame.index + 1, 0.0, frame.seconds)
        _, seconds = timed_alone(check.look, one, frame, track, recognised=True)
        if one.last_look == frame.seconds and one.yaw is not None:
            judged.append(seconds)
        if one.decided:
            break
    if judged:
        alone = median(timed_alone(classic.process, rgb)[1] for rgb in pictures)
        yield Measure(f"undecided face, {clip.name}", 1000 * mean(judged), 1000 * alone, "ms/frame")


def measure_empty(door: Door, clip: Clip) -> Iterator[Measure]:
    """Processor time of the whole kiosk a second of a clip without people, beside detection on every frame."""
    frames = sample(clip, _EMPTY_SAMPLE)
    detector = FaceDetector()
    detector.glance(frames[0])
    alone = median(timed_alone(detector.glance, rgb)[1] for rgb in frames)
    marks: list[tuple[float, float]] = []
    _run(door, clip, lambda scene: marks.append((scene.frame.seconds, time.process_time())))
    (began, before), (ended, after) = marks[0], marks[-1]
    fps = (len(marks) - 1) / (ended - began)
    yield Measure(f"empty door, {clip.name}", (after - before) / (ended - began), alone * fps, "of a core")


def _kiosk_fps(door: Door, clip: Clip) -> float:
    summary = _run(door, clip, lambda scene: None)
    if summary.dropped or not summary.frames:
        raise MusterError(f"{clip.name} was not processed completely and cannot be measured; try another clip.")
    return summary.fps


def _run(door: Door, clip: Clip, publish_scene: Callable[[Scene], None]) -> KioskSummary:
    kiosk = open_kiosk(
        door.settings,
        door.engine,
        door.cipher,
        FileSource(clip.file),
        publish_scene=publish_scene,
        publish_event=lambda event: None,
    )
    kiosk.start()
    try:
        kiosk.wait()
    finally:
        kiosk.stop()
    return kiosk.summary()
