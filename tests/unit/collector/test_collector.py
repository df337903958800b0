"""A job's end becomes a result once, in one commit, whoever looks and however often."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from flask import Flask
from metrics_collector.app import create
from metrics_collector.collect import observe
from towerlab.configs import reference
from towerlab.configs.checks import resolve
from towerlab.configs.features import sources
from towerlab.configs.lists import ConfigLists
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnType
from towerlab.domain.quicktest import FullTraining, Phase, QuickTest
from towerlab.domain.quicktest import TestSettings as Asked
from towerlab.domain.results import BestMetrics, FullResult, Result
from towerlab.domain.scores import Score, score_of
from towerlab.domain.times import rfc3339
from towerlab.ports.errors import RevisionConflict, Transient
from towerlab.ports.pipelines import JobError, JobState, JobTask
from towerlab.ports.tracking import TrackedRun
from towerlab.runtime import records
from towerlab.transforms.fitted import merged

from tests.unit.collector.shops import Shop, a_shop, leave_behind, ranks_parquet, summary, training
from tests.unit.worlds import COLUMNS, START, World

RUNNING = {"phase": Phase.RUNNING, "job_id": "qt-t1", "started_at": rfc3339(START)}
ROLES = {"customer_id": "customer", "product_id": "product", "transaction_date": "bought_at"}


@pytest.fixture
def app(world: World) -> Flask:
    return create(world.deps)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return a_shop(rows=600, people=40, catalogue=150, seed=4)


def a_running_test(world: World, id: str = "t1", config_id: str = "c1", **changes: Any) -> QuickTest:
    world.dataset()
    world.config(config_id, f"Config {config_id}")
    running = {**RUNNING, "job_id": f"qt-{id}", "roles": ROLES}
    return world.test(id, config_id, **running | changes)


def a_finished_job(world: World, shop: Shop, id: str = "t1", **left: Any) -> None:
    world.tracking.runs.setdefault("run1", TrackedRun("run1", "http://mlflow/#/experiments/1/runs/run1", {}, {}))
    world.pipelines.becomes(f"qt-{id}", JobState.SUCCEEDED, *leave_behind(world, shop, run=id, **left))


def result(world: World, id: str = "t1") -> Result:
    return records.get(world.deps.documents, Result, id).value


def warned(found: Result) -> set[str]:
    return {warning.code for warning in found.warnings}


def test_a_finished_job_becomes_a_result_a_best_and_the_news_of_both(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world)
    a_finished_job(world, shop)
    assert world.tick(app, "collect") == 204
    test, found = world.now_is(), result(world)
    assert (test.phase, test.completed_at) == (Phase.COMPLETED, "2026-03-01T10:05:30.000000Z")
    assert [stage.status for stage in test.stages] == ["completed", "completed", "cached", "completed", "completed"]
    assert test.stages[0].seconds == 30
    assert 0 < found.recall.at["10"] < found.recall.at["100"] < 1
    assert found.duration_seconds == 330
    assert found.protocol["split"] == "time"
    assert found.protocol["key"] == found.protocol_key
    assert (found.loss, found.verdict, found.ruler.previous_best) == (6.5, None, None)
    assert found.replicate_results[0]["seed"] == 5
    assert found.replicate_results[0]["recall_at_10"] == found.recall.at["10"]
    assert found.rows["not_bought"] == 5
    assert [dict(point) for point in found.curve][-1] == {"replicate": 0, "epoch": 2, "loss": 6.5}
    best = records.get(world.deps.documents, BestMetrics, "c1").value.by_protocol[found.protocol_key]
    assert best.best.at == found.recall.at
    assert best.by_version["1"] == best.best
    score = records.get(world.deps.documents, Score, "t1").value
    assert score == score_of(found)
    assert (score.at, score.customers_uri) == (found.recall.at, found.customers_uri)
    assert world.deps.artifacts.read(found.ranks_uri)[:4] == b"PAR1"
    assert [event.type for event in world.told()] == ["quick-test.finished", "best-metrics.updated"]
    assert {event.correlation_id for event in world.told()} == {"asked-t1"}


def test_a_full_training_has_a_result_is_kept_and_enters_no_board(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world, "t0")
    a_finished_job(world, shop, "t0")
    world.tick(app, "collect")
    best, told = records.get(world.deps.documents, BestMetrics, "c1"), world.told()
    a_running_test(world, of=FullTraining, settings=Asked(100, 20), job_id="ft-t1")
    a_finished_job(world, shop)
    world.pipelines.becomes("ft-t1", JobState.SUCCEEDED, *world.pipelines.jobs["qt-t1"].tasks)
    started = world.event("full-training.started", training_id="t1", job_id="ft-t1")
    for _ in range(2):
        assert world.push(app, started) == 204
    assert world.now_is(of=FullTraining).phase is Phase.COMPLETED
    found = records.get(world.deps.documents, FullResult, "t1").value
    assert found.recall == result(world, "t0").recall
    assert (found.protocol["epochs"], found.ruler.previous_best) == (20, None)
    assert [records.find(world.deps.documents, kind, "t1") for kind in (Result, Score)] == [None, None]
    assert records.get(world.deps.documents, BestMetrics, "c1") == best
    assert world.pipelines.kept == {"qt-t0", "ft-t1"}
    assert world.tracking.tags["run1"]["towerlab.kind"] == "full_training"
    assert [event.type for event in world.told()[len(told) :]] == ["full-training.finished"]


def test_looking_again_changes_nothing(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world)
    a_finished_job(world, shop)
    world.tick(app, "collect")
    once = world.now_is(), result(world), world.told()
    world.tick(app, "collect")
    world.push(app, world.event("quick-test.started", test_id="t1", job_id="qt-t1"))
    assert (world.now_is(), result(world), world.told()) == once


def test_of_two_collectors_at_once_one_writes(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world)
    a_finished_job(world, shop)
    held = records.get(world.deps.documents, QuickTest, "t1")
    slower = observe(world.deps, held)
    world.tick(app, "collect")
    told = world.told()
    with pytest.raises(RevisionConflict):
        world.deps.documents.commit(slower.writes, slower.events)
    assert world.told() == told


def test_stages_are_told_when_they_move_and_only_then(world: World, app: Flask) -> None:
    a_running_test(world)
    world.pipelines.becomes(
        "qt-t1", JobState.RUNNING, JobTask("ExampleGen", "running", "2026-03-01T10:00:01Z", progress=0.5)
    )
    assert world.push(app, world.event("quick-test.started", test_id="t1", job_id="qt-t1")) == 204
    assert world.now_is().stages[0].progress == 0.5
    world.tick(app, "collect")
    (told,) = world.told("quick-test.progressed")
    assert told.data == {"test_id": "t1", "phase": "running", "progress": 0.1}


def test_a_failed_job_says_stage_message_last_lines_and_remedy(world: World, app: Flask) -> None:
    a_running_test(world)
    log = "\n".join(f"line {n}" for n in range(100)) + "\nMemoryError"
    error = JobError("Trainer", "the task was killed", log)
    world.pipelines.becomes("qt-t1", JobState.FAILED, JobTask("Trainer", "failed"), error=error)
    world.tick(app, "collect")
    test = world.now_is()
    assert test.phase is Phase.FAILED
    assert test.error is not None
    assert (test.error.stage, test.error.message) == ("Trainer", "the task was killed")
    assert test.error.log_tail.splitlines()[0] == "line 81"
    assert "smaller data sample" in test.error.remedy
    assert test.stages[4].status == "failed"
    assert [event.data["phase"] for event in world.told("quick-test.finished")] == ["failed"]


def test_a_cancelled_job_cancels_its_test(world: World, app: Flask) -> None:
    a_running_test(world, phase=Phase.CANCELLING)
    world.pipelines.becomes("qt-t1", JobState.CANCELLED, JobTask("ExampleGen", "cancelled"))
    world.tick(app, "collect")
    assert world.now_is().phase is Phase.CANCELLED


def test_a_job_that_ended_well_before_its_cancel_completes(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world, phase=Phase.CANCELLING)
    a_finished_job(world, shop)
    world.tick(app, "collect")
    assert world.now_is().phase is Phase.COMPLETED


def test_a_running_test_whose_job_nobody_knows_fails(world: World, app: Flask) -> None:
    a_running_test(world)
    world.tick(app, "collect")
    assert world.now_is().phase is Phase.FAILED


def test_a_submission_under_way_is_not_taken_for_a_lost_job(world: World, app: Flask) -> None:
    a_running_test(world, phase=Phase.SUBMITTING)
    world.tick(app, "collect")
    assert world.now_is().phase is Phase.SUBMITTING


@pytest.mark.parametrize("missing", ["ranks.parquet", "training.json", "rows.parquet", "summary.json"])
def test_a_job_without_its_files_fails_with_the_reason_and_never_completes(
    world: World, app: Flask, shop: Shop, missing: str
) -> None:
    a_running_test(world)
    a_finished_job(world, shop, without=missing)
    assert world.tick(app, "collect") == 204
    test = world.now_is()
    assert test.phase is Phase.FAILED
    assert test.error is not None
    assert missing in test.error.message
    assert test.error.remedy
    assert records.find(world.deps.documents, Result, "t1") is None


@pytest.mark.parametrize(
    ("reports", "reason"),
    [
        ({"model_run/training.json": {"schema": 2}}, "schema"),
        ({"model_run/training.json": {"schema": 1}}, "not as expected"),
        ({"examples/protocol/summary.json": {"schema": 1, "split": "time"}}, "not as expected"),
        ({"model_run/tracking.json": {}}, "names no run"),
    ],
)
def test_reports_that_cannot_be_read_fail_the_test(
    world: World, app: Flask, shop: Shop, reports: dict[str, Any], reason: str
) -> None:
    a_running_test(world)
    a_finished_job(world, shop, reports=reports, tracked="" if "model_run/tracking.json" in reports else "run1")
    world.tick(app, "collect")
    error = world.now_is().error
    assert error is not None
    assert reason in error.message


def test_a_loss_that_is_not_finite_fails_the_test(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world)
    replicates = [training(shop)["replicates"][0] | {"loss": [7.0, float("nan")]}]
    a_finished_job(world, shop, reports={"model_run/training.json": training(shop, replicates=replicates)})
    world.tick(app, "collect")
    error = world.now_is().error
    assert error is not None
    assert "not finite" in error.message


def test_a_model_no_better_than_chance_fails_the_test(world: World, app: Flask) -> None:
    clueless = a_shop(rows=600, people=40, catalogue=150, seed=4)
    clueless.scores = -clueless.scores
    clueless.files["ranks"] = ranks_parquet(clueless.ranks())
    a_running_test(world)
    a_finished_job(world, clueless)
    world.tick(app, "collect")
    error = world.now_is().error
    assert error is not None
    assert "learned nothing" in error.message


def test_fewer_replicates_than_asked_for_fail_the_test(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world, settings=Asked(replicates=3))
    a_finished_job(world, shop)
    world.tick(app, "collect")
    error = world.now_is().error
    assert error is not None
    assert "3 replicates were asked for; 1 were trained" in error.message


def test_an_unreachable_runner_fails_nothing(world: World, app: Flask) -> None:
    a_running_test(world)
    world.pipelines.reachable = False
    assert world.tick(app, "collect") == 503
    assert world.now_is().phase is Phase.RUNNING


def test_a_result_that_cannot_be_computed_now_is_tried_again_until_the_deadline(
    world: World, app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_: str) -> bytes:
        raise Transient("the bucket cannot be reached")

    a_running_test(world)
    a_finished_job(world, shop)
    monkeypatch.setattr(world.deps.artifacts, "read", unreachable)
    assert world.tick(app, "collect") == 503
    assert world.now_is().phase is Phase.RUNNING
    world.clock.pass_(hours=2)
    assert world.tick(app, "collect") == 204
    error = world.now_is().error
    assert error is not None
    assert "the bucket cannot be reached" in error.message


def test_one_test_that_breaks_the_collector_does_not_keep_the_others_waiting(
    world: World, app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_running_test(world, "t1")
    a_running_test(world, "t2")
    a_finished_job(world, shop, "t2")
    describe = world.pipelines.describe
    monkeypatch.setattr(world.pipelines, "describe", lambda id: describe(id) if id == "qt-t2" else 1 / 0)
    assert world.tick(app, "collect") == 500
    assert world.now_is("t2").phase is Phase.COMPLETED


def test_mlflow_gets_figures_and_tags_and_no_customer(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world)
    a_finished_job(world, shop)
    world.tick(app, "collect")
    found, tags = result(world), world.tracking.tags["run1"]
    assert found.mlflow_url == "http://mlflow/#/experiments/1/runs/run1"
    assert world.tracking.figures["run1"]["recall_at_100"] == found.recall.at["100"]
    assert tags["towerlab.kind"] == "quick_test"
    assert tags["towerlab.protocol_key"] == found.protocol_key
    assert "not_tracked" not in warned(found)
    assert not any("customer 1" in text for text in (*tags.values(), *world.tracking.figures["run1"]))


def test_mlflow_gets_the_config_as_axes_and_files_without_a_customer(world: World, app: Flask, shop: Shop) -> None:
    test = a_running_test(world)
    customer = {"column": "customer", "type": "string_embedding", "embedding_dim": 24}
    lists = resolve(ConfigLists((customer,), ({"column": "product", "type": "string_embedding"},)), COLUMNS).as_lists()
    world.config(lists=lists, columns={"customer": COLUMNS["customer"], "product": COLUMNS["product"]})
    columns = [{"name": name, "nulls": 0, "top_values": [{"value": f"{name} 1"}]} for name in ("customer", "product")]
    profile = world.deps.artifacts.put_if_absent("profile.json", json.dumps({"columns": columns}).encode())
    dataset = world.dataset()
    world.dataset(snapshot=replace(dataset.snapshot, id=test.snapshot_id, profile_uri=profile))
    found = {"customer_vocab_100000_5": ["customer 1"], "product_vocab_100000_5": ["product 1"]}
    a_finished_job(world, shop, reports={"transform_graph/fitted.json": {"schema": 1, "vocabularies": found}})
    world.tick(app, "collect")
    parameters, files = world.tracking.parameters["run1"], world.tracking.files["run1"]
    assert parameters["buyer.customer.embedding_dim"] == "24"
    assert (parameters["buyer_features"], parameters["buyer_tensor_dim"]) == ("customer", "24")
    assert {"fitted.json", "statistics.json", "ranks.parquet", "products.parquet"} <= set(files)
    assert b"product 1" in files["fitted.json"]
    assert b"product 1" in files["statistics.json"]
    assert not any(b"customer 1" in content for content in files.values())


@pytest.mark.parametrize("kind", ["string_embedding", "multi_hot", "numeric"])
def test_whatever_is_made_of_the_customer_stays_out_of_mlflow(world: World, app: Flask, shop: Shop, kind: str) -> None:
    a_running_test(world)
    column_type = ColumnType.INTEGER if kind == "numeric" else ColumnType.STRING
    columns = {"customer": column_type, "customer_city": ColumnType.STRING, "product": ColumnType.STRING}
    customer: dict[str, Any] = {"column": "customer", "type": kind}
    if kind == "numeric":
        customer["transforms"] = {"normalize": {"enabled": True}, "bucketize": {"enabled": True, "buckets": 3}}
    city, product = ({"column": name, "type": "string_embedding"} for name in ("customer_city", "product"))
    resolved = resolve(ConfigLists((customer, city), (product,)), columns)
    world.config(lists=resolved.as_lists(), columns=columns)
    fitted = fitted_by(resolved, {"customer": ["4711"] * 9, "customer_city": ["Bonn"] * 9, "product": ["p"] * 9})
    a_finished_job(world, shop, reports={"transform_graph/fitted.json": {"schema": 1, **fitted}})
    world.tick(app, "collect")
    left = world.tracking.files["run1"]["fitted.json"]
    assert b"Bonn" in left
    assert b"4711" not in left


def fitted_by(resolved: ResolvedConfig, values: dict[str, list[Any]]) -> dict[str, Any]:
    """What the numpy references of the config's transforms find in these columns."""
    at, found = sources(resolved), []
    for tower in resolved.towers:
        for feature in tower.features:
            source = at[tower.side, feature.column]
            raw = [float(one) if feature.kind.key == "numeric" else one for one in values[feature.column]]
            x = reference.prepared(feature, source, {source.key: raw})
            found += [step.transform.fit(source, step.params, x) for step in feature.producing]  # type: ignore[attr-defined]
    return asdict(merged(found))


