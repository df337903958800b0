"""The way through the whole product: a file becomes a dataset, a config, generated code, a pipeline run, a recall."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest
import requests

from tests.e2e.conftest import start_test
from tests.stacks import Stack, until

STAGES = ["ExampleGen", "StatisticsGen", "SchemaGen", "Transform", "Trainer"]


def stored_ranks(stack: Stack, test_id: str) -> list[tuple[int, int]]:
    """(row_id, rank) of every evaluation row, read past all services."""
    path = stack.state / "artifacts" / "results" / test_id / "ranks.parquet"
    return duckdb.connect().execute(f"SELECT row_id, rank FROM read_parquet('{path}') ORDER BY 1").fetchall()


@pytest.fixture(scope="module")
def finished(stack: Stack, dataset: dict[str, Any]) -> dict[str, Any]:
    body = {"name": "Journey", "start_from": {"kind": "smart_defaults", "outcomes": "exclude"}}
    config = stack.post(f"/api/datasets/{dataset['id']}/feature-configs/", body)
    answer = stack.call(
        "POST",
        f"/api/feature-configs/{config['id']}/quick-test/",
        {"data_sample_percent": 100, "epochs": 2, "batch_size": 2048},
        **{"X-Correlation-Id": "journey-correlation"},
    )
    assert answer.status_code == 202, answer.text
    test = stack.finished(answer.json()["id"])
    assert test["status"] == "completed", json.dumps(test["error"], indent=1)
    return test


def test_all_five_stages_of_the_pipeline_ran(finished: dict[str, Any]) -> None:
    assert [stage["name"] for stage in finished["stages"]] == STAGES
    assert {stage["status"] for stage in finished["stages"]} <= {"completed", "cached"}
    assert all(stage["peak_memory_mb"] > 50 for stage in finished["stages"] if stage["status"] == "completed")
    assert finished["progress"] == 1.0


def test_recall_equals_an_independent_count_over_the_stored_ranks(stack: Stack, finished: dict[str, Any]) -> None:
    ranks = [rank for _, rank in stored_ranks(stack, finished["id"])]
    assert len(ranks) > 1000
    for k in (10, 50, 100):
        share = sum(1 for rank in ranks if rank <= k) / len(ranks)
        assert finished[f"recall_at_{k}"] == pytest.approx(share, abs=1e-12)


def test_evaluation_rows_are_the_newest_tenth_of_the_qualifying_rows(stack: Stack, finished: dict[str, Any]) -> None:
    snapshots = list((stack.state / "snapshots").rglob("*.parquet"))
    table = next(path for path in snapshots if "InvoiceDate" in _columns(path))
    newest = (
        duckdb.connect()
        .execute(
            f"""SELECT row_id FROM read_parquet('{table}') WHERE CustomerID IS NOT NULL AND StockCode IS NOT NULL
                AND Quantity > 0 ORDER BY InvoiceDate DESC, row_id DESC
                LIMIT (SELECT round(count(*) / 10)::BIGINT FROM read_parquet('{table}')
                       WHERE CustomerID IS NOT NULL AND StockCode IS NOT NULL AND Quantity > 0)"""
        )
        .fetchall()
    )
    evaluated = {row_id for row_id, _ in stored_ranks(stack, finished["id"])}
    expected = {row_id for (row_id,) in newest}
    assert len(evaluated ^ expected) <= 0.002 * len(expected)  # rounding of the cut
    assert finished["protocol"]["split"] == "time"


def _columns(path: Any) -> list[str]:
    return [row[0] for row in duckdb.connect().execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()]


def test_the_ruler_stands_beside_the_recall(finished: dict[str, Any]) -> None:
    ruler = finished["ruler"]
    assert ruler["random"]["recall_at_100"] < ruler["popularity"]["recall_at_100"]
    assert finished["recall_at_100"] > 2 * ruler["random"]["recall_at_100"]
    low, high = finished["intervals"]["recall_at_100"]
    assert low < finished["recall_at_100"] < high


def test_the_config_carries_the_best_recall_and_is_tested(stack: Stack, finished: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{finished['feature_config']}/"
    config = until(
        lambda: (c := stack.get(path))["status"] == "tested" and c["best_recall_at_100"] is not None and c,
        20,
        "the config never showed its best recall",
    )
    assert config["best_recall_at_100"] == finished["recall_at_100"]
    assert config["best"]["test"] == finished["id"]


def test_the_preview_had_forecast_the_vocabularies(
    stack: Stack, dataset: dict[str, Any], finished: dict[str, Any]
) -> None:
    config = stack.get(f"/api/feature-configs/{finished['feature_config']}/")
    lists = {name: config[name] for name in config if name.endswith(("_model_features", "_model_crosses"))}
    told = stack.post(f"/api/datasets/{dataset['id']}/preview/", lists)
    forecast = {one["column"]: one for one in told["forecast"]["features"] if one["oov_rate"] is not None}
    found = finished["vocabulary_stats"]
    assert forecast.keys() == found.keys() != set()
    for column, one in forecast.items():
        assert not one["approximate"]
        assert one["known"] == found[column]["vocab_size"], column
        assert one["oov_rate"] == pytest.approx(found[column]["oov_rate"], abs=1e-9), column
        assert one["train_oov_rate"] == pytest.approx(found[column]["train_oov_rate"], abs=1e-9), column
    assert told["embeddings"] == "trained"
    for tower in (told["buyer"], told["product"]):
        dims = {part["name"]: part["dim"] for part in tower["breakdown"]}
        for output in tower["sample"]["outputs"]:
            assert len(output["values"] or output["vector"]) == dims[output["name"]], output["name"]


def test_recommendations_are_called_by_name_and_stand_beside_the_history(
    stack: Stack, finished: dict[str, Any]
) -> None:
    found = stack.get(f"/api/quick-tests/{finished['id']}/recommendations/?limit=3")
    assert len(found["items"]) == 3 < found["total"]
    for item in found["items"]:
        assert len({entry["product"] for entry in item["recommended"]}) == 10
        assert all(entry["label"] for entry in item["recommended"])
        assert item["after"], "a customer who was judged has bought something"
        known = {entry["product"]: entry["times"] for entry in item["before"]}
        again = [entry for entry in item["recommended"] if entry["product"] in known]
        assert all(entry["bought_before"] == known[entry["product"]] for entry in again)
    assert finished["metrics"]["distinct_in_top10"] > 10


def test_a_stream_tells_of_a_finished_test_at_once(stack: Stack, finished: dict[str, Any]) -> None:
    answer = stack.call("GET", f"/api/quick-tests/{finished['id']}/events/")
    assert answer.headers["Content-Type"].startswith("text/event-stream"), answer.text
    assert f'"id": "{finished["id"]}"' in answer.text
    assert "event: quick-test" in answer.text


def mlflow(stack: Stack, address: str, **asked: Any) -> requests.Response:
    answer = requests.get(f"http://127.0.0.1:{stack.port + 5}/api/2.0/{address}", params=asked, timeout=30)
    answer.raise_for_status()
    return answer


def test_mlflow_knows_the_run(stack: Stack, finished: dict[str, Any]) -> None:
    run_id = finished["mlflow_run_id"]
    run = mlflow(stack, "mlflow/runs/get", run_id=run_id).json()["run"]["data"]
    metrics = {metric["key"]: metric["value"] for metric in run["metrics"]}
    assert metrics["recall_at_100"] == pytest.approx(finished["recall_at_100"])
    assert metrics["stage/Trainer/seconds"] == pytest.approx(finished["stages"][-1]["seconds"])
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert tags["towerlab.test_id"] == finished["id"]
    assert tags["towerlab.kind"] == "quick_test"
    parameters = {one["key"]: one["value"] for one in run["params"]}
    assert parameters["product.StockCode.type"] == "string_embedding"


def test_the_run_carries_code_and_findings_and_no_customer(stack: Stack, finished: dict[str, Any]) -> None:
    run = mlflow(stack, "mlflow/runs/get", run_id=finished["mlflow_run_id"]).json()["run"]["info"]
    folder = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
    listed = mlflow(stack, "mlflow-artifacts/artifacts", path=folder).json()["files"]
    assert {file["path"] for file in listed} == {
        *("fitted.json", "package", "products.parquet", "ranks.parquet", "statistics.json")
    }
    code = mlflow(stack, f"mlflow-artifacts/artifacts/{folder}/package/preprocessing.py").text
    assert "def preprocessing_fn" in code
    found = mlflow(stack, f"mlflow-artifacts/artifacts/{folder}/fitted.json").json()["vocabularies"]
    assert [name for name in found if name.startswith("StockCode_")]
    assert not [name for name in found if name.startswith("CustomerID_")]


def test_the_same_test_again_offers_the_result_that_exists(stack: Stack, finished: dict[str, Any]) -> None:
    body = {"data_sample_percent": 100, "epochs": 2, "batch_size": 2048}
    answer = stack.call("POST", f"/api/feature-configs/{finished['feature_config']}/quick-test/", body)
    assert answer.status_code == 200
    assert answer.json()["existing"] is True
    assert answer.json()["id"] == finished["id"]


def test_forced_it_runs_again_from_the_cache_with_the_same_figures(stack: Stack, finished: dict[str, Any]) -> None:
    config = {"id": finished["feature_config"]}
    again = start_test(stack, config, epochs=2, force=True)
    assert again["id"] != finished["id"]
    again = stack.finished(again["id"])
    assert {stage["status"] for stage in again["stages"]} == {"cached"}
    assert [again[f"recall_at_{k}"] for k in (10, 50, 100)] == [finished[f"recall_at_{k}"] for k in (10, 50, 100)]


@pytest.fixture(scope="module")
def trained(stack: Stack, finished: dict[str, Any]) -> dict[str, Any]:
    path = f"/api/feature-configs/{finished['feature_config']}/full-training/"
    training = stack.finished(stack.post(path, {"epochs": 10, "batch_size": 2048})["id"], of="full-trainings")
    assert training["status"] == "completed", json.dumps(training["error"], indent=1)
    return training


def test_a_full_training_goes_the_same_way_for_more_epochs(trained: dict[str, Any], finished: dict[str, Any]) -> None:
    assert [stage["name"] for stage in trained["stages"]] == STAGES
    assert (trained["kind"], trained["epochs"], len(trained["curve"])) == ("full", 10, 10)
    assert trained["loss"] < finished["loss"]
    assert trained["rows"] == finished["rows"]
    assert trained["protocol"]["key"] != finished["protocol"]["key"]


def test_a_full_training_promotes_the_config_and_leaves_its_best_alone(
    stack: Stack, trained: dict[str, Any], finished: dict[str, Any]
) -> None:
    config = stack.get(f"/api/feature-configs/{finished['feature_config']}/")
    assert (config["status"], config["best"]["test"]) == ("promoted", finished["id"])
    assert stack.call("GET", f"/api/quick-tests/{trained['id']}/").status_code == 404


def test_mlflow_tells_a_full_training_from_quick_tests(stack: Stack, trained: dict[str, Any]) -> None:
    run = mlflow(stack, "mlflow/runs/get", run_id=trained["mlflow_run_id"]).json()["run"]["data"]
    assert {tag["key"]: tag["value"] for tag in run["tags"]}["towerlab.kind"] == "full_training"


def test_what_a_full_training_has_made_is_asked_to_be_kept(stack: Stack, trained: dict[str, Any]) -> None:
    assert (stack.state / "runner" / "jobs" / trained["vertex_pipeline_id"] / "keep").exists()
    lineage = stack.get(f"/api/full-trainings/{trained['id']}/lineage/")
    assert all(file["there"] for file in lineage["files"])


def test_one_correlation_id_runs_from_the_request_to_the_pipeline(stack: Stack, finished: dict[str, Any]) -> None:
    assert finished["status"] == "completed"
    for program in ("front-door", "quicktest-orchestrator", "metrics-collector", "pipeline-runner"):
        log = (stack.state / "logs" / f"{program}.log").read_text()
        lines = [json.loads(line) for line in log.splitlines() if "journey-correlation" in line]
        assert lines, f"{program} logged nothing under the request's correlation id"
        assert all(line["correlation_id"] == "journey-correlation" for line in lines)
