"""What four lists would give, before anything is saved (A13, C10)."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from config_api import sketches
from towerlab.configs.checks import resolve
from towerlab.configs.expectation import expectation
from towerlab.configs.lists import ConfigLists
from towerlab.domain.datasets import Dataset
from towerlab.domain.results import Result
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps
from towerlab.transforms.fitted import Fitted

from tests.unit.config_api.building import result_of, store_result
from tests.unit.config_api.calling import BUYER_LISTS, CUSTOMER, PRODUCT, Caller, faults
from tests.unit.config_api.test_reactions import complete


def preview(api: Caller, dataset: dict[str, Any], **lists: Any) -> dict[str, Any]:
    answer = api.call("POST", f"/api/datasets/{dataset['id']}/preview/", lists)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.get_json()
    return shown


def test_c10_dimensions_are_broken_down_by_output(api: Caller, dataset: dict[str, Any]) -> None:
    shown = preview(api, dataset, **BUYER_LISTS)
    assert shown["buyer"]["total"] == 16
    (part,) = shown["product"]["breakdown"]
    assert (part["name"], part["dim"], part["column"]) == ("product_id", 8, "product_id")
    assert part["parameters"] > 0
    assert shown["faults"] == []


def test_c10_a13_the_preview_agrees_with_the_config_that_is_then_made(api: Caller, dataset: dict[str, Any]) -> None:
    lists = api.get(f"/api/datasets/{dataset['id']}/smart-defaults/?outcomes=include")
    lists = {name: lists[name] for name in BUYER_LISTS}
    shown, made = preview(api, dataset, **lists), api.config(dataset, **lists)
    assert shown["buyer"]["total"] == made["buyer_tensor_dim"]
    assert shown["product"]["total"] == made["product_tensor_dim"]
    assert sum(part["dim"] for part in shown["buyer"]["breakdown"]) == shown["buyer"]["total"]
    assert {warning["code"] for warning in shown["warnings"]} == {warning["code"] for warning in made["warnings"]}


def test_faults_are_told_and_the_rest_is_still_shown(api: Caller, dataset: dict[str, Any]) -> None:
    faulty = {"column": "city", "type": "string_embedding", "embedding_dim": 3}
    cross = {"features": ["customer_id", "city"], "hash_bucket_size": 1000, "embedding_dim": 8}
    shown = preview(
        api,
        dataset,
        buyer_model_features=[CUSTOMER, faulty],
        product_model_features=[PRODUCT, 7],
        buyer_model_crosses=[cross],
    )
    pointers = {fault["pointer"] for fault in shown["faults"]}
    assert {"/buyer_model_features/1/embedding_dim", "/product_model_features/1"} <= pointers
    assert [part["name"] for part in shown["buyer"]["breakdown"]] == ["customer_id"]
    assert shown["product"]["total"] == 8


def test_an_item_that_is_null_hides_no_other_fault(api: Caller, dataset: dict[str, Any]) -> None:
    faulty = {"column": "city", "type": "string_embedding", "embedding_dim": 3}
    shown = preview(api, dataset, buyer_model_features=[None, faulty], product_model_features=[PRODUCT])
    pointers = {fault["pointer"] for fault in shown["faults"]}
    assert pointers == {"/buyer_model_features/0", "/buyer_model_features/1/embedding_dim"}
    assert shown["product"]["total"] == 8


def test_nothing_is_a_preview_too(api: Caller, dataset: dict[str, Any]) -> None:
    shown = preview(api, dataset)["buyer"]
    assert (shown["total"], shown["parameters"], shown["breakdown"], shown["sample"]["outputs"]) == (0, 0, [], [])


def test_what_is_no_list_is_refused(api: Caller, dataset: dict[str, Any]) -> None:
    answer = api.call("POST", f"/api/datasets/{dataset['id']}/preview/", {"buyer_model_features": {}, "x": 1})
    assert faults(answer) == {"/buyer_model_features": "wrong_type", "/x": "unknown_field"}


REVENUE = {
    "column": "revenue",
    "type": "numeric",
    "transforms": {"normalize": {"enabled": True, "range": [0, 1]}, "bucketize": {"enabled": True, "buckets": 4}},
}
CITY = {"column": "city", "type": "string_embedding", "vocab_settings": {"min_frequency": 1, "oov_buckets": 1}}
PAIR = {"features": ["city", "revenue_bucket"], "hash_bucket_size": 100, "embedding_dim": 4}


def purchase_of(
    api: Caller, dataset: dict[str, Any], asked: str, **lists: Any
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    answer = api.call("POST", f"/api/datasets/{dataset['id']}/preview/?{asked}", lists)
    assert answer.status_code == 200, answer.text
    shown = answer.get_json()
    return shown, {output["name"]: output for output in shown["buyer"]["sample"]["outputs"]}


def test_the_sample_is_computed_from_the_newest_purchase_of_those_who_are_asked_for(
    api: Caller, dataset: dict[str, Any]
) -> None:
    """In the retail file the revenue is (i % 13 + 1) * 1.5, the customer i * 7919 % 41, the product i * i % 23; returns
    do not count."""
    newest = max(i for i in range(600) if i * 7919 % 41 == 3 and i * i % 23 == 4 and i % 40)
    lists = {
        "buyer_model_features": [REVENUE, CITY],
        "buyer_model_crosses": [PAIR],
        "product_model_features": [PRODUCT],
    }
    shown, outputs = purchase_of(api, dataset, "customer=c3&product=p4", **lists)
    assert (shown["buyer"]["sample"]["customer"], shown["product"]["sample"]["product"]) == ("c3", "p4")
    assert outputs["revenue_norm"]["raw"] == {"revenue": (newest % 13 + 1) * 1.5}
    assert outputs["revenue_norm"]["values"] == pytest.approx([newest % 13 / 12], rel=1e-6)
    assert 0 <= outputs["revenue_bucket"]["ids"][0] < 4
    assert (outputs["city"]["oov"], outputs["city × revenue_bucket"]["oov"]) == ([False], None)
    assert {output["approximate"] for output in outputs.values()} == {False}
    assert shown["embeddings"] == "untrained"
    again, _ = purchase_of(api, dataset, "customer=c3&product=p4", **lists)
    assert again == shown


def test_without_a_name_any_purchase_is_shown(api: Caller, dataset: dict[str, Any]) -> None:
    found = {preview(api, dataset, **BUYER_LISTS)["buyer"]["sample"]["customer"] for _ in range(30)}
    assert 1 < len(found) <= 30


def test_one_who_has_bought_nothing_is_told_where(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/preview/"
    assert faults(api.call("POST", path + "?customer=nobody&product=p4", BUYER_LISTS)) == {"/customer": "not_found"}
    both = api.call("POST", path + "?customer='; DROP TABLE marked--&product=../..", BUYER_LISTS)
    assert faults(both) == {"/customer": "not_found", "/product": "not_found"}
    assert faults(api.call("POST", path + "?x=1", BUYER_LISTS)) == {"/x": "unknown_field"}


def test_the_forecast_tells_vocabularies_dead_buckets_and_what_can_be_told_apart(
    api: Caller, dataset: dict[str, Any]
) -> None:
    many = REVENUE | {"transforms": {"bucketize": {"enabled": True, "buckets": 100}}}
    lists = {"buyer_model_features": [CUSTOMER, many, CITY], "product_model_features": [PRODUCT]}
    told = preview(api, dataset, **lists, buyer_model_crosses=[PAIR])["forecast"]
    features = {one["name"]: one for one in told["features"]}
    assert (features["customer_id"]["known"], features["customer_id"]["model"]) == (41, "buyer")
    assert (features["revenue_bucket"]["known"], features["revenue_bucket"]["used"]) == (100, 13)
    assert features["product_id"]["status"] == "good"
    assert features["city"]["train_oov_rate"] == pytest.approx(features["city"]["oov_rate"], abs=0.05)
    (crossed,) = told["crosses"]
    assert (crossed["observed"], crossed["hash_bucket_size"]) == (65, 100)
    assert told["rows"]["evaluation"] == pytest.approx((told["rows"]["train"] + told["rows"]["evaluation"]) / 10, abs=1)
    differences = told["smallest_detectable_difference"]
    assert differences["5"] > differences["100"] > 0


def test_buckets_that_collapse_are_counted_as_the_forecast_does_and_the_remedy_ends_it(
    api: Caller, dataset: dict[str, Any]
) -> None:
    def collapsed(buckets: int) -> tuple[dict[str, Any], list[str]]:
        many = REVENUE | {"transforms": {"bucketize": {"enabled": True, "buckets": buckets}}}
        shown = preview(api, dataset, buyer_model_features=[CUSTOMER, many], product_model_features=[PRODUCT])
        told = {one["name"]: one for one in shown["forecast"]["features"]}["revenue_bucket"]
        found = [one for one in shown["warnings"] if one["code"] == "collapsed_buckets"]
        return told, [f"{one['message']} {one['remedy']}" for one in found]

    told, (warned,) = collapsed(100)
    assert f" {told['used']} effective buckets of 100. Ask for {told['used']} buckets." in warned
    assert collapsed(told["used"])[1] == []


def test_without_a_product_role_there_is_nothing_to_compute(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/"
    etag = api.call("GET", path + "column-mapping/").headers["ETag"]
    assert api.call("PUT", path + "column-mapping/", {"city": {"role": None}}, If_Match=etag).status_code == 200
    shown = preview(api, dataset, **BUYER_LISTS)
    assert (shown["buyer"]["sample"], shown["product"]["sample"], shown["forecast"]) == (None, None, None)
    assert shown["buyer"]["total"] == 16


@pytest.fixture
def fitted(api: Caller, deps: Deps, config: dict[str, Any]) -> dict[str, Any]:
    """The config, with a completed test whose analysis found just two customers, and what it learned of them."""
    buyer = [CUSTOMER | {"vocab_settings": {"oov_buckets": 1}}]
    made = api.put(config, buyer_model_features=buyer, buyer_model_crosses=[]).get_json()
    test = complete(deps, api.start(made).get_json()["id"])
    expected = expectation_of(deps, made)
    found = {
        "numbers": expected.numbers,
        "boundaries": expected.boundaries,
        "vocabularies": expected.vocabularies | {"customer_id_vocab_100000_5": ("c3", "c9")},
    }
    vectors = io.BytesIO()
    np.save(vectors, np.array([[1.5] * 16, [2.5] * 16, [3.5] * 16], np.float32))
    uri = deps.artifacts.put_if_absent(f"jobs/{test.id}/fitted.json", json.dumps(found).encode())
    table = deps.artifacts.put_if_absent(f"jobs/{test.id}/customer_id.npy", vectors.getvalue())
    store_result(deps, replace(result_of(test, 0.3), fitted_uri=uri, embedding_uris={"customer_id": table}))
    return {"test": test.id, "lists": {name: made[name] for name in BUYER_LISTS}}


def expectation_of(deps: Deps, config: dict[str, Any]) -> Fitted:
    dataset = records.get(deps.documents, Dataset, config["dataset"]).value
    sketched = sketches.of(deps, dataset)
    assert sketched is not None
    lists = ConfigLists(**{name: tuple(config[name]) for name in BUYER_LISTS})
    return expectation(resolve(lists, dataset.columns), sketched).fitted


def test_once_a_test_has_fitted_the_config_its_values_and_vectors_are_shown(
    api: Caller, dataset: dict[str, Any], fitted: dict[str, Any]
) -> None:
    shown, outputs = purchase_of(api, dataset, "customer=c9", **fitted["lists"])
    assert (shown["embeddings"], shown["fitted_by"]) == ("trained", fitted["test"])
    assert (outputs["customer_id"]["ids"], outputs["customer_id"]["vector"]) == ([1], [2.5] * 16)
    unknown = purchase_of(api, dataset, "customer=c4", **fitted["lists"])[1]["customer_id"]
    assert (unknown["ids"], unknown["oov"], unknown["vector"]) == ([2], [True], [3.5] * 16)


def test_another_config_and_other_roles_are_not_what_was_fitted(
    api: Caller, dataset: dict[str, Any], fitted: dict[str, Any]
) -> None:
    wider = [CUSTOMER | {"embedding_dim": 8, "vocab_settings": {"oov_buckets": 1}}]
    shown, outputs = purchase_of(api, dataset, "customer=c9", **fitted["lists"] | {"buyer_model_features": wider})
    assert (shown["embeddings"], shown["fitted_by"], outputs["customer_id"]["vector"]) == ("untrained", None, None)
    path = f"/api/datasets/{dataset['id']}/column-mapping/"
    mapping = {name: {"role": entry["role"]} for name, entry in api.get(path).items() if entry["role"] != "quantity"}
    assert api.call("PUT", path, mapping, If_Match="*").status_code == 200
    assert preview(api, dataset, **fitted["lists"])["embeddings"] == "untrained"


def test_what_was_cleaned_away_is_not_shown(
    api: Caller, deps: Deps, dataset: dict[str, Any], fitted: dict[str, Any]
) -> None:
    held = records.get(deps.documents, Result, fitted["test"])
    gone = replace(held.value, fitted_uri=held.value.fitted_uri + "x")
    deps.documents.commit([records.put(gone, held.id, held.revision)])
    assert preview(api, dataset, **fitted["lists"])["embeddings"] == "untrained"
