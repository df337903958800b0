"""A quick test beside stock TFX and beside training from memory, in the pipeline's own environment (minutes)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from tests.stacks import REPOSITORY

FOUND = REPOSITORY / "build" / "speed.json"


def measure(runs: int, rows: Sequence[int], without_stock: bool) -> dict[str, Mapping[str, Any]]:
    """Seconds and peak MB by way, then the ratios and what is promised of them. Raises RuntimeError if it did not get
    through; a promise that is not kept is no reason to stop."""
    FOUND.unlink(missing_ok=True)
    python, script = REPOSITORY / ".envs" / "pipeline" / "bin" / "python", REPOSITORY / "benchmarks" / "speed.py"
    command = [str(python), str(script), "--runs", str(runs), "--rows", *map(str, rows)]
    subprocess.run([*command, *(["--without-stock"] if without_stock else [])], cwd=REPOSITORY, check=False)
    if not FOUND.is_file():
        raise RuntimeError(f"{script} did not get through")
    figures = json.loads(FOUND.read_text())
    seconds = {
        f"{way}, {one['rows']:,} rows": found for one in figures["measured"] for way, found in one["seconds"].items()
    }
    return {**seconds, **figures["promises"]}
