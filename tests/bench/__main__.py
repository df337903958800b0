"""make bench: what set-up, the demo and the services' imports cost. Prints a table and writes JSON; asserts nothing."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
APPS = ("config_api.app", "codegen.app", "quicktest_orchestrator.app", "metrics_collector.app")
MEASURED_IMPORT = """
import time
started = time.perf_counter()
import {app}
seconds = time.perf_counter() - started
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seconds, int(peak.split()[1]) / 1024)
"""


def imports(runs: int) -> dict[str, dict[str, float]]:
    """Median seconds and resident MB of importing each service's app, in the services' own environment."""
    python = REPOSITORY / ".envs" / "services" / "bin" / "python"
    return {app: _import_of(str(python), app, runs) for app in APPS}


def _import_of(python: str, app: str, runs: int) -> dict[str, float]:
    code = MEASURED_IMPORT.format(app=app)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    measured = [
        [float(figure) for figure in subprocess.check_output([python, "-c", code], text=True, env=environment).split()]
        for _ in range(runs + 1)
    ][1:]  # the first one compiles bytecode
    seconds, megabytes = zip(*measured, strict=True)
    return {"seconds": statistics.median(seconds), "resident_mb": statistics.median(megabytes)}


def fresh_clone() -> dict[str, float]:
    """Wall seconds of set-up, the first and the second demo, from a clone in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="towerlab-bench-"))
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(clone)], check=True)
    environment = os.environ | {"TOWERLAB_STATE": str(folder / "state"), "TOWERLAB_PORT": "18080"}
    environment.pop("MAKEFLAGS", None)
    try:
        steps = (("set-up", ["make", "setup"]), ("first demo", ["make", "demo"]), ("second demo", ["make", "demo"]))
        return {step: _timed(command, clone, environment) for step, command in steps}
    finally:
        subprocess.run(["make", "down"], cwd=clone, env=environment, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _timed(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--without-clone", action="store_true", help="leave out set-up and the demos")
    parser.add_argument("--runs", type=int, default=5, help="imports of each service (default 5)")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "build" / "bench.json", help="where figures go")
    options = parser.parse_args()
    figures: dict[str, object] = {"imports": imports(options.runs)}
    if not options.without_clone:
        figures["fresh_clone_seconds"] = fresh_clone()
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


main()
