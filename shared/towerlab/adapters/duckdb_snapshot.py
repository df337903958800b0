"""A Parquet or CSV file as an immutable snapshot: six types, a stable row_id, named by what was read."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from towerlab.adapters.csv_dialect import delimiter_of
from towerlab.adapters.duckdb_types import WIDE_INTEGERS, cast_expression, column_type
from towerlab.adapters.table_sql import literal, quoted
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid, Problem
from towerlab.ports.errors import Transient
from towerlab.ports.warehouse import SnapshotTable

READING = {"parquet": "snapshot-1", "csv": "snapshot-3"}  # part of the id: changes when the same file is read otherwise
MAX_COLUMNS = 2_000
UTC = "UTC"
ROW_ID = "row_id"
BEGINNING = 4_000_000  # bytes of a CSV file that its number of values is told from
_MIN, _MAX = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class _Reader:
    """SQL for a kind of file, whose path is a parameter: its columns alone, its rows, and a row's place among them."""

    columns: str
    rows: str
    place: str
    reserved: frozenset[str]
    options: str = ""  # of a CSV file


_PARQUET = _Reader(
    columns="read_parquet(?, hive_partitioning = false)",
    rows="read_parquet(?, hive_partitioning = false, file_row_number = true)",
    place="file_row_number",
    reserved=frozenset({ROW_ID, "file_row_number"}),
)


def is_parquet(source: Path) -> bool:
    return source.name.lower().endswith((".parquet", ".pq"))


def _csv(source: Path) -> _Reader:
    """Nothing is left to guess but the columns' types: one bad line among the first would be taken for another dialect,
    in which the good ones are lost."""
    dialect = (
        f"delim = {literal(delimiter_of(source))}, quote = '\"', escape = '\"', comment = '', header = true, skip = 0"
    )
    options = f"{dialect}, strict_mode = true, sample_size = -1"
    scan = f"read_csv(?, {options}, hive_partitioning = false)"
    return _Reader(scan, scan, "row_number() OVER () - 1", frozenset({ROW_ID}), options)


def _refuse_ambiguous_dates(
    connection: duckdb.DuckDBPyConnection, reader: _Reader, source: Path, natives: Sequence[tuple[str, str]]
) -> None:
    """03/04/2024 is a day in April or in March: without a single day above 12 nobody can know."""
    if not reader.options or not {"DATE", "TIMESTAMP"} & {native for _, native in natives}:
        return
    sniffed = f"SELECT DateFormat, TimestampFormat FROM sniff_csv(?, {reader.options})"
    formats = dict(zip(("DATE", "TIMESTAMP"), connection.execute(sniffed, [str(source)]).fetchall()[0], strict=True))
    turned = {
        name: re.sub("%[dm]", lambda found: "%m" if found[0] == "%d" else "%d", formats[native])
        for name, native in natives
        if formats.get(native) and not formats[native].startswith("%Y")
    }
    for name, other in turned.items():
        unlike = f"count(*) FILTER (WHERE {quoted(name)} IS NOT NULL AND try_strptime({quoted(name)}, ?) IS NULL)"
        texts = f"SELECT {unlike} FROM read_csv(?, {reader.options}, hive_partitioning = false, all_varchar = true)"
        if connection.execute(texts, [other, str(source)]).fetchall()[0][0] == 0:
            message = f"the dates of column {name!r} can be read day first and month first"
            raise _invalid("ambiguous_dates", message, "Write them as YYYY-MM-DD.")


def values(connection: duckdb.DuckDBPyConnection, source: Path) -> int:
    """Rows times columns of a Parquet file, by its footer; of a CSV file about as many, by its beginning and size."""
    if not is_parquet(source):
        return _csv_values(source)
    sql = "SELECT num_rows FROM parquet_file_metadata(?)"
    ((rows,),) = connection.execute(sql, [str(source)]).fetchall()
    return int(rows) * len(_columns(connection, _PARQUET.columns, source))


def _csv_values(source: Path) -> int:
    is_packed = source.suffix.lower() == ".gz"
    try:
        with source.open("rb") as file:
            text = (gzip.GzipFile(fileobj=file) if is_packed else file).read(BEGINNING)
            read = file.tell()
    except (OSError, EOFError, zlib.error):
        return 0  # what it is instead, reading it will tell
    ends = text.count(delimiter_of(source).encode()) + text.count(b"\n")
    return round(ends * source.stat().st_size / max(read, 1))


