"""Finding configs, starting from templates, and what the data calls for."""

from __future__ import annotations

from typing import Any

import pytest
from config_api.schemas.queries import SORTS
from flask.testing import FlaskClient
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import BUYER_LISTS, Caller, faults
from tests.unit.config_api.test_reactions import best, ended, push

TEMPLATES = {"smart_defaults", "spec_defaults", "ids_only", "compact", "rich_time"}


def listed(api: Caller, dataset: dict[str, Any], query: str) -> list[str]:
    found = api.get(f"/api/datasets/{dataset['id']}/feature-configs/?{query}")
    return [one["name"] for one in found["items"]]


def test_a1_configs_are_found_by_the_beginnings_of_their_words(api: Caller, dataset: dict[str, Any]) -> None:
    for name in ("Large embeddings", "Rich time, large", "Größe <b>'; DROP TABLE--", "日本 baseline"):
        api.config(dataset, name, start_from={"kind": "blank"})
    asked = {
        "q=LAR": 2, "q=embed": 1, "q=large+time": 1, "q=large+baseline": 0, "q=größe": 1, "q=drop": 1, "q=日": 1,
        "q=config-002": 1, "q=": 4, "q=%25": 4, "q=arge": 0, "q=large&status=draft": 2, "q=large&status=tested": 0,
    }  # fmt: skip
    assert {query: len(listed(api, dataset, query)) for query in asked} == asked