@pytest.mark.parametrize("state", ["down", "run unknown", "never tracked"])
def test_without_mlflow_the_result_is_whole_and_warns(world: World, app: Flask, shop: Shop, state: str) -> None:
    a_running_test(world)
    a_finished_job(world, shop, tracked="" if state == "never tracked" else "run1")
    world.tracking.reachable = state != "down"
    if state == "run unknown":
        world.tracking.runs.clear()
    world.tick(app, "collect")
    found = result(world)
    assert world.now_is().phase is Phase.COMPLETED
    assert "not_tracked" in warned(found)
    assert (found.mlflow_run_id, found.mlflow_url) == ("", "")


def test_warnings_name_what_is_doubtful_and_what_to_do(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world)
    numeric = {"column": "revenue", "type": "numeric", "transforms": {"normalize": {"enabled": True, "range": [-1, 1]}}}
    product = {"column": "product", "type": "string_embedding"}
    customer = {"column": "customer", "type": "string_embedding"}
    lists = ConfigLists((customer, product, numeric), (product,))
    world.config(lists=lists, columns=world.dataset().columns)
    vocabulary = {"customer": {"tower": "query", "vocab_size": 9, "oov_rate": 0.06, "train_oov_rate": 0.01}}
    replicates = [training(shop)["replicates"][0] | {"steps": 11, "distinct_in_top10": 1}]
    varies = {"product": {"rows_share": 0.9, "products_share": 0.5}}
    reports = {
        "model_run/training.json": training(shop, vocabulary=vocabulary, replicates=replicates),
        "examples/protocol/summary.json": summary(product_property=varies),
    }
    a_finished_job(world, shop, reports=reports)
    world.tick(app, "collect")
    found = result(world)
    expected = {
        *("after_request", "few_steps", "few_customers", "oov", "varies_within_product", "in_both_models"),
        *("few_distinct_recommendations", "small_catalogue"),
    }
    assert warned(found) >= expected
    assert all(warning.remedy for warning in found.warnings)
    remedies = {warning.code: warning.remedy for warning in found.warnings}
    assert "larger data sample" in remedies["few_customers"]
    assert {w.column for w in found.warnings if w.code == "after_request"} == {"revenue"}
    assert found.vocabulary_stats["customer"].status == "warning"
    best = records.get(world.deps.documents, BestMetrics, "c1").value
    assert best.by_protocol[found.protocol_key].best.after_request


