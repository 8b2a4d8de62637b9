"""The clips to measure on: given files, or a video of the simulated camera; and samples of their frames."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import cv2

from monitor.domain import Frame, RgbImage
from monitor.errors import MusterError
from monitor.sources.file import FileSource
from monitor.sources.simulated.choreography import Key, Visit
from monitor.sources.simulated.people import Portrait, Subject
from monitor.sources.simulated.scenery import hall, light_at, through_the_lens
from monitor.sources.simulated.sprites import draw_person

_FPS = 30.0
_SEED = 1
_SPOTS: dict[int, tuple[tuple[float, float], ...]] = {
    0: (),
    1: ((320.0, 96.0),),
    5: ((76.0, 60.0), (200.0, 68.0), (320.0, 76.0), (440.0, 68.0), (564.0, 60.0)),
}
"""By number of people: for each person, x of the face's centre and width of the face, in pixels."""


_IN_VIEW = {0: "nobody", 1: "one face", 5: "five faces"}


@dataclass(frozen=True, slots=True)
class Clip:
    """A video file and its name in the results."""

    file: Path
    name: str


def simulated_clip(folder: Path, people: tuple[Subject, ...], faces: int, seconds: float) -> Clip:
    """A video of people who stand before the simulated camera: 640x480, 30 frames a second, MPEG-4.

    Args:
        people: the first `faces` of them are in the video.
        faces: 0, 1 or 5.

    Raises:
        MusterError: the folder cannot be written.
    """
    visits = [
        Visit(n, subject, -1.0 - n / 7, (Key(0.0, x, size), Key(600.0, x, size)), _shots(subject), 0.1, float(n))
        for n, (subject, (x, size)) in enumerate(zip(people, _SPOTS[faces], strict=False))
    ]
    file = folder / f"simulated-{faces}.mp4"
    write_clip(file, (_picture(visits, index) for index in range(round(seconds * _FPS))))
    return Clip(file, f"simulated camera, {_IN_VIEW[faces]}")


def write_clip(file: Path, pictures: Iterable[RgbImage]) -> None:
    """Write pictures, each uint8 (h, w, 3) RGB of one size, as a video.

    Raises:
        MusterError: it cannot be written.
    """
    rest = iter(pictures)
    first = next(rest)
    size = first.shape[1], first.shape[0]
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), _FPS, size)
    if not writer.isOpened():
        raise MusterError(f"The video {file} cannot be written; check the disk and its free space.")
    for picture in chain([first], rest):
        writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    writer.release()


def sample(clip: Clip, count: int) -> list[RgbImage]:
    """At least `count` frames spread evenly over a clip, or all where there are fewer.

    Raises:
        SourceError: the clip cannot be read.
    """
    kept: list[RgbImage] = []
    stride = 1
    for index, frame in enumerate(frames_of(clip)):
        if index % stride == 0:
            kept.append(frame.rgb)
        if len(kept) > 2 * count:
            kept, stride = kept[::2], 2 * stride
    return kept


def frames_of(clip: Clip) -> Iterator[Frame]:
    """All frames of a clip, in order. Raises: SourceError, it cannot be read."""
    source = FileSource(clip.file)
    source.open()
    try:
        while (frame := source.read()) is not None:
            yield frame
    finally:
        source.close()


def _shots(subject: Subject) -> tuple[tuple[float, Portrait], ...]:
    return tuple((1.4 * n, portrait) for n, portrait in enumerate(subject.seen))


def _picture(visits: list[Visit], index: int) -> RgbImage:
    seconds = index / _FPS
    frame = hall().copy()
    for visit in visits:
        pose = visit.pose(seconds)
        if pose is not None:
            draw_person(frame, visit.subject.number, pose)
    return through_the_lens(frame, light_at(seconds, 0.0), index, _SEED)
