"""A quick test as a stream of events, and its ranks (A8, A13)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from config_api.app import create_public
from config_api.routes import following
from towerlab.domain.quicktest import Cancelled, QuickTest, advance
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.building import result_of, store_result
from tests.unit.config_api.calling import BASE, Caller, faults
from tests.unit.config_api.test_reactions import ended


def told(stream: str) -> list[dict[str, Any]]:
    """The documents in a stream, each with its event's id as `event`."""
    found = []
    for event in stream.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in event.splitlines() if not line.startswith(":"))
        if "data" in lines:
            assert lines["event"] == "quick-test"
            found.append(json.loads(lines["data"]) | {"event": lines["id"]})
    return found


def test_a_stream_tells_what_the_test_is_and_lasts_its_time(api: Caller, config: dict[str, Any]) -> None:
    test = api.start(config).get_json()
    answer = api.call("GET", f"/api/quick-tests/{test['id']}/events/")
    assert answer.content_type.startswith("text/event-stream")
    (shown,) = told(answer.text)
    assert {name: shown[name] for name in api.get(f"/api/quick-tests/{test['id']}/")} == api.get(
        f"/api/quick-tests/{test['id']}/"
    )


def test_a_stream_tells_every_change_and_ends_with_the_test(
    api: Caller, deps: Deps, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    test = api.start(config).get_json()
    moves = iter([lambda: api.call("POST", f"/api/quick-tests/{test['id']}/cancel/")])
    monkeypatch.setattr(following.time, "sleep", lambda _: next(moves, lambda: ended_now(deps, test["id"]))())
    patient = Deps(replace(deps.settings, stream_seconds=30), documents=deps.documents, artifacts=deps.artifacts)
    stream = (
        create_public(patient).test_client().get(f"/api/quick-tests/{test['id']}/events/", base_url=BASE, buffered=True)
    )
    assert [shown["phase"] for shown in told(stream.text)] == ["pending", "cancelling", "cancelled"]


def ended_now(deps: Deps, test_id: str) -> None:
    held = records.get(deps.documents, QuickTest, test_id)
    deps.documents.commit([records.put(advance(held.value, Cancelled("2026-01-01T00:00:00Z")), test_id, held.revision)])


def test_whoever_has_seen_the_end_need_not_ask_again(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    path = f"/api/quick-tests/{ended(api, deps, config, 0.3)['id']}/events/"
    (shown,) = told(api.call("GET", path).text)
    assert shown["status"] == "completed"
    assert api.call("GET", path, Last_Event_ID=shown["event"]).status_code == 204
    assert api.call("GET", path, Last_Event_ID="another").status_code == 200


def test_streams_leave_threads_for_others(api: Caller, config: dict[str, Any]) -> None:
    test = api.start(config).get_json()
    path = f"/api/quick-tests/{test['id']}/events/"
    client = api.client
    streams = [client.get(path, base_url=BASE, buffered=False) for _ in range(4)]
    assert api.call("GET", path).status_code == 503
    for stream in streams:
        stream.close()
    assert api.call("GET", path).status_code == 200


def test_ranks_are_there_once_the_test_is_completed(
    api: Caller, deps: Deps, config: dict[str, Any], tmp_path: Path
) -> None:
    test = records.get(deps.documents, QuickTest, ended(api, deps, config, 0.3)["id"]).value
    duckdb.connect().execute(f"COPY (SELECT 7 AS row_id, 3 AS rank) TO '{tmp_path / 'made.parquet'}' (FORMAT parquet)")
    uri = deps.artifacts.put_if_absent(f"results/{test.id}/ranks.parquet", (tmp_path / "made.parquet").read_bytes())
    store_result(deps, replace(result_of(test, 0.3), ranks_uri=uri))
    (shown,) = told(api.call("GET", f"/api/quick-tests/{test.id}/events/").text)
    assert shown["recall_at_100"] == 0.3
    assert shown["slices"] == api.get(f"/api/quick-tests/{test.id}/")["slices"]
    path = f"/api/quick-tests/{test.id}/ranks/"
    answer = api.call("GET", path)
    assert (answer.status_code, answer.content_type) == (200, "application/vnd.apache.parquet")
    (tmp_path / "got.parquet").write_bytes(answer.data)
    assert duckdb.connect().execute(f"FROM read_parquet('{tmp_path / 'got.parquet'}')").fetchall() == [(7, 3)]
    assert api.call("GET", path, If_None_Match=answer.headers["ETag"]).status_code == 304
    pending = api.start(config, seed=9).get_json()
    assert api.call("GET", f"/api/quick-tests/{pending['id']}/ranks/").status_code == 404


def test_recommendations_stand_beside_what_a_customer_bought(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    """The retail file has no name of its products, so a product is called what its sub-category says."""
    test = records.get(deps.documents, QuickTest, ended(api, deps, config, 0.3)["id"]).value
    path = f"/api/quick-tests/{test.id}/recommendations/"
    assert api.call("GET", path).status_code == 404
    lists = {
        "recommended": [{"product": "p4", "bought_before": 2, "bought_after": True}],
        "before": [{"product": "p4", "times": 2}],
        "after": [{"product": "p99", "times": 1}],
    }
    stored = json.dumps(dict.fromkeys(("c1", "c'2", "c3"), lists)).encode()
    uri = deps.artifacts.put_if_absent(f"results/{test.id}/recommendations.json", stored)
    store_result(deps, replace(result_of(test, 0.3), recommendations_uri=uri))
    mapping = f"/api/datasets/{config['dataset']}/column-mapping/"
    roles = {"product_id": {"role": "product_id"}, "subcategory": {"role": "product_name"}}
    assert api.call("PUT", mapping, roles, If_Match="*").status_code == 200
    shown = api.get(path + "?customer=c%272")
    assert (shown["total"], [item["customer"] for item in shown["items"]]) == (3, ["c'2"])
    assert shown["items"][0]["recommended"] == [
        {**lists["recommended"][0], "label": shown["items"][0]["before"][0]["label"]}
    ]
    assert shown["items"][0]["before"][0]["label"].startswith("sub ")
    assert shown["items"][0]["after"] == [{"product": "p99", "times": 1, "label": None}]
    assert [item["customer"] for item in api.get(path + "?limit=2")["items"]] == ["c'2", "c1"]
    assert faults(api.call("GET", path + "?customer=nobody")) == {"/customer": "not_found"}