def test_the_previous_best_is_the_datasets_best_when_the_test_was_asked_for(
    world: World, app: Flask, shop: Shop
) -> None:
    a_running_test(world, "t1", "c1")
    a_finished_job(world, shop, "t1")
    world.tick(app, "collect")
    world.clock.pass_(hours=1)
    a_running_test(world, "t2", "c2")
    a_finished_job(world, shop, "t2")
    world.tick(app, "collect")
    found = result(world, "t2")
    assert found.verdict == "cannot_tell"
    assert found.ruler.previous_best is not None
    assert (found.ruler.previous_best.test_id, found.ruler.previous_best.name) == ("t1", "Config c1")
    assert found.ruler.previous_best.difference == {"10": 0.0, "50": 0.0, "100": 0.0}
    assert found.ruler.previous_best.difference_interval["100"] == (0.0, 0.0)


def test_with_seeds_on_both_sides_a_better_config_is_called_better(world: World, app: Flask) -> None:
    """The same purchases, scored by c1 and c3 as by popularity, by c2 with some more knowledge; three seeds each."""
    poor, good = (a_shop(rows=3000, people=120, catalogue=400, seed=4, replicates=3) for _ in range(2))
    bought = good.products[good.eval_rows]
    good.scores[:, np.arange(len(bought)), bought] += 0.3
    good.files["ranks"] = ranks_parquet(good.ranks())
    verdicts = {}
    for n, (config, shop) in enumerate((("c1", poor), ("c2", good), ("c3", poor))):
        a_running_test(world, f"t{n}", config, settings=Asked(replicates=3))
        a_finished_job(world, shop, f"t{n}")
        world.tick(app, "collect")
        world.clock.pass_(hours=1)
        found = result(world, f"t{n}")
        verdicts[config] = found.verdict
        best = found.ruler.previous_best
        assert best is None or (best.seeds_known, best.runs) == (True, 3)
    assert verdicts == {"c1": None, "c2": "better", "c3": "worse"}


