"""The gallery examines itself: who is missed, who soon will be, and how sure that is."""

from uuid import UUID

import numpy as np
import pytest

from db.records.faces import BOUND
from enroll.evaluation.nightly import Examination, examine
from monitor.domain import Embedding
from monitor.vision.encoder import unit
from monitor.vision.matching.gallery import Gallery, GalleryEntry
from monitor.vision.matching.joined import join

RANDOM = np.random.default_rng(11)
NAMES = {UUID(int=number): name for number, name in enumerate(("Ada", "Bob", "Cleo", "Dan"), 1)}
ADA, BOB, CLEO, DAN = NAMES


def _face() -> Embedding:
    return unit(RANDOM.normal(size=128).astype(np.float32))


FACES = {person: (_face(), _face()) for person in NAMES}
"""Of each person dlib's and SFace's embedding."""
GALLERY = Gallery(
    [GalleryEntry(person, name, join(*FACES[person])) for person, name in NAMES.items()], target_fpir=0.01, margin=0.01
)


def view(person: UUID, first: float, second: float) -> Embedding:
    """A view with these cosines to dlib's and SFace's template; names need 0.606 of their mean."""
    parts = []
    for face, likeness in zip(FACES[person], (first, second), strict=True):
        other = _face()
        other = unit(other - (other @ face) * face)
        parts.append(np.asarray(likeness * face + np.sqrt(1 - likeness**2) * other, np.float32))
    return join(*parts)


def examined(**more: object) -> Examination:
    passages = [
        *((ADA, [view(ADA, 0.95, 0.8), view(ADA, 0.96, 0.8)]) for _ in range(10)),
        *((BOB, [view(BOB, 0.94, 0.29 + 0.01 * (number % 5))]) for number in range(10)),
        *((CLEO, [view(CLEO, 0.9, 0.2)]) for _ in range(4)),
        (UUID(int=99), [view(ADA, 0.95, 0.8)]),
    ]
    strangers = [join(_face(), _face()) for _ in range(30)]
    given: dict[str, object] = {"images": dict.fromkeys(NAMES, 3), "strangers": strangers, "by_pin": {}} | more
    return examine(GALLERY, NAMES, passages=passages, **given)  # type: ignore[arg-type]


def test_the_worst_served_are_told_first_with_their_interval() -> None:
    found = examined()
    assert [one.name for one in found.served] == ["Cleo", "Bob", "Ada", "Dan"]
    cleo, bob, ada, dan = found.served
    assert cleo.missed == cleo.passages == 4
    assert cleo.expected > 0.5
    assert bob.missed == 0
    assert BOUND < bob.expected < 0.5, "named every time, but narrowly: soon not"
    assert bob.soon_missed
    assert ada.expected < 0.01
    assert not ada.needs_picture
    assert (dan.passages, dan.expected, dan.low, dan.high) == (0, 0.0, 0.0, 1.0), "nothing is known of him"
    for one in found.served:
        assert 0 <= one.low <= one.expected <= one.high <= 1
    assert (found.soon_missed, found.need_pictures) == (2, 2)


def test_rates_count_passages_of_enrolled_people_and_strangers() -> None:
    found = examined()
    assert (found.fnir.count, found.fnir.trials) == (4, 24), "who is not enrolled any more does not count"
    assert (found.fpir.count, found.fpir.trials) == (0, 30)
    named = examined(strangers=[join(*FACES[ADA])])
    assert (named.fpir.count, named.fpir.trials) == (1, 1)


def test_who_comes_in_by_pin_was_missed() -> None:
    found = {one.name: one for one in examined(by_pin={ADA: 10, DAN: 2}).served}
    assert (found["Ada"].passages, found["Ada"].missed) == (20, 10)
    assert found["Ada"].expected == pytest.approx(0.5, abs=0.01)
    assert (found["Dan"].passages, found["Dan"].expected) == (2, 1.0)


def test_one_image_needs_another_whatever_was_seen() -> None:
    found = {one.name: one for one in examined(images={**dict.fromkeys(NAMES, 3), DAN: 1}).served}
    assert found["Dan"].needs_picture
    assert not found["Dan"].soon_missed


def test_the_totals_name_nobody() -> None:
    assert not any(name in str(examined().record()) for name in NAMES.values())
    assert examined().served[0].record()["person"] == "Cleo"


def test_an_empty_gallery_is_examined_too() -> None:
    found = examine(Gallery([], target_fpir=0.01, margin=0.01), {}, {}, [], [view(ADA, 0.95, 0.8)], {})
    assert (found.people, found.spread, found.fnir.trials) == (0, (0.0, 0.0), 0)
    assert found.record()["fnir"] is None
