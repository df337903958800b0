"""docs/requirements.md and the tests name the same rows."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_every_row_has_a_test_that_names_it_and_every_name_a_row() -> None:
    rows = set(re.findall(r"^\| ([A-Z]\d+) \|", (REPOSITORY / "docs/requirements.md").read_text("utf-8"), re.MULTILINE))
    tests = "\n".join(path.read_text("utf-8") for path in (REPOSITORY / "tests").rglob("test_*.py"))
    prefixes = re.findall(r"def test_((?:[a-z]\d+_)+)", tests)
    named = {row.upper() for prefix in prefixes for row in prefix.strip("_").split("_")}
    assert named == rows
