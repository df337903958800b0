"""A finished job made into a result: figures, ruler, warnings, and what is kept for comparisons to come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from statistics import fmean
from typing import Any

from towerlab.configs.axes import axes
from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.domain.datasets import Dataset
from towerlab.domain.protocol import protocol_of
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import KS, RESULTS, BestTest, PreviousBest, Result, Ruler, VocabularyStats, Warning
from towerlab.domain.scores import sees_outcomes
from towerlab.domain.times import seconds_between
from towerlab.ports.pipelines import Job
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from metrics_collector import figures, previous
from metrics_collector.attached import attached
from metrics_collector.cautions import OOV_LIMIT, cautions
from metrics_collector.figures import Figures
from metrics_collector.inputs import JobOutputs, Training, Vocabulary, read_outputs
from metrics_collector.refusals import refuse_missing_replicates, refuse_untrained
from metrics_collector.stages import used_by_stages
from metrics_collector.tracked import Told, Tracked, tags_of, track


@dataclass(frozen=True)
class Found:
    """What was measured, before it is told to anyone."""

    test: QuickTest
    at: str
    outputs: JobOutputs
    figures: Figures
    protocol_key: str
    protocol: Mapping[str, Any]

    @property
    def loss(self) -> float:
        """Per training row, in the last epoch, mean over replicates."""
        return fmean(replicate.loss[-1] for replicate in self.outputs.training.replicates)

    @property
    def metrics(self) -> dict[str, float]:
        distinct = fmean(replicate.distinct_in_top10 for replicate in self.outputs.training.replicates)
        less = {"loss_minus_ln_batch": self.loss - log(self.test.settings.batch_size), "distinct_in_top10": distinct}
        return {**self.figures.metrics, **less}


def compute(deps: Deps, test: QuickTest, job: Job, at: str) -> Result:
    """The result of a test whose job succeeded `at` that moment. Files are stored and MLflow is told on the way; the
    document is not written. Raises Unusable (trying again will not help), NotFound and Transient."""
    dataset = records.get(deps.documents, Dataset, test.dataset_id).value
    config = records.get(deps.documents, FeatureConfig, test.config_id).value
    version = records.get(deps.documents, ConfigVersion, f"{test.config_id}.{test.version}").value
    found = _measured(deps, test, job, at)
    best = _previous(deps, found)
    told = Told(
        metrics={**_logged(found), **used_by_stages(job)},
        tags=tags_of(test, config.name, found.protocol_key),
        parameters=axes(resolve(version.lists, version.columns)),
        files=attached(deps, test, version, dataset, found.outputs),
    )
    tracked = track(deps.tracking, found.outputs.run_id, told)
    warnings = (
        *cautions(found.outputs, found.figures, version, dataset.mapping, test.settings),
        *([best] if isinstance(best, Warning) else []),
        *tracked.warnings,
    )
    return _result(deps, found, None if isinstance(best, Warning) else best, tracked, warnings)


def best_test(result: Result, test: QuickTest) -> BestTest:
    """The result as a candidate for the best of its config."""
    return BestTest(
        test_id=test.id,
        version=test.version,
        protocol_key=result.protocol_key,
        sample_percent=test.settings.data_sample_percent,
        settings=records.to_json(test.settings),
        at=result.recall.at,
        interval=result.recall.interval,
        completed_at=result.completed_at,
        after_request=sees_outcomes(result.warnings),
    )


def _measured(deps: Deps, test: QuickTest, job: Job, at: str) -> Found:
    outputs = read_outputs(deps.artifacts, job)
    measured = figures.compute(outputs.tables, "customer_id" in test.roles, test.settings.advanced.exclude_seen)
    refuse_missing_replicates(measured, outputs.training, test.settings.replicates)
    refuse_untrained(measured)
    protocol = protocol_of(test.snapshot_id, test.settings, test.roles, outputs.summary.split)
    return Found(test, at, outputs, measured, protocol.key, protocol.shown())


def _previous(deps: Deps, found: Found) -> PreviousBest | Warning | None:
    result = previous.previous_best(deps, found.test, found.protocol_key)
    if result is None:
        return None
    runs = _replicates(found.figures, found.outputs.training)
    ours = previous.Measured(found.test.config_id, found.test.version, runs, found.figures.customers)
    return previous.compared(deps, result, ours)


def _logged(found: Found) -> dict[str, float]:
    """What MLflow gets: figures over all customers, none of a single one."""
    whole = found.figures.whole
    named = {"recall": whole.recall, "popularity": whole.popularity, "repeat_purchase": whole.repeat_purchase}
    recalls = {f"{name}_at_{k}": v for name, recall in named.items() if recall for k, v in recall.at.items()}
    return {**recalls, **found.metrics}


def _result(
    deps: Deps, found: Found, best: PreviousBest | None, tracked: Tracked, warnings: tuple[Warning, ...]
) -> Result:
    test, whole, training = found.test, found.figures.whole, found.outputs.training
    return RESULTS[type(test)](
        test_id=test.id,
        config_id=test.config_id,
        version=test.version,
        dataset_id=test.dataset_id,
        protocol_key=found.protocol_key,
        protocol=found.protocol,
        recall=whole.recall,
        loss=found.loss,
        metrics=found.metrics,
        ruler=Ruler(found.figures.random, whole.popularity, whole.repeat_purchase, best),
        verdict=best.verdict if best else None,
        vocabulary_stats={column: _stats(v) for column, v in training.vocabulary.items()},
        replicate_results=_replicates(found.figures, training),
        unseen=found.outputs.summary.unseen,
        slices=found.figures.slices,
        rows=found.outputs.summary.rows,
        warnings=warnings,
        curve=_curve(training, tracked),
        duration_seconds=seconds_between(test.started_at, found.at) or 0.0,
        cost_usd=0.0,
        ranks_uri=deps.artifacts.put_if_absent(f"results/{test.id}/ranks.parquet", found.figures.ranks),
        customers_uri=deps.artifacts.put_if_absent(f"results/{test.id}/customers.parquet", found.figures.customers),
        recommendations_uri=deps.artifacts.put_if_absent(
            f"results/{test.id}/recommendations.json", json.dumps(found.figures.examples).encode()
        ),
        mlflow_run_id=tracked.run.run_id if tracked.run else "",
        mlflow_url=tracked.run.url if tracked.run else "",
        completed_at=found.at,
        fitted_uri=found.outputs.fitted_uri,
        embedding_uris=found.outputs.embedding_uris,
    )


def _stats(found: Vocabulary) -> VocabularyStats:
    status = "warning" if found.oov_rate > OOV_LIMIT else "good"
    return VocabularyStats(found.vocab_size, found.oov_rate, found.train_oov_rate, status)


def _replicates(found: Figures, training: Training) -> tuple[Mapping[str, int | float], ...]:
    return tuple(
        {"seed": r.seed, **{f"recall_at_{k}": found.replicates[r.number][f"model_{k}"] for k in KS}}
        for r in sorted(training.replicates, key=lambda replicate: replicate.number)
    )


def _curve(training: Training, tracked: Tracked) -> tuple[Mapping[str, int | float], ...]:
    """The trainer's own losses; epochs that only MLflow knows are added as means over the replicates."""
    own: list[Mapping[str, int | float]] = [
        {"replicate": r.number, "epoch": epoch, "loss": loss}
        for r in training.replicates
        for epoch, loss in enumerate(r.loss, start=1)
    ]
    known = {entry["epoch"] for entry in own}
    logged = tracked.run.curves.get("loss", ()) if tracked.run else ()
    return (*own, *({"epoch": epoch, "loss": loss} for epoch, loss in logged if epoch not in known))
