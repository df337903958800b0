"""When a config is due to be tested again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.reruns import PERIODS, WHEN, RerunPlan, is_due, next_occasion, planned

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
PLAN = RerunPlan("c1", "d1", "off", None, "", "")


@pytest.mark.parametrize("when", WHEN)
def test_the_first_occasion_is_a_period_away(when: str) -> None:
    plan = planned(PLAN, when, NOW, "ann")
    assert not is_due(plan, NOW)
    assert is_due(plan, NOW + timedelta(weeks=1)) is (when in PERIODS)


@given(st.sampled_from(sorted(PERIODS)), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_after_any_time_away_one_rerun_makes_up_for_all(when: str, away: timedelta) -> None:
    plan = planned(PLAN, when, NOW, "ann")
    late = NOW + PERIODS[when] + away
    assert is_due(plan, late)
    after = next_occasion(plan, late)
    assert not is_due(after, late)
    assert is_due(after, late + PERIODS[when])
    whole = datetime.fromisoformat(after.due_at or "") - NOW
    assert whole % PERIODS[when] == timedelta(0)
