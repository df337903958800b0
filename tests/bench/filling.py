"""A store as after years of use: many configs of one dataset, each tested several times, as the services write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from config_api.summaries import Best, TestCounts, summarised
from metrics_collector.result import best_test
from towerlab.configs.config import ConfigVersion, FeatureConfig, create_config
from towerlab.configs.known import Known
from towerlab.configs.lists import ConfigLists
from towerlab.domain.best import with_test
from towerlab.domain.datasets import Dataset
from towerlab.domain.protocol import protocol_of, roles_of
from towerlab.domain.quicktest import Phase, QuickTest, TestSettings
from towerlab.domain.results import (
    KS,
    BestMetrics,
    Recall,
    Result,
    Ruler,
    Slice,
    VocabularyStats,
)
from towerlab.domain.scores import score_of
from towerlab.ports.documents import Put
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from tests.embedded import place
from tests.unit.configs.building import cross, number, text
from tests.unit.configs.building import time as timestamp

CONFIGS, TESTS_EACH = 10_000, 5
CUSTOMERS = 1_149  # of the shipped sample's evaluation
AT = "2026-01-02T03:04:05.000000Z"
ON = {"enabled": True}
SIZES = (16, 32, 64, 96, 128)
CROSSES: tuple[tuple[dict[str, Any], ...], ...] = (
    (),
    (cross("CustomerID", "Country"),),
    (cross("Country", "UnitPrice_bucket"),),
    (cross("CustomerID", "Country"), cross("Country", "UnitPrice_bucket")),
)


def wizard_lists(
    customer: int = 64, country: int = 16, stock: int = 32, buckets: int = 100, crosses: tuple[Any, ...] = CROSSES[1]
) -> ConfigLists:
    """The wizard's example of the specification, in the columns of the shipped sample."""
    dated = timestamp("InvoiceDate", normalize=ON, cyclical={"quarterly": True, "monthly": True, "weekly": True})
    price = number("UnitPrice", normalize=ON, bucketize=ON | {"buckets": buckets})
    return ConfigLists(
        (text("CustomerID", customer), text("Country", country), price, dated),
        (text("StockCode", stock), text("Description", 32)),
        crosses,
        (),
    )


def test_id(config: int, seed: int) -> str:
    return f"t{config:06d}{seed}"


