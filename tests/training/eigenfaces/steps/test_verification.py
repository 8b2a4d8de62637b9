"""Error rates by hand."""

import numpy as np
import pytest

from training.eigenfaces.steps.verification import equal_error_rate


def test_the_equal_error_rate_lies_where_both_rates_meet() -> None:
    assert equal_error_rate(np.array([0.0, 0.1, 0.3, 1.0]), np.array([0.5, 0.3, 0.1, 0.0])) == pytest.approx(0.2)
    assert equal_error_rate(np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])) == pytest.approx(0.0)
