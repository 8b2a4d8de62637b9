"""Everyone's templates in memory, to find people who are enrolled twice or look alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.people.people import load_gallery
from enroll.faces.similarity_limits import MOST_LOWERED, Embeddings, alike_from, crowding, usually_next
from monitor.domain import EMBEDDING_SIZE, Embedding
from monitor.vision.encoder import ENCODER_NAME, unit


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Someone with a template."""

    person: UUID
    name: str
    template: Embedding
    """float32 (128,): the mean of the person's unit embeddings."""
    members: int
    """Images behind the template."""


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Someone whose template is so similar to another that both may be one person."""

    person: UUID
    name: str
    similarity: float
    """Cosine of the two mean templates."""


class GalleryIndex:
    """Compares one template with all; 512 bytes a person."""

    def __init__(self, people: Iterable[Known] = ()) -> None:
        self._rows: dict[UUID, int] = {}
        self._people: list[Known] = []
        self._templates: Embeddings = np.empty((64, EMBEDDING_SIZE), np.float32)
        self._lengths = 0.0
        for known in people:
            self.put(known)

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, known: Known) -> None:
        """Add someone, or replace their template."""
        row = self._rows.setdefault(known.person, len(self._people))
        if row == len(self._people):
            self._people.append(known)
            if row == len(self._templates):
                self._templates = np.concatenate([self._templates, np.empty_like(self._templates)])
        else:
            self._lengths -= float(np.linalg.norm(self._people[row].template))
        self._people[row] = known
        self._templates[row] = unit(known.template)
        self._lengths += float(np.linalg.norm(known.template))

    def alike(self, template: Embedding, members: int, *, but: UUID | None = None, most: int = 20) -> list[LookAlike]:
        """Who may be the same person, the most similar first.

        Args:
            template: float32 (128,).
            members: images behind it.
            but: whose template it is.
        """
        similarities = self._templates[: len(self._people)] @ unit(template)
        own = self._rows.get(but) if but is not None else None
        rows = np.arange(len(self._people))
        if own is not None:
            rows, similarities = np.delete(rows, own), np.delete(similarities, own)
        if not len(rows):
            return []
        mean_length = self._lengths / len(self._people)
        usual = usually_next(len(rows), mean_length, float(np.linalg.norm(template)))
        places = np.flatnonzero(similarities >= alike_from([1]) - MOST_LOWERED)
        found = []
        for place, crowd in zip(places, crowding(similarities, places, usual), strict=True):
            known, similarity = self._people[rows[place]], float(similarities[place])
            if similarity >= alike_from([members, known.members]) + float(crowd):
                found.append(LookAlike(known.person, known.name, similarity))
        return sorted(found, key=lambda one: -one.similarity)[:most]

    def nearest(self, face: Embedding, *, but: UUID) -> LookAlike | None:
        """Who of all others is the most similar to one unit embedding; None when there is nobody else."""
        similarities = self._templates[: len(self._people)] @ face
        if but in self._rows:
            similarities[self._rows[but]] = -np.inf
        if not len(similarities) or np.isneginf(similarities.max()):
            return None
        row = int(similarities.argmax())
        return LookAlike(self._people[row].person, self._people[row].name, float(similarities[row]))


def load_index(session: Session, cipher: TemplateCipher) -> GalleryIndex:
    """Everyone who can be recognised.

    Raises:
        WrongKey: the templates were encrypted with another key.
    """
    return GalleryIndex(
        Known(one.person, one.name, one.embedding, one.members) for one in load_gallery(session, cipher, ENCODER_NAME)
    )
