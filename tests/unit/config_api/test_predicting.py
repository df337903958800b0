"""The prediction report over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.building import result_of, store_best, store_result
from tests.unit.config_api.calling import Caller, faults
from tests.unit.config_api.test_quick_tests import complete

QUICK, FULL = (0.10, 0.20, 0.15, 0.30, 0.25), (0.11, 0.19, 0.21, 0.300, 0.305)


def with_result(api: Caller, deps: Deps, config: dict[str, Any], at_100: float, key: str, **settings: Any) -> None:
    test = complete(deps, api.start(config, **settings).get_json()["id"])
    store_best(deps, test, at_100, key)
    store_result(deps, result_of(test, at_100, key))


@pytest.fixture
def path(api: Caller, deps: Deps, dataset: dict[str, Any]) -> str:
    """Five configs under two protocols, and a sixth under the quick one alone."""
    for n, (quick, full) in enumerate(zip((*QUICK, 0.5), (*FULL, None), strict=True)):
        config = api.config(dataset, f"=cmd|{n} <b>", start_from={"kind": "template", "key": "ids_only"})
        with_result(api, deps, config, quick - 0.01, "quick-key", data_sample_percent=25, seed=1)
        with_result(api, deps, config, quick + 0.01, "quick-key", data_sample_percent=25, seed=2)
        if full is not None:
            with_result(api, deps, config, full, "full-key", data_sample_percent=100, epochs=3)
    return f"/api/datasets/{dataset['id']}/prediction-report/"


def test_the_report_is_over_means_of_what_was_tested_both_ways(api: Caller, path: str) -> None:
    found = api.get(path)
    assert (found["quick"]["protocol"], found["full"]["protocol"]) == ("quick-key", "full-key")
    assert (found["quick"]["data_sample_percent"], found["full"]["epochs"]) == (25, 3)
    assert found["configs"] == 5
    assert [item["full_recall_at_100"] for item in found["items"]] == sorted(FULL, reverse=True)
    assert [item["quick_recall_at_100"] for item in found["items"]] == pytest.approx([0.25, 0.3, 0.15, 0.2, 0.1])
    assert {(item["quick_tests"], item["full_tests"]) for item in found["items"]} == {(2, 1)}
    assert found["tau"] == pytest.approx((8 - 2) / 10)
    assert (found["pairs"], found["pairs_in_order"]) == (9, 8)
    assert found["share_in_order"] == pytest.approx(8 / 9)
    assert found["winner_loses"] == pytest.approx(0.005)
    assert found["tau_interval"][0] < found["tau"] < found["tau_interval"][1]


def test_protocols_may_be_named(api: Caller, path: str) -> None:
    turned = api.get(f"{path}?quick=full-key&full=quick-key")
    assert (turned["quick"]["protocol"], turned["tau"]) == ("full-key", pytest.approx(0.6))
    assert {one["protocol"]: one["versions"] for one in turned["protocols"]} == {"quick-key": 6, "full-key": 5}
    assert faults(api.call("GET", f"{path}?quick=other")) == {"/quick": "unknown_protocol"}


def test_without_tests_on_the_full_data_there_is_no_report(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/prediction-report/"
    assert faults(api.call("GET", path), 409) == {"": "too_few"}
    for n in range(2):
        with_result(api, deps, api.config(dataset, f"c{n}"), 0.1, "quick-key")
    assert faults(api.call("GET", path), 409) == {"": "too_few"}
    assert api.call("GET", "/api/datasets/nowhere/prediction-report/").status_code == 404
