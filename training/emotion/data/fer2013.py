"""FER2013, from its CSV, from image folders or from an archive of either; every broken row or file is reported.

Goodfellow et al., "Challenges in Representation Learning" (2013): 48x48 grey faces in seven classes.
"""

import csv
import gzip
import io
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.errors import DataError
from training.emotion.data.mosaic import FACES, read_mosaic
from training.emotion.data.unpack import PICTURES, is_archive, unpack

SIDE = 48
"""Width and height of a FER2013 picture, in pixels."""

SPLITS = ("Training", "PublicTest", "PrivateTest")
"""The values of FER2013's Usage column."""

FOLDER_SPLITS = {
    "train": "Training", "training": "Training", "test": "PublicTest", "validation": "PublicTest",
    "valid": "PublicTest", "val": "PublicTest", "publictest": "PublicTest", "privatetest": "PrivateTest",
}  # fmt: skip
"""The split of a folder; beside a folder for validation, "test" is PrivateTest."""
FOLDER_NAMES = {name: number for number, name in enumerate(EMOTIONS)} | {
    "anger": 0, "disgusted": 1, "fearful": 2, "happiness": 3, "sadness": 4, "surprised": 5, "suprise": 5,
}  # fmt: skip
"""The class of a folder or label, by its name."""
_COLUMNS = ("emotion", "pixels", "usage")
_SMALLEST = 24
"""Pixels on a side of the smallest picture that is scaled up."""
_LONGEST_LINE = 2**16
"""Characters of a line; 48x48 numbers need 9,216."""
_MOST_BROKEN = 100_000
"""With more broken rows or files the data is something else."""

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
    scaled: int = 0
    """Pictures that had another size than 48x48 and were scaled."""

    def split(self, name: str) -> Split:
        """The split with this name. Raises DataError when the name is unknown, or the split is empty."""
        if name not in SPLITS:
            raise DataError(f"There is no split named {name!r}; the splits are {', '.join(SPLITS)}.")
        if name not in self.splits or not len(self.splits[name]):
            raise DataError(f"The data has no faces in its {name} split; give a file or folder that has some.")
        return self.splits[name]

    def head(self, count: int) -> "Fer2013":
        """The first `count` faces of every split, for trials."""
        return Fer2013({name: split.head(count) for name, split in self.splits.items()}, self.skipped, self.scaled)


def load_fer2013(path: Path, *, strict: bool = False) -> Fer2013:
    """Read FER2013 from `path`: a CSV (plain or .gz), a picture of `mosaic`, a folder with train/<emotion>/ and
    test/<emotion>/, or a ZIP or TAR archive of a table or folder.

    Args:
        strict: stop at the first broken row or file instead of skipping it.

    Raises:
        DataError: the path is missing, of another form, without faces, or has a broken row or file and `strict`.
    """
    if not path.exists():
        raise DataError(f"There is no training data at {path}; give FER2013's CSV, its folder of images or an archive.")
    with tempfile.TemporaryDirectory(prefix="muster-") as folder:
        if path.is_file() and is_archive(path):
            unpack(path, Path(folder))
            return _load(Path(folder), path, strict=strict)
        return _load(path, path, strict=strict)


def _load(path: Path, told: Path, *, strict: bool) -> Fer2013:
    skipped: list[str] = []

    def skip(why: str) -> None:
        if strict:
            raise DataError(f"{why} (--strict stops here).")
        if len(skipped) == _MOST_BROKEN:
            raise DataError(f"{told} has more than {_MOST_BROKEN:,} broken rows or files; is it FER2013?")
        skipped.append(f"{why}.")

    scaled: list[Path] = []
    if path.is_dir():
        items = _from_folder(path, told, skip, scaled)
    else:
        items = _from_mosaic(path, skip) if path.name.endswith(FACES) else _from_csv(path, skip)
    found: dict[str, list[tuple[NDArray[np.uint8], int, int]]] = {}
    for split, face, label, row in items:
        found.setdefault(split, []).append((face, label, row))
    if not found:
        first = f", the first: {skipped[0]}" if skipped else "; is it FER2013?"
        raise DataError(f"{told} holds no usable face ({len(skipped)} broken rows or files){first}")
    return Fer2013({name: _stack(name, rows) for name, rows in found.items()}, tuple(skipped), len(scaled))


def _stack(name: str, rows: list[tuple[NDArray[np.uint8], int, int]]) -> Split:
    faces, labels, numbers = zip(*rows, strict=True)
    return Split(name, np.stack(faces), np.array(labels, np.int64), np.array(numbers, np.int64))


