"""Feature configs and their versions."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from cachetools import LRUCache, cached
from flask import current_app
from towerlab.configs.config import ConfigSummary, ConfigVersion, FeatureConfig
from towerlab.configs.status import actions
from towerlab.domain.results import KS, BestTest, Warning
from towerlab.emit.record import CodeRecord
from towerlab.runtime import records

from config_api.http import Answer, answer, etag_of
from config_api.representations.numbers import by_k, finite
from config_api.states import ConfigState, edit_revision


def config_line(config: FeatureConfig, summary: ConfigSummary, revision: str) -> dict[str, Any]:
    """A config as a list shows it."""
    best = summary.best
    return {
        "id": config.id,
        "number": config.number,
        "name": config.name,
        "description": config.description,
        "dataset": config.dataset_id,
        "status": config.status.value,
        "actions": list(actions(config.status, summary.tests)),
        "version": config.version,
        "config_hash": config.config_hash,
        "buyer_tensor_dim": summary.buyer_tensor_dim,
        "product_tensor_dim": summary.product_tensor_dim,
        "crosses": summary.crosses,
        **{f"best_recall_at_{k}": best.at[str(k)] if best else None for k in KS},
        "best": finite(_best(best, summary.comparable)) if best else None,
        "quick_tests": {"count": summary.tests, "last_at": summary.last_test_at, "running": summary.running},
        "created_at": config.created_at,
        "updated_at": config.updated_at,
        "created_by": config.created_by,
        "exploration": config.exploration_id or None,
        "etag": etag_of(revision),
    }


def config_whole(state: ConfigState) -> dict[str, Any]:
    """A config with what its current version computes."""
    twin = state.twin
    warnings = (*state.told, *state.version.warnings, *([_duplicate(twin)] if twin else []))
    return {
        **config_line(state.config, state.summary, edit_revision(state.config)),
        **_computed(state.version),
        "columns_in_both_models": columns_in_both_models(state.version),
        "duplicate_of": twin.id if twin else None,
        "warnings": records.to_json(warnings),
    }


def config_answer(state: ConfigState, status: int = 200) -> Answer:
    """The whole config with its ETag; 201 also says where it is."""
    revision = edit_revision(state.config)
    location = f"/api/feature-configs/{state.config.id}/" if status == 201 else ""
    return answer(config_whole(state), status, revision=revision, location=location)


@cached(LRUCache(2_000), key=lambda state: state.revisions, lock=Lock())
def config_as_read(state: ConfigState) -> tuple[bytes, int, dict[str, str]]:
    """The same for what was just read, written out: as long as nothing of it changes, neither does the answer."""
    whole, status, headers = config_answer(state)
    return current_app.json.dumps(whole).encode(), status, headers | {"Content-Type": "application/json"}


def config_version(version: ConfigVersion) -> dict[str, Any]:
    """An immutable version."""
    return {
        "feature_config": version.config_id,
        "dataset": version.dataset_id,
        "version": version.version,
        "config_hash": version.config_hash,
        **_computed(version),
        "columns": records.to_json(version.columns),
        "columns_in_both_models": columns_in_both_models(version),
        "warnings": records.to_json(version.warnings),
        "created_at": version.created_at,
        "created_by": version.created_by,
    }


def code(record: CodeRecord, contents: Mapping[str, str]) -> dict[str, Any]:
    """The generated files of a version, text included."""
    files = [
        {"name": name, "sha256": record.files[name].sha256, "content": content} for name, content in contents.items()
    ]
    return {
        "feature_config": record.config_id,
        "version": record.version,
        "config_hash": record.config_hash,
        "status": record.status,
        "error": record.error or None,
        "files": files,
    }


def columns_in_both_models(version: ConfigVersion) -> list[str]:
    product = {feature["column"] for feature in version.lists.product_model_features}
    return [feature["column"] for feature in version.lists.buyer_model_features if feature["column"] in product]


def _computed(version: ConfigVersion) -> dict[str, Any]:
    lists = {name: list(items) for name, items in vars(version.lists).items()}  # JSON already
    dims = {"buyer_tensor_dim": version.buyer_tensor_dim, "product_tensor_dim": version.product_tensor_dim}
    return lists | dims


def _best(best: BestTest, comparable: bool) -> dict[str, Any]:
    return {
        "test": best.test_id,
        "version": best.version,
        **by_k(best.at),
        "interval": by_k(best.interval),
        "settings": best.settings,
        "protocol_key": best.protocol_key,
        "comparable": comparable,
        "after_request": best.after_request,
        "completed_at": best.completed_at,
    }


def _duplicate(twin: FeatureConfig) -> Warning:
    return Warning(
        "duplicate",
        f"config-{twin.number:03d} {twin.name!r} computes exactly the same.",
        "Change something, or use that one.",
    )
