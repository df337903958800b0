"""Two tests on the same customers: the difference of their recalls, customer by customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from towerlab.domain.statistics import Estimate, clustered_difference

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Hits:
    """A test's hits per customer by k, means over its seeds, and rows per customer, all in one order of customers.
    `judged` is equal where customers and their rows are."""

    judged: str
    rows: NDArray[np.float64]
    at: Mapping[str, NDArray[np.float64]]

    @property
    def bytes(self) -> int:
        return self.rows.nbytes + sum(hits.nbytes for hits in self.at.values())


def paired(ours: Hits, theirs: Hits) -> Mapping[str, Estimate] | None:
    """Ours minus theirs by k; None when they were not judged on the same rows."""
    if ours.judged != theirs.judged:
        return None
    return {k: clustered_difference(hits, theirs.at[k], ours.rows) for k, hits in ours.at.items()}
