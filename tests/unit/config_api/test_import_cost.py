"""What starting this service costs, measured in a process of its own, in CPU seconds: the machine may be busy."""

from __future__ import annotations

import os
import subprocess
import sys

HEAVY = ("duckdb", "numpy", "pandas", "mlflow", "tensorflow", "pyarrow")
MEASURED = f"""
import sys, time, resource
started = time.process_time()
import config_api.app
seconds = time.process_time() - started
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, sorted(set({HEAVY}) & set(sys.modules)))
"""


def test_importing_the_service_is_quick_small_and_nothing_heavy() -> None:
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    runs = [
        subprocess.run([sys.executable, "-c", MEASURED], env=environment, capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    seconds, megabytes, heavy = runs[-1].stdout.split(maxsplit=2)
    assert heavy.strip() == "[]"
    assert min(float(run.stdout.split()[0]) for run in runs) < 1.0, seconds
    assert float(megabytes) < 150
