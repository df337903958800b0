"""The layout of generated modules: `ruff format`, the project's own formatter, in a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from towerlab.emit.written import LINE_LENGTH
from towerlab.ports.errors import Transient

SECONDS = 30
_OPTIONS = (
    "format", "--isolated", "--no-cache", "--quiet", "--target-version", "py311",
    "--line-length", str(LINE_LENGTH), "--stdin-filename", "generated.py", "-",
)  # fmt: skip


def ruff_format(source: str) -> str:
    """The source in a uniform layout. Raises Transient when the formatter does not do its work."""
    try:
        done = subprocess.run(
            [_ruff(), *_OPTIONS], input=source.encode(), capture_output=True, timeout=SECONDS, check=False, env={}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Transient(f"ruff could not be run: {error}") from error
    if done.returncode != 0:
        raise Transient(f"ruff ended with status {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}")
    return done.stdout.decode()


@cache
def _ruff() -> str:
    """The formatter of this environment, whatever else is installed on the machine."""
    found = shutil.which("ruff", path=str(Path(sys.executable).parent))
    if found is None:
        raise RuntimeError(f"this environment has no ruff beside {sys.executable}")
    return found
