"""New events: what every event has in common is filled in here and nowhere else."""

from __future__ import annotations

from towerlab.events.catalog import CATALOG
from towerlab.events.envelope import Event
from towerlab.runtime.logs import correlation_id
from towerlab.runtime.wiring import Deps

Fact = str | int | float | bool | None


def event(deps: Deps, type: str, subject: str, **data: Fact) -> Event:
    """An event of `type` that happens now. Raises ValueError when `data` has not the fields of the catalog."""
    known = CATALOG.get(type)
    if known is None:
        raise ValueError(f"no event type {type!r} in the catalog")
    if set(data) != set(known.fields):
        raise ValueError(f"{type} carries {sorted(known.fields)}, not {sorted(data)}")
    return Event(
        id=deps.ids.new(),
        type=type,
        source=f"/services/{deps.service}",
        time=deps.clock.now(),
        subject=subject,
        data=data,
        correlation_id=correlation_id(),
    )
