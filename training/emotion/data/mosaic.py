"""FER2013 as one picture: all faces side by side in a JPEG, a third of the CSV's size, with a table of their labels.

`NAME_faces.jpg` holds the faces row by row, `NAME_rows.csv` their emotion and usage in the same order.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.errors import DataError
from monitor.files import unfinished

FACES, ROWS = "_faces.jpg", "_rows.csv"
SIDE = 48
ACROSS = 341
"""Faces in a row: the JPEG stays below 16,384 pixels on a side."""
QUALITY = 92
"""Of the JPEG, 1 to 100."""


def write_mosaic(folder: Path, name: str, faces: NDArray[np.uint8], rows: list[tuple[int, str]]) -> Path:
    """Write faces uint8 (n, 48, 48), and their emotion and usage; returns the picture's path.

    Raises:
        DataError: a file cannot be written.
    """
    down = -(-len(faces) // ACROSS)
    whole = np.zeros((down * ACROSS, SIDE, SIDE), np.uint8)
    whole[: len(faces)] = faces
    picture = whole.reshape(down, ACROSS, SIDE, SIDE).swapaxes(1, 2).reshape(down * SIDE, ACROSS * SIDE)
    packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished(folder / f"{name}{FACES}") as part:
            part.write_bytes(packed)
        with unfinished(folder / f"{name}{ROWS}") as part, part.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("emotion", "usage"), *rows])
    except OSError as error:
        raise DataError(f"The faces cannot be written to {folder}: {error.strerror or error}.") from None
    return folder / f"{name}{FACES}"


def read_mosaic(path: Path) -> Iterator[tuple[NDArray[np.uint8], str, str]]:
    """Each face uint8 (48, 48) of a picture of `write_mosaic`, with its emotion and usage as they are written.

    Raises:
        DataError: the picture or its table is missing, damaged, or of another size.
    """
    table = path.with_name(path.name.removesuffix(FACES) + ROWS)
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = [(row["emotion"], row["usage"]) for row in csv.DictReader(file)]
        picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, KeyError, UnicodeDecodeError, csv.Error, cv2.error) as error:
        raise DataError(f"{path} cannot be read with its table {table.name} ({error}); copy both again.") from None
    if picture is None or picture.shape[0] % SIDE or picture.shape[1] % SIDE:
        raise DataError(f"{path} is not a picture of 48x48 faces; copy it again.")
    down, across = picture.shape[0] // SIDE, picture.shape[1] // SIDE
    faces = picture.reshape(down, SIDE, across, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)
    if len(faces) < len(rows):
        raise DataError(f"{path} has {len(faces)} faces and {table.name} {len(rows)} rows; they belong to other data.")
    for face, (emotion, usage) in zip(faces, rows, strict=False):
        yield np.asarray(face, np.uint8), emotion, usage
