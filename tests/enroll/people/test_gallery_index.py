"""The gallery index compares both encoders' embeddings where both people have them, else dlib's."""

from uuid import uuid4

import numpy as np
import pytest

from enroll.faces.similarity_limits import ALONE, BOTH
from enroll.people.gallery_index import GalleryIndex, Known
from monitor.domain import Embedding
from monitor.vision.matching.joined import join
from tests.monitor.stage import near, unit_vector


def face(random: np.random.Generator) -> tuple[Embedding, Embedding]:
    return unit_vector(random), unit_vector(random)


def double(of: tuple[Embedding, Embedding], random: np.random.Generator, second: float) -> tuple[Embedding, Embedding]:
    return near(of[0], 0.96, random), near(of[1], second, random)


def test_two_whom_only_dlibs_network_takes_for_one_are_not_reported() -> None:
    random = np.random.default_rng(1)
    anna = face(random)
    index = GalleryIndex([Known(uuid4(), "Anna", join(*anna), 1)])
    assert [one.name for one in index.alike(join(*double(anna, random, 0.7)), 1)] == ["Anna"]
    assert index.alike(join(*double(anna, random, 0.1)), 1) == []
    assert [one.name for one in index.alike(double(anna, random, 0.1)[0], 1)] == ["Anna"]


def test_people_with_and_without_sfaces_part_are_found_each_by_their_limits() -> None:
    random = np.random.default_rng(2)
    anna = face(random)
    ids = [uuid4(), uuid4()]
    index = GalleryIndex([Known(ids[0], "old", anna[0], 1), Known(ids[1], "new", join(*anna), 1)])
    probe = join(*double(anna, random, 0.6))
    found = {one.name: one.similarity for one in index.alike(probe, 1)}
    assert found["old"] == pytest.approx(0.96, abs=1e-3)
    assert found["new"] == pytest.approx((0.96 + 0.6) / 2, abs=1e-3)
    assert index.almost_surely(probe) == ids[1]
    assert index.almost_surely(double(anna, random, 0.6)[0]) in ids
    assert index.almost_surely(join(*face(random))) is None
    nearest = index.nearest(probe, but=ids[1], joined=True)
    assert nearest is None
    alone = index.nearest(probe, but=ids[1], joined=False)
    assert alone is not None
    assert alone.name == "old"


def test_a_person_who_gets_sfaces_part_is_compared_by_both_from_then_on() -> None:
    random = np.random.default_rng(3)
    anna, who = face(random), uuid4()
    index = GalleryIndex(Known(uuid4(), str(row), join(*face(random)), 1) for row in range(100))
    index.put(Known(who, "Anna", anna[0], 1))
    assert [one.name for one in index.alike(join(*double(anna, random, 0.0)), 1)] == ["Anna"]
    index.put(Known(who, "Anna", join(*anna), 1))
    assert len(index) == 101
    assert index.alike(join(*double(anna, random, 0.0)), 1) == []


def test_the_limits_of_both_kinds_are_in_order() -> None:
    for limits in (ALONE, BOTH):
        assert limits.contradictory < limits.fits < limits.fits_well
        assert limits.alike_from([1, 5]) < limits.alike_from([2, 2]) < limits.alike_from([3, 9])
        assert limits.alike_from([3, 9]) <= limits.almost_surely_one + 1e-9
