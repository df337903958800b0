"""The one way to write: effects, events, audit entries and the kept answer in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from towerlab.domain.audit import Change
from towerlab.events.envelope import Event
from towerlab.ports.documents import Delete, Put
from towerlab.ports.errors import RevisionConflict
from towerlab.runtime import audit, idempotency
from towerlab.runtime.idempotency import Receipt
from towerlab.runtime.wiring import Deps

T = TypeVar("T")


@dataclass(frozen=True)
class Caller:
    """Who asks, and under which key the answer is to be kept."""

    name: str
    receipt: Receipt | None = None


def commit(
    deps: Deps,
    by: Caller,
    outcome: T,
    writes: Sequence[Put | Delete],
    events: Sequence[Event] = (),
    changes: Sequence[Change] = (),
) -> T:
    """Write all of it or nothing, and give `outcome`. Raises RevisionConflict when another writer was faster, and
    AnsweredBefore when that writer was this same request."""
    noted = [audit.entry(deps, by.name, change) for change in changes]
    kept = [idempotency.kept(deps, by.receipt, outcome)] if by.receipt else []
    try:
        deps.documents.commit([*writes, *noted, *kept], events)
    except RevisionConflict:
        if by.receipt:
            idempotency.refuse_repetition(deps, by.receipt)
        raise
    return outcome


def nothing_to_write(deps: Deps, by: Caller, outcome: T) -> T:
    """`outcome`, its answer kept if the caller gave a key."""
    return commit(deps, by, outcome, ()) if by.receipt else outcome
