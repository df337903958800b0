"""What four lists would give, before anything is saved."""

from __future__ import annotations

from typing import Any

from tests.unit.config_api.calling import BUYER_LISTS, CUSTOMER, PRODUCT, Caller, faults


def preview(api: Caller, dataset: dict[str, Any], **lists: Any) -> dict[str, Any]:
    answer = api.call("POST", f"/api/datasets/{dataset['id']}/preview/", lists)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.get_json()
    return shown


def test_dimensions_are_broken_down_by_output(api: Caller, dataset: dict[str, Any]) -> None:
    shown = preview(api, dataset, **BUYER_LISTS)
    assert shown["buyer"]["total"] == 16
    assert shown["buyer"]["sample"] is None
    (part,) = shown["product"]["breakdown"]
    assert (part["name"], part["dim"], part["column"]) == ("product_id", 8, "product_id")
    assert part["parameters"] > 0
    assert shown["faults"] == []


def test_the_preview_agrees_with_the_config_that_is_then_made(api: Caller, dataset: dict[str, Any]) -> None:
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


def test_nothing_is_a_preview_too(api: Caller, dataset: dict[str, Any]) -> None:
    assert preview(api, dataset)["buyer"] == {"total": 0, "parameters": 0, "breakdown": [], "sample": None}


def test_what_is_no_list_is_refused(api: Caller, dataset: dict[str, Any]) -> None:
    answer = api.call("POST", f"/api/datasets/{dataset['id']}/preview/", {"buyer_model_features": {}, "x": 1})
    assert faults(answer) == {"/buyer_model_features": "wrong_type", "/x": "unknown_field"}
