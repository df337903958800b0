"""DuckDB's many types as the six column types, and each column's values as it is written into a snapshot."""

from __future__ import annotations

from towerlab.adapters.table_sql import quoted
from towerlab.domain.columns import ColumnType

INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})
WIDE_INTEGERS = frozenset({"UBIGINT", "HUGEINT", "UHUGEINT"})  # they may or may not fit 64 bits
FLOATS = ("FLOAT", "DOUBLE", "DECIMAL")
ZONED = "TIMESTAMP WITH TIME ZONE"
NESTED = ("STRUCT", "MAP", "UNION")


def column_type(native: str) -> ColumnType:
    """What a DuckDB type counts as. Wide integers are INTEGER; the caller looks whether they fit."""
    if native in INTEGERS or native in WIDE_INTEGERS:
        return ColumnType.INTEGER
    if native.endswith("]") or native.startswith(NESTED):
        return ColumnType.STRING
    if native.startswith(FLOATS):
        return ColumnType.FLOAT
    if native.startswith("TIMESTAMP"):
        return ColumnType.TIMESTAMP
    return {"BOOLEAN": ColumnType.BOOLEAN, "DATE": ColumnType.DATE}.get(native, ColumnType.STRING)


def cast_expression(name: str, native: str, type: ColumnType) -> str:
    """SQL for the column's values in the snapshot: what is not finite becomes null, nested values JSON text."""
    x = quoted(name)
    if type is ColumnType.FLOAT:
        return _finite(f"{x}::DOUBLE")
    if type is ColumnType.TIMESTAMP:
        return _finite(f"{x}::TIMESTAMP")  # zoned ones as the clock shows them in the session's zone
    if type is ColumnType.DATE:
        return _finite(x)
    if type is ColumnType.INTEGER:
        return f"{x}::BIGINT"
    if native == "BLOB":
        return f"decode({x})"
    if native.endswith("]") or native.startswith(NESTED):
        return f"to_json({x})::VARCHAR"
    return x if type is ColumnType.BOOLEAN else f"{x}::VARCHAR"


def _finite(x: str) -> str:
    return f"CASE WHEN isfinite({x}) THEN {x} END"
