"""What a person wants to know of a running stack."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

from rich.console import Console
from rich.table import Table

from local_stack.layout import Layout
from local_stack.programs import Blueprint
from local_stack.stack import is_up, not_ready, program_table


def addresses(layout: Layout) -> Table:
    table = Table(title="Towerlab is up", title_justify="left", show_header=False, box=None)
    table.add_row("page", f"{layout.public_url}/")
    table.add_row("API", f"{layout.public_url}/api/datasets/")
    table.add_row("MLflow", layout.tracking_url)
    table.add_row("state", str(layout.state))
    table.add_row("logs", str(layout.logs))
    table.add_row("next", "make demo · make status · make down")
    return table


def show(blueprint: Blueprint, console: Console) -> None:
    """Print programs, ports, logs, disk and dead letters."""
    layout = blueprint.layout
    if not is_up(layout):
        console.print(f"not running (state folder {layout.state}); `make up` starts it")
        return
    waiting = not_ready(blueprint)
    table = Table("program", "state", "port", "pid", box=None, padding=(0, 2))
    for row in program_table(layout):
        state = "starting" if row["name"] in waiting and row["state"] == "running" else row["state"]
        table.add_row(row["name"], state, row["port"], row["pid"])
    console.print(table)
    console.print(f"logs: {layout.logs}/<program>.log", soft_wrap=True)
    console.print(f"disk: {_disk(layout)}", soft_wrap=True)
    console.print(f"dead letters: {dead_letters(layout)}")


def _disk(layout: Layout) -> str:
    used = sum(file.stat().st_size for file in layout.state.rglob("*") if file.is_file() and not file.is_symlink())
    return f"{used / 1e6:,.0f} MB in {layout.state}, {shutil.disk_usage(layout.state).free / 1e9:,.0f} GB free"


def dead_letters(layout: Layout) -> str:
    """How many events nobody could handle."""
    database = layout.state / "towerlab.db"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        kept = connection.execute("SELECT count(*) FROM documents WHERE kind = 'dead_letter'").fetchone()[0]
    return f"{kept}; `towerlab dead-letters list` shows them" if kept else "none"