def test_neither_a_later_test_nor_one_of_the_same_version_is_a_previous_best(
    world: World, app: Flask, shop: Shop
) -> None:
    asked_early = rfc3339(START)
    a_running_test(world, "t1", "c1")
    a_finished_job(world, shop, "t1")
    world.tick(app, "collect")
    a_running_test(world, "t2", "c2", created_at=asked_early)  # asked for before t1 ended
    world.clock.pass_(hours=1)
    a_running_test(world, "t3", "c1", created_at=rfc3339(world.clock.now()))
    for id in ("t2", "t3"):
        a_finished_job(world, shop, id)
    world.tick(app, "collect")
    assert result(world, "t2").ruler.previous_best is None
    previous = result(world, "t3").ruler.previous_best
    assert previous is None or previous.config_id == "c2"


def test_who_tests_all_customers_is_not_told_to_take_more(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world, settings=Asked(data_sample_percent=100))
    a_finished_job(world, shop)
    world.tick(app, "collect")
    assert "few_customers" in warned(result(world))
    assert not any("larger" in warning.remedy for warning in result(world).warnings)


def test_outputs_of_the_best_tests_are_kept_and_of_those_no_longer_so_are_not(
    world: World, app: Flask, shop: Shop
) -> None:
    good = a_shop(rows=600, people=40, catalogue=150, seed=4)
    good.scores[:, np.arange(len(good.eval_rows)), good.products[good.eval_rows]] += 0.3
    good.files["ranks"] = ranks_parquet(good.ranks())
    for n, sold in enumerate((shop, good, shop), 1):
        a_running_test(world, f"t{n}", "c1")
        a_finished_job(world, sold, f"t{n}")
        world.tick(app, "collect")
        world.clock.pass_(hours=1)
    assert world.pipelines.kept == {"qt-t2"}


