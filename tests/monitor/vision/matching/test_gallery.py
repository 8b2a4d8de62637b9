"""Open-set identification: the most similar person, or nobody."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import Embedding
from monitor.vision.matching.gallery import GalleryEntry
from tests.monitor.stage import gallery_of, near, person_id, unit_vector


def entry(name: str, template: Embedding, margin: float = 0.0) -> GalleryEntry:
    return GalleryEntry(person_id(name), name, template, margin)


def at_cosines(to_first: float, to_second: float) -> tuple[Embedding, Embedding, Embedding]:
    """Two templates at right angles in part, and a probe at these cosines to them."""
    first, second = np.zeros(128), np.zeros(128)
    first[:2], second[:2] = (0.95, math_rest(0.95)), (0.95, -math_rest(0.95))
    up = (to_first + to_second) / (2 * 0.95)
    aside = (to_first - to_second) / (2 * math_rest(0.95))
    probe = np.zeros(128)
    probe[:3] = up, aside, np.sqrt(max(1 - up**2 - aside**2, 0))
    return tuple(np.asarray(vector, np.float32) for vector in (first, second, probe))  # type: ignore[return-value]


def math_rest(cosine: float) -> float:
    return float(np.sqrt(1 - cosine**2))


def test_in_an_empty_gallery_everybody_is_unknown() -> None:
    match = gallery_of([]).identify(unit_vector(np.random.default_rng(0)))
    assert (match.best, match.runner_up, match.accepted, match.person) == (None, None, False, None)


def test_no_cosine_is_more_than_one() -> None:
    templates = [unit_vector(np.random.default_rng(seed)) for seed in range(20)]
    gallery = gallery_of([entry(str(number), template) for number, template in enumerate(templates)])
    nearest = [gallery.identify(template).best for template in templates]
    assert max(best.similarity for best in nearest if best) == pytest.approx(1, abs=1e-6)
    assert all(best.similarity <= 1 for best in nearest if best)


def test_the_only_person_is_named_when_like_enough_and_has_no_runner_up() -> None:
    template = unit_vector(np.random.default_rng(0))
    match = gallery_of([entry("Ada", template)]).identify(template)
    assert match.person is not None
    assert match.person.name == "Ada"
    assert match.person.person == person_id("Ada")
    assert match.person.similarity == pytest.approx(1, abs=1e-6)
    assert match.runner_up is None


def test_a_probe_of_zeros_is_nobody() -> None:
    gallery = gallery_of([entry("Ada", unit_vector(np.random.default_rng(0)))])
    match = gallery.identify(np.zeros(128, np.float32))
    assert not match.accepted


def test_a_template_of_zeros_names_nobody() -> None:
    gallery = gallery_of([entry("Ada", np.zeros(128, np.float32))])
    assert not gallery.identify(unit_vector(np.random.default_rng(0))).accepted


def test_a_stranger_is_not_named_but_the_most_similar_person_is_told() -> None:
    random = np.random.default_rng(1)
    everyone = unit_vector(random)
    ada, bela, stranger = (near(everyone, np.sqrt(0.85), random) for _ in range(3))
    match = gallery_of([entry("Ada", ada), entry("Bela", bela)]).identify(stranger)
    assert match.person is None
    assert match.best is not None
    assert match.runner_up is not None
    assert match.threshold > match.best.similarity >= match.runner_up.similarity


def test_two_people_too_close_to_each_other_name_nobody() -> None:
    first, second, probe = at_cosines(0.975, 0.965)
    entries = [entry("Ada", first), entry("Bela", second)]
    assert gallery_of(entries, margin=0.02).identify(probe).person is None
    named = gallery_of(entries, margin=0.005).identify(probe).person
    assert named is not None
    assert named.name == "Ada"


def test_a_person_with_a_look_alike_needs_a_larger_lead() -> None:
    first, second, probe = at_cosines(0.975, 0.950)
    bela = entry("Bela", second)
    assert gallery_of([entry("Ada", first), bela], margin=0.02).identify(probe).accepted
    assert not gallery_of([entry("Ada", first, margin=0.01), bela], margin=0.02).identify(probe).accepted


def test_the_larger_lead_is_asked_of_that_person_only() -> None:
    first, second, probe = at_cosines(0.975, 0.950)
    assert gallery_of([entry("Ada", first), entry("Bela", second, margin=0.5)], margin=0.02).identify(probe).accepted


def test_two_people_of_one_name_are_two_people() -> None:
    first, second, probe = at_cosines(0.99, 0.95)
    twins = [GalleryEntry(person_id(str(number)), "Ada", vector) for number, vector in enumerate((first, second))]
    match = gallery_of(twins).identify(probe)
    assert match.best is not None
    assert match.runner_up is not None
    assert (match.best.person, match.runner_up.person) == (person_id("0"), person_id("1"))


def crowd(count: int, random: np.random.Generator) -> tuple[Embedding, list[Embedding]]:
    """What all faces have in common, and faces that are as alike as those of different people."""
    everyone = unit_vector(random)
    return everyone, [near(everyone, np.sqrt(0.86), random) for _ in range(count)]


def view_of(person: Embedding, everyone: Embedding, similarity: float, random: np.random.Generator) -> Embedding:
    """Another view of a person, who is as much like everyone as before."""
    own = person - (person @ everyone) * everyone
    own /= np.linalg.norm(own)
    other = unit_vector(random)
    other -= (other @ everyone) * everyone
    other -= (other @ own) * own
    other /= np.linalg.norm(other)
    share = (similarity - 0.86) / 0.14
    view = np.sqrt(0.86) * everyone + np.sqrt(0.14) * (share * own + np.sqrt(1 - share**2) * other)
    return np.asarray(view, np.float32)


def test_one_view_that_names_in_a_small_gallery_does_not_in_a_large_one() -> None:
    random = np.random.default_rng(2)
    everyone, people = crowd(3001, random)
    entries = [entry(str(number), person) for number, person in enumerate(people)]
    probe = view_of(people[0], everyone, 0.935, random)
    assert gallery_of(entries[:1]).identify(probe).accepted
    assert not gallery_of(entries).identify(probe).accepted


def test_who_is_like_everybody_must_be_more_like_somebody() -> None:
    random = np.random.default_rng(3)
    everyone, people = crowd(60, random)
    gallery = gallery_of([entry(str(number), person) for number, person in enumerate(people)])
    usual = gallery.identify(view_of(people[0], everyone, 0.95, random))
    blurred = view_of(people[0], everyone, 0.95, random) + 0.5 * everyone
    crowded = gallery.identify(np.asarray(blurred / np.linalg.norm(blurred), np.float32))
    assert crowded.runner_up is not None
    assert usual.runner_up is not None
    assert crowded.runner_up.similarity > usual.runner_up.similarity
    assert crowded.threshold > usual.threshold


def test_people_who_are_all_alike_must_be_matched_more_closely() -> None:
    random = np.random.default_rng(4)
    everyone, people = crowd(60, random)
    alike = [near(everyone, np.sqrt(0.92), random) for _ in range(60)]
    probe = people[0]
    thresholds = [
        gallery_of([entry("Ada", probe), *(entry(str(number), other) for number, other in enumerate(others))])
        .identify(probe)
        .threshold
        for others in (people[1:], alike)
    ]
    assert thresholds[1] > thresholds[0] + 0.002


def test_an_entry_may_be_left_out_or_replaced_for_once() -> None:
    random = np.random.default_rng(5)
    everyone, people = crowd(30, random)
    gallery = gallery_of([entry(str(number), person) for number, person in enumerate(people)])
    probe = view_of(people[0], everyone, 0.97, random)
    before = gallery.identify(probe)
    assert before.person is not None
    assert before.person.name == "0"
    without = gallery.identify(probe, instead=(0, None))
    assert without.best is not None
    assert without.best.name != "0"
    assert not without.accepted
    replaced = gallery.identify(probe, instead=(0, probe))
    assert replaced.best is not None
    assert replaced.best.similarity == pytest.approx(1, abs=1e-6)
    assert gallery.identify(probe) == before


def test_the_only_entry_left_out_leaves_nobody() -> None:
    template = unit_vector(np.random.default_rng(0))
    match = gallery_of([entry("Ada", template)]).identify(template, instead=(0, None))
    assert (match.best, match.accepted) == (None, False)


def test_a_stricter_target_names_less() -> None:
    random = np.random.default_rng(2)
    ada = unit_vector(random)
    probe = near(ada, 0.94, random)
    assert gallery_of([entry("Ada", ada)], target_fpir=0.05).identify(probe).accepted
    assert not gallery_of([entry("Ada", ada)], target_fpir=1e-6).identify(probe).accepted


def test_a_template_of_images_that_differ_much_needs_more_similarity() -> None:
    random = np.random.default_rng(3)
    ada = unit_vector(random)
    steady = gallery_of([entry("Ada", ada)]).identify(near(ada, 0.95, random))
    varied = gallery_of([entry("Ada", np.float32(0.95) * ada)]).identify(near(ada, 0.95, random))
    assert varied.threshold > steady.threshold
    assert varied.best is not None
    assert varied.best.similarity == pytest.approx(0.95, abs=2e-3)


def test_everyone_in_a_gallery_of_ten_thousand_is_found_again() -> None:
    random = np.random.default_rng(4)
    templates = random.standard_normal((10_000, 128)).astype(np.float32)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    gallery = gallery_of([GalleryEntry(person_id(str(row)), str(row), one) for row, one in enumerate(templates)])
    assert len(gallery) == 10_000
    for row in (0, 1, 4095, 4096, 4097, 8191, 8192, 9999):
        match = gallery.identify(near(templates[row], 0.97, random))
        assert match.person is not None
        assert match.person.name == str(row)


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_best_and_runner_up_are_the_two_largest_cosines(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    templates = [unit_vector(random) * np.float32(random.uniform(0.9, 1)) for _ in range(count)]
    probe = unit_vector(random)
    match = gallery_of([entry(str(row), one) for row, one in enumerate(templates)]).identify(probe)
    truth = sorted((float(one @ probe / np.linalg.norm(one)) for one in templates), reverse=True)
    assert match.best is not None
    assert match.best.similarity == pytest.approx(truth[0], abs=1e-6)
    if count == 1:
        assert match.runner_up is None
    else:
        assert match.runner_up is not None
        assert match.runner_up.similarity == pytest.approx(truth[1], abs=1e-6)
        assert match.runner_up.person != match.best.person


@settings(max_examples=60)
@given(st.integers(2, 20), st.integers(0, 2**32 - 1))
def test_the_order_of_enrolment_does_not_matter(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    everyone = unit_vector(random)
    entries = [entry(str(row), near(everyone, 0.92, random)) for row in range(count)]
    probe = near(entries[0].template, 0.97, random)
    there, back = gallery_of(entries).identify(probe), gallery_of(entries[::-1]).identify(probe)
    assert there.accepted == back.accepted
    assert there.person == back.person
