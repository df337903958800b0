"""How sure a test can be: the measured points, what lies between them and beyond."""

from __future__ import annotations

import pytest
from towerlab.domain.certainty import TABLE, Measured, half_width, smallest_difference


@pytest.mark.parametrize("row", TABLE, ids=lambda row: str(row.customers))
def test_measured_points_are_met(row: Measured) -> None:
    assert half_width(row.customers) == pytest.approx(row.half_width)
    assert smallest_difference(row.customers, 1) == pytest.approx(row.one_run)
    assert smallest_difference(row.customers, 3) == pytest.approx(row.three_runs, abs=0.001)


def test_more_customers_and_more_runs_see_smaller_differences() -> None:
    counts = [0, 1, 10, 64, 100, 130, 200, 278, 600, 1149, 5000, 10**6]
    for runs in (1, 2, 3, 5):
        seen = [smallest_difference(count, runs) for count in counts]
        assert seen == sorted(seen, reverse=True)
        assert all(0 < one <= 1 for one in seen)
    for count in counts[2:]:
        assert smallest_difference(count, 5) < smallest_difference(count, 2) < smallest_difference(count, 1)
