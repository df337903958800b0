"""Refreshing and deleting datasets, asked for or told of by another domain (C17)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from flask.testing import FlaskClient
from towerlab.events.envelope import Event
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import BUYER_LISTS, Caller, faults, recorded
from tests.unit.config_api.test_reactions import push
from tests.unit.config_api.test_status import move


def written(path: Path, select: str) -> None:
    duckdb.connect().execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")


def told(type: str, dataset: dict[str, Any], id: str = "e1") -> Event:
    data = {"dataset_id": dataset["id"]}
    return Event(id, type, "/domains/datasets", datetime(2026, 1, 2, tzinfo=UTC), dataset["id"], data)


PURCHASES = "SELECT 'c' || i % 7 AS customer_id, 'p' || i % 5 AS product_id, 'x' || i % 3 AS city FROM range(70) t(i)"


@pytest.fixture
def own(api: Caller, data_folder: Path, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A file of this test alone, registered."""
    path = data_folder / f"{tmp_path.name}.parquet"
    written(path, PURCHASES)
    body = {"name": "Own", "source": {"kind": "file", "uri": str(path)}}
    return path, api.made("/api/datasets/", body)


def refreshed(api: Caller, dataset: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = api.call("POST", f"/api/datasets/{dataset['id']}/refresh/", **headers)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.get_json()
    assert shown == api.get(f"/api/datasets/{dataset['id']}/")
    return shown


def test_c17_the_same_content_stays_the_snapshot_that_it_is(api: Caller, dataset: dict[str, Any]) -> None:
    assert refreshed(api, dataset) == dataset


def test_c17_new_content_is_a_new_snapshot_with_the_next_number(api: Caller, own: tuple[Path, dict[str, Any]]) -> None:
    path, dataset = own
    written(path, PURCHASES.replace("range(70)", "range(90)"))
    shown = refreshed(api, dataset)
    assert (shown["snapshot"]["number"], shown["rows"], shown["training_rows"]["total"]) == (2, 90, 90)
    assert shown["updated_at"] > dataset["updated_at"]
    assert refreshed(api, dataset)["snapshot"]["number"] == 2
    changes = api.get(f"/api/audit/?object={dataset['id']}")["items"]
    assert [(one["action"], one["from_version"], one["to_version"]) for one in changes] == [
        ("refreshed", 1, 2),
        ("registered", None, 1),
    ]


def test_c17_what_a_person_said_of_a_column_outlives_a_refresh(api: Caller, own: tuple[Path, dict[str, Any]]) -> None:
    path, dataset = own
    mapping = {
        "customer_id": {"role": "customer_id"},
        "product_id": {"role": "product_id"},
        "city": {"role": "category"},
    }
    api.call("PUT", f"/api/datasets/{dataset['id']}/column-mapping/", mapping, If_Match="*")
    written(path, PURCHASES.replace("AS city", "AS city, 'k' || i % 2 AS category"))
    roles = {name: entry["role"] for name, entry in refreshed(api, dataset)["column_mapping"].items()}
    assert roles == {"customer_id": "customer_id", "product_id": "product_id", "city": "category", "category": None}


def test_c17_a_config_whose_column_is_gone_is_not_tested(api: Caller, own: tuple[Path, dict[str, Any]]) -> None:
    path, dataset = own
    config = api.config(dataset, start_from={"kind": "smart_defaults"})
    written(path, PURCHASES.replace("AS customer_id", "AS client"))
    refreshed(api, dataset)
    assert faults(api.start(config), 409).keys() == {""}


def test_c17_a_source_that_is_gone_is_a_fault(api: Caller, own: tuple[Path, dict[str, Any]]) -> None:
    path, dataset = own
    path.unlink()
    assert faults(api.call("POST", f"/api/datasets/{dataset['id']}/refresh/")) == {"/source/uri": "not_found"}


def test_an_update_that_another_domain_tells_of_is_a_refresh(
    api: Caller, bus: FlaskClient, own: tuple[Path, dict[str, Any]]
) -> None:
    path, dataset = own
    written(path, PURCHASES.replace("range(70)", "range(80)"))
    for id in ("e1", "e1", "e2"):
        assert push(bus, told("dataset.updated", dataset, id)).status_code == 204
    assert api.get(f"/api/datasets/{dataset['id']}/")["snapshot"]["number"] == 2
    assert api.get(f"/api/audit/?object={dataset['id']}")["items"][0]["who"] == "/domains/datasets"


def test_a_deleted_dataset_is_gone_and_its_configs_are_archived(
    api: Caller, bus: FlaskClient, deps: Deps, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    path = f"/api/datasets/{dataset['id']}/"
    test = api.start(config).get_json()
    assert faults(api.call("DELETE", path), 428)
    assert faults(api.call("DELETE", path, If_Match='"old"'), 412)
    assert api.call("DELETE", path, If_Match=api.call("GET", path).headers["ETag"]).status_code == 204
    assert faults(api.call("GET", path), 404)
    assert api.get("/api/datasets/")["items"] == []
    for inner in ("columns/", "feature-configs/", "smart-defaults/", "rows/", "column-mapping/"):
        assert faults(api.call("GET", path + inner), 404)
    assert faults(api.start(config, seed=3), 404)
    event = recorded(deps)[-1]
    assert event.type == "dataset.deleted"
    for _ in range(2):
        assert push(bus, event).status_code == 204
    assert api.get(f"/api/feature-configs/{config['id']}/")["status"] == "archived"
    assert api.get(f"/api/quick-tests/{test['id']}/")["phase"] == "cancelling"
    assert [one.type for one in recorded(deps)].count("feature-config.archived") == 1
    assert faults(move(api, config, "restore"), 409) == {"": "dataset_deleted"}


def test_a_deletion_that_another_domain_tells_of_is_carried_out_once(
    api: Caller, bus: FlaskClient, deps: Deps, dataset: dict[str, Any]
) -> None:
    configs = [api.config(dataset, **BUYER_LISTS) for _ in range(3)]
    for id in ("e1", "e1", "e2"):
        assert push(bus, told("dataset.deleted", dataset, id)).status_code == 204
    assert faults(api.call("GET", f"/api/datasets/{dataset['id']}/"), 404)
    assert {api.get(f"/api/feature-configs/{one['id']}/")["status"] for one in configs} == {"archived"}
    assert [one.type for one in recorded(deps)].count("feature-config.archived") == 3
    assert "dataset.deleted" not in [one.type for one in recorded(deps)]


def test_events_of_unknown_datasets_are_set_aside(bus: FlaskClient, deps: Deps) -> None:
    for n, type in enumerate(("dataset.updated", "dataset.deleted")):
        assert push(bus, told(type, {"id": "none"}, f"e{n}")).status_code == 204
    assert deps.documents.count("dead_letter", {}) == 2
