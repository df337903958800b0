"""The prediction report over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from towerlab.domain.results import Warning
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.building import result_of, store_result
from tests.unit.config_api.calling import Caller, faults
from tests.unit.config_api.test_quick_tests import complete

QUICK, FULL = (0.10, 0.20, 0.15, 0.30, 0.25), (0.11, 0.19, 0.21, 0.300, 0.305)
TOLD_AHEAD = Warning("after_request", "It sees what was bought.", "Take it out.")


def with_result(
    api: Caller,
    deps: Deps,
    config: dict[str, Any],
    recalls: tuple[float, ...],
    key: str,
    percent: int,
    warnings: tuple[Warning, ...] = (),
    **protocol: Any,
) -> None:
    """A test that has completed with these recalls, one a seed."""
    test = complete(deps, api.start(config, data_sample_percent=percent, force=True).get_json()["id"])
    runs = tuple({"seed": seed, "recall_at_100": recall} for seed, recall in enumerate(recalls))
    result = result_of(test, sum(recalls) / len(recalls), key)
    judged = {"sample_percent": percent, "epochs": 3, "batch_size": 2048, "split": "time"} | protocol
    store_result(deps, replace(result, replicate_results=runs, protocol=judged, warnings=warnings))


def both(api: Caller, deps: Deps, dataset: dict[str, Any], quick: dict[str, Any], full: dict[str, Any]) -> str:
    """Two configs tested under both; where the report is."""
    for n in range(2):
        config = api.config(dataset, f"config {n}")
        with_result(api, deps, config, (0.1 + n / 10,), percent=25, **quick)
        with_result(api, deps, config, (0.2 + n / 10,), percent=100, **full)
    return report_of(dataset)


def report_of(dataset: dict[str, Any]) -> str:
    return f"/api/datasets/{dataset['id']}/prediction-report/"


@pytest.fixture
def path(api: Caller, deps: Deps, dataset: dict[str, Any]) -> str:
    """Five configs under two protocols, the quick one with three seeds, and a sixth under the quick one alone."""
    for n, (quick, full) in enumerate(zip((*QUICK, 0.5), (*FULL, None), strict=True)):
        config = api.config(dataset, f"=cmd|{n} <b>", start_from={"kind": "template", "key": "ids_only"})
        with_result(api, deps, config, (quick - 0.01, quick - 0.01), "quick-key", 25)
        with_result(api, deps, config, (quick + 0.02,), "quick-key", 25)
        if full is not None:
            with_result(api, deps, config, (full,), "full-key", 100)
    return report_of(dataset)


def test_b8_the_report_is_over_means_of_all_seeds_of_what_was_tested_both_ways(api: Caller, path: str) -> None:
    found = api.get(path)
    assert (found["quick"]["key"], found["full"]["key"]) == ("quick-key", "full-key")
    assert (found["quick"]["sample_percent"], found["full"]["epochs"]) == (25, 3)
    assert found["configs"] == 5
    assert [item["full_recall_at_100"] for item in found["items"]] == sorted(FULL, reverse=True)
    assert [item["quick_recall_at_100"] for item in found["items"]] == pytest.approx([0.25, 0.3, 0.15, 0.2, 0.1])
    assert {(item["quick_runs"], item["full_runs"]) for item in found["items"]} == {(3, 1)}
    assert found["tau"] == pytest.approx((8 - 2) / 10)
    assert (found["pairs"], found["pairs_in_order"]) == (9, 8)
    assert found["share_in_order"] == pytest.approx(8 / 9)
    assert found["winner_loses"] == pytest.approx(0.005)
    assert found["tau_interval"][0] < found["tau"] < found["tau_interval"][1]


def test_it_says_in_words_what_it_found(api: Caller, path: str) -> None:
    assert api.get(path)["reason"] == (
        "Of 9 pairs of configs at least 1 point of recall@100 apart on the full data, 8 stand in that order by the "
        "quick test. Who takes its winner loses 0.5 points on the full data."
    )


def test_protocols_may_be_named(api: Caller, path: str) -> None:
    turned = api.get(f"{path}?quick=full-key&full=quick-key")
    assert (turned["quick"]["key"], turned["tau"]) == ("full-key", pytest.approx(0.6))
    assert {one["key"]: one["configs"] for one in turned["protocols"]} == {"quick-key": 6, "full-key": 5}
    assert faults(api.call("GET", f"{path}?quick=other")) == {"/quick": "unknown_protocol"}


@pytest.mark.parametrize("differing", [{"split": "last"}, {"snapshot_id": "older"}, {"optimizer": "adam"}])
def test_a_quick_test_is_not_blamed_for_what_was_judged_in_another_way(
    api: Caller, deps: Deps, dataset: dict[str, Any], differing: dict[str, str]
) -> None:
    path = both(api, deps, dataset, {"key": "quick-key"}, {"key": "full-key", **differing})
    assert faults(api.call("GET", path), 409) == {"": "too_few"}
    assert api.get(f"{path}?quick=quick-key&full=full-key")["configs"] == 2


def test_fewer_epochs_are_part_of_being_quick_but_the_same_ones_come_first(
    api: Caller, deps: Deps, dataset: dict[str, Any]
) -> None:
    path = both(api, deps, dataset, {"key": "short", "epochs": 1}, {"key": "full-key"})
    assert api.get(path)["quick"]["key"] == "short"
    both(api, deps, dataset, {"key": "alike"}, {"key": "full-key"})
    assert api.get(path)["quick"]["key"] == "alike"


def test_a_config_that_sees_outcomes_is_marked(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    path = both(api, deps, dataset, {"key": "quick-key"}, {"key": "full-key", "warnings": (TOLD_AHEAD,)})
    assert [item["after_request"] for item in api.get(path)["items"]] == [True, True]


def test_without_tests_on_the_full_data_there_is_no_report(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    assert faults(api.call("GET", report_of(dataset)), 409) == {"": "too_few"}
    for n in range(2):
        with_result(api, deps, api.config(dataset, f"c{n}"), (0.1,), "quick-key", 25)
    assert faults(api.call("GET", report_of(dataset)), 409) == {"": "too_few"}
    assert api.call("GET", "/api/datasets/nowhere/prediction-report/").status_code == 404
