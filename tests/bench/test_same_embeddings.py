"""The rebuilt encoder gives dlib's own descriptors on the AT&T/ORL set."""

import os

import numpy as np

from monitor.bench.vision import LARGEST_DIFFERENCE, chips_on
from monitor.sources.simulated.people import cast, photo
from monitor.vision.encoder import FaceEncoder

EVERY = 1 if os.environ.get("MUSTER_TEST_ALL_FACES") else 10
"""All 400 take dlib half a minute; set the variable for them."""


def test_every_descriptor_is_within_1e_5_of_dlibs() -> None:
    portraits = [portrait for one in cast(1) for portrait in (*one.enrolment, *one.seen)]
    chips = chips_on([photo(portrait) for portrait in portraits[::EVERY]])
    assert len(chips) >= len(portraits) // EVERY
    distances = np.linalg.norm(FaceEncoder().encode(chips) - FaceEncoder("dlib").encode(chips), axis=1)
    assert distances.max() <= LARGEST_DIFFERENCE
