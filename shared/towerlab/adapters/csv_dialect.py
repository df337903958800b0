"""How a CSV file is written, and where it is not written so: what a reader of tables should not have to guess."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

DELIMITERS = ",;\t|"
LONGEST_FIELD = 10_000_000


def delimiter_of(path: Path) -> str:
    """The one that parts the header line into most names. Raises UnicodeDecodeError for a header that is not UTF-8."""
    with _opened(path) as file:
        header = file.readline()
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), [])))


def first_fault(path: Path) -> str:
    """What is wrong with the first line that does not fit the header; '' when every line does."""
    csv.field_size_limit(LONGEST_FIELD)
    number = 0
    try:
        with _opened(path) as file:
            rows = csv.reader(file, delimiter=delimiter_of(path), strict=True)
            names = next(rows, [])
            for row in rows:
                number = rows.line_num
                if row and len(row) != len(names):
                    return f"line {number:,} has {_counted(len(row))}, the header has {len(names):,}"
    except UnicodeDecodeError as error:
        return f"it is not UTF-8 after line {number:,} ({error.reason})"
    except (csv.Error, EOFError, OSError) as error:
        return f"it cannot be read after line {number:,} ({error})"
    return ""


def _counted(fields: int) -> str:
    return "1 field" if fields == 1 else f"{fields:,} fields"


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if path.name.lower().endswith(".gz"):
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as packed:
            yield packed
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield file
