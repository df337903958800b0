"""A few tests side by side, where one comes from, and recommendations of two of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from config_api.app import create_public
from towerlab.domain.access import Access, Role
from towerlab.domain.quicktest import QuickTest, Submitting, advance
from towerlab.emit.record import CodeFile, CodeRecord
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.building import SEEDS, result_of, store_result
from tests.unit.config_api.calling import CUSTOMER, Caller, faults
from tests.unit.config_api.test_access import Named
from tests.unit.config_api.test_boards import CROSS, completed, lists
from tests.unit.config_api.test_quick_tests import complete
from tests.unit.config_api.test_reactions import ended


def compare(api: Caller, query: str) -> Any:
    return api.get(f"/api/compare/?{query}")


def test_a13_tests_are_compared_pair_by_pair_on_the_same_customers(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    configs = [api.config(dataset, f"config {n}", **lists(8 * (n + 1))) for n in range(3)]
    tests = [
        completed(api, deps, config, at_100).test_id for config, at_100 in zip(configs, (0.3, 0.4, 0.4005), strict=True)
    ]
    found = compare(api, f"tests={','.join(tests)}")
    assert found["comparable"] is True
    assert [one["test"] for one in found["items"]] == tests
    first = found["items"][0]
    assert (first["name"], first["recall_at_100"], first["seeds"]) == ("config 0", 0.3, [*SEEDS])
    pairs = {(one["test"], one["other"]): one for one in found["pairs"]}
    assert set(pairs) == {(tests[1], tests[0]), (tests[2], tests[0]), (tests[2], tests[1])}
    better, same = pairs[tests[1], tests[0]], pairs[tests[2], tests[1]]
    assert (better["verdict"], same["verdict"], better["seeds_known"]) == ("better", "cannot_tell", True)
    assert better["difference"]["recall_at_100"] == pytest.approx(0.1, abs=0.01)
    assert better["reason"].startswith("It is better than the other: +")
    assert found["settings"]["differing"] == {}
    assert found["settings"]["same"]["advanced.optimizer"] == "adagrad"
    assert {one["path"]: one["values"] for one in found["config_differences"]} == {
        "buyer.customer_id.embedding_dim": [8, 16, 24],
        "buyer_tensor_dim": [16, 24, 32],
    }


def test_a13_figures_of_different_protocols_stand_beside_each_other_uncompared(
    api: Caller, deps: Deps, config: dict[str, Any]
) -> None:
    one = completed(api, deps, config, 0.3, protocol={"split": "time", "epochs": 2})
    two = completed(api, deps, config, 0.4, key="key-2", seed=1, protocol={"split": "time", "epochs": 3})
    found = compare(api, f"tests={one.test_id},{two.test_id}")
    assert found["comparable"] is False
    assert found["protocols"] == {"same": {"split": "time"}, "differing": {"epochs": [2, 3]}}
    (pair,) = found["pairs"]
    assert (pair["comparable"], pair["verdict"], pair["difference"]) == (False, None, None)
    assert pair["reason"] == "Not compared with the other: they were tested under different protocols."
    assert found["settings"]["differing"] == {"seed": [0, 1]}
    assert found["config_differences"] == []


def test_a13_without_seeds_nothing_is_told_apart(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    configs = [api.config(dataset, f"config {n}", **lists(8 * (n + 1))) for n in range(2)]
    tests = [
        completed(api, deps, config, 0.2 + n / 5, replicate_results=()).test_id for n, config in enumerate(configs)
    ]
    (pair,) = compare(api, f"tests={','.join(tests)}")["pairs"]
    assert (pair["verdict"], pair["seeds_known"]) == ("cannot_tell", False)
    assert pair["reason"].endswith("Run 3 seeds of each config.")


def test_a13_configs_are_compared_by_their_best_tests_under_a_protocol_that_they_share(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    first, second = (api.config(dataset, f"config {n}", **lists(8 * (n + 1))) for n in range(2))
    completed(api, deps, first, 0.9, key="key-2")
    shared = completed(api, deps, first, 0.3, seed=1)
    other = completed(api, deps, second, 0.4)
    found = compare(api, f"configs={first['id']},{second['id']}@1")
    assert [one["test"] for one in found["items"]] == [shared.test_id, other.test_id]
    assert found["comparable"] is True


def test_what_cannot_be_compared_is_told_all_at_once(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    done = completed(api, deps, config, 0.3).test_id
    running = api.start(config, seed=5).get_json()["id"]
    path = "/api/compare/"
    answer = api.call("GET", f"{path}?tests={done},{running},none")
    assert [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]] == [
        ("/tests", "not_completed"),
        ("/tests", "not_found"),
    ]
    answer = api.call("GET", f"{path}?configs={config['id']}@7,none,%3Dcmd")
    assert [one["code"] for one in answer.get_json()["errors"]] == ["not_tested", "not_found", "not_found"]
    assert faults(api.call("GET", path)) == {"": "one_of_two"}
    assert faults(api.call("GET", f"{path}?tests=a,b&configs=a,b")) == {"": "one_of_two"}
    assert faults(api.call("GET", f"{path}?tests={done}")) == {"/tests": "wrong_number"}
    assert faults(api.call("GET", f"{path}?tests={done},{done}")) == {"/tests": "duplicate"}
    many = ",".join(f"t{n}" for n in range(21))
    assert faults(api.call("GET", f"{path}?tests={many}")) == {"/tests": "wrong_number"}
    assert faults(api.call("GET", f"{path}?x=1")) == {"/x": "unknown_field"}


def test_a_feature_that_some_have_not_is_one_line_unless_the_others_differ(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    plain = lists(8) | {"buyer_model_features": [CUSTOMER]}
    made = [plain, lists(16, crosses=(CROSS,)), lists(16)]
    configs = [api.config(dataset, f"config {n}", **one) for n, one in enumerate(made)]
    tests = [completed(api, deps, config, 0.3).test_id for config in configs]
    lines = {one["path"]: one["values"] for one in compare(api, f"tests={','.join(tests)}")["config_differences"]}
    assert lines["buyer.city.type"] == [None, "string_embedding", "string_embedding"]
    assert "buyer.city.embedding_dim" not in lines
    assert lines["buyer_crosses.city × customer_id.hash_bucket_size"] == [None, 100, None]
    assert lines["buyer_crosses"] == ["", "city × customer_id", ""]


def test_b6_a_figure_is_traced_to_snapshot_version_code_job_run_and_files(
    api: Caller, deps: Deps, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    test = api.start(config).get_json()
    path = f"/api/quick-tests/{test['id']}/lineage/"
    before = api.get(path)
    assert (before["figures"], before["job"], before["protocol"], before["files"]) == (None, None, None, [])
    held = records.get(deps.documents, QuickTest, test["id"])
    code = {"preprocessing.py": "ab" * 32, "trainer.py": "cd" * 32}
    deps.documents.commit(
        [records.put(advance(held.value, Submitting("qt-1", {}, code=code)), test["id"], held.revision)]
    )
    now = {"preprocessing.py": CodeFile("file:///p", "ab" * 32), "trainer.py": CodeFile("file:///t", "ef" * 32)}
    record = CodeRecord(config["id"], 1, config["config_hash"], "generated", now, generator="g")
    deps.documents.commit([records.put(record, f"{config['id']}.1", None)])
    uri = deps.artifacts.put_if_absent(f"results/{test['id']}/ranks.parquet", b"ranks")
    gone = deps.artifacts.uri("results/gone.json")
    result = replace(result_of(complete(deps, test["id"]), 0.3), ranks_uri=uri, fitted_uri=gone, mlflow_run_id="r1")
    store_result(deps, result)
    found = api.get(path)
    assert found["figures"]["recall_at_100"] == 0.3
    assert (found["snapshot"]["id"], found["snapshot"]["newest"]) == (dataset["snapshot"]["id"], True)
    assert (found["feature_config"]["version"], found["feature_config"]["config_hash"]) == (1, config["config_hash"])
    assert found["code"]["recorded"] is True
    assert [(one["name"], one["sha256"], one["current"]) for one in found["code"]["files"]] == [
        ("preprocessing.py", "ab" * 32, True),
        ("trainer.py", "cd" * 32, False),
    ]
    assert (found["job"]["id"], found["mlflow"]["run_id"], found["protocol"]["key"]) == ("qt-1", "r1", "key-1")
    assert {one["name"]: one["there"] for one in found["files"]} == {"ranks": True, "fitted": False}
    assert faults(api.call("GET", "/api/quick-tests/none/lineage/"), 404)


def recommending(api: Caller, deps: Deps, config: dict[str, Any], seed: int, by_customer: dict[str, list[str]]) -> str:
    test = records.get(deps.documents, QuickTest, ended(api, deps, config, 0.3, seed=seed)["id"]).value
    stored = {
        customer: {
            "recommended": [{"product": one, "bought_before": 0, "bought_after": False} for one in products],
            "before": [{"product": "p1", "times": 2}],
            "after": [],
        }
        for customer, products in by_customer.items()
    }
    path = f"results/{test.id}/recommendations.json"
    uri = deps.artifacts.put_if_absent(path, json.dumps(stored).encode())
    store_result(deps, replace(result_of(test, 0.3), recommendations_uri=uri))
    return test.id


def test_b9_the_same_customers_under_two_tests(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    one, two = (api.config(dataset, name, **lists(n)) for name, n in (("=one", 8), ("two", 16)))
    ours = recommending(api, deps, one, 0, {"c1": ["p1", "p2"], "c2": ["p3"], "c3": ["p4"]})
    theirs = recommending(api, deps, two, 0, {"c2": ["p5"], "c1": ["p2", "p6"], "c9": ["p1"]})
    path = f"/api/quick-tests/{ours}/recommendations/"
    alone = api.get(path)
    assert (alone["total"], alone["beside"], alone["items"][0]["beside"]) == (3, None, None)
    found = api.get(f"{path}?beside={theirs}")
    assert (found["total"], [item["customer"] for item in found["items"]]) == (2, ["c1", "c2"])
    assert (found["beside"]["name"], found["beside"]["same_protocol"]) == ("two", True)
    first = found["items"][0]
    assert [entry["product"] for entry in first["recommended"]] == ["p1", "p2"]
    assert [entry["product"] for entry in first["beside"]["recommended"]] == ["p2", "p6"]
    assert (first["beside"]["in_common"], found["items"][1]["beside"]["in_common"]) == (1, 0)
    assert faults(api.call("GET", f"{path}?beside={theirs}&customer=c3")) == {"/customer": "not_found"}
    assert faults(api.call("GET", f"{path}?beside=none")) == {"/beside": "not_found"}
    pending = api.start(one, seed=7).get_json()["id"]
    assert faults(api.call("GET", f"{path}?beside={pending}")) == {"/beside": "not_completed"}


def test_recommendations_of_another_dataset_are_of_other_customers(
    api: Caller, deps: Deps, config: dict[str, Any]
) -> None:
    ours, theirs = (recommending(api, deps, config, seed, {"c1": ["p1"]}) for seed in (0, 1))
    elsewhere(deps, theirs)
    answer = api.call("GET", f"/api/quick-tests/{ours}/recommendations/?beside={theirs}")
    assert faults(answer) == {"/beside": "other_dataset"}


def elsewhere(deps: Deps, test_id: str) -> None:
    held = records.get(deps.documents, QuickTest, test_id)
    deps.documents.commit([records.put(replace(held.value, dataset_id="another"), test_id, held.revision)])


def test_a_test_is_compared_only_by_who_may_see_its_dataset(
    api: Caller, deps: Deps, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    ours, theirs = (recommending(api, deps, config, seed, {"c1": ["p1"]}) for seed in (0, 1))
    elsewhere(deps, theirs)
    grants = {"viewer": {dataset["id"]: Role.VIEWER}, "both": {dataset["id"]: Role.VIEWER, "another": Role.VIEWER}}
    settings = replace(deps.settings, access=Access(grants))
    members: Any = {"artifacts": deps.artifacts, "warehouse": deps.warehouse, "identity": Named()}
    guarded = Caller(create_public(Deps(settings, **members)).test_client())

    def status(person: str, path: str) -> int:
        return guarded.call("GET", path, X_Person=person).status_code

    compared = f"/api/compare/?tests={ours},{theirs}"
    assert (status("viewer", compared), status("both", compared)) == (403, 200)
    by_config = f"/api/compare/?configs={config['id']},{config['id']}@1"
    assert (status("viewer", by_config), status("nobody", by_config)) == (200, 403)
    beside = f"/api/quick-tests/{ours}/recommendations/?beside={theirs}"
    assert (status("viewer", beside), status("both", beside)) == (403, 422)
    for path in ("leaderboard/", "heatmap/", "heatmap.csv"):
        assert status("viewer", f"/api/datasets/{dataset['id']}/{path}") == 200
        assert status("nobody", f"/api/datasets/{dataset['id']}/{path}") == 403
    assert status("viewer", f"/api/quick-tests/{ours}/lineage/") == 200
    assert status("viewer", f"/api/quick-tests/{theirs}/lineage/") == 403
