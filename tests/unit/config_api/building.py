"""Valid results and bests, where a test names only what matters to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from towerlab.domain.best import with_test
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import BestMetrics, BestTest, PreviousBest, Recall, Result, Ruler, Slice
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

AT = "2026-01-02T03:04:05.000000Z"


def by_k(at_100: float) -> dict[str, float]:
    return {"10": at_100 / 4, "50": at_100 / 2, "100": at_100}


def recall(at_100: float) -> Recall:
    spread = {k: (value - 0.05, value + 0.05) for k, value in by_k(at_100).items()}
    return Recall(by_k(at_100), {k: (round(low, 9), round(high, 9)) for k, (low, high) in spread.items()})


def result_of(test: QuickTest, at_100: float, protocol_key: str = "key-1") -> Result:
    return Result(
        test_id=test.id,
        config_id=test.config_id,
        version=test.version,
        dataset_id=test.dataset_id,
        protocol_key=protocol_key,
        protocol={"split": "time"},
        recall=recall(at_100),
        loss=5.0,
        metrics={"mrr": 0.125},
        ruler=Ruler(recall(0.05), recall(0.4), None, _previous()),
        verdict="cannot_tell",
        vocabulary_stats={},
        replicate_results=(),
        unseen={},
        slices={"new_customers": Slice(7, 3, recall(at_100), recall(0.1), None)},
        rows={},
        warnings=(),
        curve=(),
        duration_seconds=3.5,
        cost_usd=0.0,
        ranks_uri="",
        customers_uri="",
        mlflow_run_id="",
        mlflow_url="",
        completed_at=AT,
    )


def store_result(deps: Deps, result: Result) -> None:
    written = records.put(result, result.test_id, None)
    deps.documents.commit([written])


def store_best(deps: Deps, test: QuickTest, at_100: float, protocol_key: str = "key-1") -> None:
    """The collector's part: `test` is among its config's best."""
    best = BestTest(
        test_id=test.id,
        version=test.version,
        protocol_key=protocol_key,
        sample_percent=test.settings.data_sample_percent,
        settings=records.to_json(test.settings),
        at=by_k(at_100),
        interval=recall(at_100).interval,
        completed_at=AT,
    )
    held = records.find(deps.documents, BestMetrics, test.config_id)
    known = held.value if held else BestMetrics(test.config_id, test.dataset_id)
    written = records.put(with_test(known, best), test.config_id, held.revision if held else None)
    deps.documents.commit([written])


def _previous() -> PreviousBest:
    at = by_k(0.2)
    difference = dict.fromkeys(at, 0.05)
    return PreviousBest("t0", "c0", "Before", 1, at, difference, dict.fromkeys(at, (0.01, 0.09)))


CUSTOMERS, ROWS = 400, 5  # that a scored test is judged on
SEEDS = (0, 1, 2)


def score_test(
    deps: Deps,
    test: QuickTest,
    at_100: float,
    protocol_key: str = "key-1",
    customers: int = CUSTOMERS,
    **changes: Any,
) -> Result:
    """The collector's part, with hits per customer: `test` has completed, its three seeds nearly agree, and customers
    differ much from each other but little between tests."""
    uri = deps.artifacts.put_if_absent(f"results/{test.id}/{protocol_key}.parquet", hits_file(at_100, customers))
    seeds = {seed: by_k(at_100 + (seed - 1) * 0.001) for seed in SEEDS}
    runs = tuple({"seed": seed, **{f"recall_at_{k}": at for k, at in found.items()}} for seed, found in seeds.items())
    result = replace(
        result_of(test, at_100, protocol_key), **{"customers_uri": uri, "replicate_results": runs, **changes}
    )
    store_result(deps, result)
    store_best(deps, test, at_100, protocol_key)
    return result


def hits_file(at_100: float, customers: int = CUSTOMERS) -> bytes:
    """Parquet as the collector keeps it: every customer has `at_100` of its rows, give or take what is its own."""
    own = "0.2 * sin(i * 7) + 0.01 * sin(i * 13 * {at})"
    hits = ", ".join(f"{ROWS} * ({at} + {own.format(at=at)}) AS hits_{k}" for k, at in by_k(at_100).items())
    rows = f"SELECT 'customer ' || i AS customer, {ROWS} AS rows, {hits} FROM range({customers}) t(i)"
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute(f"COPY ({rows}) TO '{folder}/hits.parquet' (FORMAT parquet)")
        return (Path(folder) / "hits.parquet").read_bytes()
