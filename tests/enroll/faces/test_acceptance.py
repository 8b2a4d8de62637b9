"""Which of a person's pictures are taken, and why the others are not."""

import dataclasses

import numpy as np
import pytest

from enroll.faces.acceptance import accept_images
from enroll.faces.examine import Examination
from enroll.faces.similarity_limits import choose_face, fit_of_each, mean_template, misfits
from tests.enroll.conftest import MadeUp


def test_pictures_of_one_person_are_all_taken_in_their_order(made_up: MadeUp) -> None:
    pictures = [made_up.examination(f"{number}.jpg", "Anna") for number in range(4)]
    acceptance = accept_images(pictures)
    assert [member.image for member in acceptance.accepted] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert not acceptance.rejected


@pytest.mark.parametrize("place", range(4))
def test_one_mislabelled_picture_among_four_is_named_and_left_out(made_up: MadeUp, place: int) -> None:
    shown = ["Anna"] * 4
    shown[place] = "Ben"
    acceptance = accept_images([made_up.examination(f"{number}.jpg", person) for number, person in enumerate(shown)])
    assert [one.image for one in acceptance.rejected] == [f"{place}.jpg"]
    assert "somebody else" in acceptance.rejected[0].reason
    assert len(acceptance.accepted) == 3


def test_of_two_pictures_that_contradict_each_other_neither_is_taken(made_up: MadeUp) -> None:
    acceptance = accept_images([made_up.examination("a.jpg", "Anna"), made_up.examination("b.jpg", "Ben")])
    assert not acceptance.accepted
    assert [one.image for one in acceptance.rejected] == ["a.jpg", "b.jpg"]
    assert "third" in acceptance.rejected[0].reason


def test_pictures_that_several_people_share_equally_are_not_taken_and_are_to_be_sorted(made_up: MadeUp) -> None:
    shown = ["Anna", "Ben", "Anna", "Ben"]
    acceptance = accept_images([made_up.examination(f"{number}.jpg", person) for number, person in enumerate(shown)])
    assert not acceptance.accepted
    assert all("several people" in one.reason for one in acceptance.rejected)


def test_what_is_enrolled_already_decides_who_the_person_is(made_up: MadeUp) -> None:
    enrolled = [made_up.embedding("Anna")]
    acceptance = accept_images([made_up.examination("b.jpg", "Ben"), made_up.examination("a.jpg", "Anna")], enrolled)
    assert [member.image for member in acceptance.accepted] == ["a.jpg"]
    assert [one.image for one in acceptance.rejected] == ["b.jpg"]


def test_of_several_faces_the_one_that_fits_the_other_pictures_is_taken(made_up: MadeUp) -> None:
    group = made_up.examination("group.jpg", "Ben", "Anna", "Cleo")
    acceptance = accept_images([group, made_up.examination("1.jpg", "Anna"), made_up.examination("2.jpg", "Anna")])
    member = next(member for member in acceptance.accepted if member.image == "group.jpg")
    assert member.face is group.faces[1]


@pytest.mark.parametrize("others", [(), ("Anna",)])
def test_several_faces_are_refused_when_none_fits(made_up: MadeUp, others: list[str]) -> None:
    pictures = [made_up.examination("group.jpg", "Ben", "Cleo")]
    pictures += [made_up.examination(f"{name}.jpg", name) for name in others]
    acceptance = accept_images(pictures)
    assert [one.image for one in acceptance.rejected] == ["group.jpg"]
    assert "2 faces" in acceptance.rejected[0].reason


def test_two_faces_that_both_fit_are_refused(made_up: MadeUp) -> None:
    twins = made_up.examination("twins.jpg", "Anna", "Anna", spread=0.06)
    acceptance = accept_images([twins, made_up.examination("1.jpg", "Anna")])
    assert [one.image for one in acceptance.rejected] == ["twins.jpg"]


def test_a_sheet_of_prints_of_one_person_is_taken_as_one_picture(made_up: MadeUp) -> None:
    acceptance = accept_images([made_up.examination("sheet.jpg", *["Anna"] * 6, spread=0.001)])
    assert [member.image for member in acceptance.accepted] == ["sheet.jpg"]


def test_of_a_sheet_of_prints_the_one_that_is_good_enough_is_taken(made_up: MadeUp) -> None:
    good = made_up.examination("sheet.jpg", "Anna", spread=0.001)
    bad = made_up.examination("sheet.jpg", "Anna", spread=0.001, failure="too dark")
    sheet = dataclasses.replace(good, faces=(*bad.faces, *good.faces))
    assert [member.face for member in accept_images([sheet]).accepted] == list(good.faces)


def test_a_sheet_that_shows_somebody_else_too_is_refused(made_up: MadeUp) -> None:
    sheet = made_up.examination("sheet.jpg", *["Anna"] * 5, "Ben", spread=0.001)
    assert "6 faces" in accept_images([sheet]).rejected[0].reason


def test_the_same_picture_twice_is_taken_once(made_up: MadeUp) -> None:
    picture = made_up.examination("1.jpg", "Anna")
    copy = dataclasses.replace(picture, image="copy.jpg")
    acceptance = accept_images([picture, copy])
    assert [member.image for member in acceptance.accepted] == ["1.jpg"]
    assert [one.image for one in acceptance.rejected] == ["copy.jpg"]


def test_every_flaw_is_said_in_its_own_words(made_up: MadeUp) -> None:
    pictures = [
        made_up.examination("blurred.jpg", "Anna", failure="The face is blurred."),
        made_up.examination("empty.jpg"),
        Examination("broken.jpg", "", error="The file is empty."),
        made_up.examination("good.jpg", "Anna"),
    ]
    reasons = {one.image: one.reason for one in accept_images(pictures).rejected}
    assert reasons["blurred.jpg"] == "The face is blurred."
    assert reasons["empty.jpg"].startswith("No face was found")
    assert reasons["broken.jpg"] == "The file is empty."
    assert "good.jpg" not in reasons


def test_two_unreadable_files_are_not_taken_for_the_same_picture() -> None:
    pictures = [Examination(f"{number}.jpg", "", error="Cut off.") for number in range(2)]
    assert [one.reason for one in accept_images(pictures).rejected] == ["Cut off.", "Cut off."]


def test_the_template_is_the_mean_and_shorter_the_more_the_images_differ(made_up: MadeUp) -> None:
    alike = np.stack([made_up.embedding("Anna", 0.01) for _ in range(4)])
    varied = np.stack([made_up.embedding("Anna", 0.1) for _ in range(4)])
    assert np.allclose(mean_template(alike), alike.mean(axis=0))
    assert np.linalg.norm(mean_template(varied)) < np.linalg.norm(mean_template(alike)) < 1


def test_fit_leaves_the_judged_image_out(made_up: MadeUp) -> None:
    rows = np.stack([made_up.embedding("Anna") for _ in range(3)])
    rest = rows[1] + rows[2]
    assert fit_of_each(rows)[0] == pytest.approx(rows[0] @ rest / np.linalg.norm(rest), abs=1e-5)


def test_two_wrong_pictures_among_six_are_both_found(made_up: MadeUp) -> None:
    rows = np.stack([made_up.embedding(name) for name in ("Anna", "Ben", "Anna", "Anna", "Cleo", "Anna")])
    assert set(misfits(rows)) == {1, 4}


def test_no_face_is_chosen_without_a_reference(made_up: MadeUp) -> None:
    faces = np.stack([made_up.embedding("Anna"), made_up.embedding("Ben")])
    assert choose_face(faces, np.empty((0, 128), np.float32)) is None
