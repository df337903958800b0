"""A quick test beside stock TFX and beside training from arrays in memory, on the same rows in one run.

    .envs/pipeline/bin/python benchmarks/speed.py [--rows 240000 ...] [--runs 3] [--without-stock]

Seven columns of the shipped sample, 2 epochs, batch 4096. `stock`, `cold` and `floor` count from the start of their
process to its result, imports included, `warm` and `one feature changed` from the submission to a runner that is up.
Of several numbers of rows, the growth of the warm run's time from the fewest to the most is told as a power of the
rows. Writes build/speed.json and a plot of each.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from pipeline import columnar
from quick_tests import DEFAULTS, Runner, Sample
from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigLists
from towerlab.configs.features import feature_keys
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnType
from towerlab.emit.package import generate

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
DATA = ROOT / "data/online_retail.parquet"
ROLES = {
    "customer_id": "CustomerID",
    "product_id": "StockCode",
    "transaction_date": "InvoiceDate",
    "quantity": "Quantity",
}
TYPES = {
    "CustomerID": ColumnType.STRING,
    "StockCode": ColumnType.STRING,
    "Description": ColumnType.STRING,
    "Country": ColumnType.STRING,
    "Quantity": ColumnType.INTEGER,
    "UnitPrice": ColumnType.FLOAT,
    "InvoiceDate": ColumnType.TIMESTAMP,
}
SETTINGS = {"epochs": 2, "batch_size": 4096}
ON = {"enabled": True}
PROMISED_ROWS = 240_000  # that the ratios are promised for
OURS = ("cold", "warm", "one feature changed")
MOST_GROWTH, MOST_MEGABYTES = 1.05, 4_000
Figures = Mapping[str, float]


def config(country_dimensions: int = 8, price_buckets: int = 64) -> ResolvedConfig:
    """All seven columns, buckets, cycles and crosses: analyses in three phases."""
    buckets = {**ON, "buckets": price_buckets, "embedding_dim": 8}
    prices = {"log_transform": True, "normalize": ON, "bucketize": buckets}
    cycles = {"annual": True, "monthly": True, "weekly": True, "daily": True}
    times = {"normalize": ON, "bucketize": {**ON, "buckets": 24, "embedding_dim": 8}, "cyclical": cycles}
    buyer = (
        {"column": "CustomerID", "type": "string_embedding", "embedding_dim": 32},
        {"column": "Country", "type": "string_embedding", "embedding_dim": country_dimensions},
        {"column": "UnitPrice", "type": "numeric", "transforms": prices},
        {"column": "Quantity", "type": "numeric", "transforms": {"normalize": ON}},
        {"column": "InvoiceDate", "type": "timestamp", "transforms": times},
    )
    product = (
        {"column": "StockCode", "type": "string_embedding", "embedding_dim": 32},
        {"column": "Description", "type": "string_embedding", "embedding_dim": 32},
    )
    crosses = (
        {"features": ["Country", "UnitPrice_bucket"], "hash_bucket_size": 1000, "embedding_dim": 16},
        {"features": ["UnitPrice_bucket", "InvoiceDate_bucket"], "hash_bucket_size": 500, "embedding_dim": 16},
    )
    return resolve(ConfigLists(buyer, product, crosses, ()), TYPES)


def write_snapshot(rows: int, target: Path) -> Path:
    """So many purchases; more than the sample has are the same again by other customers, of the same products."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"""
            COPY (
                WITH sold AS (
                    SELECT * FROM read_parquet('{DATA}') WHERE CustomerID IS NOT NULL AND Quantity > 0
                    ORDER BY hash(InvoiceNo, StockCode, CustomerID, Quantity)
                ), copies AS (
                    SELECT sold.* REPLACE (
                        CASE WHEN copy = 0 THEN CustomerID ELSE CustomerID || '-' || copy END AS CustomerID)
                    FROM sold, range(1 + {rows} // (SELECT count(*) FROM sold)) AS t(copy) ORDER BY copy LIMIT {rows}
                )
                SELECT row_number() OVER () - 1 AS row_id, * FROM copies
            ) TO '{target}' (FORMAT parquet)""")
    return target


def measure(rows: int, runs: int, with_stock: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="towerlab-speed-") as scratch:
        folder = Path(scratch)
        sample = Sample(write_snapshot(rows, folder / "snapshot.parquet"), ROLES, "time")
        tiny = Sample(write_snapshot(2_000, folder / "tiny.parquet"), ROLES, "time")
        measured = [ours(folder / f"run{n}", sample, tiny) for n in range(runs)]
        found: dict[str, Any] = {
            name: _median([one[name] for one in measured]) for name in ("cold", "warm", "one feature changed")
        }
        found["floor"] = _median([floor(folder, folder / "run0") for _ in range(runs)])
        if with_stock:
            found["stock"] = stock(folder / "stock", sample)
        return {"rows": rows, "runs": runs, "seconds": found}


def ours(folder: Path, sample: Sample, tiny: Sample) -> dict[str, Figures]:
    """A cold run in a process of its own; a warm one and one with a feature changed in another."""
    with watched() as cold, Runner(_made(folder / "cold")) as runner:
        runner.run(config(), sample, **SETTINGS)
    with Runner(_made(folder / "warm")) as runner:
        runner.run(config(), tiny, **SETTINGS)
        with watched() as warm:
            runner.run(config(), sample, **SETTINGS)
        with watched() as changed:
            runner.run(config(price_buckets=32), sample, **SETTINGS)
    return {"cold": cold, "warm": warm, "one feature changed": changed}


def floor(folder: Path, run: Path) -> Figures:
    """From the arrays that the quick test trained on."""
    arrays = folder / "arrays"
    outputs = run / "warm/runner"
    if not arrays.exists():
        arrays.mkdir()
        newest = _newest(outputs, "transformed_examples")
        for split in ("train", "eval", "catalogue"):
            np.savez(arrays / f"{split}.npz", **_columns(columnar.read_split(str(newest), split)))
    graph = _newest(outputs, "transform_graph")
    files = generate(config(price_buckets=32), "benchmark", 1, "0" * 64)
    (folder / "floor_trainer.py").write_bytes(files["trainer.py"])
    settings = json.dumps({**DEFAULTS, **SETTINGS, "customer_key": "CustomerID", "product_key": "StockCode"})
    with watched() as figures:
        _python("floor.py", graph, arrays, folder / "floor_trainer.py", settings)
    return figures


def _newest(outputs: Path, name: str) -> Path:
    return max(outputs.rglob(name), key=lambda path: path.stat().st_mtime)


def stock(folder: Path, sample: Sample) -> Figures:
    """The generated preprocessing_fn and the same towers, in the components that TFX comes with."""
    _made(folder / "csv")
    resolved = config()
    files = generate(resolved, "benchmark", 1, "0" * 64)
    for name in ("preprocessing.py", "trainer.py"):
        (folder / name).write_bytes(files[name])
    products = _write_csv(resolved, sample.snapshot, folder / "csv" / "rows.csv")
    settings = {**DEFAULTS, **SETTINGS, "customer_key": "CustomerID", "products": products}
    (folder / "settings.json").write_text(json.dumps({**settings, "trainer": str(folder / "trainer.py")}))
    with watched() as figures:
        _python("stock.py", folder)
    return figures


def _write_csv(resolved: ResolvedConfig, snapshot: Path, target: Path) -> int:
    """The columns under their keys, with the numbers of rows, customers and products; how many products there are."""
    columns = {key: column for (_, column), key in feature_keys(resolved).items()}
    values = {
        key: f'epoch("{c}")::BIGINT' if TYPES[c] is ColumnType.TIMESTAMP else f'"{c}"' for key, c in columns.items()
    }
    picked = ", ".join(f'{value} AS "{key}"' for key, value in values.items())
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"""
            COPY (SELECT row_id, dense_rank() OVER (ORDER BY CustomerID) - 1 AS customer_index,
                         dense_rank() OVER (ORDER BY StockCode) - 1 AS product_index, {picked}
                  FROM read_parquet('{snapshot}')) TO '{target}' (HEADER)""")
        ((products,),) = connection.execute(f"SELECT count(DISTINCT StockCode) FROM '{snapshot}'").fetchall()
    return int(products)


def _columns(table: Any) -> dict[str, np.ndarray]:
    found = {}
    for name in table.column_names:
        values = np.array(table.column(name).combine_chunks().flatten().to_numpy(zero_copy_only=False))
        wide = values.reshape(len(table), -1)
        found[name] = wide[:, 0] if wide.shape[1] == 1 and values.dtype.kind == "i" else wide
    return found


def _python(script: str, *arguments: object) -> None:
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name(script)), *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise RuntimeError(f"{script} ended with {finished.returncode}:\n{finished.stderr[-3000:]}")


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Wall seconds of the block, and the most memory in MB that the processes below this one had together."""
    figures: dict[str, float] = {}
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(figures, done))
    watcher.start()
    started = time.perf_counter()
    try:
        yield figures
    finally:
        figures["seconds"] = time.perf_counter() - started
        done.set()
        watcher.join()


