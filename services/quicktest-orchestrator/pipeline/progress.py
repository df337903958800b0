"""How far a running task is, for whoever watches it: one small JSON file, replaced atomically."""

from __future__ import annotations

import json
import os
import time

PATH_VARIABLE = "TOWERLAB_PROGRESS"
INTERVAL = 0.5  # seconds


class ProgressFile:
    """Called with (share done, what is being done); writes at most twice a second. Does nothing without a path."""

    def __init__(self) -> None:
        self._path = os.environ.get(PATH_VARIABLE)
        self._last = 0.0

    def __call__(self, share: float, doing: str) -> None:
        now = time.monotonic()
        if self._path is None or now - self._last < INTERVAL:
            return
        self._last = now
        draft = f"{self._path}.new"
        with open(draft, "w") as file:
            json.dump({"fraction": round(share, 4), "detail": doing}, file)
        os.replace(draft, self._path)
