"""CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

STARTS = "=+-@\t\r\n＝＋－＠"  # what a spreadsheet takes for the beginning of a formula, or drops before one
AS_TEXT = "'"

Value = str | int | float | bool | None


def csv_of(rows: Iterable[Sequence[Value]]) -> str:
    """RFC 4180. Numbers stand as they are, texts in quotes. One that could be read as a formula begins with an
    apostrophe (OWASP, CSV injection), which a spreadsheet takes for 'this is text'."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    return AS_TEXT + value if value.lstrip().startswith(tuple(STARTS)) or value.startswith(tuple(STARTS)) else value