def _watch(figures: dict[str, float], done: threading.Event) -> None:
    figures["peak_mb"] = 0.0
    while not done.wait(0.25):
        figures["peak_mb"] = max(figures["peak_mb"], _memory_below(os.getpid()))


def _memory_below(process: int) -> float:
    """Proportional resident memory: pages that forks share count once."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(") ")[2].split()[1])
        except OSError:
            continue
    below = [child for child in parents if _is_below(child, process, parents)]
    return sum(_pss(child) for child in below) / 1024


def _is_below(child: int, process: int, parents: Mapping[int, int]) -> bool:
    while child in parents:
        child = parents[child]
        if child == process:
            return True
    return False


def _pss(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _median(measured: list[Figures]) -> Figures:
    return {name: statistics.median(one[name] for one in measured) for name in measured[0]}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


PROMISES: tuple[tuple[str, str, str, float, Callable[[float, float], bool]], ...] = (
    ("warm against stock", "stock", "warm", 8.0, float.__ge__),
    ("cold against stock", "stock", "cold", 4.5, float.__ge__),
    ("one feature changed against stock", "stock", "one feature changed", 10.0, float.__ge__),
    ("warm against the floor", "warm", "floor", 1.6, float.__le__),
)


def ratios(seconds: Mapping[str, Figures]) -> dict[str, dict[str, Any]]:
    """What is promised of the figures, and whether it is kept."""
    found = {}
    for name, above, below, promised, keeps in PROMISES:
        if above in seconds and below in seconds:
            ratio = seconds[above]["seconds"] / seconds[below]["seconds"]
            found[name] = {"ratio": ratio, "promised": promised, "kept": keeps(ratio, promised)}
    return found


def growth(measured: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The power of the rows that the warm run's time grows by, and the most memory that a run took."""
    few, many = (pick(measured, key=lambda one: one["rows"]) for pick in (min, max))
    seconds = [one["seconds"]["warm"]["seconds"] for one in (few, many)]
    power = math.log(seconds[1] / seconds[0]) / math.log(many["rows"] / few["rows"])
    peak = max(one["peak_mb"] for name, one in many["seconds"].items() if name in OURS)
    return {
        f"power of the rows, {few['rows']:,} to {many['rows']:,}": _promise(power, MOST_GROWTH),
        f"peak MB of ours, {many['rows']:,} rows": _promise(peak, MOST_MEGABYTES),
    }


