"""Confidence intervals of rates."""

import subprocess
import sys

import pytest
from scipy.stats import binomtest

from enroll.evaluation.rates import Rate


@pytest.mark.parametrize(("count", "trials"), [(0, 1), (1, 1), (0, 50), (3, 7), (250, 1000), (1000, 1000)])
def test_the_interval_is_wilsons(count: int, trials: int) -> None:
    expected = binomtest(count, trials).proportion_ci(method="wilson")
    assert Rate(count, trials).interval == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_kiosk_that_examines_its_gallery_loads_no_statistics() -> None:
    program = (
        "import sys, monitor.desk.maintenance.gallery_check\n"
        "from enroll.evaluation.rates import Rate\n"
        "Rate(1, 9).interval\n"
        "sys.exit('scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=300, check=False).returncode == 0
