"""New events: what every event has in common is filled in here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from towerlab.domain.quicktest import FullTraining, QuickTest
from towerlab.events.catalog import CATALOG
from towerlab.events.envelope import Event
from towerlab.runtime.logs import correlation_id
from towerlab.runtime.wiring import Deps

Fact = str | int | float | bool | Mapping[str, Any] | None


class Called(NamedTuple):
    """What events and addresses call a kind of test, and the field that events have its id in."""

    name: str
    id: str


CALLED: Mapping[type[QuickTest], Called] = {
    QuickTest: Called("quick-test", "test_id"),
    FullTraining: Called("full-training", "training_id"),
}


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


def of_test(deps: Deps, test: QuickTest, what: str, **data: Fact) -> Event:
    """News of a test: quick-test.started, or full-training.started."""
    called = CALLED[type(test)]
    return event(deps, f"{called.name}.{what}", test.id, **{called.id: test.id}, **data)
