"""Everyone's templates in memory, to find people who are enrolled twice or look alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.people.gallery import load_gallery
from enroll.faces.similarity_limits import Embeddings, crowding, limits_of, usually_next
from monitor.domain import EMBEDDING_SIZE, Embedding
from monitor.vision.encoder import ENCODER_NAME, unit
from monitor.vision.matching.joined import first_of, is_joined

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Someone with a template."""

    person: UUID
    name: str
    template: Embedding
    """float32 (256,) or (128,): the mean of the person's unit embeddings."""
    members: int
    """Images behind the template."""


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Someone whose template is so similar to another that both may be one person."""

    person: UUID
    name: str
    similarity: float
    """Cosine of the two mean templates."""
    almost_surely_one: bool = False
    """So similar that two single images of different people are once in 100,000 times."""


class GalleryIndex:
    """Compares one template with all; 1.5 kilobytes a person.

    Where one of two lacks SFace's embedding, dlib's are compared alone, by the limits for these.
    """

    def __init__(self, people: Iterable[Known] = ()) -> None:
        self._rows: dict[UUID, int] = {}
        self._people: list[Known] = []
        self._first = _Rows(EMBEDDING_SIZE)
        self._joined = _Rows(2 * EMBEDDING_SIZE)
        self._has_both: Flags = np.zeros(64, np.bool_)
        for known in people:
            self.put(known)

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, known: Known) -> None:
        """Add someone, or replace their template."""
        row = self._rows.setdefault(known.person, len(self._people))
        if row == len(self._people):
            self._people.append(known)
        else:
            self._people[row] = known
        if row == len(self._has_both):
            self._has_both = np.concatenate([self._has_both, np.zeros_like(self._has_both)])
        joined = is_joined(known.template)
        self._has_both[row] = joined
        self._first.put(row, first_of(known.template))
        if joined:
            self._joined.put(row, known.template)

    def alike(self, template: Embedding, members: int, *, but: UUID | None = None) -> list[LookAlike]:
        """Who may be the same person, the most similar first, at most 20.

        Args:
            template: float32 (256,) or (128,).
            members: images behind it.
            but: whose template it is.
        """
        everyone = np.arange(len(self._people))
        if but in self._rows:
            everyone = np.delete(everyone, self._rows[but])
        both = self._has_both[everyone] if is_joined(template) else np.zeros(len(everyone), np.bool_)
        found = self._alike(self._joined, template, members, everyone[both])
        found += self._alike(self._first, first_of(template), members, everyone[~both])
        return sorted(found, key=lambda one: -one.similarity)[:20]

    def _alike(self, rows: "_Rows", template: Embedding, members: int, compared: NDArray[np.int64]) -> list[LookAlike]:
        """As `alike`, among some of the people, by one kind of embedding."""
        if not len(compared):
            return []
        limits = limits_of(template)
        similarities = rows.units[compared] @ unit(template)
        length = float(np.linalg.norm(template))
        usual = usually_next(limits.curve, len(compared), float(rows.lengths[compared].mean()), length)
        places = np.flatnonzero(similarities >= limits.alike_from([1]) - limits.most_lowered)
        found = []
        for place, crowd in zip(places, crowding(limits, similarities, places, usual), strict=True):
            known, similarity = self._people[compared[place]], float(similarities[place])
            if similarity >= limits.alike_from([members, known.members]) + float(crowd):
                surely = similarity >= limits.almost_surely_one
                found.append(LookAlike(known.person, known.name, similarity, surely))
        return found

    def nearest(self, face: Embedding, *, but: UUID, joined: bool) -> LookAlike | None:
        """Who of all others is the most similar to one unit embedding; None when there is nobody else.

        Args:
            joined: compare both encoders' embeddings, with those who have them; else dlib's, with everybody.
        """
        rows = np.flatnonzero(self._has_both[: len(self._people)]) if joined else np.arange(len(self._people))
        rows = rows[rows != self._rows.get(but, -1)]
        return self._nearest(self._joined, face, rows) if joined else self._nearest(self._first, first_of(face), rows)

    def almost_surely(self, face: Embedding) -> UUID | None:
        """Who of all is almost surely the same person as one unit embedding, the most similar; None for nobody.

        Who has both encoders' embeddings, as the face has, is asked first.
        """
        both = self._has_both[: len(self._people)] & is_joined(face)
        for some, rows, probe in ((both, self._joined, face), (~both, self._first, first_of(face))):
            nearest = self._nearest(rows, unit(probe), np.flatnonzero(some))
            if nearest is not None and nearest.similarity >= limits_of(probe).almost_surely_one:
                return nearest.person
        return None

    def _nearest(self, rows: "_Rows", face: Embedding, compared: NDArray[np.int64]) -> LookAlike | None:
        """The most similar of some of the people, by one kind of embedding; None where there are none."""
        if not len(compared):
            return None
        similarities = rows.units[compared] @ face
        best = int(similarities.argmax())
        known = self._people[compared[best]]
        return LookAlike(known.person, known.name, float(similarities[best]))


class _Rows:
    """Templates of one kind, each scaled to length 1, and their lengths before; room grows by doubling."""

    def __init__(self, width: int) -> None:
        self.units: Embeddings = np.empty((0, width), np.float32)
        self.lengths: NDArray[np.float32] = np.empty(0, np.float32)

    def put(self, row: int, template: Embedding) -> None:
        if row >= len(self.lengths):
            room = max(64, 2 * row)
            units, lengths = np.zeros((room, len(template)), np.float32), np.zeros(room, np.float32)
            units[: len(self.lengths)], lengths[: len(self.lengths)] = self.units, self.lengths
            self.units, self.lengths = units, lengths
        self.units[row], self.lengths[row] = unit(template), np.linalg.norm(template)


def load_index(session: Session, cipher: TemplateCipher) -> GalleryIndex:
    """Everyone who can be recognised. Raises WrongKey when the templates were encrypted with another key."""
    return GalleryIndex(
        Known(one.person, one.name, one.embedding, one.members) for one in load_gallery(session, cipher, ENCODER_NAME)
    )
