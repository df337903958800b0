"""From the start of gunicorn to the first answer, each service as its image has it, with made-up settings."""

from __future__ import annotations

import compileall
import os
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import requests
from deployment.services import DEPLOYMENTS, Deployment

from tests.images import LaidOut, laid_out
from tests.stacks import free_ports

LIMIT = 2.0  # seconds; Cloud Run starts a container while somebody waits
DEADLINE = 30.0
CLOSE = {"Connection": "close"}  # or gunicorn waits for more before it ends


def measure(runs: int) -> dict[str, dict[str, float]]:
    """Seconds by deployment. Fails for one that is not under the limit: by the clock, or, where other programs keep the
    machine busy, by processor time, since a container has a processor for itself."""
    figures = {deployment.name: _of(deployment, runs) for deployment in DEPLOYMENTS}
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    if busy:
        print("  the machine is busy with other programs: the limit is held against processor time")
    slow = {name: found for name, found in figures.items() if found["cpu_seconds" if busy else "fastest"] >= LIMIT}
    assert not slow, f"not up within {LIMIT:g} s: {slow}"
    return figures


def _of(deployment: Deployment, runs: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        service = laid_out(deployment, Path(name) / "app")
        compileall.compile_dir(service.folder, quiet=1)  # as the image is built
        _start(service)  # what is read from the disk is in memory then, as on the second container of a machine
        before = _cpu_seconds()
        seconds = [_start(service) for _ in range(runs)]
        cpu = (_cpu_seconds() - before) / runs
    return {"seconds": statistics.median(seconds), "fastest": min(seconds), "cpu_seconds": cpu}


def _cpu_seconds() -> float:
    """Of processes that were started here and have ended; from start to end, not only to the first answer."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _start(service: LaidOut) -> float:
    port = free_ports()
    started = time.perf_counter()
    own = service.environment(PORT=str(port))
    with subprocess.Popen(service.command, cwd=service.folder, env=own, stderr=subprocess.PIPE, text=True) as process:
        try:
            return _until_it_answers(process, port, started)
        finally:
            process.terminate()


def _until_it_answers(process: subprocess.Popen[str], port: int, started: float) -> float:
    while time.perf_counter() - started < DEADLINE:
        try:
            answer = requests.get(f"http://127.0.0.1:{port}/healthz", headers=CLOSE, timeout=5)
        except requests.ConnectionError:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            time.sleep(0.01)
            continue
        seconds = time.perf_counter() - started
        assert answer.json() == {"status": "ok"}
        return seconds
    raise AssertionError(f"no answer within {DEADLINE:g} s")
