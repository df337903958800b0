"""Lines of the audit log."""

from __future__ import annotations

from typing import Any

from towerlab.domain.audit import AuditEntry

from config_api.representations.numbers import finite


def audit_entry(entry: AuditEntry) -> dict[str, Any]:
    change = entry.change
    return {
        "id": entry.id,
        "at": entry.at,
        "who": entry.who,
        "action": change.action,
        "kind": change.kind,
        "object": change.object,
        "dataset": change.dataset_id,
        "from_version": change.from_version,
        "to_version": change.to_version,
        "detail": finite(change.detail),
        "correlation_id": entry.correlation_id,
    }
