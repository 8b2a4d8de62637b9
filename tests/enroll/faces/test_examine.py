"""The gate that images pass, as the door asks it."""

from pathlib import Path

import pytest

from enroll.faces.examine import TURNED, Examiner, gate
from monitor.config import QualityLimits
from monitor.domain import Box, Face
from monitor.vision.detection.turns import turned_picture
from monitor.vision.images import read_image


def test_the_gate_is_that_of_enrolment(examiner: Examiner, orl: Path) -> None:
    rgb = read_image(orl / "s1" / "1.pgm")
    (found,) = examiner.examine(rgb)
    passes = gate(QualityLimits())
    assert passes(rgb, found.face) == found.quality.numbers()
    assert gate(QualityLimits(sharpness=9.0))(rgb, found.face) is None
    assert passes(rgb, Face(found.face.box, 0.4, found.face.keypoints)) is None
    assert passes(rgb, Face(Box(0, 0, 80, 80), 0.9)) is None


@pytest.mark.parametrize("degrees", TURNED)
@pytest.mark.parametrize("person", range(1, 4))
def test_a_picture_on_its_side_or_upside_down_is_turned_and_that_is_said(
    examiner: Examiner, orl: Path, person: int, degrees: int
) -> None:
    rgb = read_image(orl / f"s{person}" / "1.pgm")
    (upright,), (turned,) = examiner.examine(rgb), examiner.examine(turned_picture(rgb, 360 - degrees))
    assert float(upright.embedding @ turned.embedding) > 0.999
    assert turned.quality.warnings == (*upright.quality.warnings, TURNED[degrees])


def test_the_frames_of_a_camera_are_not_turned(orl: Path) -> None:
    upside_down = turned_picture(read_image(orl / "s1" / "1.pgm"), 180)
    for face in Examiner(steady=False, turns=False).examine(upside_down):
        assert not set(face.quality.warnings) & set(TURNED.values())
