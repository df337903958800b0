"""What goes wrong on the way: killed processes, tampered code, cancelled tests."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from typing import Any

import duckdb
import pytest
from towerlab.adapters.clock import SystemClock
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.events.codec import as_sent

from tests.e2e.conftest import start_test
from tests.embedded import bus_on
from tests.stacks import Stack, until

KILLED_WHILE_RUNNING = (
    "front-door",
    "config-api",
    "codegen",
    "quicktest-orchestrator",
    "metrics-collector",
    "bus",
    "scheduler",
    "pipeline-runner",
)


def test_a_quick_test_survives_kill_9_of_every_process(stack: Stack, config: dict[str, Any]) -> None:
    test_id = start_test(stack, config, seed=7)["id"]
    path = f"/api/quick-tests/{test_id}/"
    until(lambda: stack.get(path)["phase"] == "running", 60, "the test never ran")
    before = stack.programs()
    for program in KILLED_WHILE_RUNNING:
        os.kill(int(before[program]["pid"]), signal.SIGKILL)
    test = stack.finished(test_id)
    assert test["status"] == "completed", test["error"]
    after = until(lambda: _all_running(stack), 30, "not every program came back")
    assert all(after[program]["pid"] != before[program]["pid"] for program in KILLED_WHILE_RUNNING)
    assert test["recall_at_100"] is not None
    assert _results_of(stack, test_id) == 1
    assert _finished_events_of(stack, test_id) == 1


def _all_running(stack: Stack) -> dict[str, dict[str, str]] | None:
    programs = stack.programs()
    return programs if all(programs[name]["state"] == "running" for name in KILLED_WHILE_RUNNING) else None


def _results_of(stack: Stack, test_id: str) -> int:
    return _count(stack, "SELECT count(*) FROM documents WHERE kind = 'result' AND id = ?", test_id)


def _finished_events_of(stack: Stack, test_id: str) -> int:
    return _count(
        stack, "SELECT count(*) FROM events WHERE type = 'quick-test.finished' AND instr(content, ?)", test_id
    )


def _count(stack: Stack, query: str, value: str) -> int:
    with sqlite3.connect(f"file:{stack.state / 'towerlab.db'}?mode=ro", uri=True) as database:
        return int(database.execute(query, (value,)).fetchone()[0])


def test_a_module_that_was_changed_after_generation_is_refused(stack: Stack, config: dict[str, Any]) -> None:
    body = dict(config) | {"buyer_model_features": config["buyer_model_features"][:1], "buyer_model_crosses": []}
    fields = ("name", "description", "buyer_model_features", "product_model_features")
    lists = {name: body[name] for name in (*fields, "buyer_model_crosses", "product_model_crosses")}
    answer = stack.call("PUT", f"/api/feature-configs/{config['id']}/", lists, **{"If-Match": config["etag"]})
    assert answer.ok, answer.text
    revised = answer.json()
    code = until(lambda: _code(stack, revised), 30, "no code was generated")
    module = next(
        path
        for path in (stack.state / "artifacts" / "code").rglob("preprocessing.py")
        if path.read_text() == code["preprocessing.py"]
    )
    module.chmod(0o600)
    module.write_text(code["preprocessing.py"] + "\n# changed by someone\n")
    test = stack.finished(start_test(stack, revised)["id"])
    assert test["status"] == "failed"
    assert test["error"]["stage"] == "Transform"
    assert "does not match its recorded hash" in test["error"]["message"]
    assert test["error"]["remedy"]


def _code(stack: Stack, config: dict[str, Any]) -> dict[str, str] | None:
    answer = stack.call("GET", f"/api/feature-configs/{config['id']}/versions/{config['version']}/code/")
    if not answer.ok:
        return None
    return {file["name"]: file["content"] for file in answer.json()["files"]}


def test_a_running_test_can_be_cancelled_and_the_machine_is_free_again(stack: Stack, config: dict[str, Any]) -> None:
    test_id = start_test(stack, config, seed=11, epochs=3)["id"]
    path = f"/api/quick-tests/{test_id}/"
    until(lambda: stack.get(path)["phase"] == "running", 60, "the test never ran")
    assert stack.call("POST", f"{path}cancel/", {}).status_code == 202
    assert stack.call("POST", f"{path}cancel/", {}).status_code == 202  # safe to repeat
    test = stack.finished(test_id, seconds=30)
    assert test["status"] == "cancelled"
    assert test["recall_at_100"] is None


def test_a_test_cancelled_in_the_queue_never_runs(stack: Stack, config: dict[str, Any]) -> None:
    running = start_test(stack, config, seed=12)["id"]
    queued = start_test(stack, config, seed=13)["id"]
    assert stack.call("POST", f"/api/quick-tests/{queued}/cancel/", {}).status_code == 202
    assert stack.finished(queued, seconds=60)["status"] == "cancelled"
    assert stack.finished(running)["status"] == "completed"


def test_a_config_of_hostile_column_names_runs_to_a_recall(stack: Stack) -> None:
    path = stack.state / "uploads" / "hostile.parquet"
    customer, product, price = "cust\"omer\n'; DROP TABLE x --", "import os 名前", "weight (kg) ‮/../é"
    columns = {name: '"' + name.replace('"', '""') + '"' for name in (customer, product, price)}
    duckdb.connect().execute(
        f"""COPY (SELECT 'c' || (i * 7919 % 211) AS {columns[customer]}, 'p' || (i * i % 97) AS {columns[product]},
                  (i % 13)::DOUBLE AS {columns[price]}, TIMESTAMP '2024-01-01' + INTERVAL (i) MINUTE AS "class"
            FROM range(6000) t(i)) TO '{path}' (FORMAT parquet)"""
    )
    dataset = stack.post("/api/datasets/", {"name": "<b>hostile</b>", "source": {"kind": "file", "uri": str(path)}})
    mapping = {
        customer: {"role": "customer_id", "availability": "before_request"},
        product: {"role": "product_id", "availability": "before_request"},
        price: {"role": "product_weight", "availability": "before_request"},
        "class": {"role": "transaction_date", "availability": "at_request"},
    }
    answer = stack.call("PUT", f"/api/datasets/{dataset['id']}/column-mapping/", mapping)
    if answer.status_code == 428:
        etag = stack.call("GET", f"/api/datasets/{dataset['id']}/column-mapping/").headers["ETag"]
        answer = stack.call("PUT", f"/api/datasets/{dataset['id']}/column-mapping/", mapping, **{"If-Match": etag})
    assert answer.ok, answer.text
    body = {"name": "'; --", "start_from": {"kind": "smart_defaults"}}
    config = stack.post(f"/api/datasets/{dataset['id']}/feature-configs/", body)
    test = stack.finished(start_test(stack, config)["id"])
    if test["status"] != "completed":
        pytest.fail(f"{test['error']}")
    assert 0 <= test["recall_at_100"] <= 1


def test_an_event_of_another_domain_that_does_not_fit_is_seen_and_replayed_from_a_terminal(stack: Stack) -> None:
    sent = {
        "specversion": "1.0", "id": "from-elsewhere-1", "type": "dataset.updated", "source": "/domains/datasets",
        "time": "2026-01-01T00:00:00Z", "data": {"dataset_id": 7},
    }  # fmt: skip
    bus_on(SqliteFile(stack.state / "towerlab.db"), SystemClock()).publish([as_sent(json.dumps(sent))])
    letter = until(lambda: _dead_letter(stack), 30, "no dead letter")
    assert letter["reason"].endswith("/data/dataset_id: 7 is not of type 'string'")
    assert letter["id"] in stack.towerlab("dead-letters", "list").stdout
    replayed = stack.towerlab("dead-letters", "replay", letter["id"])
    assert (replayed.returncode, replayed.stdout) == (0, f"{letter['id']}: sent again\n")
    again = until(lambda: _dead_letter(stack), 30, "what failed again was no dead letter again")
    assert (again["id"], again["at"] > letter["at"]) == (letter["id"], True)
    assert stack.towerlab("dead-letters", "discard", letter["id"]).returncode == 0
    assert stack.towerlab("dead-letters", "list").stdout == "no dead letters\n"


def _dead_letter(stack: Stack) -> dict[str, Any] | None:
    listed = json.loads(stack.towerlab("dead-letters", "list", "--consumer", "config-api", "--json").stdout)["items"]
    return listed[0] if listed else None
