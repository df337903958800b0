"""What a quick test will take, and what it will be able to tell, before it is started."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from towerlab.configs.config import ConfigVersion
from towerlab.domain.certainty import EVALUATED, half_width, smallest_difference
from towerlab.domain.datasets import Dataset
from towerlab.domain.quicktest import QuickTest, TestSettings
from towerlab.domain.results import Result, Warning
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import profiles, reading
from config_api.refusals import refusals

# A first guess; the ratio of past runs of the same dataset to it corrects it.
STARTING, PER_ROW_AND_COLUMN, PER_TRAINED_ROW, PER_TRAINED_ROW_AND_DIM = 45.0, 4e-6, 2e-5, 1.5e-7
TRAINED = 0.9  # share of the rows; the newest tenth is for evaluation
PAST_RUNS = 50
FEW_STEPS = 12
SMALL_ROWS = 1_000_000
SMALL, LARGE = (100, 3, 2048), (10, 2, 4096)


@dataclass(frozen=True)
class Asked:
    sample_percent: int
    epochs: int
    batch_size: int
    replicates: int


def estimate(deps: Deps, config_id: str, query: Mapping[str, Any]) -> dict[str, Any]:
    config = reading.config(deps.documents, config_id).value
    version = reading.version(deps.documents, config_id, query["version"] or config.version)
    dataset = reading.dataset(deps.documents, config.dataset_id).value
    asked = Asked(query["data_sample_percent"], query["epochs"], query["batch_size"], query["replicates"])
    ratios = _past_ratios(deps, dataset)
    customers = _customers(deps, dataset)
    refused = [
        Warning(one.code, f"The test cannot start: {one}.", one.remedy) for one in refusals(config, version, dataset)
    ]
    return {
        "seconds": _seconds(dataset, version, asked, ratios),
        "cost_usd": 0.0,
        "past_runs": len(ratios),
        "past_error": _past_error(ratios),
        "steps": _steps(dataset, asked),
        "smallest_detectable_difference": _certainty(customers, asked) if customers else None,
        "recommended": _recommended(dataset, customers),
        "warnings": records.to_json([*refused, *_warnings(dataset, asked)]),
    }


def expected_seconds(deps: Deps, dataset: Dataset, version: ConfigVersion, settings: TestSettings) -> float:
    """From the start of a test to its result."""
    return _seconds(dataset, version, _asked(settings), _past_ratios(deps, dataset))


def _seconds(dataset: Dataset, version: ConfigVersion, asked: Asked, ratios: Sequence[float]) -> float:
    return round(_formula(dataset, version, asked) * (median(ratios) if ratios else 1.0), 1)


def _past_error(ratios: Sequence[float]) -> float | None:
    """How far past runs were from what they have in common, as a share of it."""
    return round(median(abs(past / median(ratios) - 1) for past in ratios), 3) if len(ratios) > 1 else None


def _formula(dataset: Dataset, version: ConfigVersion, asked: Asked) -> float:
    trained = _rows(dataset) * TRAINED * asked.sample_percent / 100 * asked.epochs * asked.replicates
    dims = version.buyer_tensor_dim + version.product_tensor_dim
    analysed = _rows(dataset) * max(len(version.columns), 1) * PER_ROW_AND_COLUMN
    return STARTING + analysed + trained * (PER_TRAINED_ROW + dims * PER_TRAINED_ROW_AND_DIM)


def _past_ratios(deps: Deps, dataset: Dataset) -> Sequence[float]:
    """How much longer than the formula says the dataset's tests took."""
    where: reading.Where = {"dataset_id": dataset.id}
    results = records.query(deps.documents, Result, where, limit=PAST_RUNS).values
    tests = records.get_many(deps.documents, QuickTest, [result.test_id for result in results])
    ids = {reading.version_id(result.config_id, result.version) for result in results}
    versions = records.get_many(deps.documents, ConfigVersion, ids)
    found = []
    for result in results:
        test, version = tests.get(result.test_id), versions.get(reading.version_id(result.config_id, result.version))
        if test and version and result.duration_seconds > 0:
            expected = _formula(dataset, version.value, _asked(test.value.settings))
            found.append(result.duration_seconds / expected)
    return found


def _asked(settings: TestSettings) -> Asked:
    return Asked(settings.data_sample_percent, settings.epochs, settings.batch_size, settings.replicates)


def _rows(dataset: Dataset) -> int:
    return dataset.training_rows.get("qualify", dataset.snapshot.rows)


def _steps(dataset: Dataset, asked: Asked) -> int:
    """Optimizer steps: whole batches, as the trainer takes them."""
    rows = math.floor(_rows(dataset) * TRAINED * asked.sample_percent / 100)
    return rows // max(min(asked.batch_size, rows), 1) * asked.epochs


def _customers(deps: Deps, dataset: Dataset) -> int:
    column = dataset.column_of("customer_id")
    found = [profile.unique_count for profile in profiles.of(deps.artifacts, dataset) if profile.name == column]
    return found[0] if found else 0


def _certainty(customers: int, asked: Asked) -> dict[str, Any]:
    judged = customers * EVALUATED * asked.sample_percent / 100
    points = smallest_difference(judged, asked.replicates)
    reason = f"About {judged:,.0f} customers to judge by; {asked.replicates} run(s) of each config."
    return {"recall_at_100": round(points, 4), "runs": asked.replicates, "reason": reason}


def _recommended(dataset: Dataset, customers: int) -> dict[str, Any]:
    small = _rows(dataset) <= SMALL_ROWS
    percent, epochs, batch = SMALL if small else LARGE
    return {
        "data_sample_percent": percent,
        "epochs": epochs,
        "batch_size": batch,
        "reason": _why(dataset, customers, small),
    }


def _why(dataset: Dataset, customers: int, small: bool) -> str:
    if not small:
        return f"{_rows(dataset):,} rows: a tenth of the customers is enough to tell configs apart."
    judged = customers * EVALUATED / 10
    cost = f"a 10% sample would leave about {judged:,.0f} customers to judge by: ±{100 * half_width(judged):.1f} points"
    return f"Only {_rows(dataset):,} rows: all of them train in minutes, and {cost}."


def _warnings(dataset: Dataset, asked: Asked) -> list[Warning]:
    steps = _steps(dataset, asked)
    if steps >= FEW_STEPS:
        return []
    message = f"{steps} optimizer steps are too few to learn from; figures will be close to chance."
    return [Warning("few_steps", message, "Take a larger sample, more epochs or smaller batches.")]