def snapshot(connection: duckdb.DuckDBPyConnection, source: Path, folder: Path, time_zone: str) -> SnapshotTable:
    """Write `source` to `<folder>/<id>.parquet` unless it is there; the work is not repeated for a known content. The
    session's time zone is that one."""
    before = _fingerprint(source)
    id = _digest(source, time_zone)
    target = folder / f"{id}.parquet"
    draft = folder / f".{id}.{os.getpid()}.draft"
    if not target.exists():
        try:
            _write(connection, source, draft)
            if _fingerprint(source) != before:
                raise Transient("the file was changed while it was read")
            draft.rename(target)
        finally:
            draft.unlink(missing_ok=True)
    return describe(connection, id, target)


def describe(connection: duckdb.DuckDBPyConnection, id: str, target: Path) -> SnapshotTable:
    """The snapshot that lies at `target`."""
    columns = {name: column_type(native) for name, native in _columns(connection, "read_parquet(?)", target)}
    rows = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(target)]).fetchall()[0][0]
    return SnapshotTable(id, f"file://{target}", rows, {name: t for name, t in columns.items() if name != ROW_ID})


def _write(connection: duckdb.DuckDBPyConnection, source: Path, draft: Path) -> None:
    reader = _PARQUET if is_parquet(source) else _csv(source)
    natives = _columns(connection, reader.columns, source)
    _check(natives, reader.reserved)
    _refuse_ambiguous_dates(connection, reader, source, natives)
    types = {name: _type(connection, reader.columns, source, name, native) for name, native in natives}
    selected = [cast_expression(name, native, types[name]) + f" AS {quoted(name)}" for name, native in natives]
    query = f"SELECT {reader.place} AS {ROW_ID}, {', '.join(selected)} FROM {reader.rows}"
    copy = f"COPY ({query}) TO {literal(str(draft))} (FORMAT parquet, COMPRESSION zstd)"
    if connection.execute(copy, [str(source)]).fetchall()[0][0] == 0:
        raise _invalid("empty", "this table has no rows", "Choose a file that has some.")
    with draft.open("rb") as written:
        os.fsync(written.fileno())


def _columns(connection: duckdb.DuckDBPyConnection, scan: str, source: Path) -> list[tuple[str, str]]:
    rows = connection.execute(f"DESCRIBE SELECT * FROM {scan}", [str(source)]).fetchall()
    return [(name, native) for name, native, *_ in rows]


def _check(columns: Sequence[tuple[str, str]], reserved: frozenset[str]) -> None:
    if not columns:
        raise _invalid("no_columns", "this table has no columns", "Choose a file that has some.")
    if len(columns) > MAX_COLUMNS:
        message = f"{len(columns):,} columns; at most {MAX_COLUMNS:,} are taken"
        raise _invalid("too_many_columns", message, "Leave some out.")
    for name, _ in columns:
        if name.lower() in reserved:
            raise _invalid("reserved_name", f"a column is called {name}, a name that is used here", "Rename it.")


def _type(connection: duckdb.DuckDBPyConnection, scan: str, source: Path, name: str, native: str) -> ColumnType:
    """Integers that 64 bits cannot hold are long identifiers: text."""
    if native not in WIDE_INTEGERS:
        return column_type(native)
    bounds = f"SELECT min({quoted(name)}), max({quoted(name)}) FROM {scan}"
    low, high = connection.execute(bounds, [str(source)]).fetchall()[0]
    fits = low is None or (low >= _MIN and high <= _MAX)
    return ColumnType.INTEGER if fits else ColumnType.STRING


def _fingerprint(source: Path) -> tuple[int, int, int]:
    status = source.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _digest(source: Path, time_zone: str) -> str:
    reading = READING["parquet" if is_parquet(source) else "csv"]
    zone = "" if time_zone == UTC else f"{time_zone}\n"
    digest = hashlib.sha256(f"{reading}\n{source.suffix.lower()}\n{zone}".encode())
    with source.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _invalid(code: str, message: str, remedy: str) -> Invalid:
    return Invalid([Problem("/source/uri", code, message, remedy)])
