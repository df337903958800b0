"""Leaderboard and heatmap: many tests of a dataset side by side."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from towerlab.domain.results import Result, Warning
from towerlab.domain.scores import Score, score_of
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.building import result_of, score_test, store_result
from tests.unit.config_api.calling import BASE, BUYER_LISTS, CUSTOMER, PRODUCT, Caller, faults
from tests.unit.config_api.test_quick_tests import complete

CITY = {"column": "city", "type": "string_embedding", "embedding_dim": 8}
CROSS = {"features": ["customer_id", "city"], "hash_bucket_size": 100, "embedding_dim": 8}


def lists(customer: int = 16, product: int = 8, crosses: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "buyer_model_features": [CUSTOMER | {"embedding_dim": customer}, CITY],
        "product_model_features": [PRODUCT | {"embedding_dim": product}],
        "buyer_model_crosses": list(crosses),
        "product_model_crosses": [],
    }


def completed(
    api: Caller, deps: Deps, config: dict[str, Any], at_100: float, key: str = "key-1", seed: int = 0, **changes: Any
) -> Result:
    """A test of the config that has completed with that recall."""
    test = api.start(config, seed=seed).get_json()
    return score_test(deps, complete(deps, test["id"]), at_100, key, **changes)


def leaderboard(api: Caller, dataset: dict[str, Any], query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/api/datasets/{dataset['id']}/leaderboard/{query}")
    return found


def heatmap(api: Caller, dataset: dict[str, Any], query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/api/datasets/{dataset['id']}/heatmap/{query}")
    return found


def test_a13_a_leaderboard_has_the_best_test_of_each_config_and_what_can_be_told_from_the_first(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    good, close, poor = (
        api.config(dataset, name, **lists(n)) for name, n in (("good", 8), ("close", 16), ("poor", 32))
    )
    completed(api, deps, good, 0.45)
    best = completed(api, deps, good, 0.5, seed=9)
    completed(api, deps, close, 0.4995)
    completed(api, deps, poor, 0.3)
    found = leaderboard(api, dataset)
    assert [(one["rank"], one["name"], one["recall_at_100"], one["tests"]) for one in found["items"]] == [
        (1, "good", 0.5, 2),
        (2, "close", 0.4995, 1),
        (3, "poor", 0.3, 1),
    ]
    assert found["items"][0]["test"] == best.test_id
    assert found["items"][0]["against_first"] is None
    second, third = (one["against_first"] for one in found["items"][1:])
    assert (second["verdict"], third["verdict"]) == ("cannot_tell", "worse")
    assert third["difference"]["recall_at_100"] == pytest.approx(-0.2, abs=0.01)
    low, high = third["difference_interval"]["recall_at_100"]
    assert low < third["difference"]["recall_at_100"] < high < 0
    assert "cannot be told from the first" in second["reason"]
    assert (found["protocol"]["key"], found["protocol"]["reference"]) == ("key-1", True)
    assert (found["protocol"]["configs"], found["protocol"]["tests"]) == (3, 4)


def test_a13_a_leaderboard_ranks_one_protocol_and_names_the_others(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    configs = [api.config(dataset, f"config {n}", **lists(8 + n)) for n in range(3)]
    for config in configs[:2]:
        completed(api, deps, config, 0.3)
    completed(api, deps, configs[2], 0.9, key="key-2")
    found = leaderboard(api, dataset)
    assert {one["name"] for one in found["items"]} == {"config 0", "config 1"}
    assert [(one["key"], one["reference"]) for one in found["protocols"]] == [("key-1", True), ("key-2", False)]
    other = leaderboard(api, dataset, "?protocol=key-2")
    assert [one["name"] for one in other["items"]] == ["config 2"]
    path = f"/api/datasets/{dataset['id']}/leaderboard/"
    assert faults(api.call("GET", path + "?protocol=none")) == {"/protocol": "unknown_protocol"}
    assert faults(api.call("GET", path + "?cursor=x&limit=0&sort=1")) == {
        "/limit": "out_of_range",
        "/sort": "unknown_field",
    }
    assert faults(api.call("GET", path + "?cursor=x")) == {"/cursor": "cursor"}


def test_a_dataset_without_tests_has_empty_boards(api: Caller, dataset: dict[str, Any]) -> None:
    found = leaderboard(api, dataset)
    assert (found["items"], found["total"], found["protocol"], found["protocols"]) == ([], 0, None, [])
    assert heatmap(api, dataset)["cells"] == []
    assert faults(api.call("GET", f"/api/datasets/{dataset['id']}/heatmap/?protocol=none")) == {
        "/protocol": "unknown_protocol"
    }
    assert faults(api.call("GET", "/api/datasets/none/heatmap/"), 404)
    assert faults(api.call("GET", "/api/datasets/none/leaderboard/"), 404)


def test_a_leaderboard_is_paged_and_a_page_stays_in_place_when_a_config_climbs(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    configs = [api.config(dataset, f"config {n}", **lists(8 + n)) for n in range(5)]
    for n, config in enumerate(configs):
        completed(api, deps, config, 0.5 - n / 100)
    first = leaderboard(api, dataset, "?limit=2")
    completed(api, deps, configs[1], 0.6, seed=1)  # the last of the first page is the first of all now
    second = leaderboard(api, dataset, f"?limit=2&cursor={first['next_cursor']}")
    third = leaderboard(api, dataset, f"?limit=2&cursor={second['next_cursor']}")
    names = [one["name"] for page in (first, second, third) for one in page["items"]]
    assert names == [f"config {n}" for n in range(5)]
    assert (third["next_cursor"], third["total"]) == (None, 5)
    assert third["items"][0]["rank"] == 5


def test_results_are_on_the_board_as_soon_as_they_are_there_with_a_score_or_without(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    configs = [api.config(dataset, f"config {n}", **lists(8 + n)) for n in range(4)]
    for n, config in enumerate(configs):
        result = completed(api, deps, config, 0.5 + n / 100)
        if n % 2:  # as the collector writes it now
            deps.documents.commit([records.put(score_of(result), result.test_id, None)])
        assert leaderboard(api, dataset)["items"][0]["name"] == f"config {n}"
        assert heatmap(api, dataset)["protocol"]["tests"] == n + 1
    assert records.count(deps.documents, Score) == 2


def test_files_that_are_gone_and_other_rows_are_no_verdict(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    configs = [api.config(dataset, f"config {n}", **lists(8 + n)) for n in range(3)]
    completed(api, deps, configs[0], 0.5)
    completed(api, deps, configs[1], 0.4, customers=7)
    test = complete(deps, api.start(configs[2]).get_json()["id"])
    store_result(deps, replace(result_of(test, 0.3), customers_uri=deps.artifacts.uri("results/gone.parquet")))
    _, other, missing = (one["against_first"] for one in leaderboard(api, dataset)["items"])
    assert (other["comparable"], other["verdict"], other["difference"]) == (False, None, None)
    assert "other rows" in other["reason"]
    assert "not there any more" in missing["reason"]


def test_an_outcome_in_the_query_tower_is_marked(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    warned = (Warning("after_request", "it is known only afterwards", "Take it out."),)
    completed(api, deps, api.config(dataset, "leaks", **lists(8)), 0.9, warnings=warned)
    completed(api, deps, api.config(dataset, "honest", **lists(16)), 0.4)
    assert [one["after_request"] for one in leaderboard(api, dataset)["items"]] == [True, False]


def grid_of(api: Caller, deps: Deps, dataset: dict[str, Any], recalls: dict[tuple[int, int, bool], float]) -> None:
    for (customer, product, crossed), at_100 in recalls.items():
        made = lists(customer, product, (CROSS,) if crossed else ())
        completed(api, deps, api.config(dataset, f"{customer}/{product}/{crossed}", **made), at_100)


def test_a13_a_heatmap_has_a_star_only_when_the_best_can_be_told_from_the_others(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    grid_of(api, deps, dataset, {(32, 8, False): 0.3, (64, 8, False): 0.4, (32, 8, True): 0.35, (64, 8, True): 0.5})
    found = heatmap(api, dataset)
    assert [one["label"] for one in found["columns"]] == ["customer_id 32", "customer_id 64"]
    assert [one["label"] for one in found["rows"]] == ["No crosses", "city × customer_id"]
    assert found["columns"][1]["values"] == {"buyer.customer_id.embedding_dim": 64}
    by_place = {(one["row"], one["column"]): one for one in found["cells"]}
    assert by_place[1, 1]["value"] == 0.5
    assert by_place[1, 1]["interval"] == by_place[1, 1]["best"]["intervals"]["recall_at_100"]
    assert {place for place, one in by_place.items() if one["mark"]} == {(1, 1)}
    assert (found["best"]["row"], found["best"]["column"], found["best"]["star"]) == (1, 1, True)
    assert by_place[1, 1]["mark"] == "star"
    assert by_place[0, 0]["against_best"]["verdict"] == "worse"
    assert (found["empty"], found["missing"]["cells"]) == ([], 0)
    axes = {one["name"]: one["values"] for one in found["axes"]}
    assert axes["buyer.customer_id.embedding_dim"] == 2
    assert "buyer.city.embedding_dim" not in axes  # all have the same


def test_a13_a_heatmap_shows_a_tie(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    grid_of(api, deps, dataset, {(32, 8, False): 0.5, (64, 8, False): 0.4995, (96, 8, False): 0.2})
    found = heatmap(api, dataset)
    assert [one["mark"] for one in sorted(found["cells"], key=lambda one: one["column"])] == ["tie", "tie", None]
    assert (found["best"]["star"], found["best"]["ties"], found["best"]["compared"]) == (False, 1, 2)
    assert found["best"]["reason"].startswith("1 of 2 others cannot be told from it.")


def test_a13_an_empty_cell_says_what_would_fill_it_and_that_config_lands_there(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    grid_of(api, deps, dataset, {(32, 8, False): 0.3, (64, 8, False): 0.45, (32, 8, True): 0.4})
    found = heatmap(api, dataset)
    (empty,) = found["empty"]
    assert (empty["row"], empty["column"], empty["reason"]) == (1, 1, "")
    run = empty["run"]
    assert run["start_from"]["name"] == "64/8/False"
    assert [(one["change"], one["name"], one["model"]) for one in run["changes"]] == [
        ("added", "city × customer_id", "buyer")
    ]
    assert (run["seconds"], found["missing"]) == (
        3.5,
        {"cells": 1, "runnable": 1, "seconds": 3.5, "cost_usd": 0.0},
    )
    crosses = [run["changes"][0]["right"] | {"features": ["customer_id", "city"]}]
    made = api.config(dataset, "what was proposed", **lists(64) | {"buyer_model_crosses": crosses})
    assert made["config_hash"] == run["config_hash"]
    completed(api, deps, made, 0.6)
    filled = heatmap(api, dataset)
    assert (filled["empty"], filled["best"]["row"], filled["best"]["column"]) == ([], 1, 1)


def test_a13_a_heatmap_is_grouped_by_any_choice(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    grid_of(api, deps, dataset, {(32, 8, False): 0.3, (64, 16, False): 0.45, (32, 8, True): 0.4})
    found = heatmap(
        api, dataset, "?group_by=product_tensor_dim&rows=buyer.customer_id.embedding_dim&metric=recall_at_10"
    )
    assert [one["label"] for one in found["rows"]] == ["customer_id 32", "customer_id 64"]
    assert [one["label"] for one in found["columns"]] == ["8", "16"]
    cell = next(one for one in found["cells"] if (one["row"], one["column"]) == (0, 0))
    assert (cell["versions"], cell["tests"], cell["value"]) == (2, 2, 0.1)
    assert cell["mean"] == pytest.approx((0.3 + 0.4) / 2 / 4)
    for empty in found["empty"]:
        assert empty["run"] is None or empty["run"]["changes"]
    names = [one["label"] for one in heatmap(api, dataset, "?group_by=embedding_dims&rows=buckets")["columns"]]
    assert names == ["customer_id 32, product_id 8", "customer_id 64, product_id 16"]
    bad = api.call("GET", f"/api/datasets/{dataset['id']}/heatmap/?group_by=x&rows=y&metric=loss")
    assert faults(bad) == {"/metric": "not_allowed"}
    bad = api.call("GET", f"/api/datasets/{dataset['id']}/heatmap/?group_by=x&rows=y")
    assert faults(bad) == {"/group_by": "unknown_axis", "/rows": "unknown_axis"}


def test_a_width_follows_from_other_choices_and_cannot_be_taken_over(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    grid_of(api, deps, dataset, {(32, 8, False): 0.3, (64, 8, True): 0.4})
    found = heatmap(api, dataset, "?group_by=buyer_tensor_dim&rows=buyer.customer_id.embedding_dim")
    reasons = {one["reason"] for one in found["empty"]}
    assert reasons == {"Not one change away from a tested config: it follows from other choices of a config."}


HOSTILE = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", 'x";=1', " =1", "＝1"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a13_a_heatmap_as_csv_runs_nothing_in_a_spreadsheet(
    api: Caller, deps: Deps, dataset: dict[str, Any], name: str
) -> None:
    completed(api, deps, api.config(dataset, name, **BUYER_LISTS), 0.25)
    path = f"/api/datasets/{dataset['id']}/heatmap.csv"
    answer = api.client.get(path, base_url=BASE)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    (line,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    kept = name.strip()  # a name has no blanks around it
    assert line["name"] == (kept if kept.startswith("x") else "'" + kept)
    assert (line["best"], line["low"], line["high"]) == ("0.25", "0.2", "0.3")
    assert (line["row"], line["column"], line["config"]) == ("No crosses", "All alike", "config-001")
    assert api.call("GET", path + "?rows=x").status_code == 422


def test_a_heatmap_shows_the_rows_and_columns_of_the_best_and_counts_the_rest(
    api: Caller, deps: Deps, dataset: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config_api.charts.MOST_GROUPS", 2)
    grid_of(api, deps, dataset, {(32, 8, False): 0.3, (64, 8, False): 0.45, (16, 8, False): 0.4})
    found = heatmap(api, dataset)
    assert [one["label"] for one in found["columns"]] == ["customer_id 16", "customer_id 64"]
    assert found["left_out"] == {"rows": 0, "columns": 1, "versions": 1}
