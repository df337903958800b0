"""How a figure was measured: two recalls may be compared only when this is equal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from towerlab.domain.datasets import Dataset
from towerlab.domain.quicktest import Advanced, TestSettings

METRIC_CODE = "ranks-1"  # changes whenever the same ranks could give other figures
SAMPLE_CODE = "md5-customer-1"
CATALOGUE_CODE = "all-products-1"
FILTERS_CODE = "known-customer-known-product-bought-1"
ROLES = ("customer_id", "product_id", "transaction_date", "quantity")  # those that decide which rows count, and how


@dataclass(frozen=True)
class Protocol:
    """Everything but the seed that decides what a recall means. `split` is the one carried out, never 'auto'."""

    snapshot_id: str
    sample_percent: int
    split: str
    evaluation: str  # 'all' or the deterministic customer sample that was evaluated
    roles: tuple[tuple[str, str], ...]  # (role, column) of the roles that split, sample, catalogue and filters use
    epochs: int
    batch_size: int
    output_dim: int
    hidden_layers: tuple[int, ...]
    optimizer: str
    learning_rate: float
    warmup_steps: int
    logq: bool
    prior: bool
    oov_dropout: float
    exclude_seen: bool
    fit: str = "all"  # 'all' training-period rows, or the customer sample that vocabularies were fitted on
    sample_code: str = SAMPLE_CODE
    catalogue_code: str = CATALOGUE_CODE
    filters_code: str = FILTERS_CODE
    metric_code: str = METRIC_CODE

    @property
    def key(self) -> str:
        """First 16 hex digits of the SHA-256 of the canonical JSON of all fields."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def shown(self) -> dict[str, Any]:
        """The fields and the key, as a result carries them."""
        return {**asdict(self), "roles": dict(self.roles), "key": self.key}


def settings_of(protocol: Mapping[str, Any]) -> dict[str, Any]:
    """What to ask of a quick test for it to be judged so: fields of TestSettings by name. `protocol` as `shown`."""
    advanced = {one.name: protocol[one.name] for one in fields(Advanced) if one.name in protocol}
    whole = {name: protocol[name] for name in ("epochs", "batch_size") if name in protocol}
    return {"data_sample_percent": protocol.get("sample_percent"), **whole, "advanced": advanced}


def roles_of(dataset: Dataset) -> dict[str, str]:
    """Role to column, for the roles that split, sample, catalogue and filters use and the dataset has."""
    found = {role: dataset.column_of(role) for role in ROLES}
    return {role: column for role, column in found.items() if column is not None}


def protocol_of(snapshot_id: str, settings: TestSettings, roles: Mapping[str, str], split: str) -> Protocol:
    """The protocol of a test under `settings`, once it is known which split was carried out."""
    advanced = settings.advanced
    return Protocol(
        snapshot_id=snapshot_id,
        sample_percent=settings.data_sample_percent,
        split=split,
        evaluation="all",
        roles=tuple(sorted(roles.items())),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        output_dim=advanced.output_dim,
        hidden_layers=advanced.hidden_layers,
        optimizer=advanced.optimizer,
        learning_rate=advanced.learning_rate,
        warmup_steps=advanced.warmup_steps,
        logq=advanced.logq,
        prior=advanced.prior,
        oov_dropout=advanced.oov_dropout,
        exclude_seen=advanced.exclude_seen,
    )