def test_a1_a_search_is_paged(api: Caller, dataset: dict[str, Any]) -> None:
    for n in range(5):
        api.config(dataset, f"even more {n}" if n % 2 == 0 else f"more {n}", start_from={"kind": "blank"})
    path = f"/api/datasets/{dataset['id']}/feature-configs/?sort=name&limit=2"
    for query, wanted in (("&q=more", 5), ("&q=more+even", 3)):
        names: list[str] = []
        page = api.get(path + query)
        assert page["total"] is None
        while True:
            names += [one["name"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            page = api.get(f"{path}{query}&cursor={page['next_cursor']}")
        assert names == sorted(names)
        assert len(set(names)) == len(names) == wanted


@pytest.mark.parametrize("sort", SORTS)
def test_c18_every_order_and_its_reverse_page_through_all(
    api: Caller, bus: FlaskClient, deps: Deps, dataset: dict[str, Any], sort: str
) -> None:
    for n in range(3):
        made = api.config(dataset, f"name {n}", start_from={"kind": "smart_defaults"})
        if n:
            push(bus, best(deps, ended(api, deps, made, 0.1 * n)))
    path = f"/api/datasets/{dataset['id']}/feature-configs/?limit=1&sort={sort.replace('+', '%2B')}"
    page, names = api.get(path), []
    while page["items"]:
        names.append(page["items"][0]["name"])
        if page["next_cursor"] is None:
            break
        page = api.get(f"{path}&cursor={page['next_cursor']}")
    rising = ["name 0", "name 1", "name 2"]
    if "recall" in sort:  # what is untested comes last both ways
        rising = ["name 1", "name 2", "name 0"] if not sort.startswith("-") else ["name 2", "name 1", "name 0"]
    elif sort.startswith("-"):
        rising.reverse()
    assert names == rising


def test_a1_a_list_reads_as_often_for_many_configs_as_for_one(
    api: Caller, deps: Deps, dataset: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []

    def counted(name: str) -> None:
        method = getattr(deps.documents, name)

        def call(*args: Any) -> Any:
            reads.append(name)
            return method(*args)

        monkeypatch.setattr(deps.documents, name, call)

    for name in ("get", "find", "get_many", "query", "count"):
        counted(name)
    taken = []
    for _ in range(2):
        api.config(dataset, start_from={"kind": "blank"})
        reads.clear()
        api.get(f"/api/datasets/{dataset['id']}/feature-configs/")
        taken.append(len(reads))
    assert taken[0] == taken[1]


def test_c16_a12_templates_are_offered(api: Caller) -> None:
    offered = api.get("/api/feature-configs/templates/")["items"]
    assert {one["key"] for one in offered} == TEMPLATES
    assert all(one["title"] and one["description"] for one in offered)


@pytest.mark.parametrize("key", sorted(TEMPLATES))
def test_c1_c2_c16_a_config_starts_from_every_template(api: Caller, dataset: dict[str, Any], key: str) -> None:
    made = api.config(dataset, start_from={"kind": "template", "key": key})
    smart = api.config(dataset, start_from={"kind": "smart_defaults"})
    assert made["buyer_tensor_dim"] > 0
    assert made["product_tensor_dim"] > 0
    columns = {feature["column"] for feature in made["buyer_model_features"]}
    match key:
        case "smart_defaults":
            assert made["config_hash"] == smart["config_hash"]
        case "spec_defaults":
            assert "revenue" in columns
        case "ids_only":
            assert columns == {"customer_id"}
            assert not made["buyer_model_crosses"]
        case "compact":
            assert made["product_tensor_dim"] == smart["product_tensor_dim"] // 2
        case "rich_time":
            assert made["buyer_tensor_dim"] == smart["buyer_tensor_dim"] + 32 + 4
    assert api.start(made).status_code == 202


def test_c16_an_unknown_template_is_refused(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    for start, expected in (
        ({"kind": "template", "key": "magic"}, {"/start_from/key": "not_allowed"}),
        ({"kind": "template"}, {"/start_from/key": "required"}),
        ({"kind": "blank", "key": "compact"}, {"/start_from/key": "not_allowed"}),
    ):
        assert faults(api.call("POST", path, {"name": "x", "start_from": start})) == expected


def test_c15_a11_embeddings_are_recommended_with_a_reason(api: Caller, dataset: dict[str, Any]) -> None:
    found = {
        one["column"]: one for one in api.get(f"/api/datasets/{dataset['id']}/embedding-recommendations/")["items"]
    }
    assert "revenue" not in found
    customer = found["customer_id"]
    assert (customer["embedding_dim"], customer["low"], customer["high"]) == (8, 4, 8)
    assert customer["reason"] == "Recommended: 4-8 for 41 unique values"


def test_c9_a_cross_is_recommended_from_the_pairs_in_the_data(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/cross-recommendation/"
    body = {"model": "buyer", "features": ["customer_id", "city"]}
    answer = api.call("POST", path, body)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert found["possible"] == 41 * 5
    assert found["observed"] == 41  # a customer lives in one city
    assert found["determined_by"] == "customer_id"
    assert found["hash_bucket_size"] == 100
    assert found["reason"]
    numbers = api.call("POST", path, {"model": "buyer", "features": ["city", "revenue_bucket", "trans_date_bucket"]})
    assert numbers.status_code == 200, numbers.text
    assert numbers.get_json()["observed"] <= numbers.get_json()["possible"]


def test_c9_a_cross_of_what_cannot_be_crossed_says_why(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/cross-recommendation/"
    for features, expected in (
        (["city"], {"/features": "wrong_number"}),
        (["city", "revenue", "nowhere"], {"/features/1": "operand_is_a_number", "/features/2": "unknown_column"}),
        (["city", "city"], {"/features": "duplicate"}),
    ):
        assert faults(api.call("POST", path, {"model": "buyer", "features": features})) == expected


def test_c11_a_column_in_both_models_is_named_and_warned_about(api: Caller, dataset: dict[str, Any]) -> None:
    city = {"column": "city", "type": "string_embedding", "embedding_dim": 8}
    lists = {name: [*items, city] if "features" in name else items for name, items in BUYER_LISTS.items()}
    made = api.config(dataset, **lists)
    assert made["columns_in_both_models"] == ["city"]
    assert "in_both_models" in {warning["code"] for warning in made["warnings"]}
