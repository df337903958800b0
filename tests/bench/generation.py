"""What generating code costs: a config of 200 features; codegen's handler from the event to the stored record; and in
the embedded stack, from one event on record to the other."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from codegen.app import create
from codegen.formatting import ruff_format
from towerlab.configs.checks import resolve
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnType
from towerlab.emit.package import generate

from tests.stacks import REPOSITORY, Stack, running_stack, until
from tests.unit.configs.building import cross, lists, number, text
from tests.unit.configs.building import time as timestamp
from tests.unit.worlds import World

FEATURES = 200
ON = {"normalize": {"enabled": True}, "bucketize": {"enabled": True}}
KINDS: tuple[tuple[ColumnType, Callable[[str], dict[str, Any]]], ...] = (
    (ColumnType.STRING, text),
    (ColumnType.FLOAT, lambda name: number(name, **ON)),
    (ColumnType.TIMESTAMP, lambda name: timestamp(name, **ON, cyclical={"weekly": True, "daily": True})),
)


def measure(runs: int) -> dict[str, dict[str, float]]:
    """Seconds: median and worst."""
    return {
        "200 features": package(2 * runs),
        "codegen's handler": handler(2 * runs),
        "version-created to code stored": in_the_stack(4 * runs),
    }


def package(runs: int) -> dict[str, float]:
    """Generating and verifying the package of a config with 200 features, the formatter included."""
    resolved = large_config()
    return _seconds(lambda: generate(resolved, "large", 1, "0" * 64, ruff_format), runs)


def large_config() -> ResolvedConfig:
    columns = {f"column {n}": KINDS[n % len(KINDS)] for n in range(FEATURES)}
    features = [make(name) for name, (_, make) in columns.items()]
    crosses = [cross("column 0", f"column {n}_bucket") for n in range(1, 30, 3)]
    half = FEATURES // 2
    return resolve(
        lists(features[:half], features[half:], crosses), {name: kind for name, (kind, _) in columns.items()}
    )


def handler(runs: int) -> dict[str, float]:
    """Codegen's answer to a new version, over real SQLite and files: event in, code stored and announced."""
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):  # the service's log
        world = World(Path(folder))
        app = create(world.deps)
        for n in range(runs + 1):
            world.config(f"c{n}", f"Config {n}")
        numbers = iter(range(runs + 1))

        def one() -> None:
            id = f"c{next(numbers)}"
            event = world.event("feature-config.version-created", config_id=id, version=1, config_hash="h")
            assert world.push(app, event) == 204

        return _seconds(one, runs)


def in_the_stack(runs: int) -> dict[str, float]:
    """The wizard's way: smart defaults of the shipped sample, posted one after the other; between the commit of
    version-created and that of transform-code.generated lie the bus, its push, codegen, and the stored files."""
    with running_stack() as stack:
        source = {"kind": "file", "uri": str(REPOSITORY / "data" / "online_retail.parquet")}
        dataset = stack.post("/api/datasets/", {"name": "Sample", "source": source})
        path = f"/api/datasets/{dataset['id']}/feature-configs/"
        for n in range(runs + 1):
            stack.post(path, {"name": f"Config {n}", "start_from": {"kind": "smart_defaults"}})
            until(partial(_has, stack, n + 1), 30, "the code never came")
        return _of(_gaps(stack)[1:])


def _has(stack: Stack, versions: int) -> bool:
    return len(_gaps(stack)) == versions


def _gaps(stack: Stack) -> Sequence[float]:
    """Seconds from each version's event to its code's, in the order of the versions; read past all services."""
    with sqlite3.connect(f"file:{stack.state / 'towerlab.db'}?mode=ro", uri=True) as database:
        rows = database.execute(
            """SELECT g.at - v.at FROM events v JOIN events g
               ON json_extract(g.content, '$.data.config_id') = json_extract(v.content, '$.data.config_id')
               WHERE v.type = 'feature-config.version-created' AND g.type = 'transform-code.generated'
               ORDER BY v.at"""
        )
        return [gap for (gap,) in rows]


def _seconds(work: Callable[[], object], runs: int) -> dict[str, float]:
    """The first run, which loads and caches, is not counted."""
    work()
    measured = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        measured.append(time.perf_counter() - started)
    return _of(measured)


def _of(measured: Sequence[float]) -> dict[str, float]:
    return {"median_seconds": statistics.median(measured), "worst_seconds": max(measured)}
