"""The quick test orchestrator as a web application: pushes about tests and code, and the scheduler's sweep."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

from flask import Flask
from towerlab.runtime.open_tests import look_at_all
from towerlab.runtime.push import Task, reacting_app
from towerlab.runtime.wiring import Deps, begin

from quicktest_orchestrator.explorations import remind
from quicktest_orchestrator.handlers import HANDLERS
from quicktest_orchestrator.moves import sweep
from quicktest_orchestrator.reruns import ask_for_due

SERVICE = "quicktest-orchestrator"
ON_THEIR_WAY = timedelta(seconds=10)  # events this young are being sent by whoever recorded them


def create(deps: Deps | None = None) -> Flask:
    tasks: dict[str, Task] = {"sweep": sweep_all, "reruns": ask_for_due}
    return reacting_app(SERVICE, HANDLERS, deps or begin(SERVICE, "template"), tasks)


def sweep_all(deps: Deps) -> None:
    """Every open test, every exploration that none is left of, and then every event that has not gone out: whatever
    becomes of those before."""
    with ExitStack() as afterwards:
        afterwards.callback(deps.bus.send_waiting, ON_THEIR_WAY)
        afterwards.callback(remind, deps)
        look_at_all(deps, sweep)
