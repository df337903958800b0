"""What importing each service's app costs, in the services' own environment."""

from __future__ import annotations

import os
import statistics
import subprocess

from tests.stacks import REPOSITORY

APPS = ("config_api.app", "codegen.app", "quicktest_orchestrator.app", "metrics_collector.app")
MEASURED_IMPORT = """
import time
started = time.perf_counter()
import {app}
seconds = time.perf_counter() - started
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seconds, int(peak.split()[1]) / 1024)
"""


def measure(runs: int) -> dict[str, dict[str, float]]:
    """Median seconds and resident MB by app."""
    return {app: _import_of(app, runs) for app in APPS}


def _import_of(app: str, runs: int) -> dict[str, float]:
    python = str(REPOSITORY / ".envs" / "services" / "bin" / "python")
    code = MEASURED_IMPORT.format(app=app)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    measured = [
        [float(figure) for figure in subprocess.check_output([python, "-c", code], text=True, env=environment).split()]
        for _ in range(runs + 1)
    ][1:]  # the first one compiles bytecode
    seconds, megabytes = zip(*measured, strict=True)
    return {"seconds": statistics.median(seconds), "resident_mb": statistics.median(megabytes)}
