"""The gate that images pass, as the door asks it."""

from pathlib import Path

from enroll.faces.examine import Examiner, gate
from monitor.config import QualityLimits
from monitor.domain import Box, Face
from monitor.vision.images import read_image


def test_the_gate_is_that_of_enrolment(examiner: Examiner, orl: Path) -> None:
    rgb = read_image(orl / "s1" / "1.pgm")
    (found,) = examiner.examine(rgb)
    passes = gate(QualityLimits())
    assert passes(rgb, found.face) == found.quality.numbers()
    assert gate(QualityLimits(sharpness=9.0))(rgb, found.face) is None
    assert passes(rgb, Face(found.face.box, 0.4, found.face.keypoints)) is None
    assert passes(rgb, Face(Box(0, 0, 80, 80), 0.9)) is None
