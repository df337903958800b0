"""The audit log's writes: every change has one, in its own commit."""

from __future__ import annotations

from towerlab.domain.audit import AuditEntry, Change
from towerlab.domain.times import rfc3339
from towerlab.ports.documents import Put
from towerlab.runtime import records
from towerlab.runtime.logs import correlation_id
from towerlab.runtime.wiring import Deps


def entry(deps: Deps, who: str, change: Change) -> Put:
    """The write that keeps `change`."""
    kept = AuditEntry(deps.ids.new(), rfc3339(deps.clock.now()), who, change, correlation_id())
    return records.put(kept, kept.id, expect=None)
