"""The parts of `muster bench`; each figure has a baseline that was measured in the same run."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, cached_property, partial
from importlib.util import find_spec
from pathlib import Path

from monitor.bench.classic import ClassicLoop
from monitor.bench.clips import Clip, sample, simulated_clip
from monitor.bench.flow import Door, measure_empty, measure_flow, measure_undecided, open_door
from monitor.bench.matching import measure_matching, measure_memory
from monitor.bench.measure import Measure
from monitor.bench.startup import measure_startup
from monitor.bench.vision import chips_on, measure_detection, measure_encoder
from monitor.domain import RgbImage
from monitor.errors import UsageError
from monitor.sources.simulated.people import cast, photo


@dataclass(frozen=True, slots=True)
class Effort:
    """How much of each part is measured."""

    chips: int
    """ORL faces that are encoded; 40 people have one each."""
    frames: int
    """Frames of each clip for the classic loop and the detectors, at least."""
    rounds: int
    """Turns that both sides take, alternately."""
    seconds: float
    """Length of the simulated clips."""
    people: tuple[int, ...]
    """Sizes of the galleries."""
    enrolled: int
    """People in the kiosk's gallery, 5 or more."""


FULL = Effort(chips=40, frames=9, rounds=3, seconds=4.0, people=(10_000, 1_000_000), enrolled=10)
QUICK = Effort(chips=6, frames=2, rounds=1, seconds=1.5, people=(10_000,), enrolled=5)
_PROBES = 15
_PHOTOS = 3
"""Photos that enrol a person."""


def run_bench(
    parts: Sequence[str] = (), clips: Sequence[Path] = (), effort: Effort = FULL, *, say: Callable[[str], None]
) -> Iterator[Measure]:
    """Measure, one part after the other.

    Args:
        parts: names from `PARTS`; empty for all.
        clips: video files; empty for two of the simulated camera, with one face and with five.
        say: called with the name of the part that begins.

    Raises:
        UsageError: a part of that name does not exist, or face_recognition is needed and not installed.
        SourceError: a clip cannot be read.
        MusterError: a model is missing, or no temporary folder can be written.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise UsageError(f"Unknown part {unknown[0]!r}; use {', '.join(PARTS)}.")
    if {"flow", "liveness", "startup"} & set(parts or PARTS) and find_spec("face_recognition") is None:
        raise UsageError(
            "The classic loop of 'face_recognition' is not installed; start 'uv run --extra bench muster bench', or "
            "measure without it: --only encoder --only detection --only matching."
        )
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder, ExitStack() as ends:
        stage = _Stage(Path(folder), tuple(clips), effort, ends)
        for part in parts or PARTS:
            say(part)
            yield from PARTS[part](stage)


class _Stage:
    """Photos, clips and door that several parts share, made at first use."""

    def __init__(self, folder: Path, files: tuple[Path, ...], effort: Effort, ends: ExitStack) -> None:
        self.ends = ends
        self.folder = folder
        self.effort = effort
        self.files = files
        self.sample = cache(partial(sample, count=effort.frames))
        if files:
            for clip in self.clips:
                self.sample(clip)

    @cached_property
    def photos(self) -> dict[str, list[RgbImage]]:
        known = [one for one in cast(1) if one.name][: self.effort.enrolled]
        return {str(one.name): [photo(portrait) for portrait in one.enrolment[:_PHOTOS]] for one in known}

    @cached_property
    def clips(self) -> list[Clip]:
        if self.files:
            return [Clip(file, file.name) for file in self.files]
        known = tuple(one for one in cast(1) if one.name)
        return [simulated_clip(self.folder, known, faces, self.effort.seconds) for faces in (1, 5)]

    @cached_property
    def door(self) -> Door:
        made = open_door(self.folder, self.photos)
        self.ends.callback(made.engine.dispose)
        return made

    @cached_property
    def classic(self) -> ClassicLoop:
        return ClassicLoop([pictures[0] for pictures in self.photos.values()])


def _encoder(stage: _Stage) -> Iterator[Measure]:
    orl = [photo(one.seen[0]) for one in cast(1)[: stage.effort.chips]]
    yield from measure_encoder(chips_on(orl), "ORL faces")
    if stage.files:
        for clip in stage.clips:
            chips = chips_on(stage.sample(clip))
            if len(chips):
                yield from measure_encoder(chips, clip.name)


def _flow(stage: _Stage) -> Iterator[Measure]:
    for clip in stage.clips:
        yield from measure_flow(stage.door, clip, stage.classic, stage.sample(clip), stage.effort.rounds)


def _liveness(stage: _Stage) -> Iterator[Measure]:
    for clip in stage.clips:
        yield from measure_undecided(clip, stage.classic, stage.sample(clip))


def _empty(stage: _Stage) -> Iterator[Measure]:
    clip = simulated_clip(stage.folder, (), 0, stage.effort.seconds)
    yield from measure_empty(stage.door, clip)


def _detection(stage: _Stage) -> Iterator[Measure]:
    for clip in stage.clips:
        yield from measure_detection(stage.sample(clip), clip.name)


def _matching(stage: _Stage) -> Iterator[Measure]:
    for people in stage.effort.people:
        yield from measure_matching(people, _PROBES)
    yield from measure_memory(stage.effort.people[0])


def _startup(stage: _Stage) -> Iterator[Measure]:
    clip = stage.clips[0]
    yield from measure_startup(stage.door, clip, stage.sample(clip)[0], stage.effort.rounds)


PARTS: dict[str, Callable[[_Stage], Iterator[Measure]]] = {
    "encoder": _encoder,
    "flow": _flow,
    "liveness": _liveness,
    "empty": _empty,
    "detection": _detection,
    "matching": _matching,
    "startup": _startup,
}
"""The measurements by name."""
