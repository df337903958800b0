"""Room on the disk for the next job: what has not been used for longest goes first, and can be computed again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection
from pathlib import Path

from pipeline.task_cache import TaskCache

NEEDED = 3 * 1024**3  # bytes; a quick test of 2.4 million rows writes less
RECENT = 3600.0  # seconds in which a result may still be waiting to be read


class NoRoom(Exception):
    """The disk is full of other things."""


def make_room(cache: TaskCache, free: Callable[[], int], rather_not: Collection[str] = ()) -> list[str]:
    """Forget finished computations until NEEDED bytes are free, those that are `rather_not` to go last; the names of
    those that are gone. Raises NoRoom when there are none left to forget."""
    if free() >= NEEDED:
        return []
    gone = []
    old = [name for name in cache.by_last_use() if time.time() - cache.last_use(name) > RECENT]
    stale = iter(sorted(old, key=lambda name: name in rather_not))
    while free() < NEEDED:
        name = next(stale, None)
        if name is None:
            has, needs = (f"{size / 1024**3:.1f} GB" for size in (free(), NEEDED))
            raise NoRoom(f"no space left for a job: the disk has {has} free, and a job may need {needs}")
        cache.forget(name)
        gone.append(name)
    return gone


def free_beside(folder: Path) -> Callable[[], int]:
    """Bytes that are free on the folder's disk, each time it is asked."""
    return lambda: shutil.disk_usage(folder).free
