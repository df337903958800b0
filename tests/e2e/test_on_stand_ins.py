"""The same services on stand-ins of Google Cloud: the same way through the product, with the same result."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
from local_stack.stack import down, up
from towerlab.events.codec import push_body

from tests.cloud import bigquery_tables
from tests.cloud.emulators import Unavailable
from tests.cloud.stack import ARTIFACTS, PROJECT, CloudLayout, furnish, on_stand_ins, person_token, through_google
from tests.contract.building import event
from tests.e2e.conftest import start_test
from tests.stacks import Stack, free_ports, until

KS = (10, 50, 100)


@pytest.fixture(scope="module")
def layout() -> Iterator[CloudLayout]:
    made = CloudLayout(state=Path(tempfile.mkdtemp(prefix="tc")), port=free_ports())
    made.state.rmdir()
    try:
        up(on_stand_ins(made))
    except Unavailable as error:
        pytest.skip(str(error))
    try:
        furnish(made)
        yield made
    finally:
        down(made)
        shutil.rmtree(made.state, ignore_errors=True)


@pytest.fixture(scope="module")
def cloud(layout: CloudLayout) -> Stack:
    return Stack(layout.state, layout.port, person_token(layout))


@pytest.fixture(scope="module")
def table(layout: CloudLayout, cloud: Stack, cut: Path) -> dict[str, Any]:
    """The same rows as the embedded stack's dataset, from a table in BigQuery."""
    bigquery_tables.load_file(layout.url("bigquery"), PROJECT, "shop.retail_cut", cut)
    source = {"kind": "bigquery", "uri": f"{PROJECT}.shop.retail_cut"}
    return dict(cloud.post("/api/datasets/", {"name": "Retail cut", "source": source}))


def smart_config(stack: Stack, dataset: dict[str, Any], name: str) -> dict[str, Any]:
    body = {"name": name, "start_from": {"kind": "smart_defaults", "outcomes": "exclude"}}
    return dict(stack.post(f"/api/datasets/{dataset['id']}/feature-configs/", body))


@pytest.fixture(scope="module")
def finished(cloud: Stack, table: dict[str, Any]) -> dict[str, Any]:
    test = cloud.finished(start_test(cloud, smart_config(cloud, table, "Journey"), epochs=2)["id"])
    assert test["status"] == "completed", json.dumps(test["error"], indent=1)
    return test


def ranks(parquet: Path) -> list[tuple[int, int]]:
    return duckdb.connect().execute("SELECT row_id, rank FROM read_parquet(?) ORDER BY 1", [str(parquet)]).fetchall()


def test_every_rank_equals_the_embedded_stacks(
    stack: Stack, dataset: dict[str, Any], layout: CloudLayout, finished: dict[str, Any], tmp_path: Path
) -> None:
    here = stack.finished(start_test(stack, smart_config(stack, dataset, "Beside the cloud"), epochs=2)["id"])
    assert [finished[f"recall_at_{k}"] for k in KS] == [here[f"recall_at_{k}"] for k in KS]
    assert finished["ruler"] == here["ruler"]
    kept = requests.get(
        f"{layout.url('storage')}/storage/v1/b/{ARTIFACTS}/o/results%2F{finished['id']}%2Franks.parquet?alt=media",
        timeout=30,
    )
    (tmp_path / "ranks.parquet").write_bytes(kept.content)
    assert ranks(tmp_path / "ranks.parquet") == ranks(stack.state / "artifacts/results" / here["id"] / "ranks.parquet")


def test_columns_look_the_same_from_both_warehouses(
    stack: Stack, dataset: dict[str, Any], cloud: Stack, table: dict[str, Any]
) -> None:
    ours, theirs = (
        {column["name"]: column for column in where.get(f"/api/datasets/{known['id']}/columns/")["items"]}
        for where, known in ((stack, dataset), (cloud, table))
    )
    assert theirs.keys() == ours.keys()
    for name, column in ours.items():
        assert theirs[name]["type"] == column["type"]
        assert theirs[name]["unique_count"] == column["unique_count"]
        assert theirs[name]["role"] == column["role"]


def test_the_config_is_tested_and_carries_its_best(cloud: Stack, finished: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{finished['feature_config']}/"
    config = until(lambda: (c := cloud.get(path))["best_recall_at_100"] is not None and c, 30, "no best recall")
    assert (config["status"], config["best_recall_at_100"]) == ("tested", finished["recall_at_100"])


def test_a_test_can_be_cancelled(cloud: Stack, table: dict[str, Any]) -> None:
    test = start_test(cloud, smart_config(cloud, table, "Cancelled"), epochs=3, replicates=5, seed=7)
    until(lambda: cloud.get(f"/api/quick-tests/{test['id']}/")["status"] == "running", 60, "it never ran")
    assert cloud.call("POST", f"/api/quick-tests/{test['id']}/cancel/").status_code == 202
    assert cloud.finished(test["id"])["status"] == "cancelled"


def test_a_file_is_refused_with_a_remedy(cloud: Stack, cut: Path) -> None:
    body = {"name": "File", "source": {"kind": "file", "uri": str(cut)}}
    answer = cloud.call("POST", "/api/datasets/", body)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], bool(fault["remedy"])) == ("/source/kind", True)


@pytest.mark.parametrize("service", ["config-api", "codegen", "quicktest-orchestrator", "metrics-collector"])
def test_a_push_without_a_token_of_google_is_refused(layout: CloudLayout, service: str) -> None:
    body = push_body(event("e1", "quick-test.requested", test_id="t1"), "projects/p/subscriptions/s")
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {person_token(layout)}"}):
        answer = requests.post(f"{layout.service_urls[service]}/events/", json=body, headers=headers, timeout=30)
        assert answer.status_code in (401, 403)


def test_a_message_that_is_no_event_ends_as_a_dead_letter(layout: CloudLayout) -> None:
    """It is taken, so that it is not delivered for ever, and kept."""
    url = f"{through_google(layout)['codegen']}/events/"
    answer = requests.post(url, json={"message": {"data": "bm8="}, "subscription": "s"}, timeout=30)
    assert answer.status_code == 204
