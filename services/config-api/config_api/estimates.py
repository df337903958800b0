"""What a quick test will take, and what it will be able to tell, before it is started."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from towerlab.configs.config import ConfigVersion
from towerlab.configs.lists import SIDES
from towerlab.domain.certainty import EVALUATED, half_width, smallest_difference
from towerlab.domain.compute import HERE, Compute, choose
from towerlab.domain.datasets import Dataset
from towerlab.domain.durations import DATA_STAGES, TRANSFORM, Ran, Work, learn, past_error
from towerlab.domain.protocol import roles_of
from towerlab.domain.quicktest import ENOUGH_STEPS, Phase, QuickTest, TestSettings
from towerlab.domain.results import Warning
from towerlab.runtime import records
from towerlab.runtime.records import Held
from towerlab.runtime.wiring import Deps

from config_api import profiles, reading
from config_api.refusals import refusals
from config_api.representations.compute import compute as shown

DEFAULTS = TestSettings()
TRAINED = 0.9  # share of the rows; the newest tenth is for evaluation
PAST_RUNS = 50
KEPT_RUNS = 20  # whose intermediate results the pipeline runner keeps
SMALL_ROWS = 1_000_000
SMALL, LARGE = (100, 3, 2048), (10, 2, 4096)


@dataclass(frozen=True)
class Asked:
    sample_percent: int
    epochs: int
    batch_size: int
    replicates: int
    split: str = DEFAULTS.advanced.split
    compute: Compute = HERE


def estimate(deps: Deps, config_id: str, query: Mapping[str, Any]) -> dict[str, Any]:
    config = reading.config(deps.documents, config_id).value
    version = reading.version(deps.documents, config_id, query["version"] or config.version)
    dataset = reading.dataset(deps.documents, config.dataset_id).value
    compute = choose(dataset.qualifying_rows, deps.settings.offer)
    asked = Asked(
        query["data_sample_percent"], query["epochs"], query["batch_size"], query["replicates"], compute=compute
    )
    past = _past(deps, dataset)
    stages, seconds = past.expected(dataset, version, asked)
    customers = _customers(deps, dataset)
    refused = [
        Warning(one.code, f"The test cannot start: {one}.", one.remedy) for one in refusals(config, version, dataset)
    ]
    return {
        "seconds": seconds,
        "stages": [{"name": stage, "seconds": round(each, 2)} for stage, each in stages.items()],
        "compute": shown(compute),
        "cost_usd": 0.0 if compute == HERE else None,
        "past_runs": len(past.runs),
        "past_error": past_error(past.runs),
        "steps": _steps(dataset, asked),
        "smallest_detectable_difference": _certainty(customers, asked) if customers else None,
        "recommended": _recommended(dataset, customers),
        "warnings": records.to_json([*refused, *_warnings(dataset, asked)]),
    }


def expected_seconds(deps: Deps, dataset: Dataset, version: ConfigVersion, settings: TestSettings) -> float:
    """From the start of a test to its result."""
    return estimator(deps, dataset)(version, settings)


def estimator(deps: Deps, dataset: Dataset) -> Callable[[ConfigVersion, TestSettings], float]:
    """The same for many tests, by the runs of now."""
    past, compute = _past(deps, dataset), choose(dataset.qualifying_rows, deps.settings.offer)

    def seconds(version: ConfigVersion, settings: TestSettings) -> float:
        return past.expected(dataset, version, _asked(settings, compute))[1]

    return seconds


def recommended_settings(dataset: Dataset) -> TestSettings:
    """Those that a dialog preselects for a dataset of that size."""
    percent, epochs, batch = SMALL if dataset.qualifying_rows <= SMALL_ROWS else LARGE
    return TestSettings(percent, epochs, batch)


@dataclass(frozen=True)
class _Past:
    """Completed tests of the dataset, else of all datasets, and the versions that they tested."""

    tests: Sequence[tuple[QuickTest, ConfigVersion]]
    runs: Sequence[Ran]

    def expected(self, dataset: Dataset, version: ConfigVersion, asked: Asked) -> tuple[dict[str, float], float]:
        """Seconds by stage, and from the start to the result."""
        work, cached = _work(dataset, version, asked), self._cached(dataset, version, asked)
        learned = learn(self.runs)
        return learned.stages(work, cached), round(learned.seconds(work, cached), 2)

    def _cached(self, dataset: Dataset, version: ConfigVersion, asked: Asked) -> tuple[str, ...]:
        """The stages that a test has carried out already: on the same rows and columns; of the same version."""
        alike = [
            tested
            for test, tested in self.tests[:KEPT_RUNS]
            if test.dataset_id == dataset.id
            and test.roles == roles_of(dataset)
            and test.settings.data_sample_percent == asked.sample_percent
            and test.settings.advanced.split == asked.split
            and _placed(tested) == _placed(version)
        ]
        same = any((one.config_id, one.version) == (version.config_id, version.version) for one in alike)
        return (*DATA_STAGES, TRANSFORM) if same else DATA_STAGES if alike else ()


def _past(deps: Deps, dataset: Dataset) -> _Past:
    tests, datasets = _completed(deps, {"dataset_id": dataset.id})
    if not tests:
        tests, datasets = _completed(deps, {})
    ids = {reading.version_id(test.config_id, test.version) for test in tests}
    versions = records.get_many(deps.documents, ConfigVersion, ids)
    pairs = [(test, versions[reading.version_id(test.config_id, test.version)].value) for test in tests]
    return _Past(pairs, [_ran(datasets[test.dataset_id].value, version, test) for test, version in pairs])


def _completed(deps: Deps, where: reading.Where) -> tuple[list[QuickTest], Mapping[str, Held[Dataset]]]:
    """The newest tests that have completed on what is still their dataset's snapshot: how many rows others had is not
    known any more."""
    newest = records.query(deps.documents, QuickTest, where, ("-created_at",), limit=PAST_RUNS).values
    tests = [test for test in newest if test.phase is Phase.COMPLETED]
    datasets = records.get_many(deps.documents, Dataset, {test.dataset_id for test in tests})
    return [test for test in tests if test.snapshot_id == datasets[test.dataset_id].value.snapshot.id], datasets


def _ran(dataset: Dataset, version: ConfigVersion, test: QuickTest) -> Ran:
    done = {one.name: one.seconds for one in test.stages if one.status == "completed" and one.seconds is not None}
    work = _work(dataset, version, _asked(test.settings, test.compute))
    return Ran(work, done, test.seconds, test.estimated_seconds)


def _work(dataset: Dataset, version: ConfigVersion, asked: Asked) -> Work:
    values = dataset.qualifying_rows * max(len(version.columns), 1)
    share = asked.sample_percent / 100
    trained = dataset.qualifying_rows * TRAINED * share * asked.epochs * asked.replicates
    return Work(values, values * share, trained, version.buyer_tensor_dim + version.product_tensor_dim, asked.compute)


def _placed(version: ConfigVersion) -> tuple[tuple[str, str], ...]:
    """The columns by the model that takes them, in their order: what is read of a snapshot."""
    return tuple((side, feature["column"]) for side in SIDES for feature in version.lists.features(side))


def _asked(settings: TestSettings, compute: Compute) -> Asked:
    percent, split = settings.data_sample_percent, settings.advanced.split
    return Asked(percent, settings.epochs, settings.batch_size, settings.replicates, split, compute)


def _steps(dataset: Dataset, asked: Asked) -> int:
    """Optimizer steps: whole batches, as the trainer takes them."""
    rows = math.floor(dataset.qualifying_rows * TRAINED * asked.sample_percent / 100)
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
    small = dataset.qualifying_rows <= SMALL_ROWS
    percent, epochs, batch = SMALL if small else LARGE
    return {
        "data_sample_percent": percent,
        "epochs": epochs,
        "batch_size": batch,
        "reason": _why(dataset, customers, small),
    }


def _why(dataset: Dataset, customers: int, small: bool) -> str:
    if not small:
        return f"{dataset.qualifying_rows:,} rows: a tenth of the customers is enough to tell configs apart."
    judged = customers * EVALUATED / 10
    cost = f"a 10% sample would leave about {judged:,.0f} customers to judge by: ±{100 * half_width(judged):.1f} points"
    return f"Only {dataset.qualifying_rows:,} rows: all of them train in minutes, and {cost}."


def _warnings(dataset: Dataset, asked: Asked) -> list[Warning]:
    steps = _steps(dataset, asked)
    if steps >= ENOUGH_STEPS:
        return []
    message = f"{steps} optimizer steps are too few to learn from; figures will be close to chance."
    more = "" if asked.sample_percent == 100 else "a larger sample, "
    return [Warning("few_steps", message, f"Take {more}more epochs or smaller batches.")]