def test_another_protocol_is_no_previous_best(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world, "t1", "c1")
    a_finished_job(world, shop, "t1")
    world.tick(app, "collect")
    world.clock.pass_(hours=1)
    a_running_test(world, "t2", "c2", settings=Asked(batch_size=8192))
    a_finished_job(world, shop, "t2")
    world.tick(app, "collect")
    assert result(world, "t1").protocol_key != result(world, "t2").protocol_key
    assert result(world, "t2").ruler.previous_best is None


def test_seeds_and_replicates_do_not_change_the_protocol(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world, "t1", "c1")
    a_running_test(world, "t2", "c1", settings=Asked(seed=9))
    for id in ("t1", "t2"):
        a_finished_job(world, shop, id)
    world.tick(app, "collect")
    assert result(world, "t1").protocol_key == result(world, "t2").protocol_key


def test_the_best_of_a_config_is_the_same_in_whatever_order_its_tests_are_collected(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    shops = {id: a_shop(seed=int(id[1]), rows=400, people=30, catalogue=120) for id in ("t1", "t2", "t3")}
    bests = []
    for order in permutations(("t1", "t2", "t3")):
        world = World(tmp_path_factory.mktemp("world"))
        app = create(world.deps)
        for id in order:
            a_running_test(world, id)
            a_finished_job(world, shops[id], id)
            world.tick(app, "collect")
        bests.append(records.get(world.deps.documents, BestMetrics, "c1").value)
    assert all(best == bests[0] for best in bests)


def shop_times(shop: Shop, row: int) -> int:
    """How many evaluation rows have the customer and the product of that one."""
    same = (shop.customers == shop.customers[row]) & (shop.products == shop.products[row]) & shop.is_eval
    return int(same.sum())


def test_a_result_reads_back_as_it_was_written(world: World, app: Flask, shop: Shop) -> None:
    a_running_test(world)
    a_finished_job(world, shop)
    world.tick(app, "collect")
    found = result(world)
    assert records.from_json(Result, records.to_json(found)) == found
    assert found.slices["head_products"].popularity.at["100"] > 0
    assert isinstance(found.replicate_results[0]["seed"], int)
    assert json.loads(world.deps.artifacts.read(found.fitted_uri)) == {"schema": 1}
    lists = json.loads(world.deps.artifacts.read(found.recommendations_uri))
    for n, customer in enumerate(shop.customers):
        name, product = f"customer {customer}", f"product {shop.products[n]}"
        if shop.is_eval[n]:
            assert len(lists[name]["recommended"]) == 10
            assert {"product": product, "times": shop_times(shop, n)} in lists[name]["after"]
        for entry in lists[name]["recommended"] if name in lists else ():
            assert entry["bought_before"] == shop.owned(int(customer))[int(entry["product"].split()[1])]
    assert {name: uri.rsplit("/", 2)[1:] for name, uri in found.embedding_uris.items()} == {
        "customer": ["embeddings", "customer.npy"]
    }


def test_news_of_a_start_that_comes_after_the_end_changes_nothing(world: World, app: Flask) -> None:
    test = a_running_test(world, phase=Phase.CANCELLED)
    world.push(app, world.event("quick-test.started", test_id="t1", job_id="qt-t1"))
    assert world.now_is() == test
