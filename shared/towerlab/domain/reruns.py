"""Reruns: a config's current version is tested again, with the settings of its best test, every so often or whenever
its dataset has changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from towerlab.domain.times import rfc3339

OFF, ON_UPDATE = "off", "on_update"
PERIODS = {"daily": timedelta(days=1), "weekly": timedelta(weeks=1)}
WHEN = (OFF, *PERIODS, ON_UPDATE)


@dataclass(frozen=True)
class RerunPlan:
    """`when` is one of WHEN; `due_at` is the next occasion of a plan that has a period (RFC 3339 UTC)."""

    config_id: str
    dataset_id: str
    when: str
    due_at: str | None
    updated_at: str
    updated_by: str
    schema: int = 1


def planned(plan: RerunPlan, when: str, now: datetime, who: str) -> RerunPlan:
    """The plan as somebody wants it from now on; the first occasion is a period away."""
    period = PERIODS.get(when)
    due_at = rfc3339(now + period) if period else None
    return replace(plan, when=when, due_at=due_at, updated_at=rfc3339(now), updated_by=who)


def is_due(plan: RerunPlan, now: datetime) -> bool:
    return plan.due_at is not None and datetime.fromisoformat(plan.due_at) <= now


def next_occasion(plan: RerunPlan, now: datetime) -> RerunPlan:
    """The plan once it has been heeded: occasions that were missed are made up for once, and the hour stays."""
    assert plan.due_at is not None
    due, period = datetime.fromisoformat(plan.due_at), PERIODS[plan.when]
    missed = max(0, (now - due) // period)
    return replace(plan, due_at=rfc3339(due + (missed + 1) * period))
