"""Set-up, the first and the second demo from a fresh clone, as somebody new would run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.stacks import REPOSITORY, free_ports


def measure(runs: int) -> dict[str, float]:
    """Wall seconds of each step, in a temporary folder; once, whatever `runs` says."""
    del runs
    folder = Path(tempfile.mkdtemp(prefix="towerlab-bench-"))
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(clone)], check=True)
    environment = os.environ | {"TOWERLAB_STATE": str(folder / "state"), "TOWERLAB_PORT": str(free_ports())}
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
