"""FER2013, from its CSV or from image folders; every broken row or file is reported.

Goodfellow et al., "Challenges in Representation Learning" (2013): 48x48 grey faces in seven classes.
"""

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.errors import DataError

SIDE = 48
"""Width and height of a FER2013 picture, in pixels."""

SPLITS = ("Training", "PublicTest", "PrivateTest")
"""The values of FER2013's Usage column."""

FOLDER_SPLITS = {"train": "Training", "test": "PublicTest", "validation": "PublicTest"}
FOLDER_NAMES = {name: number for number, name in enumerate(EMOTIONS)} | {"surprised": 5, "fearful": 2, "disgusted": 1}
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".pgm"})

Skip = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One split of the data set."""

    name: str
    faces: NDArray[np.uint8]
    """uint8 (n, 48, 48), grey."""
    labels: NDArray[np.int64]
    """int64 (n,), 0 to 6 in the order of `monitor.domain.EMOTIONS`."""
    rows: NDArray[np.int64]
    """int64 (n,): the data row of each face in the CSV; counts from 0 and includes broken rows."""

    def __post_init__(self) -> None:
        if self.faces.shape != (len(self.labels), SIDE, SIDE) or self.faces.dtype != np.uint8:
            raise ValueError(f"faces are uint8 (n, 48, 48), not {self.faces.dtype} {self.faces.shape}")

    def __len__(self) -> int:
        return len(self.labels)

    def counts(self) -> NDArray[np.int64]:
        """int64 (7,): faces per class."""
        return np.bincount(self.labels, minlength=len(EMOTIONS))

    def head(self, count: int) -> "Split":
        """The first `count` faces, for trials."""
        return Split(self.name, self.faces[:count], self.labels[:count], self.rows[:count])


@dataclass(frozen=True, slots=True, eq=False)
class Fer2013:
    """All splits that the file or folder holds."""

    splits: dict[str, Split]
    skipped: tuple[str, ...] = ()
    """One sentence for each broken row or file."""

    def split(self, name: str) -> Split:
        """The split with this name.

        Raises:
            DataError: the name is unknown, or the split is empty.
        """
        if name not in SPLITS:
            raise DataError(f"There is no split named {name!r}; the splits are {', '.join(SPLITS)}.")
        if name not in self.splits or not len(self.splits[name]):
            raise DataError(f"The data has no faces in its {name} split; give a file or folder that has some.")
        return self.splits[name]

    def head(self, count: int) -> "Fer2013":
        """The first `count` faces of every split, for trials."""
        return Fer2013({name: split.head(count) for name, split in self.splits.items()}, self.skipped)


def load_fer2013(path: Path, *, strict: bool = False) -> Fer2013:
    """Read FER2013 from `path`: a CSV (plain or .gz), or a folder with train/<emotion>/ and test/<emotion>/.

    Args:
        strict: stop at the first broken row or file instead of skipping it.

    Raises:
        DataError: the path is missing, of another form, without faces, or has a broken row or file and `strict`.
    """
    if not path.exists():
        raise DataError(f"There is no training data at {path}; give FER2013's CSV or its folder of images.")
    skipped: list[str] = []

    def skip(why: str) -> None:
        if strict:
            raise DataError(f"{why} (--strict stops here).")
        skipped.append(f"{why}.")

    items = _from_folder(path, skip) if path.is_dir() else _from_csv(path, skip)
    found: dict[str, list[tuple[NDArray[np.uint8], int, int]]] = {}
    for split, face, label, row in items:
        found.setdefault(split, []).append((face, label, row))
    if not found:
        raise DataError(f"{path} holds no usable face ({len(skipped)} broken rows or files); is it FER2013?")
    return Fer2013({name: _stack(name, rows) for name, rows in found.items()}, tuple(skipped))


def _stack(name: str, rows: list[tuple[NDArray[np.uint8], int, int]]) -> Split:
    faces, labels, numbers = zip(*rows, strict=True)
    return Split(name, np.stack(faces), np.array(labels, np.int64), np.array(numbers, np.int64))


def _from_csv(path: Path, skip: Skip) -> Iterator[tuple[str, NDArray[np.uint8], int, int]]:
    try:
        with _open_text(path) as lines:
            reader = csv.reader(lines)
            header = [name.strip() for name in next(reader, [])]
            if header[:3] != ["emotion", "pixels", "Usage"]:
                raise DataError(
                    f"{path} begins with the columns {','.join(header)[:80]!r}; FER2013's are emotion,pixels,Usage."
                )
            for number, row in enumerate(reader):
                try:
                    yield *_face_of(row), number
                except ValueError as error:
                    skip(f"Row {number + 2} of {path.name} {error}")
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}.") from None


def _open_text(path: Path) -> io.TextIOWrapper:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    # TextIOWrapper closes the file.
    raw = cast("BinaryIO", gzip.GzipFile(path)) if zipped else path.open("rb")
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


def _face_of(row: list[str]) -> tuple[str, NDArray[np.uint8], int]:
    if len(row) != 3:
        raise ValueError(f"has {len(row)} columns instead of 3")
    label, split = row[0].strip(), row[2].strip()
    if not (label.isascii() and label.isdigit() and int(label) < len(EMOTIONS)):
        raise ValueError(f"has the unknown label {label[:20]!r}; labels are 0 to 6")
    if split not in SPLITS:
        raise ValueError(f"has the unknown Usage {split[:20]!r}")
    try:
        values = np.fromstring(row[1], np.int64, sep=" ")  # six times as fast as int() for each number
    except ValueError:
        raise ValueError("has a pixel that is not a whole number") from None
    if len(values) != SIDE * SIDE:
        raise ValueError(f"has {len(values)} pixels instead of {SIDE * SIDE}")
    if values.min() < 0 or values.max() > 255:
        raise ValueError(f"has a pixel of {values.max() if values.max() > 255 else values.min()}, outside 0 to 255")
    return split, values.astype(np.uint8).reshape(SIDE, SIDE), int(label)


def _from_folder(path: Path, skip: Skip) -> Iterator[tuple[str, NDArray[np.uint8], int, int]]:
    folders = {name: path / name for name in FOLDER_SPLITS if (path / name).is_dir()}
    if not folders:
        raise DataError(f"{path} has no folder named train or test; FER2013's image form is train/<emotion>/*.jpg.")
    number = 0
    for name, folder in folders.items():
        for emotion in sorted(child for child in folder.iterdir() if child.is_dir()):
            if emotion.name.lower() not in FOLDER_NAMES:
                skip(f"The folder {name}/{emotion.name} does not have the name of an emotion")
                continue
            for file in sorted(emotion.iterdir()):
                try:
                    yield FOLDER_SPLITS[name], _read_face(file), FOLDER_NAMES[emotion.name.lower()], number
                except ValueError as error:
                    skip(f"The file {name}/{emotion.name}/{file.name} {error}")
                number += 1


def _read_face(file: Path) -> NDArray[np.uint8]:
    if file.suffix.lower() not in IMAGE_SUFFIXES:
        raise ValueError("is not an image")
    try:
        raw = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    image = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE) if raw.size else None
    if image is None:
        raise ValueError("is not a readable image")
    if image.shape != (SIDE, SIDE):
        raise ValueError(f"is {image.shape[1]}x{image.shape[0]} pixels instead of 48x48")
    return np.asarray(image, np.uint8)
