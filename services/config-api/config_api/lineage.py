"""Where a test's figures come from: snapshot, config version, code, job, run, protocol, files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.domain.datasets import Dataset
from towerlab.domain.quicktest import QuickTest, shown_status
from towerlab.domain.results import RESULTS, Result
from towerlab.emit.record import CodeRecord
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.representations.numbers import by_k, finite


def lineage(deps: Deps, of: type[QuickTest], test_id: str) -> dict[str, Any]:
    """What is not known yet is null. Raises NotFound."""
    test = records.get(deps.documents, of, test_id).value
    found = records.find(deps.documents, RESULTS[of], test_id)
    result = found.value if found else None
    body = {
        "test": _test(test),
        "figures": {**by_k(result.recall.at), "intervals": by_k(result.recall.interval)} if result else None,
        "dataset": _dataset(deps, test),
        "snapshot": _snapshot(deps, test),
        "feature_config": _config(deps, test),
        "code": _code(deps, test),
        "job": {"id": test.job_id, "stages": records.to_json(test.stages)} if test.job_id else None,
        "mlflow": _run(result),
        "protocol": {**result.protocol, "key": result.protocol_key} if result else None,
        "files": _files(deps, result) if result else [],
    }
    return finite(body)  # type: ignore[no-any-return]


def _test(test: QuickTest) -> dict[str, Any]:
    return {
        "id": test.id,
        "status": shown_status(test.phase),
        "settings": records.to_json(test.settings),
        "roles": dict(test.roles),
        "rerun": test.rerun,
        "requested_by": test.requested_by,
        "correlation_id": test.correlation_id,
        "created_at": test.created_at,
        "started_at": test.started_at,
        "completed_at": test.completed_at,
    }


def _dataset(deps: Deps, test: QuickTest) -> dict[str, Any]:
    held = records.find(deps.documents, Dataset, test.dataset_id)
    source = records.to_json(held.value.source) if held else None
    return {"id": test.dataset_id, "name": held.value.name if held else None, "source": source}


def _snapshot(deps: Deps, test: QuickTest) -> dict[str, Any]:
    """Of one that is not the dataset's newest any more, its id is left: the SHA-256 of its content."""
    held = records.find(deps.documents, Dataset, test.dataset_id)
    newest = held.value.snapshot if held and held.value.snapshot.id == test.snapshot_id else None
    more = ("number", "uri", "rows", "taken_at")
    return {
        "id": test.snapshot_id,
        "newest": newest is not None,
        **{name: getattr(newest, name) if newest else None for name in more},
    }


def _config(deps: Deps, test: QuickTest) -> dict[str, Any]:
    config = records.find(deps.documents, FeatureConfig, test.config_id)
    version = records.find(deps.documents, ConfigVersion, reading.version_id(test.config_id, test.version))
    return {
        "id": test.config_id,
        "number": config.value.number if config else None,
        "name": config.value.name if config else None,
        "version": test.version,
        "config_hash": test.config_hash,
        "created_at": version.value.created_at if version else None,
        "created_by": version.value.created_by if version else None,
    }


def _code(deps: Deps, test: QuickTest) -> dict[str, Any]:
    """The files that the job was given, by their SHA-256; those of the version now where a test does not say."""
    held = records.find(deps.documents, CodeRecord, reading.version_id(test.config_id, test.version))
    now = {name: file.sha256 for name, file in held.value.files.items()} if held else {}
    used = dict(test.code) or now
    files = [{"name": name, "sha256": sha256, "current": now.get(name) == sha256} for name, sha256 in used.items()]
    return {"recorded": bool(test.code), "generator": held.value.generator if held else None, "files": files}


def _run(result: Result | None) -> dict[str, Any] | None:
    if result is None or not result.mlflow_run_id:
        return None
    return {"run_id": result.mlflow_run_id, "url": result.mlflow_url}


def _files(deps: Deps, result: Result) -> list[dict[str, Any]]:
    """`there`: intermediate files are cleaned away in time, unless they are of a best test."""
    uris: Mapping[str, str] = {
        "ranks": result.ranks_uri,
        "hits_per_customer": result.customers_uri,
        "recommendations": result.recommendations_uri,
        "fitted": result.fitted_uri,
        **{f"embedding of {name}": uri for name, uri in result.embedding_uris.items()},
    }
    return [{"name": name, "uri": uri, "there": deps.artifacts.exists(uri)} for name, uri in uris.items() if uri]
