"""The gate that images pass, as the door asks it."""

from pathlib import Path

import numpy as np
import pytest

from enroll.faces.examine import TURNED, Examiner, gate
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


@pytest.mark.parametrize("person", range(1, 11))
def test_a_picture_that_is_upside_down_is_turned_and_that_is_said(examiner: Examiner, orl: Path, person: int) -> None:
    rgb = read_image(orl / f"s{person}" / "1.pgm")
    (upright,), (turned,) = examiner.examine(rgb), examiner.examine(np.ascontiguousarray(rgb[::-1, ::-1]))
    assert float(upright.embedding @ turned.embedding) > 0.999
    assert TURNED in turned.quality.warnings
    assert TURNED not in upright.quality.warnings
