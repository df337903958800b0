"""A snapshot's statistics, column by column, so that memory holds one column's distinct values at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from towerlab.adapters.table_engine import Engine, OutOfRange, first
from towerlab.adapters.table_sql import number, quoted, shown
from towerlab.domain.columns import ColumnProfile, ColumnType

EXACT_UP_TO_ROWS = 10_000_000
TOP_VALUES = 20
SAMPLES = 5
SAMPLED_ROWS = 10_000
BINS = 20
LONGEST_TEXT = 200
_NUMERIC = frozenset({ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.TIMESTAMP, ColumnType.DATE})


# Of distinct values with their counts, so that nothing is sorted but those: the middle one, or the two.
_MEDIAN = """
    WITH counted AS (SELECT {value} AS v, count(*) AS n FROM snapshot WHERE {x} IS NOT NULL GROUP BY 1),
         placed AS (SELECT v, n, sum(n) OVER (ORDER BY v NULLS FIRST ROWS UNBOUNDED PRECEDING) AS up_to,
                           sum(n) OVER () AS total FROM counted)
    SELECT min(v) / 2 + max(v) / 2 FROM placed
    WHERE up_to * 2 >= total AND (up_to - n) * 2 < total OR up_to * 2 > total AND (up_to - n) * 2 <= total"""


def profiles(engine: Engine, exact_up_to: int = EXACT_UP_TO_ROWS) -> Sequence[ColumnProfile]:
    """Every column's."""
    profiler = Profiler(engine, exact_up_to)
    return engine.each(lambda _, column: profiler.profile(*column), engine.columns.items())


class Profiler:
    """Profiles the columns of one snapshot; above `exact_up_to` rows unique counts are HyperLogLog's."""

    def __init__(self, engine: Engine, exact_up_to: int = EXACT_UP_TO_ROWS) -> None:
        self._engine = engine
        self._rows = int(self._first("SELECT count(*) FROM snapshot")[0])
        self._exact = self._rows <= exact_up_to

    def profile(self, name: str, type: ColumnType) -> ColumnProfile:
        x = quoted(name)
        unique = f"count(DISTINCT {x})" if self._exact else f"approx_count_distinct({x})"
        known, unique_count, low, high = self._first(
            f"SELECT count({x}), {unique}, min({_extreme(x, type)}), max({_extreme(x, type)}) FROM snapshot"
        )
        return ColumnProfile(
            name=name,
            type=type,
            unique_count=unique_count,
            exact=self._exact,
            nulls=self._rows - known,
            min=_short(low),
            max=_short(high),
            **self._moments(x, type, known),
            sample_values=self._samples(x, type),
            top_values=self._top(x, type),
            histogram=self._histogram(x, type, low, high, known),
        )

    def _moments(self, x: str, type: ColumnType, known: int) -> Mapping[str, float | None]:
        """None for what the numbers are too large to compute."""
        if type not in _NUMERIC:
            return {}
        value = f"({number(x, type)})::DOUBLE"
        mean = self._moment(f"SELECT avg({value}) FROM snapshot")
        std = self._moment(f"SELECT stddev_samp({value}) FROM snapshot")
        median = self._moment(_MEDIAN.format(value=value, x=x))
        return {"mean": mean, "median": median, "std": std, "skewness": self._skewness(value, mean, std, known)}

    def _skewness(self, value: str, mean: float | None, std: float | None, known: int) -> float | None:
        """G1, the adjusted Fisher-Pearson coefficient."""
        if mean is None or not std or known < 3:
            return None
        third = self._moment(f"SELECT avg(pow(({value} - $mean) / $std, 3)) FROM snapshot", mean=mean, std=std)
        return None if third is None else third * known / (known - 1) * known / (known - 2)

    def _moment(self, sql: str, **values: float) -> float | None:
        try:
            found = self._first(sql, **values)[0]
        except OutOfRange:
            return None
        return found if found is not None and math.isfinite(found) else None

    def _samples(self, x: str, type: ColumnType) -> tuple[str, ...]:
        rows = self._engine.rows(
            f"""SELECT {shown("v", type)}
                FROM (SELECT {x} AS v, min(row_id) AS first_row FROM snapshot
                      WHERE row_id < {SAMPLED_ROWS} AND {x} IS NOT NULL GROUP BY 1)
                ORDER BY first_row LIMIT {SAMPLES}"""
        )
        return tuple(_short(_text(value)) for (value,) in rows)

    def _top(self, x: str, type: ColumnType) -> tuple[dict[str, Any], ...]:
        rows = self._engine.rows(
            f"""SELECT {shown("v", type)}, n
                FROM (SELECT {x} AS v, count(*) AS n FROM snapshot WHERE {x} IS NOT NULL GROUP BY 1)
                ORDER BY n DESC, v LIMIT {TOP_VALUES}"""
        )
        return tuple({"value": _short(value), "count": count} for value, count in rows)

    def _histogram(self, x: str, type: ColumnType, low: Any, high: Any, known: int) -> tuple[dict[str, Any], ...]:
        """Bins of equal width; the last one includes its upper edge."""
        if type not in _NUMERIC or low is None or not math.isfinite(float(high) - float(low)):
            return ()
        width = (float(high) - float(low)) / BINS
        if width == 0:
            return ({"low": float(low), "high": float(high), "count": known},)
        place = f"least(greatest(floor((({number(x, type)})::DOUBLE - $low) / $width), 0), {BINS - 1})"
        sql = f"SELECT ({place})::INTEGER, count(*) FROM snapshot WHERE {x} IS NOT NULL GROUP BY 1"
        counts = dict(self._engine.rows(sql, low=float(low), width=width))
        edges = [*(float(low) + place * width for place in range(BINS)), float(high)]
        return tuple(
            {"low": lower, "high": upper, "count": counts.get(bin, 0)}
            for bin, (lower, upper) in enumerate(pairwise(edges))
        )

    def _first(self, sql: str, **values: float) -> tuple[Any, ...]:
        return first(self._engine, sql, **values)


def _extreme(x: str, type: ColumnType) -> str:
    return f"({x})::VARCHAR" if type is ColumnType.BOOLEAN else number(x, type)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(value: Any) -> Any:
    return value[:LONGEST_TEXT] if isinstance(value, str) else value
