"""Still images: every face from left to right, with a name and a mood, or without."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from monitor.domain import Box, Candidate, Face, Match, RgbImage
from monitor.pipeline.still_images import Identifier
from monitor.vision.detection.turns import turned_back, turned_picture
from monitor.vision.detector import FaceDetector
from tests.monitor.stage import Photo, frontal, mood_of, person_id

PICTURE = np.random.default_rng(8).integers(0, 256, (480, 640, 3)).astype(np.uint8)


class FakeDetector:
    def __init__(self, *faces: Face) -> None:
        self._faces = faces

    def detect(self, rgb: RgbImage) -> list[Face]:
        return list(self._faces)

    glance = detect


class FakeEmotions:
    def __init__(self, *scores: Sequence[float]) -> None:
        self._scores = scores

    def predict(self, crops: np.ndarray) -> np.ndarray:
        assert crops.shape == (len(self._scores), 48, 48)
        return np.array(self._scores, np.float32)


def match(name: str, *, accepted: bool = True) -> Match:
    return Match(Candidate(person_id(name), name, 0.97), None, 0.95, accepted)


def face(left: float) -> Face:
    return frontal(Box(left, 100, 80, 80))


def identifier(
    faces: Sequence[Face], matches: Sequence[Match], emotions: FakeEmotions | None, **more: object
) -> Identifier:
    return Identifier(FakeDetector(*faces), lambda *_: list(matches), emotions, mood_confidence=0.45, **more)  # type: ignore[arg-type]


def test_faces_come_from_left_to_right_whichever_is_surest() -> None:
    found = identifier([face(400), face(20)], [match("Ada"), match("Bela")], None).identify(PICTURE)
    assert [one.face.box.left for one in found] == [20, 400]
    assert [one.match.person.name for one in found if one.match.person] == ["Ada", "Bela"]


def test_every_face_has_its_own_mood_and_an_unlikely_one_is_unsure() -> None:
    emotions = FakeEmotions(mood_of(happy=0.9), mood_of(sad=0.3, happy=0.3))
    found = identifier([face(20), face(400)], [match("Ada"), match("Bela")], emotions).identify(PICTURE)
    assert [one.mood.label for one in found if one.mood] == ["happy", "unsure"]


def test_a_face_too_small_to_be_judged_is_unsure_and_the_model_is_not_asked() -> None:
    tiny = frontal(Box(500, 100, 15, 15))
    emotions = FakeEmotions(mood_of(happy=0.9))
    found = identifier([face(20), tiny], [match("Ada"), match("Bela")], emotions).identify(PICTURE)
    assert [(one.mood.label, one.mood.unclear) for one in found if one.mood] == [("happy", None), ("unsure", "small")]


def test_somebody_who_refused_has_no_mood_and_the_others_have() -> None:
    emotions = FakeEmotions(mood_of(happy=0.9), mood_of(happy=0.9))
    people = [match("Ada"), match("Bela")]
    found = identifier([face(20), face(400)], people, emotions, no_mood={person_id("Ada")}).identify(PICTURE)
    assert [one.mood is None for one in found] == [True, False]


def test_being_like_somebody_who_refused_refuses_nothing() -> None:
    emotions = FakeEmotions(mood_of(happy=0.9))
    look_alike = [match("Ada", accepted=False)]
    (found,) = identifier([face(20)], look_alike, emotions, no_mood={person_id("Ada")}).identify(PICTURE)
    assert found.mood is not None


def test_with_moods_off_nobody_has_one() -> None:
    (found,) = identifier([face(20)], [match("Ada")], None).identify(PICTURE)
    assert found.mood is None


def test_on_a_picture_without_a_face_nothing_is_asked() -> None:
    def never(rgb: RgbImage, faces: Sequence[Face], chips: np.ndarray) -> list[Match]:
        raise AssertionError("nobody is there to be named")

    alone = Identifier(FakeDetector(), never, FakeEmotions(), mood_confidence=0.45)  # type: ignore[arg-type]
    assert alone.identify(PICTURE) == []


@pytest.mark.parametrize("rim", [60, 20, 0])
def test_a_real_face_is_found_however_much_of_the_picture_it_fills(
    blazeface: FaceDetector, orl_photo: Photo, rim: int
) -> None:
    photo = orl_photo(5, 1)[60 - rim : 396 + rim, 60 - rim : 336 + rim]
    (found,) = Identifier(blazeface, lambda *_: [match("Ada")], None, mood_confidence=0.45).identify(photo)
    x, y = found.face.box.centre
    assert abs(x - photo.shape[1] / 2) < 60
    assert abs(y - photo.shape[0] / 2) < 70


@pytest.mark.parametrize("degrees", [90, 180])
def test_a_picture_on_its_side_is_turned_and_the_box_is_that_of_the_picture_as_given(
    blazeface: FaceDetector, orl_photo: Photo, degrees: int
) -> None:
    one = Identifier(blazeface, lambda *_: [match("Ada")], None, mood_confidence=0.45)
    photo = orl_photo(5, 1)
    (upright,), (found,) = one.identify(photo), one.identify(turned_picture(photo, 360 - degrees))
    assert (upright.turned, found.turned) == (0, degrees)
    (height, width), box = turned_picture(photo, 360 - degrees).shape[:2], found.face.box
    assert turned_back(upright.face.box, degrees, width, height) == box


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (15, 15), (60, 60)])
def test_a_tiny_picture_has_no_face(blazeface: FaceDetector, size: tuple[int, int]) -> None:
    nobody = Identifier(blazeface, lambda *_: [], None, mood_confidence=0.45)
    assert nobody.identify(np.zeros((*size, 3), np.uint8)) == []


def test_a_face_that_is_not_confirmed_has_neither_name_nor_mood() -> None:
    doubtful = replace(face(20), confirmed=False)
    emotions = FakeEmotions(mood_of(happy=0.9))
    (found,) = identifier([doubtful], [match("Ada")], emotions).identify(PICTURE)
    assert found.match.person is None
    assert found.mood is None
