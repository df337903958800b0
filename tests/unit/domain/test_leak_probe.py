"""When the leak probe raises its hand."""

from __future__ import annotations

import pytest
from towerlab.domain.leak_probe import Probed, Probes, judge

PROBES = Probes(0.1, {"x": Probed(0.221, None, None), "y": Probed(0.219, 0.9, 0.5), "p": Probed(1.0, 1.0, 1.0)})


@pytest.mark.parametrize(
    ("column", "role", "verdict"),
    [("x", None, "red"), ("x", "revenue", "red"), ("y", None, "ok"), ("x", "customer_id", "exempt")],
)
def test_red_from_two_point_two_times_popularity_on_but_never_the_customer(
    column: str, role: str | None, verdict: str
) -> None:
    probe = judge(column, role, PROBES)
    assert probe is not None
    assert probe.verdict == verdict


def test_a_red_one_asks_a_question() -> None:
    probe = judge("x", None, PROBES)
    assert probe is not None
    assert "known before the purchase?" in probe.message
    assert probe.times_popularity == pytest.approx(2.21)


def test_the_product_itself_and_an_unknown_column_have_none() -> None:
    assert judge("p", "product_id", PROBES) is None
    assert judge("nowhere", None, PROBES) is None


def test_without_evaluation_rows_nothing_is_said() -> None:
    assert judge("x", None, Probes()) is None
    assert judge("x", None, Probes(0.0, {"x": Probed(0.0, None, None)})).times_popularity is None  # type: ignore[union-attr]
