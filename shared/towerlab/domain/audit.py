"""What is kept of every change: who did what to which object, when, and from which version to which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Change:
    """One object's part in a change. `action` is a past participle: created, updated, promoted, refreshed.
    Versions are those of a config, or snapshot numbers of a dataset."""

    kind: str  # dataset | feature_config | quick_test | full_training | exploration | dead_letter
    object: str
    dataset_id: str
    action: str
    from_version: int | None = None
    to_version: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AuditEntry:
    """A change as it is kept for ever; written in the same commit as the change itself. `at` is RFC 3339 UTC."""

    id: str
    at: str
    who: str
    change: Change
    correlation_id: str
    schema: int = 1
