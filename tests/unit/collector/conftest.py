"""One small installation a test."""

from pathlib import Path

import pytest

from tests.unit.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
