"""What comparisons over many tests need of a result, and nothing more: tens of thousands are read at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from towerlab.domain.results import Result, Warning


@dataclass(frozen=True)
class Score:
    """Follows from a result, and is written with it. `runs` are its figures by seed, as in the result."""

    test_id: str
    config_id: str
    version: int
    dataset_id: str
    protocol_key: str
    sample_percent: int
    at: Mapping[str, float]
    interval: Mapping[str, tuple[float, float]]
    runs: tuple[Mapping[str, int | float], ...]
    customers_uri: str
    completed_at: str
    duration_seconds: float
    cost_usd: float
    after_request: bool = False
    schema: int = 1

    def recalls(self, k: str) -> list[float]:
        """By seed."""
        return [float(run[f"recall_at_{k}"]) for run in self.runs] or [self.at[k]]


def score_of(result: Result) -> Score:
    return Score(
        test_id=result.test_id,
        config_id=result.config_id,
        version=result.version,
        dataset_id=result.dataset_id,
        protocol_key=result.protocol_key,
        sample_percent=int(result.protocol.get("sample_percent", 0)),
        at=result.recall.at,
        interval=result.recall.interval,
        runs=result.replicate_results,
        customers_uri=result.customers_uri,
        completed_at=result.completed_at,
        duration_seconds=result.duration_seconds,
        cost_usd=result.cost_usd,
        after_request=sees_outcomes(result.warnings),
    )


def sees_outcomes(warnings: Iterable[Warning]) -> bool:
    """Whether a result with these warnings must be marked beside honest ones."""
    return any(warning.code == "after_request" for warning in warnings)
