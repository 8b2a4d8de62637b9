"""Decides which of a person's pictures are accepted, and says of each other one why not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from enroll.faces.examine import Examination, ExaminedFace
from enroll.faces.similarity_limits import choose_face, limits_of, misfits
from monitor.domain import Embedding
from monitor.vision.matching.joined import comparable

SINGLE_FACE_PRESENT: Final = "There are {count} faces on the picture; use one with only this person."
_NO_FACE: Final = "No face was found; use a picture that shows the face from the front."
_TWICE: Final = "This picture was given for this person already; leave it out."
_SOMEBODY_ELSE: Final = (
    "The face does not fit the person's other pictures (similarity {similarity:.3f}); "
    "check whether it shows somebody else."
)
_CONTRADICTION: Final = (
    "The two pictures seem to show different people (similarity {similarity:.3f}); "
    "add a third one, or take out the wrong one."
)
_SEVERAL: Final = (
    "The pictures seem to show several people (similarity {similarity:.3f}), and nobody has most of them; "
    "sort them by person."
)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A picture that is not accepted."""

    image: str
    reason: str
    """One sentence: why, and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class AcceptedImage:
    """A picture that is accepted, with the face on it that is the person's."""

    image: str
    content_hash: str
    face: ExaminedFace


@dataclass(frozen=True, slots=True, eq=False)
class Acceptance:
    """Which of one person's pictures are accepted."""

    accepted: tuple[AcceptedImage, ...]
    rejected: tuple[Rejection, ...]
    unchanged: int
    """Pictures that were enrolled before."""
    warnings: tuple[str, ...] = ()

    def embeddings(self) -> list[Embedding]:
        """Of the accepted images."""
        return [member.face.embedding for member in self.accepted]


def accept_images(examinations: Sequence[Examination], enrolled: Sequence[Embedding] = ()) -> Acceptance:
    """Apply the quality gate to each picture, and consistency to all of them together.

    Args:
        examinations: one person's pictures.
        enrolled: embeddings of the images that the person is enrolled with; these are never doubted.
    """
    candidates, rejected, unchanged = _readable(examinations)
    candidates = [_without_prints(one) for one in candidates]
    alone = [one for one in candidates if len(one.faces) == 1]
    rejected += [Rejection(one.image, why) for one in alone if (why := one.faces[0].quality.failure) is not None]
    good = [_member(one, 0) for one in alone if one.faces[0].quality.passed]
    single, wrong = _consistent(good, enrolled)
    rejected += wrong
    reference = [*enrolled, *(member.face.embedding for member in single)]
    from_groups, unclear = _from_groups([one for one in candidates if len(one.faces) > 1], reference)
    members = (*single, *from_groups)
    order = {one.image: place for place, one in enumerate(examinations)}
    return Acceptance(
        accepted=tuple(sorted(members, key=lambda member: order[member.image])),
        rejected=tuple(sorted(rejected + unclear, key=lambda one: order[one.image])),
        unchanged=unchanged,
        warnings=tuple(f"{member.image}: {warning}" for member in members for warning in member.face.quality.warnings),
    )


def _readable(examinations: Sequence[Examination]) -> tuple[list[Examination], list[Rejection], int]:
    candidates: list[Examination] = []
    rejected: list[Rejection] = []
    seen: set[str] = set()
    unchanged = 0
    for one in examinations:
        if one.content_hash and one.content_hash in seen:
            rejected.append(Rejection(one.image, _TWICE))
        elif one.error is not None:
            rejected.append(Rejection(one.image, one.error))
        elif one.known:
            unchanged += 1
        elif not one.faces:
            rejected.append(Rejection(one.image, _NO_FACE))
        else:
            candidates.append(one)
        seen.add(one.content_hash)
    return candidates, rejected, unchanged


def _without_prints(one: Examination) -> Examination:
    """A sheet with several prints of one person's face counts as a picture with the best of them."""
    best = max(one.faces, key=lambda face: (face.quality.passed, face.face.score))
    faces = comparable([best.embedding, *(face.embedding for face in one.faces)])
    if float((faces[1:] @ faces[0]).min()) < limits_of(faces).almost_surely_one:
        return one
    return replace(one, faces=(best,))


def _consistent(
    members: list[AcceptedImage], enrolled: Sequence[Embedding]
) -> tuple[list[AcceptedImage], list[Rejection]]:
    stack = comparable([*enrolled, *(member.face.embedding for member in members)])
    wrong = misfits(stack, vouched=len(enrolled))
    sentence = _SOMEBODY_ELSE
    if len(wrong) == len(stack):
        sentence = _CONTRADICTION if len(stack) == 2 else _SEVERAL
    kept = [member for row, member in enumerate(members, len(enrolled)) if row not in wrong]
    rejected = [
        Rejection(members[row - len(enrolled)].image, sentence.format(similarity=similarity))
        for row, similarity in wrong.items()
    ]
    return kept, rejected


def _from_groups(
    pictures: Sequence[Examination], reference: Sequence[Embedding]
) -> tuple[list[AcceptedImage], list[Rejection]]:
    """The person's own face from pictures with several, where it can be told."""
    members: list[AcceptedImage] = []
    rejected: list[Rejection] = []
    for one in pictures:
        faces = comparable([*(face.embedding for face in one.faces), *reference])
        chosen = choose_face(faces[: len(one.faces)], faces[len(one.faces) :])
        if chosen is None:
            rejected.append(Rejection(one.image, SINGLE_FACE_PRESENT.format(count=len(one.faces))))
        elif (failure := one.faces[chosen].quality.failure) is not None:
            rejected.append(Rejection(one.image, failure))
        else:
            members.append(_member(one, chosen))
    return members, rejected


def _member(one: Examination, face: int) -> AcceptedImage:
    return AcceptedImage(one.image, one.content_hash, one.faces[face])