def _from_csv(path: Path, skip: Skip) -> Iterator[tuple[str, NDArray[np.uint8], int, int]]:
    try:
        with _open_text(path) as text:
            first = text.readline(_LONGEST_LINE)
            separator = max(",;\t", key=first.count)
            header = [name.strip().casefold() for name in next(csv.reader([first], delimiter=separator), [])]
            if not {"emotion", "pixels"} <= set(header):
                raise DataError(
                    f"{path} begins with the columns {first.strip()[:80]!r}; FER2013's are emotion,pixels,Usage."
                )
            # The competition's train.csv has no Usage: all its faces are for training.
            columns = [header.index(name) if name in header else -1 for name in _COLUMNS]
            for number, row in enumerate(csv.reader(_lines(text), delimiter=separator)):
                try:
                    if len(row) != len(header):
                        raise ValueError(f"has {len(row)} columns instead of {len(header)}")
                    yield *_face_of(*([*row, "Training"][column].strip() for column in columns)), number
                except ValueError as error:
                    skip(f"Row {number + 2} of {path.name} {error}")
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}.") from None


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error(f"a line has more than {_LONGEST_LINE} characters")
        yield line


def _open_text(path: Path) -> io.TextIOWrapper:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    # TextIOWrapper closes the file.
    raw = cast("BinaryIO", gzip.GzipFile(path)) if zipped else path.open("rb")
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


def _face_of(label: str, pixels: str, usage: str) -> tuple[str, NDArray[np.uint8], int]:
    split, number = _meaning(label, usage)
    try:
        values = np.fromstring(pixels, np.int64, sep=" ")  # six times as fast as int() for each number
    except ValueError:
        raise ValueError("has a pixel that is not a whole number") from None
    if len(values) != SIDE * SIDE:
        raise ValueError(f"has {len(values)} pixels instead of {SIDE * SIDE}")
    if values.min() < 0 or values.max() > 255:
        raise ValueError(f"has a pixel of {values.max() if values.max() > 255 else values.min()}, outside 0 to 255")
    return split, values.astype(np.uint8).reshape(SIDE, SIDE), number


def _meaning(label: str, usage: str) -> tuple[str, int]:
    """The split and the class of a row."""
    number = FOLDER_NAMES.get(label.casefold(), int(label) if label.isascii() and label.isdigit() else -1)
    if not 0 <= number < len(EMOTIONS):
        raise ValueError(f"has the unknown label {label[:20]!r}; labels are 0 to 6")
    split = next((name for name in SPLITS if name.casefold() == usage.casefold()), None)
    if split is None:
        raise ValueError(f"has the unknown Usage {usage[:20]!r}")
    return split, number


def _from_mosaic(path: Path, skip: Skip) -> Iterator[tuple[str, NDArray[np.uint8], int, int]]:
    for row, (face, label, usage) in enumerate(read_mosaic(path)):
        try:
            split, number = _meaning(label, usage)
            yield split, face, number, row
        except ValueError as error:
            skip(f"Row {row + 2} of the table of {path.name} {error}")


def _from_folder(
    path: Path, told: Path, skip: Skip, scaled: list[Path]
) -> Iterator[tuple[str, NDArray[np.uint8], int, int]]:
    folders = _split_folders(path)
    if not folders:
        if table := _table_in(path):
            yield from _from_csv(table, skip)
            return
        raise DataError(f"{told} has no folder named train or test; FER2013's image form is train/<emotion>/*.jpg.")
    validated = any(FOLDER_SPLITS[name] == "PublicTest" for name in folders if name != "test")
    number = 0
    for name, folder in folders.items():
        split = "PrivateTest" if name == "test" and validated else FOLDER_SPLITS[name]
        for emotion in sorted(child for child in folder.iterdir() if child.is_dir()):
            if emotion.name.lower() not in FOLDER_NAMES:
                skip(f"The folder {name}/{emotion.name} does not have the name of an emotion")
                continue
            for file in sorted(emotion.iterdir()):
                try:
                    yield split, _read_face(file, scaled), FOLDER_NAMES[emotion.name.lower()], number
                except ValueError as error:
                    skip(f"The file {name}/{emotion.name}/{file.name} {error}")
                number += 1


def _split_folders(path: Path) -> dict[str, Path]:
    """The folders of the splits by their lower-case names: in this folder, or in one around them."""
    for around in (path, *sorted(child for child in path.iterdir() if child.is_dir())):
        inside = {child.name.lower(): child for child in around.iterdir() if child.is_dir()}
        if found := {name: inside[name] for name in FOLDER_SPLITS if name in inside}:
            return found
        if len(inside) == 1 and around is not path and (found := _split_folders(around)):
            return found
    return {}


def _table_in(path: Path) -> Path | None:
    """The table in a folder without pictures, the largest where there are several."""
    tables = [file for file in sorted(path.rglob("*.csv")) if file.is_file()]
    return max(tables, key=lambda file: file.stat().st_size, default=None)


def _read_face(file: Path, scaled: list[Path]) -> NDArray[np.uint8]:
    if file.suffix.lower() not in PICTURES:
        raise ValueError("is not an image")
    try:
        raw = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    image = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE) if raw.size else None
    if image is None:
        raise ValueError("is not a readable image")
    height, width = image.shape
    if height != width or width < _SMALLEST:
        raise ValueError(f"is {width}x{height} pixels; faces are square, from {_SMALLEST} pixels on")
    if width != SIDE:
        scaled.append(file)
        way = cv2.INTER_AREA if width > SIDE else cv2.INTER_CUBIC
        image = cv2.resize(image, (SIDE, SIDE), interpolation=way)
    return np.asarray(image, np.uint8)
