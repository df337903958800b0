"""The process that opens files of unknown origin: one JSON request on stdin, one JSON answer on stdout, then the end.

Run with `python -m towerlab.adapters.warehouse_child`. DuckDB sees the named source file and the snapshot folder only.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from towerlab.adapters import duckdb_snapshot, table_combinations, table_probe, table_rows, table_sketch
from towerlab.adapters.csv_dialect import first_fault
from towerlab.adapters.duckdb_engine import DuckdbEngine
from towerlab.adapters.table_profile import profiles
from towerlab.adapters.table_sql import literal
from towerlab.domain.errors import Invalid, Problem
from towerlab.ports.errors import Transient

BESIDE_DUCKDB_BYTES = 2 << 30  # libraries, threads' stacks and Python, on top of twice DuckDB's own limit
_UNREADABLE = (
    duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException, duckdb.BinderException,
    duckdb.NotImplementedException, duckdb.SerializationException,
)  # fmt: skip


def main() -> None:
    request = json.load(sys.stdin)
    json.dump(answer(request), sys.stdout, allow_nan=False)


def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """{'result': ...}, {'invalid': [problem]} or {'transient': reason}."""
    try:
        return {"result": _carry_out(request)}
    except Invalid as error:
        return {"invalid": [asdict(problem) for problem in error.problems]}
    except Transient as error:
        return {"transient": str(error)}
    except (duckdb.OutOfMemoryException, MemoryError):
        return _fault("too_large", "there is not enough memory to read this table", "Take fewer columns or rows.")
    except (*_UNREADABLE, UnicodeDecodeError) as error:
        remedy = "Give a Parquet file, or a CSV file in UTF-8 with a header line and as many fields in every line."
        return _fault("not_a_table", f"this file cannot be read as a table: {_why(request, error)}", remedy)


def connect(request: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    """An in-memory database that may open `source` and `folder`, and whose settings nothing can change any more."""
    _limit_memory(request["memory_megabytes"])
    connection = duckdb.connect(
        config={
            "memory_limit": f"{request['memory_megabytes']}MB",
            "threads": request["threads"],
            "temp_directory": f"{request['folder']}/.scratch",
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
        }
    )
    paths = [literal(path) for path in (request.get("source"),) if path]
    connection.execute(f"SET TimeZone = {literal(request.get('time_zone', duckdb_snapshot.UTC))}")
    connection.execute(f"SET allowed_paths = [{', '.join(paths)}]")
    connection.execute(f"SET allowed_directories = [{literal(request['folder'])}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _carry_out(request: Mapping[str, Any]) -> Any:
    connection = connect(request)
    folder = Path(request["folder"])
    if request["do"] == "weigh":
        return duckdb_snapshot.values(connection, Path(request["source"]))
    if request["do"] == "snapshot":
        return asdict(duckdb_snapshot.snapshot(connection, Path(request["source"]), folder, request["time_zone"]))
    engine = DuckdbEngine(connection, folder / f"{request['id']}.parquet")
    match request["do"]:
        case "profile":
            return [asdict(profile) for profile in profiles(engine, request["exact_up_to"])]
        case "rows":
            return table_rows.first_rows(engine, request["limit"])
        case "training_rows":
            return table_rows.training_rows(engine, request["roles"])
        case "combinations":
            return table_combinations.combinations(engine, request["buckets"])
        case "probes":
            return asdict(table_probe.probes(engine, request["roles"]))
        case "labels":
            return table_rows.labels(engine, request["product"], request["label"])
        case "sketches":
            return asdict(table_sketch.sketches(engine, request["roles"]))
        case "purchase":
            return asdict(table_sketch.purchase(engine, request["roles"], request["asked"]))
    raise ValueError(f"cannot {request['do']!r}")


def _limit_memory(megabytes: int) -> None:
    limit = 2 * megabytes * 1_000_000 + BESIDE_DUCKDB_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _fault(code: str, message: str, remedy: str) -> Mapping[str, Any]:
    return {"invalid": [asdict(Problem("/source/uri", code, message, remedy))]}


def _why(request: Mapping[str, Any], error: Exception) -> str:
    """The line of a CSV file that is wrong, or DuckDB's words without the SQL that it quotes and the file's folder."""
    source = Path(request.get("source") or "")
    if request["do"] == "snapshot" and not duckdb_snapshot.is_parquet(source) and (fault := first_fault(source)):
        return fault
    return (str(error).splitlines() or [""])[0].replace(str(source), source.name)[:300]


if __name__ == "__main__":
    main()
