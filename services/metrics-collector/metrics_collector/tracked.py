"""What MLflow is told of a result, and what it knows of the run; it is never the source of a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import Warning
from towerlab.ports.errors import Transient
from towerlab.ports.tracking import TrackedRun, Tracking
from towerlab.runtime.logs import logger

from metrics_collector.cautions import not_tracked

_log = logger(__name__)

OFF = "the tracking server could not be reached when the model was trained"
UNKNOWN = "the tracking server does not know the run"
DOWN = "the tracking server could not be reached"


@dataclass(frozen=True)
class Tracked:
    """The run where there is one, else the warning that says why there is none."""

    run: TrackedRun | None = None
    warnings: tuple[Warning, ...] = ()


@dataclass(frozen=True)
class Told:
    """What a run gets besides what the trainer logged. Customers appear in none of it."""

    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    files: Mapping[str, bytes]


def track(tracking: Tracking, run_id: str, told: Told) -> Tracked:
    """Log all of it to the trainer's run."""
    if not run_id:
        return Tracked(warnings=(not_tracked(OFF),))
    try:
        run = tracking.find_run(run_id)
        if run is None:
            return Tracked(warnings=(not_tracked(UNKNOWN),))
        tracking.add_figures(run_id, told.metrics, told.tags, told.parameters)
        tracking.add_files(run, told.files)
    except Transient as error:
        _log.warning("not tracked", run_id=run_id, reason=str(error))
        return Tracked(warnings=(not_tracked(DOWN),))
    return Tracked(run=run)


def tags_of(test: QuickTest, config_name: str, protocol_key: str) -> dict[str, str]:
    return {
        "towerlab.kind": test.kind,
        "towerlab.config_name": config_name,
        "towerlab.config_id": test.config_id,
        "towerlab.config_version": str(test.version),
        "towerlab.config_hash": test.config_hash,
        "towerlab.dataset_id": test.dataset_id,
        "towerlab.test_id": test.id,
        "towerlab.job": test.job_id,
        "towerlab.correlation_id": test.correlation_id,
        "towerlab.protocol_key": protocol_key,
    }
