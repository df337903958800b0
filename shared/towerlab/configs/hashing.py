"""One hash for everything that a config computes, whatever the order and the completeness of its JSON."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from towerlab.configs.resolved import Cross, Feature, ResolvedConfig, Tower

HASH_SCHEMA = 1


def config_hash(resolved: ResolvedConfig) -> str:
    """SHA-256 (hex) of the canonical JSON: defaults filled in, transforms that are off left out, features sorted by
    column, crosses by name, types of the columns included."""
    body = {"schema": HASH_SCHEMA, "query": _tower(resolved.query), "candidate": _tower(resolved.candidate)}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _tower(tower: Tower) -> dict[str, Any]:
    features = sorted((_feature(feature) for feature in tower.features), key=lambda entry: str(entry["column"]))
    crosses = sorted((_cross(cross) for cross in tower.crosses), key=lambda entry: list(entry["features"]))
    return {"features": features, "crosses": crosses}


def _feature(feature: Feature) -> dict[str, Any]:
    steps = {step.transform.key: asdict(step.params) for step in feature.steps if step.active}
    return {"column": feature.column, "column_type": feature.column_type, "type": feature.kind.key, "steps": steps}


def _cross(cross: Cross) -> dict[str, Any]:
    features = sorted([operand.column, operand.output] for operand in cross.operands)
    return {"features": features, "hash_bucket_size": cross.hash_bucket_size, "embedding_dim": cross.embedding_dim}
