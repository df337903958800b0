"""The bundle as a download."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import Any

from codegen.generate import code_of
from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.domain.datasets import Dataset
from towerlab.emit.record import CodeRecord
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import Caller, faults


def path(config: dict[str, Any], version: int = 1) -> str:
    return f"/api/feature-configs/{config['id']}/versions/{version}/bundle/"


def generate_code(deps: Deps, config: dict[str, Any]) -> None:
    """What codegen does when it hears of the version."""
    id = f"{config['id']}.1"
    version = records.get(deps.documents, ConfigVersion, id).value
    code = code_of(deps.artifacts, records.get(deps.documents, FeatureConfig, config["id"]).value, version)
    deps.documents.commit([records.put(code, id, expect=None)])


def test_there_is_none_before_the_code_is_there(api: Caller, config: dict[str, Any]) -> None:
    assert faults(api.call("GET", path(config)), 404) == {"": "not_found"}
    assert faults(api.call("GET", path(config, 2)), 404)


def test_a13_it_is_a_zip_with_the_generated_files_and_the_same_every_time(
    api: Caller, deps: Deps, config: dict[str, Any]
) -> None:
    generate_code(deps, config)
    answer = api.call("GET", path(config))
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="towerlab-config-001-v1.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        files = {name.removeprefix("config-001-v1/"): archive.read(name).decode() for name in archive.namelist()}
    code = api.get(f"/api/feature-configs/{config['id']}/versions/1/code/")
    for file in code["files"]:
        if file["name"] != "config.json":
            assert files[file["name"]] == file["content"]
    assert json.loads(files["config.json"])["roles"]["product_id"] == "product_id"
    assert "tensorflow-transform==" in files["requirements.txt"]
    assert len(json.loads(files["golden_rows.json"])["rows"]) == 23
    again = api.call("GET", path(config))
    assert (again.data, again.headers["ETag"]) == (answer.data, answer.headers["ETag"])


def test_who_has_it_already_gets_nothing(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    generate_code(deps, config)
    tag = api.call("GET", path(config)).headers["ETag"]
    answer = api.call("GET", path(config), If_None_Match=tag)
    assert (answer.status_code, answer.data) == (304, b"")


def test_code_that_could_not_be_generated_says_why(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    failed = CodeRecord(config["id"], 1, "h", "failed", {}, "The config cannot be turned into code.")
    deps.documents.commit([records.put(failed, f"{config['id']}.1", expect=None)])
    assert faults(api.call("GET", path(config)), 409) == {"": "no_code"}


def test_a_dataset_without_products_or_with_other_columns_has_none(
    api: Caller, deps: Deps, config: dict[str, Any]
) -> None:
    generate_code(deps, config)
    held = records.get(deps.documents, Dataset, config["dataset"])
    without = replace(held.value, column_mapping={})
    deps.documents.commit([records.put(without, held.id, held.revision)])
    assert faults(api.call("GET", path(config)), 409) == {"": "no_product_role"}
    held = records.get(deps.documents, Dataset, config["dataset"])
    columns = {name: type for name, type in held.value.columns.items() if name != "customer_id"}
    changed = replace(held.value, column_mapping=None, columns=columns)
    deps.documents.commit([records.put(changed, held.id, held.revision)])
    assert faults(api.call("GET", path(config)), 409) == {"": "columns_changed"}
