"""The quick test orchestrator as a web application: pushes about tests and code, and the scheduler's sweep."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from towerlab.runtime.open_tests import look_at_all
from towerlab.runtime.push import reacting_app
from towerlab.runtime.settings import load
from towerlab.runtime.wiring import Deps, deps_from

from quicktest_orchestrator.handlers import HANDLERS
from quicktest_orchestrator.moves import sweep

SERVICE = "quicktest-orchestrator"
ON_THEIR_WAY = timedelta(seconds=10)  # events this young are being sent by whoever recorded them


def create(deps: Deps | None = None) -> Flask:
    return reacting_app(SERVICE, HANDLERS, deps or deps_from(load(), SERVICE), {"sweep": sweep_all})


def sweep_all(deps: Deps) -> None:
    """Every open test, and then every event that has not gone out: whatever becomes of the tests."""
    try:
        look_at_all(deps, sweep)
    finally:
        deps.bus.send_waiting(ON_THEIR_WAY)
