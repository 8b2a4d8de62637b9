"""Faces for enrolment's tests: real ones from the AT&T/ORL set, and made-up embeddings."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading
from db.people.gallery import load_gallery
from db.records.faces import GalleryPerson
from enroll.faces.examine import Examination, ExaminedFace, Examiner
from enroll.faces.pose import Pose
from enroll.faces.quality import Component, Quality
from enroll.people.store import Enrolment
from monitor.domain import Box, Embedding, Face
from monitor.vision.encoder import ENCODER_NAME

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def examiner() -> Examiner:
    return Examiner(steady=False)


@pytest.fixture
def cipher() -> TemplateCipher:
    return TemplateCipher(bytes(range(32)))


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    return sqlite


@pytest.fixture
def details() -> Enrolment:
    return Enrolment(NOW, "tester")


@pytest.fixture
def made_up() -> "MadeUp":
    return MadeUp()


class Who(TypedDict):
    """Who changes people, and when: arguments that many use cases take."""

    at: datetime
    actor: str


class MadeUp:
    """Embeddings with the geometry of real ones: people at cosine 0.85 to each other, images of one at 0.97."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(7)
        self._common = self._direction()
        self._people: dict[str, Embedding] = {}

    def embedding(self, person: str, spread: float = 0.03) -> Embedding:
        """One image of a person; `spread` is 1 minus the similarity to another image."""
        if person not in self._people:
            self._people[person] = self._near(self._common, 0.15)
        return self._near(self._people[person], spread)

    def examination(self, image: str, *people: str, failure: str | None = None, spread: float = 0.03) -> Examination:
        """A picture that shows these people."""
        faces = tuple(self._face(person, failure, spread) for person in people)
        return Examination(image, f"{abs(hash(image)):064x}", faces)

    def _face(self, person: str, failure: str | None, spread: float) -> ExaminedFace:
        quality = Quality((Component("sharpness", 0.5, failure is None, failure or ""),), Pose(0, 0, 0))
        return ExaminedFace(Face(Box(0, 0, 80, 80), 0.9), quality, self.embedding(person, spread), b"a face in JPEG")

    def _near(self, centre: Embedding, spread: float) -> Embedding:
        """Two of these are at cosine 1 - spread to each other."""
        aside = self._direction()
        aside -= (aside @ centre) * centre
        aside /= np.linalg.norm(aside)
        return np.asarray(np.sqrt(1 - spread) * centre + np.sqrt(spread) * aside, np.float32)

    def _direction(self) -> Embedding:
        vector = self._random.standard_normal(128).astype(np.float32)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


@pytest.fixture
def people_folder(tmp_path: Path, orl: Path) -> Callable[..., Path]:
    """Makes a folder of people: `people_folder(Anna=["s1/1", "s1/2"])`."""

    def make(**people: list[str]) -> Path:
        folder = tmp_path / "people"
        for name, images in people.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            for image in images:
                target = folder / name / f"{image.replace('/', '_')}.pgm"
                target.write_bytes((orl / f"{image}.pgm").read_bytes())
        return folder

    return make


def mean_of(engine: Engine, cipher: TemplateCipher, name: str) -> GalleryPerson:
    """The one person of this name in the gallery."""
    with reading(engine) as session:
        return next(one for one in load_gallery(session, cipher, ENCODER_NAME) if one.name == name)
