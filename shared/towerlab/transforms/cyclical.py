"""Sine and cosine of calendar cycles: December lies beside January, Sunday beside Monday."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from towerlab.domain.columns import ColumnType
from towerlab.domain.outputs import Dense
from towerlab.transforms.arrays import Array
from towerlab.transforms.base import Emitted, Produce, Source, param
from towerlab.transforms.expr import Expr, array, call, const
from towerlab.transforms.fitted import Fitted
from towerlab.transforms.graph import graph, tf
from towerlab.transforms.readers import TIMESTAMP
from towerlab.transforms.registry import transform


@graph
def calendar(seconds: Any) -> Any:
    """Month (1-12), day of month (1-31), weekday (Monday 0) and hour of UTC epoch seconds, in int64 arithmetic:
    days are counted in 400-year eras that begin on 1 March (Howard Hinnant, 'chrono-compatible low-level date
    algorithms', civil_from_days)."""
    days = seconds // 86400
    shifted = days + 719468
    day_of_era = shifted - (shifted // 146097) * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * march_month + 2) // 5 + 1
    month = (march_month + 2) % 12 + 1
    return month, day, (days + 3) % 7, (seconds - days * 86400) // 3600


@graph
def cyclical(x: Any, cycles: list[str]) -> Any:
    """Sine and cosine per cycle, shape [batch, 2 * cycles]; zeros, which no time has, where the time is missing."""
    present = tf.math.is_finite(x)
    month, day, weekday, hour = calendar(tf.cast(tf.where(present, x, tf.zeros_like(x)), tf.int64))
    turns = {
        "annual": ((month - 1) // 3) / 4,
        "quarterly": ((month - 1) % 3) / 3,
        "monthly": (day - 1) / 31,
        "weekly": weekday / 7,
        "daily": hour / 24,
    }
    angles = [6.283185307179586 * turns[cycle] for cycle in cycles]
    waves = tf.stack([wave for angle in angles for wave in (tf.sin(angle), tf.cos(angle))], axis=1)
    return tf.cast(tf.where(tf.expand_dims(present, axis=1), waves, tf.zeros_like(waves)), tf.float32)


def calendar_turns(seconds: Array) -> Mapping[str, Array]:
    """How far each cycle has turned, in [0, 1), by numpy's own calendar."""
    days = seconds // 86_400
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64) % 12
    return {
        "annual": month // 3 / 4,
        "quarterly": month % 3 / 3,
        "monthly": (dates - months).astype(np.int64) / 31,
        "weekly": (days + 3) % 7 / 7,
        "daily": seconds % 86_400 // 3_600 / 24,
    }


@transform
class Cyclical(Produce["Cyclical.Params"]):
    """Two numbers per chosen cycle, in the order annual, quarterly, monthly, weekly, daily, sine before cosine."""

    key = "cyclical"
    label = "Cyclical"
    feature_types = (TIMESTAMP,)
    at = ("transforms", "cyclical")
    rank = 40
    suffix = "_cyclical"

    @dataclass(frozen=True)
    class Params:
        annual: bool = param(False, "Annual (quarter of year 1-4)", help="Yearly seasons: promotions, holidays")
        quarterly: bool = param(False, "Quarterly (month of quarter 1-3)", help="End-of-quarter patterns")
        monthly: bool = param(False, "Monthly (day of month 1-31)", help="Paydays, billing cycles")
        weekly: bool = param(False, "Weekly (day of week 0-6)", help="Weekdays and weekends")
        daily: bool = param(False, "Daily (hour of day 0-23)", help="Morning, lunch, evening")

    examples = (Params(weekly=True), Params(True, True, True, True, True))

    def active(self, p: Params) -> bool:
        return bool(self._cycles(p))

    def refusals(self, column_type: ColumnType, p: Params) -> list[tuple[str, str, str]]:
        if column_type is not ColumnType.DATE or not p.daily:
            return []
        return [("daily", "a DATE has no hour of day", "Switch the daily cycle off, or use a TIMESTAMP column.")]

    def outputs(self, source: Source, p: Params) -> tuple[Dense, ...]:
        return (Dense(self.name(source.key), 2 * len(self._cycles(p))),)

    def emit(self, source: Source, p: Params, x: Expr) -> Emitted:
        cycles = array([const(cycle) for cycle in self._cycles(p)])
        return Emitted({self.name(source.key): call(cyclical, x, cycles)})

    def reference(self, source: Source, p: Params, fitted: Fitted, x: Array) -> Mapping[str, Array]:
        del fitted
        present = np.isfinite(x)
        turns = calendar_turns(np.where(present, x, 0).astype(np.int64))
        angles = [2 * np.pi * turns[cycle] for cycle in self._cycles(p)]
        waves = np.stack([wave for angle in angles for wave in (np.sin(angle), np.cos(angle))], axis=1)
        return {self.name(source.key): np.where(present[:, np.newaxis], waves, 0).astype(np.float32)}

    @staticmethod
    def _cycles(p: Params) -> list[str]:
        return [cycle.name for cycle in fields(p) if getattr(p, cycle.name)]