class Filling:
    """Makes the writes; the files of hits per customer are put where results say."""

    def __init__(self, deps: Deps, dataset: Dataset) -> None:
        self._dataset, self._random = dataset, Random(7)
        self._roles = roles_of(dataset)
        self._templates = [self._made(lists) for lists in _many_lists()]
        self._hits = [_hits(Random(seed)) for seed in range(50)]
        self._folder = place(deps).state / "artifacts" / "results"
        self._uri = deps.artifacts.uri("results")

    def of_config(self, n: int) -> Iterator[Put]:
        id, (config, version) = f"c{n:06d}", self._templates[n % len(self._templates)]
        hash = f"{n:064x}"
        named = replace(config, id=id, number=n, name=f"Config {n} of many", config_hash=hash, updated_at=_moment(n))
        version = replace(version, config_id=id, config_hash=hash)
        summary = summarised(named, version, TestCounts(TESTS_EACH, 0, AT), Best())
        tests = [_test(self._dataset, version, n, seed) for seed in range(TESTS_EACH)]
        results = [self._result(version, test, n) for test in tests]
        best = BestMetrics(id, self._dataset.id)
        for test, result in zip(tests, results, strict=True):
            best = with_test(best, best_test(result, test))
        self._write_hits(n, results)
        yield records.put(named, id, None)
        yield records.put(version, f"{id}.1", None)
        yield records.put(summary, id, None)
        yield records.put(best, id, None)
        for test, result in zip(tests, results, strict=True):
            yield records.put(test, test.id, None)
            yield records.put(result, test.id, None)
            yield records.put(score_of(result), test.id, None)

    def _made(self, lists: ConfigLists) -> tuple[FeatureConfig, ConfigVersion]:
        return create_config(
            id="", dataset_id=self._dataset.id, number=1, name="x", description="", lists=lists,
            known=Known(self._dataset.columns), at=AT, by="bench",
        )  # fmt: skip

    def _result(self, version: ConfigVersion, test: QuickTest, n: int) -> Result:
        """Wider configs are a little better."""
        at_100 = 0.25 + version.buyer_tensor_dim / 10_000 + n / 10**6 + self._random.gauss(0, 0.001)
        protocol = protocol_of(test.snapshot_id, test.settings, self._roles, "time")
        recall = _recall(at_100)
        return Result(
            test_id=test.id,
            config_id=test.config_id,
            version=test.version,
            dataset_id=test.dataset_id,
            protocol_key=protocol.key,
            protocol=protocol.shown(),
            recall=recall,
            loss=5.0,
            metrics={"mrr": 0.1, "distinct_in_top10": 900.0, "loss_minus_ln_batch": -3.3},
            ruler=Ruler(_recall(0.02), _recall(0.17), _recall(0.33)),
            verdict=None,
            vocabulary_stats={name: VocabularyStats(4000, 0.02, 0.01, "good") for name in version.columns},
            replicate_results=({"seed": test.settings.seed, **{f"recall_at_{k}": recall.at[str(k)] for k in KS}},),
            unseen={"customers": 0.13, "products": 0.01},
            slices={name: Slice(9000, 500, recall, recall, recall) for name in ("new_customers", "head_products")},
            rows={"train": 358_131, "eval": 39_793, "eval_customers": CUSTOMERS, "catalogue": 3_665},
            warnings=(),
            curve=tuple({"replicate": 0, "epoch": epoch, "loss": 6.0 - epoch / 3} for epoch in (1, 2)),
            duration_seconds=40.0,
            cost_usd=0.0,
            ranks_uri="",
            customers_uri=f"{self._uri}/{test.id}/customers.parquet",
            mlflow_run_id="",
            mlflow_url="",
            completed_at=test.completed_at or AT,
        )

    def _write_hits(self, n: int, results: list[Result]) -> None:
        """Of the config's best test alone: no other is compared."""
        best = max(results, key=lambda result: result.recall.at["100"])
        folder = self._folder / best.test_id
        folder.mkdir(parents=True)
        (folder / "customers.parquet").write_bytes(self._hits[n % len(self._hits)])


def _many_lists() -> list[ConfigLists]:
    """Combinations of a few choices, some of them left out, so that a heatmap has empty cells."""
    choices = product(SIZES, (8, 16), SIZES, (10, 50, 100), CROSSES)
    return [wizard_lists(*each) for each in choices if (each[0] // 16 + each[2] // 16 + len(each[4])) % 5]


def _recall(at_100: float) -> Recall:
    at: Mapping[str, float] = {"10": at_100 / 4, "50": at_100 / 1.5, "100": at_100}
    return Recall(at, {k: (value - 0.02, value + 0.02) for k, value in at.items()})


def _test(dataset: Dataset, version: ConfigVersion, n: int, seed: int) -> QuickTest:
    return QuickTest(
        id=test_id(n, seed),
        config_id=version.config_id,
        dataset_id=dataset.id,
        version=1,
        config_hash=version.config_hash,
        snapshot_id=dataset.snapshot.id,
        settings=TestSettings(seed=seed),
        created_at=_moment(seed),
        deadline=AT,
        requested_by="bench",
        phase=Phase.COMPLETED,
        completed_at=_moment(n),
    )


def _moment(n: int) -> str:
    return f"2026-01-02T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.000000Z"


def _hits(random: Random) -> bytes:
    """A Parquet file as the collector keeps it."""
    import duckdb

    rows = [(f"customer {n:05d}", 1 + n % 60, *(random.random() * (1 + n % 60) for _ in KS)) for n in range(CUSTOMERS)]
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        columns = ", ".join(["customer VARCHAR", "rows BIGINT", *(f"hits_{k} DOUBLE" for k in KS)])
        connection.execute(f"CREATE TABLE hits ({columns})")
        connection.executemany(f"INSERT INTO hits VALUES (?, ?{', ?' * len(KS)})", rows)
        path = Path(folder) / "hits.parquet"
        connection.execute(f"COPY hits TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
        return path.read_bytes()
