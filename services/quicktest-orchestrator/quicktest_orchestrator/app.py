"""The quick test orchestrator as a web application: pushes about tests and code, and the scheduler's sweep."""

from __future__ import annotations

from flask import Flask
from towerlab.runtime.open_tests import look_at_all
from towerlab.runtime.push import Task, reacting_app
from towerlab.runtime.wiring import Deps, begin

from quicktest_orchestrator.handlers import HANDLERS
from quicktest_orchestrator.moves import sweep
from quicktest_orchestrator.reruns import ask_for_due

SERVICE = "quicktest-orchestrator"


def create(deps: Deps | None = None) -> Flask:
    tasks: dict[str, Task] = {"sweep": sweep_all, "reruns": ask_for_due}
    return reacting_app(SERVICE, HANDLERS, deps or begin(SERVICE, "documents", "pipelines"), tasks)


def sweep_all(deps: Deps) -> None:
    look_at_all(deps, sweep)
