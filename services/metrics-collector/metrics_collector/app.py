"""The metrics collector as a web application: pushes about started tests, and the scheduler's tick."""

from __future__ import annotations

from flask import Flask
from towerlab.domain.quicktest import FullTraining, QuickTest
from towerlab.runtime.open_tests import handler
from towerlab.runtime.push import reacting_app
from towerlab.runtime.wiring import Deps, begin

from metrics_collector.collect import collect, observe

SERVICE = "metrics-collector"


def create(deps: Deps | None = None) -> Flask:
    """A started test is looked at at once; the scheduler's ticks do the rest."""
    return reacting_app(
        SERVICE,
        {"quick-test.started": handler(QuickTest, observe), "full-training.started": handler(FullTraining, observe)},
        deps or begin(SERVICE, "template"),
        {"collect": collect},
    )