def _promise(found: float, most: float) -> dict[str, Any]:
    return {"ratio": found, "promised": most, "kept": found <= most}


def plot(figures: Mapping[str, Any], target: Path) -> None:
    """A bar for each way, as SVG: the longest is the whole width."""
    seconds = {name: one["seconds"] for name, one in figures["seconds"].items()}
    longest, bars = max(seconds.values()), []
    for place, (name, value) in enumerate(sorted(seconds.items(), key=lambda entry: -entry[1])):
        y, width = 10 + 34 * place, 520 * value / longest
        bars.append(f'<text x="0" y="{y + 16}">{name}</text><rect x="170" y="{y}" width="{width:.1f}" height="22"/>')
        bars.append(f'<text x="{178 + width:.1f}" y="{y + 16}">{value:.1f} s</text>')
    style = "<style>text{font:13px sans-serif} rect{fill:#3b6fb5}</style>"
    size = f'width="780" height="{20 + 34 * len(seconds)}"'
    target.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{"".join(bars)}</svg>\n')


def main() -> int:
    parser = argparse.ArgumentParser(description="a quick test beside stock TFX and beside training from memory")
    parser.add_argument("--rows", type=int, nargs="+", default=[240_000], help="purchases (240000)")
    parser.add_argument("--runs", type=int, default=3, help="of ours, of which the median counts (3)")
    parser.add_argument("--without-stock", action="store_true", help="leave stock TFX out")
    asked = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    measured, promises = [], {}
    for rows in asked.rows:
        figures = measure(rows, asked.runs, not asked.without_stock)
        measured.append(figures)
        print(f"{rows:,} rows")
        for name, one in figures["seconds"].items():
            print(f"  {name:<22}{one['seconds']:8.1f} s   peak {one['peak_mb']:6.0f} MB", flush=True)
        found = ratios(figures["seconds"]).items()
        promises |= {f"{name}, {rows:,} rows": one for name, one in found if rows == PROMISED_ROWS}
        plot(figures, BUILD / f"speed-{rows}.svg")
    promises |= growth(measured) if len(measured) > 1 else {}
    for name, one in promises.items():
        print(f"{name:<50}{one['ratio']:8.2f}   promised {one['promised']}   {'' if one['kept'] else 'NOT KEPT'}")
    (BUILD / "speed.json").write_text(json.dumps({"measured": measured, "promises": promises}, indent=1) + "\n")
    return 0 if all(one["kept"] for one in promises.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
