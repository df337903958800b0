"""Times: buckets of the calendar, and the cycles that are not looked at yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from towerlab.configs.ideas.idea import Idea, Raw, Told, changed
from towerlab.configs.lists import Side
from towerlab.domain.columns import ColumnProfile, ColumnType

BUCKETS, DIM = 20, 16
YEAR = 365 * 86_400
CYCLES = ("annual", "quarterly", "monthly", "weekly", "daily")
TOLD_APART_BY = {"annual": "quarters", "quarterly": "months of a quarter", "monthly": "days of the month",
                 "weekly": "weekdays", "daily": "hours"}  # fmt: skip


def times(told: Told) -> Iterator[Idea]:
    for side, raw, profile in told.features("timestamp"):
        yield from _buckets(told, side, raw)
        yield from _cycles(told, side, raw, profile)


def _buckets(told: Told, side: Side, raw: Raw) -> Iterator[Idea]:
    column = raw["column"]
    if raw["transforms"]["bucketize"]["enabled"]:
        values = {"transforms.bucketize.enabled": False, "transforms.normalize.enabled": True}
        reason = "If one number says as much as its buckets, there is less to learn."
        yield Idea(f"{column} without buckets", told.with_feature(side, changed(raw, values)), reason, 15)
        return
    learned: dict[str, Any] = {
        "transforms.bucketize.enabled": True,
        "transforms.bucketize.buckets": BUCKETS,
        "transforms.bucketize.embedding_dim": DIM,
    }
    newest = "The newest rows are judged: the newest of " if told.split == "time" else ""
    reason = f"{newest or 'Each of '}{BUCKETS} buckets learns what was bought at its time."
    promise = 75 if told.split == "time" and side == "query" else 35
    yield Idea(f"{column} in {BUCKETS} buckets", told.with_feature(side, changed(raw, learned)), reason, promise)


def _cycles(told: Told, side: Side, raw: Raw, profile: ColumnProfile) -> Iterator[Idea]:
    """Those that its times can tell apart, together; and all of them off."""
    now = raw["transforms"]["cyclical"]
    fitting = [cycle for cycle in CYCLES if not now[cycle] and _fits(cycle, profile)]
    if fitting:
        values = {f"transforms.cyclical.{cycle}": True for cycle in fitting}
        reason = f"It does not tell {' and '.join(TOLD_APART_BY[cycle] for cycle in fitting)} apart yet."
        name = f"{raw['column']} with its {' and '.join(fitting)} cycle"
        yield Idea(name, told.with_feature(side, changed(raw, values)), reason, 46)
    if any(now.values()):
        off = {f"transforms.cyclical.{cycle}": False for cycle in CYCLES} | {"transforms.normalize.enabled": True}
        reason = "If the trend alone does as well, the cycles add little."
        yield Idea(f"{raw['column']} without cycles", told.with_feature(side, changed(raw, off)), reason, 13)


def _fits(cycle: str, profile: ColumnProfile) -> bool:
    """A DATE has no hours; a year says something only when there are two of them."""
    if cycle == "daily":
        return profile.type is not ColumnType.DATE
    if cycle != "annual":
        return True
    low, high = profile.min, profile.max
    return isinstance(low, int | float) and isinstance(high, int | float) and high - low >= 2 * YEAR
