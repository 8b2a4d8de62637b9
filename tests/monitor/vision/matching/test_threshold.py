"""The threshold follows from the target FPIR and the gallery's size."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.vision.matching.threshold import DLIB

targets = st.floats(1e-5, 0.5)
sizes = st.integers(1, 10_000_000)
lengths = st.floats(0.9, 1.0)


@given(targets, sizes, sizes)
def test_a_larger_gallery_never_has_a_lower_threshold(target: float, one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert DLIB.threshold_for(target, small) <= DLIB.threshold_for(target, large)


@given(targets, targets, sizes)
def test_a_stricter_target_never_has_a_lower_threshold(one: float, other: float, size: int) -> None:
    strict, lax = sorted((one, other))
    assert DLIB.threshold_for(strict, size) >= DLIB.threshold_for(lax, size)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_similarity_is_never_reached_by_more_strangers(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert DLIB.fmr_at(low) >= DLIB.fmr_at(high) > 0


@given(st.floats(1e-3, 0.3), st.integers(1, 100_000))
def test_at_its_threshold_a_gallery_names_the_targets_share_of_strangers(target: float, size: int) -> None:
    assert DLIB.expected_fpir(DLIB.threshold_for(target, size), size) == pytest.approx(target, rel=0.02)


@given(st.floats(1e-3, 0.3))
def test_a_gallery_of_one_allows_for_people_who_are_more_alike_than_the_curves(target: float) -> None:
    assert DLIB.fmr_at(DLIB.threshold_for(target, 1)) == pytest.approx(target / 4, rel=0.02)


@given(st.integers(20, 1_000_000))
def test_the_second_best_of_more_people_is_usually_more_alike(size: int) -> None:
    assert DLIB.usual_similarity(range(2, 5), size) < DLIB.usual_similarity(range(1, 2), size)
    assert DLIB.usual_similarity(range(2, 5), size) < DLIB.usual_similarity(range(2, 5), 2 * size)


@given(targets, sizes)
def test_a_threshold_is_a_similarity_that_a_face_can_reach(target: float, size: int) -> None:
    assert 0.8 <= DLIB.threshold_for(target, size) <= 0.98


def test_an_empty_gallery_has_the_threshold_of_one_person() -> None:
    assert DLIB.threshold_for(0.01, 0) == DLIB.threshold_for(0.01, 1)


@given(targets, sizes)
def test_for_single_images_the_threshold_stays_as_it_is(target: float, size: int) -> None:
    single = DLIB.threshold_for(target, size)
    assert DLIB.for_means(single, np.float64(1), 1.0) == pytest.approx(single)


@given(st.floats(0.9, 0.955), lengths, lengths, lengths)
def test_means_of_images_that_differ_more_need_more_similarity(
    single: float, one: float, other: float, template: float
) -> None:
    varied, alike = sorted((one, other))
    assert (
        DLIB.for_means(single, np.float64(template), varied)
        >= DLIB.for_means(single, np.float64(template), alike) - 1e-9
    )


@pytest.mark.parametrize(("highest", "less"), [(0.965, 2e-4), (0.98, 2e-3)])
@example(share=0.8, one=0.96875, other=0.984375, template=1.0)
@given(st.floats(0, 1), lengths, lengths, lengths)
def test_at_the_thresholds_of_large_galleries_they_may_need_a_little_less(
    highest: float, less: float, share: float, one: float, other: float, template: float
) -> None:
    varied, alike = sorted((one, other))
    single = 0.955 + share * (highest - 0.955)
    assert (
        DLIB.for_means(single, np.float64(template), varied)
        >= DLIB.for_means(single, np.float64(template), alike) - less
    )


def test_at_the_threshold_of_millions_the_spread_that_shrinks_weighs_more_than_the_scaling() -> None:
    varied, alike = (DLIB.for_means(0.9765625, np.float64(1), length) for length in (0.96875, 0.984375))
    assert varied == pytest.approx(alike - 2.755e-4, abs=1e-6)


@given(st.floats(0.9, 0.98), lengths, lengths)
def test_template_and_probe_count_alike(single: float, template: float, probe: float) -> None:
    assert DLIB.for_means(single, np.float64(template), probe) == pytest.approx(
        DLIB.for_means(single, np.float64(probe), template)
    )


@given(st.floats(0.9, 0.98), lengths, lengths)
def test_a_mean_never_needs_less_similarity_than_a_single_image(single: float, template: float, probe: float) -> None:
    assert DLIB.for_means(single, np.float64(template), probe) >= single - 1e-9


def test_a_thousand_people_need_more_similarity_than_a_hundred() -> None:
    assert DLIB.threshold_for(0.01, 1000) - DLIB.threshold_for(0.01, 100) > 0.005
    assert math.isclose(DLIB.threshold_for(0.01, 100), 0.945, abs_tol=0.01)
