"""A feature config and its immutable versions: how they come to be and what an edit makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from towerlab.configs.checks import resolve, warnings
from towerlab.configs.dimensions import total
from towerlab.configs.hashing import config_hash
from towerlab.configs.known import Known
from towerlab.configs.lists import ConfigLists
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Conflict, Invalid, Problem
from towerlab.domain.results import BestTest, Warning

__all__ = [
    "ConfigLists",
    "ConfigStatus",
    "ConfigSummary",
    "ConfigVersion",
    "FeatureConfig",
    "clone_config",
    "create_config",
    "revise",
]

MAX_NAME = 255


class ConfigStatus(StrEnum):
    DRAFT = "draft"
    TESTED = "tested"
    PROMOTED = "promoted"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class FeatureConfig:
    """The editable head: name, description, status; what it computes lives in its versions. `number` runs within
    its dataset. Times are RFC 3339 UTC."""

    id: str
    dataset_id: str
    number: int
    name: str
    description: str
    status: ConfigStatus
    version: int
    config_hash: str
    created_at: str
    updated_at: str
    created_by: str
    deleted_at: str | None = None
    archived_from: ConfigStatus | None = None  # what an archived one was before
    exploration_id: str = ""  # the one that has made it
    schema: int = 1


@dataclass(frozen=True)
class ConfigVersion:
    """What one version computes; never changed. `lists` have every default filled in, `columns` are the used ones."""

    config_id: str
    dataset_id: str
    version: int
    config_hash: str
    lists: ConfigLists
    columns: Mapping[str, ColumnType]
    buyer_tensor_dim: int
    product_tensor_dim: int
    warnings: tuple[Warning, ...]
    created_at: str
    created_by: str
    schema: int = 1


@dataclass(frozen=True)
class ConfigSummary:
    """What the list shows of a config: a projection of the config, its current version, its tests and its best."""

    id: str
    dataset_id: str
    number: int
    name: str
    status: ConfigStatus
    version: int
    buyer_tensor_dim: int
    product_tensor_dim: int
    crosses: int
    updated_at: str
    tests: int = 0
    last_test_at: str | None = None
    running: int = 0
    tested: bool = False
    best: BestTest | None = None
    comparable: bool = True  # its best was measured under the dataset's reference protocol
    deleted: bool = False
    schema: int = 1


def create_config(
    *,
    id: str,
    dataset_id: str,
    number: int,
    name: str,
    description: str,
    lists: ConfigLists,
    known: Known,
    at: str,
    by: str,
    exploration_id: str = "",
) -> tuple[FeatureConfig, ConfigVersion]:
    """A draft and its version 1. Raises Invalid with every fault."""
    version = _version(id, dataset_id, 1, name, lists, known, at, by)
    config = FeatureConfig(
        id=id,
        dataset_id=dataset_id,
        number=number,
        name=name.strip(),
        description=description,
        status=ConfigStatus.DRAFT,
        version=1,
        config_hash=version.config_hash,
        created_at=at,
        updated_at=at,
        created_by=by,
        exploration_id=exploration_id,
    )
    return config, version


def revise(
    config: FeatureConfig,
    current: ConfigVersion,
    *,
    known: Known,
    at: str,
    by: str,
    name: str | None = None,
    description: str | None = None,
    lists: ConfigLists | None = None,
) -> tuple[FeatureConfig, ConfigVersion | None]:
    """The config after an edit, and its new version: None when nothing that is computed has changed. A new version
    puts the config back to draft. Raises Invalid with every fault and Conflict when the config is archived."""
    if config.status is ConfigStatus.ARCHIVED:
        raise Conflict("an archived config cannot be edited", "archived", "Restore it first, or clone it.")
    new_name = config.name if name is None else name
    revised = replace(
        config,
        name=new_name.strip(),
        description=config.description if description is None else description,
        updated_at=at,
    )
    if lists is None:
        _refuse(_name_faults(new_name))
        return revised, None
    n = config.version + 1
    version = _version(config.id, config.dataset_id, n, new_name, lists, known, at, by)
    if version.config_hash == current.config_hash:
        return revised, None
    return replace(revised, version=n, config_hash=version.config_hash, status=ConfigStatus.DRAFT), version


def clone_config(
    config: FeatureConfig,
    current: ConfigVersion,
    *,
    id: str,
    number: int,
    at: str,
    by: str,
    name: str | None = None,
) -> tuple[FeatureConfig, ConfigVersion]:
    """A draft with the same current version as its version 1: it starts as a twin. Raises Invalid for a bad name."""
    chosen = f"Copy of {config.name}"[:MAX_NAME] if name is None else name
    _refuse(_name_faults(chosen))
    version = replace(current, config_id=id, version=1, created_at=at, created_by=by)
    cloned = FeatureConfig(
        id=id,
        dataset_id=config.dataset_id,
        number=number,
        name=chosen.strip(),
        description=config.description,
        status=ConfigStatus.DRAFT,
        version=1,
        config_hash=version.config_hash,
        created_at=at,
        updated_at=at,
        created_by=by,
    )
    return cloned, version


def _version(
    config_id: str,
    dataset_id: str,
    n: int,
    name: str,
    lists: ConfigLists,
    known: Known,
    at: str,
    by: str,
) -> ConfigVersion:
    faults = _name_faults(name)
    try:
        resolved = resolve(lists, known.columns)
    except Invalid as invalid:
        raise Invalid([*faults, *invalid.problems]) from None
    _refuse(faults)
    return ConfigVersion(
        config_id=config_id,
        dataset_id=dataset_id,
        version=n,
        config_hash=config_hash(resolved),
        lists=resolved.as_lists(),
        columns=resolved.columns,
        buyer_tensor_dim=total(resolved.query),
        product_tensor_dim=total(resolved.candidate),
        warnings=warnings(resolved, known),
        created_at=at,
        created_by=by,
    )


def _name_faults(name: str) -> list[Problem]:
    if not name.strip():
        return [Problem("/name", "required", "the name is missing", "Give the config a name.")]
    if len(name) > MAX_NAME:
        return [Problem("/name", "too_long", f"the name has {len(name)} characters", f"Use at most {MAX_NAME}.")]
    return []


def _refuse(faults: list[Problem]) -> None:
    if faults:
        raise Invalid(faults)
