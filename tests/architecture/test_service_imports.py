"""What importing a service costs: only what its image installs, and nothing heavy until it is used."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
APPS = ("config_api.app", "codegen.app", "quicktest_orchestrator.app", "metrics_collector.app")
HEAVY = ("tensorflow", "tfx", "pandas", "google.cloud.aiplatform", "mlflow", "pyarrow", "jsonschema")


@pytest.mark.parametrize("app", APPS)
def test_a_service_imports_with_its_own_lock_and_nothing_heavy(app: str) -> None:
    python = REPOSITORY / ".envs" / "services" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{python} is missing: `make setup` installs it")
    code = f"import sys, {app}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    found = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "[]"
