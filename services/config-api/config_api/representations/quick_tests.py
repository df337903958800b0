"""Quick tests and full trainings: what was asked for, how far it is, and what came out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from towerlab.domain.quicktest import FullTraining, QuickTest, shown_status
from towerlab.domain.results import KS, PreviousBest, Recall, Result, Slice
from towerlab.domain.verdict import BETTER, CANNOT_TELL, SEEDS, WORSE
from towerlab.runtime import records

from config_api.representations.compute import compute
from config_api.representations.numbers import by_k, finite, points


def quick_test(test: QuickTest, result: Result | None, ahead: int | None = None) -> dict[str, Any]:
    """Every field of a quick test; null where it is not known yet. `ahead` of it so many open tests wait or run."""
    found = _nothing_yet() if result is None else _found(result)
    shown: dict[str, Any] = finite({**_asked(test), **_progress(test), "queue_position": ahead, **found})
    if shown["duration_seconds"] is None:
        shown["duration_seconds"] = _seconds(test.started_at, test.completed_at)
    return shown


def _asked(test: QuickTest) -> dict[str, Any]:
    settings: dict[str, Any] = records.to_json(test.settings)
    return {
        "id": test.id,
        "kind": "full" if isinstance(test, FullTraining) else "quick",
        "feature_config": test.config_id,
        "dataset": test.dataset_id,
        "version": test.version,
        "config_hash": test.config_hash,
        **settings,
        "rerun": test.rerun,
        "exploration": test.exploration_id or None,
        "requested_by": test.requested_by,
        "created_at": test.created_at,
    }


def _progress(test: QuickTest) -> dict[str, Any]:
    return {
        "status": shown_status(test.phase),
        "phase": test.phase.value,
        "vertex_pipeline_id": test.job_id or None,
        "current_stage": test.current_stage or None,
        "progress": test.progress,
        "stages": records.to_json(test.stages),
        "error": records.to_json(test.error) if test.error else None,
        "deadline": test.deadline,
        "started_at": test.started_at,
        "completed_at": test.completed_at,
        "estimated_seconds": test.estimated_seconds,
        "compute": compute(test.compute),
    }


def _nothing_yet() -> dict[str, Any]:
    unknown = ("loss", *(f"recall_at_{k}" for k in KS), "intervals", "ruler", "verdict", "verdict_reason")
    later = (
        "slices",
        "duration_seconds",
        "cost_usd",
        "mlflow_run_id",
        "mlflow_url",
        "unseen",
        "metrics",
        "protocol",
        "rows",
    )
    lists: dict[str, Any] = {"vocabulary_stats": {}, "warnings": [], "replicate_results": [], "curve": []}
    return dict.fromkeys((*unknown, *later)) | lists


def _found(result: Result) -> dict[str, Any]:
    return {
        "loss": result.loss,
        **by_k(result.recall.at),
        "intervals": by_k(result.recall.interval),
        "ruler": _ruler(result),
        "verdict": result.verdict,
        "verdict_reason": _reason(result.ruler.previous_best) if result.ruler.previous_best else None,
        "vocabulary_stats": records.to_json(result.vocabulary_stats),
        "warnings": records.to_json(result.warnings),
        "slices": {name: _slice(part) for name, part in result.slices.items()},
        "duration_seconds": result.duration_seconds,
        "cost_usd": result.cost_usd,
        "mlflow_run_id": result.mlflow_run_id or None,
        "mlflow_url": result.mlflow_url or None,
        "replicate_results": list(result.replicate_results),
        "curve": list(result.curve),
        "unseen": result.unseen,
        "metrics": result.metrics,
        "rows": result.rows,
        "protocol": {**result.protocol, "key": result.protocol_key},
    }


def _ruler(result: Result) -> dict[str, Any]:
    ruler = result.ruler
    return {
        "random": _recall(ruler.random),
        "popularity": _recall(ruler.popularity),
        "repeat_purchase": _recall(ruler.repeat_purchase) if ruler.repeat_purchase else None,
        "previous_best": _previous_best(ruler.previous_best) if ruler.previous_best else None,
    }


def _slice(part: Slice) -> dict[str, Any]:
    return {
        "rows": part.rows,
        "customers": part.customers,
        **_recall(part.recall),
        "popularity": _recall(part.popularity),
        "repeat_purchase": _recall(part.repeat_purchase) if part.repeat_purchase else None,
    }


def _recall(recall: Recall) -> dict[str, Any]:
    return {**by_k(recall.at), "interval": by_k(recall.interval)}


def _previous_best(best: PreviousBest) -> dict[str, Any]:
    return {
        "test": best.test_id,
        "feature_config": best.config_id,
        "name": best.name,
        "version": best.version,
        **by_k(best.at),
        "difference": by_k(best.difference),
        "difference_interval": by_k(best.difference_interval),
        "seeds_known": best.seeds_known,
        "runs": best.runs,
        "after_request": best.after_request,
    }


def _reason(best: PreviousBest) -> str:
    """Why the verdict is what it is, and what would settle it."""
    low, high = best.difference_interval["100"]
    seen = f"{points(best.difference['100'])} points of recall@100 ({points(low)} to {points(high)}"
    if not best.seeds_known:
        return (
            f"{seen} over customers alone): how much seeds differ is not known here. Run {SEEDS} seeds of each config."
        )
    said = {
        BETTER: "This config shows improvement over previous best",
        WORSE: "This config is worse than the previous best",
        CANNOT_TELL: "This config cannot be told from the previous best",
    }[best.verdict]
    return f"{said}: {seen}, customers and seeds considered)."


def _seconds(start: str | None, end: str | None) -> float | None:
    if start is None or end is None:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
