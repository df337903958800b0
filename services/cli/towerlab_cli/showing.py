"""Output: tables for people, JSON for scripts; what others have written never steers the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH_OF_A_PIPE = 200  # where no terminal says how wide it is

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, as the API gives it.")


def readable(text: str) -> str:
    """`text` with what a terminal would obey, or could not print, written out."""
    return "".join(sign if sign.isprintable() or sign == "\n" else ascii(sign)[1:-1] for sign in text)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


def print_lines(*lines: str) -> None:
    for line in lines:
        click.echo(readable(line))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ()) -> None:
    """`numbers` are the columns that are set to the right. Nothing is cut off: what is too wide is folded."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(readable(cell)) for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_PIPE).print(table)
