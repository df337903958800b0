"""Two config versions side by side, and how a request names one."""

from __future__ import annotations

import re
from typing import Any

from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.configs.diff import Size, differences, sizes
from towerlab.domain.errors import Invalid, NotFound, Problem
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import profiles, reading
from config_api.representations.numbers import finite

NAMED = re.compile(r"([0-9a-z]{1,40})(?:@([1-9][0-9]{0,8}))?")
Side = tuple[FeatureConfig, ConfigVersion]


def diff(deps: Deps, left: str, right: str) -> dict[str, Any]:
    """From `left` to `right`, each `config` or `config@version`. Raises Invalid with every fault."""
    sides, faults = [], []
    for name, text in (("left", left), ("right", right)):
        try:
            sides.append(_side(deps, text))
        except NotFound as error:
            remedy = "Give a config's id, or id@version."
            faults.append(Problem(f"/{name}", "not_found", str(error), remedy))
    if faults:
        raise Invalid(faults)
    (one, before), (other, after) = sides
    dataset = reading.dataset(deps.documents, other.dataset_id).value
    known = {profile.name: profile for profile in profiles.of(deps.artifacts, dataset)}
    return {
        "left": _shown(one, before),
        "right": _shown(other, after),
        "same": before.config_hash == after.config_hash,
        "changes": finite(records.to_json(differences(before.lists, after.lists))),
        "sizes": [_size(size) for size in sizes(before, after, known)],
    }


def _side(deps: Deps, text: str) -> Side:
    found = NAMED.fullmatch(text)
    if found is None:
        raise NotFound("feature config", text)
    config = reading.config(deps.documents, found[1]).value
    return config, reading.version(deps.documents, config.id, int(found[2] or config.version))


def _shown(config: FeatureConfig, version: ConfigVersion) -> dict[str, Any]:
    return {
        "feature_config": config.id,
        "number": config.number,
        "name": config.name,
        "dataset": config.dataset_id,
        "version": version.version,
        "config_hash": version.config_hash,
        "created_at": version.created_at,
        "created_by": version.created_by,
    }


def _size(size: Size) -> dict[str, Any]:
    return {
        "model": size.model,
        "dim": {"left": size.left_dim, "right": size.right_dim, "difference": size.right_dim - size.left_dim},
        "parameters": {
            "left": size.left_parameters,
            "right": size.right_parameters,
            "difference": size.right_parameters - size.left_parameters,
        },
    }
