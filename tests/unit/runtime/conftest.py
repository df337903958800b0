"""Real documents and bus in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from towerlab.runtime.settings import Local, Settings
from towerlab.runtime.wiring import Deps

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def deps(tmp_path: Path) -> Deps:
    services = {"codegen": "http://127.0.0.1:1", "quicktest-orchestrator": "http://127.0.0.1:2"}
    return Deps(Settings(Local(tmp_path, TOKEN, services=services)), "config-api")
