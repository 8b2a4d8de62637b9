"""How often wrong labels and double enrolments are found, counted on the ORL faces."""

from itertools import product
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from enroll.faces.examine import Examiner
from enroll.faces.similarity_limits import ALONE, BOTH, crowding, mean_template, misfits
from enroll.people.gallery_index import GalleryIndex, Known
from monitor.domain import Embedding
from monitor.vision.encoder import Embeddings, unit
from monitor.vision.images import read_image
from tests.enroll.conftest import MadeUp

PEOPLE, IMAGES = 12, 6


@pytest.fixture(scope="module")
def embeddings(orl: Path) -> Embeddings:
    """Of both encoders: float32 (people, images, 256)."""
    examiner = Examiner()
    return np.stack(
        [
            [
                examiner.examine(read_image(orl / f"s{person}/{image}.pgm"))[0].embedding
                for image in range(1, IMAGES + 1)
            ]
            for person in range(1, PEOPLE + 1)
        ]
    )


def test_one_mislabelled_image_among_four_is_found_in_95_of_100_cases(embeddings: Embeddings) -> None:
    found = [
        list(misfits(np.concatenate([embeddings[person, :3], embeddings[other, 4:5]]))) == [3]
        for person, other in product(range(PEOPLE), repeat=2)
        if person != other
    ]
    assert np.mean(found) >= 0.95


@pytest.mark.parametrize("images", [2, 3])
def test_two_people_who_share_the_images_equally_are_found_in_95_of_100_cases(
    embeddings: Embeddings, images: int
) -> None:
    found = [
        len(misfits(np.concatenate([embeddings[person, :images], embeddings[other, -images:]]))) == 2 * images
        for person, other in product(range(PEOPLE), repeat=2)
        if person != other
    ]
    assert np.mean(found) >= 0.95


def test_two_images_of_somebody_else_among_five_are_found_in_95_of_100_cases(embeddings: Embeddings) -> None:
    found = [
        sorted(misfits(np.concatenate([embeddings[person, :3], embeddings[other, 4:6]]))) == [3, 4]
        for person, other in product(range(PEOPLE), repeat=2)
        if person != other
    ]
    assert np.mean(found) >= 0.95


def test_the_images_of_somebody_enrolled_outweigh_more_of_somebody_else(made_up: MadeUp) -> None:
    faces = np.stack([made_up.embedding(name) for name in ("Anna", "Anna", "Ben", "Ben", "Ben")])
    assert sorted(misfits(faces, vouched=2)) == [2, 3, 4]


def test_right_images_are_left_alone(embeddings: Embeddings) -> None:
    wrongly = [
        len(misfits(embeddings[person, start : start + count]))
        for person in range(PEOPLE)
        for count in (4, IMAGES)
        for start in range(IMAGES - count + 1)
    ]
    assert sum(wrongly) == 0


@pytest.mark.parametrize("images", [1, 2, 3])
def test_who_is_enrolled_twice_is_found_in_95_of_100_cases(embeddings: Embeddings, images: int) -> None:
    ids = [uuid4() for _ in range(PEOPLE)]
    templates = [mean_template(embeddings[person, :images]) for person in range(PEOPLE)]
    index = GalleryIndex(Known(ids[person], str(person), templates[person], images) for person in range(PEOPLE))
    first = [index.alike(mean_template(embeddings[person, -images:]), images)[:1] for person in range(PEOPLE)]
    assert np.mean([bool(alike) and alike[0].person == ids[row] for row, alike in enumerate(first)]) >= 0.95


def test_few_different_people_are_taken_for_one(embeddings: Embeddings) -> None:
    means = unit(np.stack([mean_template(embeddings[person, :3]) for person in range(PEOPLE)]))
    similarities = (means @ means.T)[np.triu_indices(PEOPLE, 1)]
    assert np.mean(similarities >= BOTH.alike_from([3, 3])) <= 0.01


def test_a_roster_grows_and_replaces_without_forgetting(made_up: MadeUp) -> None:
    ids = [uuid4() for _ in range(100)]
    index = GalleryIndex(Known(one, str(row), made_up.embedding(str(row)), 1) for row, one in enumerate(ids))
    index.put(Known(ids[99], "renamed", made_up.embedding("99"), 3))
    assert len(index) == 100
    assert index.alike(made_up.embedding("99"), 1)[0].name == "renamed"
    assert index.alike(made_up.embedding("99"), 1, but=ids[99]) == []


def among(others: float) -> tuple[Embedding, GalleryIndex]:
    """Somebody, and a gallery index with a double of theirs and people who are so similar to both."""
    ids = [uuid4() for _ in range(31)]
    rows = np.eye(128, dtype=np.float32)
    one, double = rows[0], unit((0.928 * rows[0] + np.sqrt(1 - 0.928**2) * rows[1])[None])[0]
    rest = [np.asarray(others * rows[0] + np.sqrt(1 - others**2) * rows[2 + row], np.float32) for row in range(30)]
    people = [Known(ids[0], "double", double, 1)]
    return one, GalleryIndex([*people, *(Known(ids[1 + row], str(row), face, 1) for row, face in enumerate(rest))])


def test_in_a_crowd_a_double_has_to_be_more_alike_than_where_nobody_is_near() -> None:
    one, far = among(0.80)
    assert [alike.name for alike in far.alike(one, 1)] == ["double"]
    one, near = among(0.915)
    assert near.alike(one, 1) == []


def test_a_few_people_say_nothing_about_a_crowd() -> None:
    similarities = np.array([0.94, 0.93, 0.92], np.float32)
    assert crowding(ALONE, similarities, np.array([0]), 0.8).tolist() == [0.0]


def test_the_one_who_may_be_the_double_is_not_counted_as_crowd() -> None:
    similarities = np.array([0.99, 0.90, 0.90, 0.90, 0.90], np.float32)
    double, other = crowding(ALONE, similarities, np.array([0, 4]), 0.90)
    assert double == pytest.approx(0.0, abs=1e-6)
    assert other > 0.0
