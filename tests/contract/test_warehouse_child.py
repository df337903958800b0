"""The child's database reaches the one source and the snapshot folder, whatever SQL might ask for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ATTEMPT = """
import json, sys
from towerlab.adapters.warehouse_child import connect
request, sql, parameters = json.loads(sys.stdin.read())
print(len(connect(request).execute(sql, parameters).fetchall()))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "data").mkdir()
    for name in ("data/t.csv", "data/other.csv", "secret.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    (tmp_path / "snapshots" / "link.csv").symlink_to(tmp_path / "secret.csv")
    return tmp_path


def attempt(place: Path, sql: str, *parameters: str) -> subprocess.CompletedProcess[str]:
    request = {
        "source": str(place / "data" / "t.csv"),
        "folder": str(place / "snapshots"),
        "memory_megabytes": 200,
        "threads": 1,
    }
    text = json.dumps([request, sql, [str(place / one) for one in parameters]])
    return subprocess.run([sys.executable, "-c", ATTEMPT], input=text, capture_output=True, text=True, check=False)


def test_the_source_can_be_read(place: Path) -> None:
    assert attempt(place, "SELECT * FROM read_csv(?)", "data/t.csv").stdout == "1\n"


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT * FROM read_csv(?)", ["data/other.csv"]),
        ("SELECT * FROM read_csv(?)", ["data/*.csv"]),
        ("SELECT * FROM read_csv(?)", ["secret.csv"]),
        ("SELECT * FROM read_csv(?)", ["snapshots/../secret.csv"]),
        ("SELECT * FROM read_csv(?)", ["snapshots/link.csv"]),
        ("SELECT * FROM read_text('/etc/passwd')", []),
        ("COPY (SELECT 1) TO '/tmp/towerlab-must-not-exist.csv'", []),
        ("ATTACH '/tmp/towerlab-must-not-exist.db'", []),
        ("INSTALL httpfs", []),
        ("LOAD httpfs", []),
        ("SET enable_external_access = true", []),
        ("SET memory_limit = '100GB'", []),
    ],
)
def test_nothing_else_can(place: Path, sql: str, parameters: list[str]) -> None:
    ended = attempt(place, sql, *parameters)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "PermissionException" in ended.stderr or "configuration has been locked" in ended.stderr


def test_memory_has_a_limit(place: Path) -> None:
    ended = attempt(place, "SELECT list(i) FROM range(1_000_000_000) t(i)")
    assert "OutOfMemoryException" in ended.stderr
