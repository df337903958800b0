"""What statistics tell of a column before anything is fitted, and what a transform may have to say about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CROWD, CORNER = 0.9, 0.05  # so many of the rows in so much of the range


@dataclass(frozen=True)
class Seen:
    """A column's values after what prepares them. `bins` are (low, high, rows) over the whole range, `top` the rows
    of each of the most frequent values, `bucketed` whether its feature also tells values apart by buckets, `filled` how
    many buckets of that feature rows fall into, where that is known."""

    rows: int
    unique_count: int
    bins: Sequence[tuple[float, float, int]] = ()
    top: Sequence[int] = ()
    bucketed: bool = False
    filled: int | None = None

    @property
    def is_crowded(self) -> bool:
        """Whether some stretch of the range, no longer than CORNER of it, holds CROWD of the rows."""
        if len(self.bins) < 2 or not self.rows:
            return False
        longest = CORNER * (self.bins[-1][1] - self.bins[0][0]) * (1 + 1e-9)
        return any(self._rows_from(at, longest) >= CROWD * self.rows for at in range(len(self.bins)))

    def _rows_from(self, first: int, longest: float) -> int:
        start = self.bins[first][0]
        return sum(rows for _, high, rows in self.bins[first:] if high - start <= longest)


@dataclass(frozen=True)
class Caution:
    """What a person should know, and what to do about it."""

    code: str
    message: str
    remedy: str
