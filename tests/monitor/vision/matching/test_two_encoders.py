"""A gallery that hears two encoders: both decide together, and a contradiction is never a name."""

import numpy as np
import pytest

from monitor.domain import Embedding, Encoders
from monitor.vision.encoder import unit
from monitor.vision.matching.gallery import Gallery, GalleryEntry
from monitor.vision.matching.joined import first_of, join
from monitor.vision.matching.templates import _largest
from monitor.vision.matching.threshold import DLIB, JOINED, SFACE, equivalent
from tests.monitor.stage import near, person_id, unit_vector


class Faces:
    """Made-up people with the geometry of real ones: others at cosine 0.85 (dlib's) and 0.1 (SFace's)."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self._common = unit_vector(self.random), unit_vector(self.random)

    def person(self) -> tuple[Embedding, Embedding]:
        first, second = self._common
        return near(first, np.sqrt(0.85), self.random), near(second, np.sqrt(0.1), self.random)

    def view(self, person: tuple[Embedding, Embedding], first: float = 0.96, second: float = 0.7) -> Embedding:
        return join(near(person[0], first, self.random), near(person[1], second, self.random))


def gallery_of(*templates: Embedding, encoders: Encoders = "both") -> Gallery:
    entries = [GalleryEntry(person_id(str(row)), str(row), one) for row, one in enumerate(templates)]
    return Gallery(entries, target_fpir=0.01, margin=0.01, encoders=encoders)


def test_the_similarity_is_of_both_and_sfaces_is_told_apart() -> None:
    faces = Faces(1)
    people = [faces.person() for _ in range(20)]
    probe = faces.view(people[3])
    match = gallery_of(*(join(*one) for one in people)).identify(probe)
    assert match.person is not None
    assert (match.person.name, match.encoders) == ("3", "both")
    assert match.person.second_similarity == pytest.approx(0.7, abs=1e-3)
    assert match.person.similarity == pytest.approx((0.96 + 0.7) / 2, abs=1e-3)
    assert JOINED.threshold_for(0.01, 20) - 0.05 < match.threshold < match.person.similarity
    assert match.runner_up is not None
    assert match.runner_up.second_similarity is not None


@pytest.mark.parametrize(("encoders", "similarity"), [("dlib", 0.96), ("sface", 0.7)])
def test_one_encoder_alone_can_be_chosen(encoders: Encoders, similarity: float) -> None:
    faces = Faces(2)
    people = [faces.person() for _ in range(20)]
    match = gallery_of(*(join(*one) for one in people), encoders=encoders).identify(faces.view(people[3]))
    assert match.person is not None
    assert (match.person.name, match.encoders) == ("3", encoders)
    assert match.person.similarity == pytest.approx(similarity, abs=1e-3)


def test_where_nobody_has_sfaces_part_the_gallery_is_as_it_was() -> None:
    faces = Faces(3)
    people = [faces.person() for _ in range(20)]
    probe = faces.view(people[3])
    old = gallery_of(*(one[0] for one in people), encoders="both").identify(probe)
    as_before = gallery_of(*(one[0] for one in people), encoders="dlib").identify(first_of(probe))
    assert (old.encoders, old.person) == ("dlib", as_before.person)
    assert old.threshold == pytest.approx(as_before.threshold)


@pytest.mark.parametrize("encoders", ["both", "sface"])
def test_who_lacks_sfaces_part_is_compared_by_dlibs(encoders: Encoders) -> None:
    faces = Faces(4)
    people = [faces.person() for _ in range(20)]
    templates = [one[0] if row == 3 else join(*one) for row, one in enumerate(people)]
    gallery = gallery_of(*templates, encoders=encoders)
    sure = gallery.identify(faces.view(people[3], first=0.985))
    assert sure.person is not None
    assert (sure.person.name, sure.person.second_similarity) == ("3", None)
    doubtful = gallery.identify(faces.view(people[3], first=0.93, second=0.9))
    assert doubtful.person is None
    assert gallery.identify(faces.view(people[5])).accepted


def test_a_face_that_only_dlibs_network_takes_for_somebody_is_unknown() -> None:
    faces = Faces(5)
    people = [faces.person() for _ in range(20)]
    gallery = gallery_of(*(join(*one) for one in people))
    assert not gallery.identify(faces.view(people[3], first=0.97, second=0.2)).accepted


def test_encoders_that_contradict_each_other_name_nobody() -> None:
    faces = Faces(6)
    ada, bela = (np.eye(128, dtype=np.float32)[row] for row in (0, 1))
    alike = unit((ada + 0.35 * bela)[None])[0]  # dlib's network cannot tell the two apart
    templates = [join(ada, ada), join(alike, bela)]
    second = near(ada, 0.95, faces.random)
    agreed = gallery_of(*templates).identify(join(near(ada, 0.99, faces.random), second))
    assert agreed.person is not None
    assert agreed.person.name == "0"
    contradicted = gallery_of(*templates).identify(join(alike, second))
    assert contradicted.best is not None
    assert contradicted.best.name == "0"
    assert contradicted.best.similarity > contradicted.threshold
    assert not contradicted.accepted


def test_a_template_left_out_or_replaced_counts_for_both_encoders() -> None:
    faces = Faces(7)
    people = [faces.person() for _ in range(20)]
    gallery = gallery_of(*(join(*one) for one in people))
    probe = faces.view(people[3])
    left_out = gallery.identify(probe, instead=(3, None))
    assert left_out.best is not None
    assert (left_out.best.name != "3", left_out.accepted) == (True, False)
    own = gallery.identify(probe, instead=(3, probe)).best
    assert own is not None
    assert own.similarity == pytest.approx(1, abs=1e-3)
    assert own.second_similarity == pytest.approx(1, abs=1e-3)
    alone = gallery.identify(probe, instead=(3, first_of(probe))).best
    assert alone is not None
    assert alone.second_similarity is None


def test_in_a_gallery_beyond_the_short_list_everybody_is_found_again() -> None:
    random = np.random.default_rng(8)
    templates = random.standard_normal((3000, 2, 128)).astype(np.float32)
    gallery = gallery_of(*(join(*unit(one)) for one in templates))
    for row in (0, 255, 256, 257, 2999):
        first, second = unit(templates[row])
        match = gallery.identify(join(near(first, 0.97, random), near(second, 0.9, random)))
        assert match.person is not None
        assert match.person.name == str(row)


def test_the_largest_of_many_are_the_same_by_blocks_as_by_sorting() -> None:
    values = np.random.default_rng(9).standard_normal(70_000).astype(np.float32)
    assert _largest(values, 256).tolist() == np.argsort(-values, kind="stable")[:256].tolist()
    values[5] = -np.inf
    assert 5 not in _largest(values[:10], 256)


def test_an_equivalent_similarity_is_reached_by_as_many_strangers() -> None:
    for curve in (JOINED, SFACE):
        for similarity in (0.84, 0.88, 0.92, 0.95, 0.965):
            there = float(equivalent(np.float32(similarity), DLIB, curve))
            assert np.log10(curve.fmr_at(there)) == pytest.approx(np.log10(DLIB.fmr_at(similarity)), abs=0.01)
        scale = np.asarray(equivalent(np.linspace(-1, 1, 50, dtype=np.float32), DLIB, curve))
        assert (np.diff(scale) > 0).all()
        assert scale[-1] == 1
