"""The metrics collector as a web application: pushes about started tests, and the scheduler's tick."""

from __future__ import annotations

from flask import Flask
from towerlab.domain.quicktest import QuickTest
from towerlab.events.envelope import Event
from towerlab.runtime import records
from towerlab.runtime.outcomes import Outcome, Reject
from towerlab.runtime.push import reacting_app
from towerlab.runtime.wiring import Deps, begin

from metrics_collector.collect import collect, observe

SERVICE = "metrics-collector"


def create(deps: Deps | None = None) -> Flask:
    return reacting_app(
        SERVICE,
        {"quick-test.started": on_started},
        deps or begin(SERVICE, "template"),
        {"collect": collect},
    )


def on_started(deps: Deps, event: Event) -> Outcome:
    """A first look at once; the scheduler's ticks do the rest."""
    held = records.find(deps.documents, QuickTest, str(event.data["test_id"]))
    if held is None:
        return Reject(f"there is no quick test {event.data['test_id']!r}")
    return observe(deps, held)
