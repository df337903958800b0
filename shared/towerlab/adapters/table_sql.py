"""Columns and their values inside the statistics' SQL."""

from __future__ import annotations

from towerlab.domain.columns import ColumnType


def quoted(name: str) -> str:
    """A column's name inside SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text inside SQL, where no parameter can stand."""
    return "'" + text.replace("'", "''") + "'"


def number(x: str, type: ColumnType) -> str:
    """SQL for the column's value as a number; times as epoch seconds."""
    return f"epoch({x})" if type in (ColumnType.TIMESTAMP, ColumnType.DATE) else x


def shown(x: str, type: ColumnType) -> str:
    """SQL for the column's value as a JSON scalar; times as RFC 3339 UTC."""
    if type is ColumnType.TIMESTAMP:
        return f"replace(strftime({x}, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')"
    return f"strftime({x}, '%Y-%m-%d')" if type is ColumnType.DATE else x
