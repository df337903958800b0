"""Which code generator this is: what it wrote counts as its own until it would write something else."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_PARTS = ("domain", "transforms", "configs", "emit")  # whatever the bytes of a generated module depend on


@cache
def generator() -> str:
    """A hash of this installation's sources; the same for every service of one release."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(path for part in _PARTS for path in (root / part).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
