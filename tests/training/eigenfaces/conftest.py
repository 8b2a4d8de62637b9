"""Four people of ORL at half size; the name of the first tries to break the report."""

import numpy as np
import pytest

from training.eigenfaces.load import FaceSet, load_orl

PEOPLE = 4
HOSTILE = "<script>alert(1)</script> $x_1$ \x1b[31m [bold] \u202e" + "x" * 500


@pytest.fixture(scope="session")
def faces() -> FaceSet:
    orl = load_orl()
    kept = orl.target < PEOPLE
    small = np.ascontiguousarray(orl.images[kept][:, ::2, ::2])
    return FaceSet(small, orl.target[kept], (HOSTILE, *orl.names[1:PEOPLE]), "four people of ORL")
